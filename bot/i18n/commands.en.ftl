### English: commands, and what they answer. Complete, as `en.ftl` is.

## Error messages

invalid-option-name = Invalid option name
    .problem = `{ $name }` can't be used as an option name.
    .remedy = Start with a letter, then use up to 31 letters, digits, hyphens or underscores.
option-is-parameter = Name already taken
    .problem = `--{ $name }` is already a parameter.
    .remedy = Choose another name.
no-such-option = Option not found
    .problem = You have no option `--{ $name }`.
    .remedy = `/prefer option list` shows your options.
too-many-options = Too many options
    .problem = You have { $most } options, and that is the limit.
    .remedy = To delete one, use `/prefer option set` with its name and no value.
suffix-has-words = A suffix can only have parameters
    .problem = “{ $text }” is not a parameter.
    .remedy = Use something like `--ar 3:2 --s 250`. For words, use `/prefer option set`.
not-yours-to-delete = Not your job
    .problem = Only the member who started a job, or a moderator, can delete its message.
    .remedy = Ask one of them.
cannot-delete = The picture can't be deleted
    .problem = { $reason }
    .remedy = Nobody else can see it any more. Tell the person who runs this bot, and try again.
out-of-reach = I can't delete this message
    .problem = I am not a member here, or only you can see the message.
    .remedy = If only you see it, dismiss it. Otherwise ask a moderator.
unclear-job = Job not found
    .problem = You have no job with the id “{ $typed }”.
    .remedy = Enter an id (its first eight characters are enough), a file name, or a link to its message. `/history` lists your jobs.
search-too-long = Search too long
    .problem = A search can have at most { $words } different words and { $letters } characters.
    .remedy = Leave some words out.
nothing-yet = Nothing here yet
    .problem = You have not started a job yet.
    .remedy = Start with `/imagine`.
cannot-write-to-you = Can't send you a direct message
    .problem = Discord does not let me send you direct messages.
    .remedy = Allow direct messages from members of this server in its privacy settings, then try again.
no-job-here = No job here
    .problem = This message does not belong to a job.
    .remedy = Use this on a message of mine that shows a grid or a picture.
cannot-describe = Not with this model
    .problem = The current model can't describe pictures or rate words.
    .remedy = Ask the person who runs this bot for a model with an image encoder. `/help` shows what each model can do.
not-a-picture = No picture
    .problem = There is no picture to describe.
    .remedy = Add one with `image` or `link`: PNG, JPEG, WebP or GIF.
too-short = Nothing to shorten
    .problem = The prompt is too short to leave words out.
    .remedy = Try a longer one.

## A member's settings

panel = Your settings
    .text = Applied to your prompts unless a prompt overrides them.
    .suffix = Suffix
    .no-suffix = none
    .options = Options
    .options-value = { $count ->
        [0] none
       *[other] { $names }
    }
    .stealth-recipe = Recipe in files of stealth jobs
    .yes = yes
    .no = no
    .version = Model
    .version-server = Model: default
    .temperament-server = Temperament: server default
    .faithful = Faithful: follows the prompt closely
    .stylised = Stylised: good looks come first
    .stylize-server = Stylize: server default
    .low = Stylize low ({ $value })
    .medium = Stylize medium ({ $value })
    .high = Stylize high ({ $value })
    .very-high = Stylize very high ({ $value })
    .own = Stylize { $value }
    .styled = With style
    .raw = Raw
    .remix-on = Remix on
    .remix-off = Remix off
    .auto-dm-on = Send DMs
    .auto-dm-off = No DMs
    .strong = Strong
    .subtle = Subtle
    .public = Public
    .stealth = Stealth
    .turbo = Turbo
    .fast = Fast
    .relax = Relax
    .reset = Reset …
panel-group = What the buttons set
    .stealth = **Visibility:** who sees your jobs
    .mode = **Mode:** high, normal or low priority
    .variability = **Variations:** how much V changes
    .raw = **Style:** Raw is closer to the prompt
    .remix = **Remix:** buttons ask for the prompt
    .auto_dm = **Direct messages:** your pictures
reset-question = Reset all your settings?
    .text = Everything in this panel and your suffix go back to the defaults. Your options stay.
    .server = Reset all settings of this server?
    .server-text = They go back to the defaults for everyone here. Members' own settings stay.
    .yes = Yes, reset
    .no = Cancel
