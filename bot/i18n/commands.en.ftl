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
too-many-defaults = Too many defaults
    .problem = { $most } channels, categories and roles of this server have defaults, and that is the limit.
    .remedy = Reset some of them with `/server defaults`.
one-scope-only = One at a time
    .problem = Defaults are for a channel or for a role, not for both together.
    .remedy = Use `/server defaults` with one of the two.
suffix-has-words = A suffix can only have parameters
    .problem = “{ $text }” is not a parameter.
    .remedy = Use something like `--ar 3:2 --s 250`. For words, use `/prefer option set`.
exported-lately = Sent a short while ago
    .problem = Your data can be sent once an hour.
    .remedy = Try again in { $minutes ->
        [one] one minute
       *[other] { $minutes } minutes
    }.
cannot-export = Your data can't be sent now
    .problem = Discord does not take the files at the moment.
    .remedy = Try again in a few minutes.
storage-full = No room for new pictures
    .problem = The storage of this bot is full, so it takes no new jobs. What is running is finished.
    .remedy = Try again later, and tell the person who runs this bot.
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
    .models = Models { $first } to { $last }
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
    .server-text = They go back to the defaults for everyone here. Members' own settings stay, and so do the defaults of channels, categories and roles.
    .defaults = Delete all of these defaults?
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
    .permutations-value = at most { $limit }; confirmed together, more than the jobs per member may wait, but not run
    .buttons = Buttons
    .buttons-everyone = everyone can use them
    .buttons-owner = only for the member who started the job
    .buttons-roles = for the member who started the job, and the roles in `/server access show`
    .highlights = Highlights
    .no-highlights = no channel: ⭐ does nothing
    .pictures = Files of pictures
    .pictures-recipe = say that AI made them, with prompt and seed
    .pictures-mark = say that AI made them, and nothing else
    .finished = Finished jobs
    .finished-notify = notify their member with a new message
    .finished-quiet = change their message, quietly
    .kept = Kept
    .kept-value = { $days ->
        [0] for ever
        [one] for one day, then only how to draw them again
       *[other] for { $days } days, then only how to draw them again
    }
command-server = Settings for everyone on this server
    .name = server
command-server-setup = The first steps, one after the other; shows what is set
    .name = setup
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
    .finished = How members hear of their finished jobs
    .finished-name = finished
    .keep_days = For how many days pictures are kept, then only their recipe; 0 is for ever
    .keep_days-name = keep_days
defaults = Defaults
    .server = Defaults of this server
    .category = Defaults of the category { $place }
    .channel = Defaults of { $place } and its threads
    .role = Defaults of the role { $place }
    .text = They hold for prompts that say nothing else. What is typed comes first, then a member's own settings, their roles (the highest first), the channel, its category and the server.
    .open = left open
    .more = More … (page { $page } of { $pages })
    .all = All that have defaults
    .gone = deleted ({ $id })
defaults-scope = Server
    .server = Server
    .category = Category
    .channel = Channel
    .role = Role
defaults-field = Setting
    .version = Model
    .model = Model
    .aspect = Aspect ratio
    .style = Style
    .stylize = Stylize
    .temperament = Temperament
    .mode = Mode
    .stealth = Visibility
    .file-format = File format
    .language = Language of messages
language = Language
    .en = English
    .de = German
    .server = the server's language
effective = What holds here
    .text = For { $member } in { $channel }, if a prompt says nothing else:
    .prompt = suffix of { $place }
    .member = settings of { $place }
    .role = role { $place }
    .channel = channel { $place }
    .category = category { $place }
    .server = this server
    .nobody = chosen by nobody
command-server-defaults = Defaults of this server, or of a channel, category or role
    .name = defaults
    .channel = A channel or category; leave both empty for the server
    .channel-name = channel
    .role = A role
    .role-name = role
    .aspect = Default aspect ratio (--ar), such as 3:2
    .aspect-name = aspect
    .style = Default style (--style); raw for none
    .style-name = style
    .stylize = Default --stylize, 0 to 1000
    .stylize-name = stylize
command-server-effective = Show what holds for a member in a channel, and who decided it
    .name = effective
    .member = Whose prompts; yours if left empty
    .member-name = member
    .channel = Where; here if left empty
    .channel-name = channel
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
command-server-quota = How much each role may have
    .name = quota
command-server-quota-show = Show what each role may have
    .name = show