preferred = Saved
    .option = Option `--{ $name }` is now `{ $value }`.
    .forgotten = Option `--{ $name }` deleted.
    .suffix = `{ $suffix }` is now added to all your prompts.
    .no-suffix = Suffix removed.
    .remix-on = Remix is on: buttons let you edit the prompt first.
    .remix-off = Remix is off: buttons start drawing right away.
    .strong = V buttons now make strong variations.
    .subtle = V buttons now make subtle variations.
    .auto-dm-on = You now also get finished pictures as direct messages.
    .auto-dm-off = You no longer get finished pictures as direct messages.
    .stealth-recipe-on = Files of your stealth jobs now carry prompt and seed, unless the server keeps them out.
    .stealth-recipe-off = Files of your stealth jobs no longer carry prompt and seed, only the mark that AI made them.
    .turbo = Your jobs now run in turbo mode (high priority).
    .fast = Your jobs now run in fast mode (normal priority).
    .relax = Your jobs now run in relaxed mode (low priority).
    .public = Everyone in the channel now sees your jobs.
    .stealth = Only you see your jobs now.
own-options = Your options
    .text = Use them in a prompt: `a fox --{ $name }`.
    .none = You have none yet. Make one with `/prefer option set`.
command-settings = Your settings: model, style, variations, mode and visibility
    .name = settings
command-prefer = Your preferences
    .name = prefer
command-prefer-option = Your own parameters
    .name = option
command-prefer-option-set = Make your own parameter for text or other parameters
    .name = set
    .option = The name, such as mine: you type it as --mine
    .option-name = option
    .value = What it stands for, such as --ar 3:2 --raw; leave empty to delete the option
    .value-name = value
command-prefer-option-list = List your options
    .name = list
command-prefer-suffix = Add parameters to the end of all your prompts
    .name = suffix
    .value = Such as --ar 3:2 --raw; leave empty to remove the suffix
    .value-name = value
command-prefer-remix = Turn remix on or off: buttons let you edit the prompt first
    .name = remix
command-prefer-variability = Switch the V buttons between strong and subtle variations
    .name = variability
command-prefer-auto_dm = Turn direct messages with your finished pictures on or off
    .name = auto_dm
command-prefer-stealth_recipe = Turn prompt and seed in the files of your stealth jobs on or off
    .name = stealth_recipe
command-fast = Switch to fast mode (normal priority)
    .name = fast
command-relax = Switch to relaxed mode (low priority)
    .name = relax
command-turbo = Switch to turbo mode (high priority)
    .name = turbo
command-public = Switch to public mode: everyone in the channel sees your jobs
    .name = public
command-stealth = Switch to stealth mode: only you see your jobs
    .name = stealth

## A server's settings

server-settings = Server settings
    .saved = Settings saved
    .text = Defaults apply unless a prompt or a member's settings override them.
    .aspect = Aspect ratio
    .style = Style
    .no-style = none
    .stylize = Stylize
    .temperament = Temperament
    .usual = default
    .jobs = Jobs per member
    .jobs-value = at most { $limit } queued or running
    .permutations = Jobs per prompt
    .permutations-value = at most { $limit }; confirmed together, they may exceed the jobs per member
    .buttons = Buttons
    .buttons-everyone = everyone can use them
    .buttons-owner = only for the member who started the job
    .highlights = Highlights
    .no-highlights = no channel: ⭐ does nothing
    .pictures = Files of pictures
    .pictures-recipe = say that AI made them, with prompt and seed
    .pictures-mark = say that AI made them, and nothing else
command-server = Settings for everyone on this server
    .name = server
command-server-settings = Defaults and limits of this server; run without options to view
    .name = settings
    .aspect = Default aspect ratio (--ar), such as 3:2
    .aspect-name = aspect
    .style = Default style (--style); raw for none
    .style-name = style
    .stylize = Default --stylize, 0 to 1000
    .stylize-name = stylize
    .temperament = Follow prompts closely, or make pictures look good first
    .temperament-name = temperament
    .jobs_per_member = How many jobs a member can have queued or running
    .jobs_per_member-name = jobs_per_member
    .permutations = How many jobs one prompt can start
    .permutations-name = permutations
    .buttons_for = Who can use the buttons of a job
    .buttons_for-name = buttons_for
    .highlights = Channel where pictures with a ⭐ are posted
    .highlights-name = highlights
    .pictures_carry = What the files of pictures say, besides that AI made them
    .pictures_carry-name = pictures_carry