command-server-quota-set = Set what a role may have; what you leave out stays
    .name = set
    .role = Which role; without one, @everyone
    .role-name = role
    .pictures = How many pictures; 0 for no limit
    .pictures-name = pictures
    .gpu_seconds = How many seconds its jobs may run; 0 for no limit
    .gpu_seconds-name = gpu_seconds
    .per = In which time; a day if you leave it out
    .per-name = per
    .jobs = How many jobs at a time
    .jobs-name = jobs
    .cooldown = Seconds between two requests; 0 for none
    .cooldown-name = cooldown
    .weight = Turns in the queue for each one of a member with weight 1
    .weight-name = weight
command-server-quota-clear = Remove all limits of a role
    .name = clear
    .role = Which role; without one, @everyone
    .role-name = role
command-server-quota-preset = Give @everyone ready-made limits
    .name = preset
    .kind = For which kind of server
    .kind-name = kind
choice-hour = an hour
choice-day = a day
choice-month = a month
choice-friends = friends
choice-community = community
choice-public = public
quotas = Quotas
    .saved = Quotas saved
    .everyone = **@everyone:** { $limits }
    .role = **<@&{ $role }>:** { $limits }
    .text = Of each limit, the most generous of a member's roles holds, for admins too. Hours, days and months begin in UTC. Change them with `/server quota set`.
    .pictures = { $amount } pictures { $period ->
            [hour] an hour
            [month] a month
           *[day] a day
        }
    .pictures-unlimited = any number of pictures
    .gpu-seconds = { $amount } GPU seconds { $period ->
            [hour] an hour
            [month] a month
           *[day] a day
        }
    .gpu-seconds-unlimited = any GPU time
    .jobs = { $jobs } { $jobs ->
        [1] job
       *[other] jobs
    } at a time
    .cooldown = { $seconds } s between requests
    .weight = weight { $weight }
quota-left = Quota
    .pictures = Pictures: { $used } of { $limit } { $period ->
            [hour] an hour
            [month] a month
           *[day] a day
        }, { $left } left; renews <t:{ $at }:R>
    .gpu_seconds = GPU seconds: { $used } of { $limit } { $period ->
            [hour] an hour
            [month] a month
           *[day] a day
        }, { $left } left; renews <t:{ $at }:R>
    .cooldown = One request in { $seconds } seconds
    .weight = Weight in the queue: { $weight }
    .none = no limit of pictures here
command-server-words = What may be written in prompts
    .name = words
command-server-words-add = Add a rule: a phrase or /expression/
    .name = add
    .rule = Whole words; * at an end leaves it open; or /expression/
    .rule-name = rule
    .action = What to do; usually refuse
    .action-name = action
    .place = Only in this channel or category
    .place-name = place
command-server-words-remove = Remove a rule
    .name = remove
    .rule = As it was added
    .rule-name = rule
    .place = Of this channel or category
    .place-name = place
command-server-words-list = Show the rules
    .name = list
    .place = Of this channel or category
    .place-name = place
command-server-words-import = Add many rules from a text file
    .name = import
    .file = One rule in a line; what to do after a |
    .file-name = file
    .action = For lines that do not say it
    .action-name = action
    .place = Only in this channel or category
    .place-name = place
command-server-words-test = Try a prompt on the rules of this channel
    .name = test
    .prompt = Nothing is drawn
    .prompt-name = prompt
choice-refuse = refuse
choice-review = show after a moderator's review
choice-spoiler = show as a spoiler
choice-log = only note it
command-server-access = Who may draw where, and how much
    .name = access
command-server-access-show = Show who may draw where, and how much
    .name = show
command-server-access-channels = Set where the bot draws; threads and the channels of a category count as it
    .name = channels
    .rule = In all channels, only in the listed ones, or in all but them
    .rule-name = rule
    .add = A channel or category to list
    .add-name = add
    .remove = A channel or category to take off the list
    .remove-name = remove
command-server-access-roles = Set which roles may draw, or use the buttons of others' jobs
    .name = roles
    .what = What the roles may do
    .what-name = what
    .add = A role that may
    .add-name = add
    .remove = A role that may no longer
    .remove-name = remove
command-server-access-limits = Set the limits of a role; of a member's roles the most generous counts
    .name = limits
    .role = The role; @everyone is for all
    .role-name = role
    .quality = Highest --q, or any, or default
    .quality-name = quality
    .steps = Most steps, or any, or default
    .steps-name = steps
    .size = Largest area of a picture, such as 1024x1024, or any, or default
    .size-name = size
    .pictures = Most pictures at once (--n), or any, or default
    .pictures-name = pictures
    .repeat = Highest --repeat; 1 for none, or any, or default
    .repeat-name = repeat
    .permutations = Most jobs of one prompt, or any, or default
    .permutations-name = permutations
    .turbo = Turbo mode
    .turbo-name = turbo
    .stealth = Stealth
    .stealth-name = stealth
    .uploads = Own pictures to start from
    .uploads-name = uploads
    .links = Links to pictures to start from
    .links-name = links
    .models = Names for --v with commas, or any, or default
    .models-name = models
    .loras = Names of LoRAs with commas, or any, or default
    .loras-name = loras
    .without = Parameters that may not be used, with commas, or default
    .without-name = without
command-server-block = Block a member from using the bot on this server; their jobs here are cancelled
    .name = block
    .member = Whom to block
    .member-name = member
    .duration = How long, such as 30m, 12h, 7d or 2w; no end without it
    .duration-name = for
    .reason = Why; the member is told
    .reason-name = reason
command-server-unblock = Let a blocked member use the bot again
    .name = unblock
    .member = Whom to unblock
    .member-name = member
command-server-blocked = Show who is blocked on this server
    .name = blocked
choice-roles = the member who started the job, and certain roles
choice-everywhere = in all channels
choice-only = only in the listed channels
choice-except = in all channels but the listed ones
choice-draw = draw (if none is listed, everybody may)
choice-buttons = use the buttons of others' jobs
choice-yes = allowed
choice-no = not allowed
choice-default = says nothing
access = Access
    .saved = Access saved
    .text = Change it with `/server access channels`, `roles` and `limits`.
    .channels = Channels
    .channels-everywhere = all channels
    .channels-only = only { $channels }
    .channels-except = all but { $channels }
    .no-channels = none yet: list some with `/server access channels`
    .draw = Who may draw
    .everyone = everybody
    .buttons = Roles that may use others' buttons
    .nobody = none; `/server settings buttons_for` says whether roles decide
    .limits = Limits
    .limits-text = Of what the roles of a member and @everyone say, the most generous counts.
    .no-limits = none
    .any = any
    .quality = `--q` up to { $most }
    .steps = steps up to { $most }
    .pixels = pixels up to { $most }
    .pictures = `--n` up to { $most }
    .repeat = `--repeat` up to { $most }
    .jobs = jobs of a prompt up to { $most }
    .turbo = { $allowed ->
        [yes] turbo
       *[no] no turbo
    }
    .stealth = { $allowed ->
        [yes] stealth
       *[no] no stealth
    }
    .uploads = { $allowed ->
        [yes] uploads
       *[no] no uploads
    }
    .links = { $allowed ->
        [yes] links
       *[no] no links
    }
    .models = models: { $names }
    .loras = LoRAs: { $names }
    .without = without { $names }
blocking = Member blocked
    .text = { $member } can no longer use the bot on this server{ $until ->
        [none] . A moderator can end this with `/server unblock`.
       *[other] {" "}until { $until }.
    } { $jobs ->
        [0] No job was waiting or running here.
        [one] One job was cancelled.
       *[other] { $jobs } jobs were cancelled.
    } Others can still use the buttons of their pictures.
blocked-list = Blocked members
    .none = Nobody is blocked on this server.
    .line = { $member } by { $by }, { $until ->
        [none] without an end
       *[other] until { $until }
    }
    .more = … and { $count } more.
choice-faithful = faithful to the prompt
choice-stylised = stylised
choice-everyone = everyone
choice-owner = the member who started the job
choice-recipe = the recipe: prompt, seed and settings
choice-filter-off = off: pictures are not checked
choice-filter-spoiler = spoiler: shown behind a spoiler
choice-filter-review = review: shown after a moderator approved them
choice-filter-refuse = refuse: not shown
choice-filter-inherit = inherit: what holds above it
choice-mark = nothing: the mark alone
choice-notify = by a new message that mentions them
choice-quiet = not at all: the message changes quietly

## A member's own data

command-privacy = What is stored about you
    .name = privacy
command-privacy-export = Have everything that is stored about you sent to you
    .name = export