command-server-reset = Reset this server's settings
    .name = reset
command-server-filter = What happens to explicit pictures; run without options to view
    .name = filter
    .action = What happens to them in age-restricted channels
    .action-name = action
    .threshold = From how many per cent on a picture counts as explicit
    .threshold-name = threshold
    .place = Only in this channel or category
    .place-name = place
command-server-doctor = Check that everything works here: permissions, engines, database
    .name = doctor
choice-faithful = faithful to the prompt
choice-stylised = stylised
choice-everyone = everyone
choice-owner = the member who started the job
choice-recipe = the recipe: prompt, seed and settings
choice-off = nothing: pictures are not checked
choice-spoiler = shown behind a spoiler
choice-review = shown after a moderator approved them
choice-refuse = not shown
choice-inherit = what holds above it
choice-mark = nothing: the mark alone

## What the bot says about AI

by-ai = All pictures here are made by AI. Their files say so, in a form that programs can read.
greeting = Hello! I draw pictures from words: type `/imagine` and describe one. `/help` shows the rest, and `/server settings` is for admins.

## History, queue and help

info = Your jobs
    .mode = Job mode
    .visibility = Visibility mode
    .running = Running jobs
    .queued = Queued jobs
    .at-a-time = Jobs in use
    .at-a-time-value = { $confirmed ->
        [0] { $open } of { $limit }
       *[other] { $open } of { $limit }; up to { $confirmed } if you confirm several at once
    }
    .lifetime = Lifetime usage
    .lifetime-value = { $pictures } pictures in { $done } jobs; { $cancelled } cancelled, { $failed } failed
    .none = none
    .more = and { $count } more
queue = Queue
    .running = Running
    .waiting = Up next
    .own = Your jobs
    .yours = you
    .elsewhere = a job that is not shown here
    .none = nothing
    .no-own = you have nothing queued
    .place = position { $place }
    .place-and-time = position { $place }, starts in about { $time }
engines = Engines
    .name = Engine { $number }
    .here = { $name }: { $running } of { $most } jobs
    .away = { $name }: away, its jobs wait
duration = Duration
    .seconds = { $count } s
    .minutes = { $count } min
    .hours = { $count } h
details = Seed and parameters
    .line = { $picture ->
        [0] Paste this line into `/imagine`. It makes the same pictures, whatever your settings are.
       *[other] Paste this line into `/imagine`. It makes the grid of this picture, whatever your settings are. This is image #{ $picture }.
    }
    .enlarged = Upscale it then.
    .starts = Start from the same picture: leave the links in, or attach it again as `image`.
    .in-file = The line is too long to be shown here. `/seed id:{ $id }` sends it as a file.
    .no-line = { $reason ->
        [derived] No prompt makes this by itself: it was drawn from another picture. `/show` shows from which. The prompt says what was drawn, the file of `/seed` has the whole request.
       *[changed] No prompt makes exactly this any more: the model has changed, or the job is older than this function. The file of `/seed` has the whole request.
    }
    .prompt = Prompt
    .job = Job id
    .seed = Seed
    .pictures = Seeds of the pictures
    .size = Size
    .steps = Steps
    .guidance = Guidance
    .sampler = Sampler
    .model = Model
    .drawn = Text for the model
job-ancestors = History of this job
history = Your pictures
    .nothing-yet = You have no finished pictures yet. Make some with `/imagine`.
    .nothing-found = None of your prompts contains “{ $query }”.
    .nothing-of-kind = You have no finished pictures of this kind.
    .nothing-of-kind-found = No prompt of this kind contains “{ $query }”.
    .where = message
    .page = Page { $number } of { $pages } · { $total ->
        [1] 1 job
       *[other] { $total } jobs
    }
    .again = Post one of them again
history-kind = What a job is
    .imagine = Grid
    .reroll = Re-roll
    .vary = Variations
    .region = Vary (Region)
    .upscale = Single picture
    .enlarge = Upscale
    .zoom = Zoom Out
    .pan = Pan
    .square = Make Square
choice-all = All kinds
choice-favourites = Favourites
choice-grids = Grids
choice-variations = Variations
choice-upscales = Single pictures and upscales
choice-extensions = Zoomed out and extended
help = Help
    .start = Start here
    .commands = Commands
    .parameters = Parameters
    .models = Models
    .commands-text = Type `/` to see all commands. Right-click a message of mine for more. React with ✉️ to get it as a direct message, ❌ to cancel or delete it, ⭐ to add it to the highlights.
    .parameters-text = Parameters go at the end of a prompt: `a red fox --ar 3:2 --s 250`. For details, use `/help` with a name.
    .models-text = Choose a model with `--v` and its name.
    .default = default
    .model-value = { $size } px, { $steps }. Picture prompts and edits: { $edits }. Zoom and pan: { $outpaints }. Seamless tiles: { $tiles }. /describe: { $describes }. Upscaling: { $upscales }. Styles: { $styles }. LoRAs: { $loras }.
    .steps = { $steps } steps
    .own-steps = steps of its own
    .refused = This model cannot be used with { $flags }.
    .without-effect = Has no effect on this model: { $flags }.
    .skipped-lora = The LoRA file { $file } cannot be used. { $reason }
    .factor = { $factor }×
    .takes = Values
    .usual = Default
    .no-models = The image model is still loading.
    .messages = On a message: { $names }
    .unknown = There is no parameter `--{ $flag }`.
help-start = Type { $imagine } and say what to draw, such as `a red fox`. You get a grid of four pictures.
    .grid = Under the grid
    .grid-value =
        `U1`–`U4`: one picture by itself, to upscale, change, zoom out or extend it
        `V1`–`V4`: four variations of a picture
        🔄: the same prompt again, with new pictures
        Pictures 1 and 2 are at the top, 3 and 4 below.
    .demo = What the demo model draws well
    .demo-value =
        It draws emoji and stickers: { $examples }
        Put a real model behind it: `DARKROOM_MODEL=models/sd_xl_base_1.0.safetensors make run`
    .parameters = Parameters
    .parameters-value = They go at the end of a prompt: `a red fox --ar 3:2 --s 250`
    .next = And then
    .next-value =
        { $settings }: your defaults, and who sees your pictures
        { $history }: your pictures · { $queue }: when yours are drawn
        { $describe }: prompts for a picture of yours
        { $help } with a parameter explains it.
command-info = Your mode, your running and queued jobs, and your totals
    .name = info
command-queue = Running and queued jobs, your position, and the estimated wait
    .name = queue
command-help = Where to start, commands, parameters and models
    .name = help
    .parameter = A parameter to explain, such as stylize
    .parameter-name = parameter
command-history = Your finished pictures, favourites first
    .name = history
    .search = Words in the prompts
    .search-name = search
    .kind = Only these
    .kind-name = kind
command-show = Post one of your jobs again, with its history
    .name = show
    .id = A job id, a file name, or a link to its message
    .id-name = id
command-seed = Show the seed and all parameters of one of your jobs
    .name = seed
    .id = A job id, a file name, or a link to its message; leave empty for your latest job
    .id-name = id
command-imagine = Draw pictures of what you describe
    .name = imagine
    .prompt = What to draw, then parameters such as --ar 3:2 --seed 7
    .prompt-name = prompt
    .image = A picture to start from
    .image-name = image

## The menu of a message, and reactions

done = Done
    .cancelled = The job is being cancelled.
    .sent = Sent. Check your direct messages.
    .deleted = Message deleted. `/show { $id }` posts it again.
    .taken-down = Message deleted. Job { $id } will not be posted here again.
menu-cancel-job = Cancel job
    .name = Cancel job
menu-send-to-me = Send to me
    .name = Send to me
menu-seed-and-parameters = Seed and parameters
    .name = Seed and parameters
menu-delete = Delete
    .name = Delete

## `/describe` and `/shorten`

describe = Suggested prompts
    .text = Press a number to draw its prompt. 🔄 tries again on a closer crop.
    .all = Imagine all
shorten = Word importance
    .text = Bold words matter most; struck-through words barely matter. Press a number to draw its prompt.
inference-away = The image model is offline
    .problem = The image model is not responding.
    .remedy = Try again in a minute.
command-describe = Suggest four prompts for a picture
    .name = describe
    .image = The picture as a file
    .image-name = image
    .link = The picture as a link
    .link-name = link
command-shorten = Show which words of a prompt matter, and suggest shorter prompts
    .name = shorten
    .prompt = The prompt to shorten
    .prompt-name = prompt