command-privacy-delete = Delete everything that is stored about you
    .name = delete
exported = Your data
    .file = Your data, file { $number }
    .direct = I sent you a direct message with { $files ->
        [one] one file
       *[other] { $files } files
    }, with { $pictures ->
        [one] one picture
       *[other] { $pictures } pictures
    } in all.
    .here = You take no direct messages from me, so here { $files ->
        [one] is one file
       *[other] are { $files } files
    }, with { $pictures ->
        [one] one picture
       *[other] { $pictures } pictures
    } in all. Only you see them.
    .contents = In them are your settings and options, your jobs with their prompts and requests, your favourites, the pictures and the pictures that you started from.
    .left-out = { $count ->
        [one] One picture is left out
       *[other] { $count } pictures are left out
    }: the folder “left out” says which and why.
erase-question = Delete everything about you?
    .goes = These go for good, within a minute: { $jobs ->
        [one] one job
       *[other] { $jobs } jobs
    } with prompts and requests, the files of { $pictures ->
        [one] one picture
       *[other] { $pictures } pictures
    }, the pictures that you started from, { $options } own options, { $favourites } favourites, { $drafts } unconfirmed prompts, your settings and your name. Jobs that wait or run are cancelled.
    .messages = I also delete my messages with your pictures here on Discord, one after another. What you or others saved or posted stays, and so do my direct messages to you.
    .stays = What others made from your pictures is theirs and stays, with the prompt that it was drawn from. Blocks and used-up quotas stay too. `/privacy export` sends you your data first.
    .yes = Yes, delete everything
    .no = No, keep it
    .kept = Nothing was deleted
erased = Everything about you is deleted
    .text = { $jobs ->
        [one] One job
       *[other] { $jobs } jobs
    } and { $pictures ->
        [one] one picture
       *[other] { $pictures } pictures
    } are gone, with your settings, options and favourites. My messages on Discord follow now.

## What the bot says about AI

by-ai = All pictures here are made by AI. Their files say so, in a form that programs can read.
leaving = I am made for other servers only, so I leave this one. My operator decides where I work: please ask them, and invite me again when this server is on their list.
greeting = Hello! I draw pictures from words: type `/imagine` and describe one. `/help` shows the rest, and `/server setup` is for admins.

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
    .expired = Not kept any more: its buttons draw it again.
    .searched = Looked at: { $first } to { $last } of your jobs, counted from the latest. ⏪ and ⏩ look at others.
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
models = Models
    .text = Copy an example behind `/imagine prompt:`, or pick your default in `/settings`.
    .page = Page { $number } of { $pages } · { $total ->
        [1] 1 model
       *[other] { $total } models
    }
    .none = No model here has “{ $query }” in its name. `/models` without a search shows all.
    .family = Family: { $name }
    .maker = Made by { $name }
    .licence = Licence: { $name }
    .size = { $size } px, any shape
    .sizes = { $size } and other sizes, { $count } in all
    .can = Can: { $abilities }
    .engines = Engine: { $names }
    .away = { $name } (away)
    .try = Try: { $line }
models-can =
    .edit = start from pictures
    .inpaint = redraw a part
    .outpaint = zoom out and pan
    .negative = leave things out
    .guidance = follow more or less closely
    .seed = repeat a seed
    .lora = LoRAs
    .style = styles
    .tile = seamless tiles
    .upscale = upscale
    .describe = /describe
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
    .server = **For those who manage this server:** { $commands }
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
command-models = The models here: what each can, and an example
    .name = models
    .search = A part of a model's name
    .search-name = search
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
    .unblocked = { $member } can use the bot on this server again.
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

command-server-review = Where moderators look at pictures and prompts
    .name = review
    .channel = The channel for decisions; only moderators should see it
    .channel-name = channel
    .log = A channel that also shows the log
    .log-name = log
    .off = Take a channel away
    .off-name = off
command-server-log = What rules refused, and what moderators decided
    .name = log
    .member = Only about this member
    .member-name = member
    .kind = Only this kind
    .kind-name = kind
choice-off-review = the channel for decisions
choice-off-log = the channel for the log
choice-log-words = rules about words
choice-log-filter = explicit pictures
choice-log-review = decisions
choice-log-report = reports
choice-log-appeal = appeals
choice-log-delete = deletions
menu-report-picture = Report picture
    .name = Report picture
