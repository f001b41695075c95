### English. Complete: other languages may lack a text, this one may not.

## Error messages: a title, what is wrong, what to do

empty-prompt = Invalid prompt
    .problem = The prompt has no words.
    .remedy = Say what to draw first, then the parameters: `a red fox --ar 3:2`.
no-known-word = The demo model does not know this
    .problem = It draws emoji and stickers, and finds nothing in this prompt that it was taught to draw.
    .remedy = Name an animal, a food, a plant or a thing in English{ $examples ->
        [none] .
       *[other] , for example { $examples }.
    }
prompt-too-long = Invalid prompt
    .problem = { $what } has { $length } characters; the limit is { $most }.
    .remedy = Shorten it.
too-long-prompt = The prompt
too-long-styled = The prompt with its style
too-long-written = The prompt with your options, your suffix and your settings
too-long-together = Everything this prompt expands to
too-long-negative = The list after `--no`
too-many-tokens = Invalid prompt
    .problem = The prompt with its style has { $tokens } tokens (words and word parts); the model reads at most { $most }.
    .remedy = Shorten it.
unknown-parameter = Invalid parameter
    .problem = There is no parameter `--{ $flag }`.
    .remedy = { $suggestion ->
        [none] Available parameters: { $known }.
       *[other] Did you mean `--{ $suggestion }`?
    }
invalid-parameter = Invalid parameter
    .problem = `{ $given }` is not a valid value for `--{ $flag }`.
    .remedy = It takes { $allowed }.
missing-value = Invalid parameter
    .problem = `--{ $flag }` needs a value.
    .remedy = It takes { $allowed }.
repeated-parameter = Invalid parameter
    .problem = `--{ $flag }` is used more than { $most ->
        [1] once
       *[other] { $most } times
    }.
    .remedy = { $most ->
        [1] Keep only one of them.
       *[other] Keep at most { $most } of them.
    }
misplaced-text = Invalid parameter
    .problem = There is text after `--{ $flag }` that does not belong to it: “{ $text }”.
    .remedy = Put all words before the parameters.
too-many-open-jobs = Queue full
    .problem = You already have { $open } of { $limit } jobs queued or running, and this would add { $wanted }.
    .remedy = { $fits ->
        [yes] Wait for a job to finish, or cancel one.
       *[no] Ask for at most { $limit } at a time.
    }
quota-reached = Quota used up
    .problem = { $what ->
        [pictures] You have used { $used } of { $limit } pictures { $period ->
            [hour] this hour
            [month] this month
           *[day] today
        }, and this would add { $wanted }.
        [gpu_seconds] You have used { $used } of { $limit } GPU seconds { $period ->
            [hour] this hour
            [month] this month
           *[day] today
        }.
       *[cooldown_s] Here you may ask for pictures once in { $limit } seconds.
    }
    .remedy = { $fits ->
        [yes] You can go on <t:{ $at }:R> (<t:{ $at }:f>).
       *[no] Ask for at most { $limit } pictures at a time. Your quota renews <t:{ $at }:R>.
    }
job-not-found = Job not found
    .problem = The job behind this button is not in the database.
    .remedy = Start a new one with `/imagine`.
job-not-ready = Not finished yet
    .problem = This job has no pictures yet.
    .remedy = Try again when it has finished.
job-already-ended = Nothing to cancel
    .problem = This job has already ended.
    .remedy = There is nothing left to cancel.
not-your-job = Not your job
    .problem = Only the member who started a job can cancel it.
    .remedy = Ask them, or a moderator with the permission “Manage Messages”.
not-permitted = Not permitted
    .problem = Only members who manage this server can change its settings.
    .remedy = Ask someone with the permission “Manage Server”.
not-a-member = Members only
    .problem = You are no longer a member of the server that this belongs to.
    .remedy = Join it again, or use me on a server you are a member of.
direct-messages-off = Not in direct messages
    .problem = Commands and buttons are turned off in direct messages.
    .remedy = Use me on a server where I am a member.
user-installs-off = Not available here
    .problem = I only work on servers that I am a member of.
    .remedy = Use me there, or ask an admin of this server to add me.
cannot-post-here = I can't post here
    .problem = I don't have the permission “{ $permission }” in this channel.
    .remedy = Try another channel, or ask a server admin to grant it.
too-many-generations = Too many variations in a row
    .problem = This picture is already { $most } steps away from its first prompt, and that is the limit.
    .remedy = Start again from its prompt with `/imagine`.
no-model = The model is not ready
    .problem = The image model is still loading.
    .remedy = Try again in a minute. If this goes on, tell the person who runs this bot.
database-away = Database unavailable
    .problem = The database is not responding, so nothing can be saved or looked up.
    .remedy = Try again in a minute.
pictures-away = Pictures unavailable
    .problem = The place where pictures are kept is not responding, so none can be read or saved.
    .remedy = Try again in a minute. Nothing is lost: what is being drawn waits for it.
unexpected = Something went wrong
    .problem = Something went wrong on our side. It has been logged.
    .remedy = Try again. If it happens again, tell a server admin.

## Parameters: what each does, what completes “It takes …”, and its default

parameter-aspect = Aspect ratio: width to height. The area stays the same.
    .allowed = two whole numbers from 1:{ $widest } to { $widest }:1, such as 3:2 or 139:100
    .default = 1:1
parameter-chaos = How different the pictures of a grid are from each other.
    .allowed = a whole number from { $low } to { $high }
    .default = 0
parameter-negative = What should not be in the picture.
    .allowed = one or more things, separated by commas
    .default = nothing
parameter-quality = How much work goes into the picture: multiplies the number of steps.
    .allowed = one of .25, .5, 1, 2 and 4
    .default = 1
parameter-repeat = How many jobs to run with this prompt, each with its own seed.
    .allowed = a whole number from { $low } to { $high }
    .default = once
parameter-seed = Seed of the random noise. The same prompt, parameters and seed give the same pictures.
    .allowed = a whole number from { $low } to { $high }
    .default = random
parameter-sameseed = One seed for all pictures of the grid, so that they look very similar.
    .allowed = a whole number from { $low } to { $high }
    .default = random
parameter-stop = Stop after this percentage of the steps, for a softer picture.
    .allowed = a whole number from { $low } to { $high }
    .default = 100
parameter-stylize = How strongly the picture is styled: more guidance, and more of what the model finds beautiful.
    .allowed = a whole number from { $low } to { $high }
    .default = 100
parameter-style = One of the model's styles, or `raw` for none.
    .allowed = the name of a style
    .allowed-names = one of { $names }
    .default = server default
parameter-raw = Follows the prompt more closely, without style.
    .allowed = no value
    .default = off
parameter-temperament = The temperament of `--stylize`: follow the prompt closely, or make pictures look good first.
    .allowed = one of { $names }
    .default = your settings
parameter-weird = How far the picture is from what the model usually draws.
    .allowed = a whole number from { $low } to { $high }
    .default = 0
parameter-tile = A seamless picture for repeating patterns: opposite edges match.
    .allowed = no value
    .default = off
parameter-image_weight = How much the picture prompts count; 0 ignores them.
    .allowed = a number from { $low } to { $high }
    .default = 1
parameter-version = Which model to use.
    .allowed = the name of a model
    .default = the first model
parameter-niji = Use the model named niji.
    .allowed = no value, or a number that is part of the name
    .default = off
parameter-draft = A quick draft: half the steps and half the area.
    .allowed = no value
    .default = off
parameter-fast = Run this job in fast mode (normal priority).
    .allowed = no value
    .default = your settings
parameter-relax = Run this job in relaxed mode (low priority).
    .allowed = no value
    .default = your settings
parameter-turbo = Run this job in turbo mode (high priority).
    .allowed = no value
    .default = your settings
parameter-stealth = Only you see this job.
    .allowed = no value
    .default = your settings
parameter-public = Everyone in the channel sees this job.
    .allowed = no value
    .default = your settings
parameter-exact = Draw exactly this line: your suffix, your settings and the server's settings change no picture, and the demo model leaves no word out.
    .allowed = no value
    .default = off
parameter-steps = The number of sampling steps.
    .allowed = a whole number from { $low } to { $high }
    .default = set by the model
parameter-guidance = The guidance scale, whatever `--stylize` says: how strongly the prompt is followed.
    .allowed = a number from { $low } to { $high }
    .default = set by `--stylize`
parameter-sampler = Sampling algorithm.
    .allowed = one of { $names }
    .default = set by the model
parameter-size = Width and height in pixels.
    .allowed = two whole numbers, such as 512x768
    .allowed-sides = multiples of { $multiple } from { $low } to { $high }, such as { $native }x{ $native }
    .allowed-names = one of { $names }
    .default = set by the model
parameter-loras = A LoRA (a small add-on to the model) and its weight. Can be used several times.
    .allowed = a name, or a name and a weight from { $low } to { $high }, such as ink:0.8
    .allowed-names = one of { $names }
    .default = none
parameter-pictures = How many pictures to draw.
    .allowed = a whole number from { $low } to { $high }
    .default = 4

## The life of a job

status-waiting = (Waiting to start)
status-waiting-for-inference = (Waiting: the image model is offline or busy; the job continues by itself)
status-waiting-for-pictures = (Waiting: stored pictures cannot be reached; the job continues by itself)
status-waiting-for-model = (Waiting for the image model, which is still loading; the job starts by itself)
status-stopped = (Stopped)
status-failed = (Failed)
action-vary = Variations { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } of image #{ $number } by { $who }
action-reroll = Re-rolled by { $who }
action-upscale = Image #{ $number } by { $who }
action-enlarge = { $detail ->
        [creative] Upscaled (Creative) by { $who }
       *[subtle] Upscaled (Subtle) by { $who }
    }
action-region = Vary (Region) by { $who }
action-zoom = Zoom Out by { $who }
action-pan = Pan { $detail ->
        [left] Left
        [right] Right
        [up] Up
       *[down] Down
    } by { $who }
action-square = Make Square by { $who }
from-picture = from [this picture]({ $link })
from-grid = from [this grid]({ $link })
left-out = The demo model draws emoji and stickers; it left out { $words }.
moved = I could not edit the original message, so here is a new one.
job-failed = Job failed
    .unknown = The reason is unknown.
    .our-mistake = Something went wrong on our side. It has been logged.
    .no-place = I don't have permission to post in the channel where it was requested.
    .taken-away = A moderator removed the picture that this job starts from.
    .not-kept = The pictures could not be saved: { $reason }
    .not-a-member = The member who started it is no longer a member of this server.
    .broke-off = The image model stopped { $times } times in the middle of this job.
not-showable = The picture can't be shown
    .taken-away = A moderator removed it.
    .expired = This server keeps pictures for a limited time, and the file is gone. The buttons draw it again from its recipe.
picture-withheld = The picture is not shown here
    .waits = The picture waits for a moderator
    .problem = { $reason }
    .remedy = If you think that this is a mistake, ask the people who moderate this server.
picture-verdict =
    .explicit = The filter finds it explicit.
    .not-here = The filter finds it explicit, and explicit pictures are shown in age-restricted channels alone.
    .unchecked = The filter for explicit pictures does not answer, so it could not be checked. It is checked again, and shown then.
    .not-shown = It was not approved.
explicit-picture = A picture that can't be used
    .problem = { $place ->
        [adults] The filter finds a picture that you brought explicit, and this server doesn't allow that here.
       *[everybody] The filter finds a picture that you brought explicit. Such pictures can be used in age-restricted channels alone.
    }
    .remedy = Use another picture. If you think that this is a mistake, ask the people who moderate this server.
filter-away = The picture can't be checked
    .problem = The filter for explicit pictures does not answer, and pictures can't be used unchecked.
    .remedy = Try again in a minute, or leave the picture out.
too-many-policies = Too many places
    .problem = At most { $most } channels and categories can have a filter of their own.
    .remedy = Set a category instead of its channels, or let some follow the server again.
filter = Filter for explicit pictures
    .changed = Filter for explicit pictures: changed
    .text = Pictures are checked before anything of them is shown, previews too. Pictures that members bring are checked too.
    .adults-only = Explicit pictures are shown in age-restricted channels alone, whatever is set here. In other channels **off** and **spoiler** mean: not shown. In direct messages they are shown only if the bot's operator allows it.
    .server = On the whole server
    .places = In channels and categories
    .checked-by = Checked by
    .nothing-checks = Nothing: the bot's operator turned the filter off (`DARKROOM_FILTER`).
filter-policy =
    .off = **off**: in age-restricted channels pictures are not checked. Elsewhere they are not shown from { $threshold } % on.
    .spoiler = **spoiler**: behind a spoiler in age-restricted channels, elsewhere not shown, from { $threshold } % on
    .review = **review**: shown after a moderator approved them, from { $threshold } % on
    .refuse = **refuse**: not shown, from { $threshold } % on
button-cancel = Cancel

## Prompts

no-effect = Parameter without effect
    .problem = { $why ->
        [no-picture] `--{ $flag }` says how much picture prompts count, and this prompt has none.
       *[one-picture] `--{ $flag }` says how different the pictures of a grid are, and `--n 1` asks for only one.
    }
    .remedy = { $why ->
        [no-picture] Attach a picture as `image`, put a link to one before the words, or leave `--{ $flag }` out.
       *[one-picture] Leave one of the two out.
    }
conflicting-parameters = Invalid parameter
    .problem = `--{ $flag }` and `--{ $other }` can't be used together.
    .remedy = Keep only one of them.
mistyped-parameter = Invalid parameter
    .problem = `{ $written }` is not written as a parameter.
    .remedy = Did you mean `{ $meant }`? Put a space before the two hyphens, and a space after the name.
misplaced-link = Invalid link
    .problem = There is a link in the middle of the prompt: { $link }
    .remedy = Put links to pictures first, then the words.
too-many-links = Invalid link
    .problem = There are too many picture prompts.
    .remedy = Use at most { $most }.
too-many-pictures = Too many pictures
    .problem = Together, these prompts use { $pictures } different pictures.
    .remedy = Use at most { $most } at a time.
invalid-link = Invalid link
    .problem = { $link } can't be used: { $reason }.
    .remedy = Attach the picture, or link to a public one.
link-scheme = only plain https links are allowed
link-address = it does not lead to a public address
link-redirects = it redirects too often
link-unreachable = no picture was found there
link-type = it isn't a PNG, JPEG, WebP or GIF
link-large = it is larger than 20 MB
link-pixels = it has more than 50 million pixels
link-slow = it takes too long to load
invalid-upload = Invalid picture
    .problem = The file `{ $name }` can't be used: { $reason }.
    .remedy = Attach a PNG, JPEG, WebP or GIF of at most 20 MB and 50 million pixels.
upload-unreachable = Discord no longer provides it
upload-type = it isn't a PNG, JPEG, WebP or GIF, or it is damaged
upload-large = it is larger than 20 MB
upload-pixels = it has more than 50 million pixels
upload-slow = it takes too long to read
upload-scheme = Discord no longer provides it
upload-address = Discord no longer provides it
upload-redirects = Discord no longer provides it
pictures-busy = Too many pictures
    .problem = Other pictures are still being read, yours or those of other members.
    .remedy = Try again in a minute.
empty-part = Invalid prompt
    .problem = There are no words before or after a `::`.
    .remedy = Put words on both sides, such as `hot:: dog::2`.
too-many-parts = Invalid prompt
    .problem = The prompt has { $parts } parts; the limit is { $most }.
    .remedy = Remove some `::`.
weights-cancel = Invalid prompt
    .problem = The weights add up to { $total }, so there is nothing left to draw.
    .remedy = Make their sum clearly greater than 0.
ambiguous-name = Invalid parameter
    .problem = `{ $typed }` could mean several names: { $candidates }.
    .remedy = Type one of them exactly like this.
unknown-version = Invalid parameter
    .problem = There is no model named `{ $version }`.
    .remedy = Available models: { $known }. If you name none, your default model draws.
model-cannot = Invalid parameter
    .problem = The model `{ $version }` can't { $what }.
    .remedy = { $able ->
        [none] No model here can. Leave it out.
       *[other] Models that can: { $able }.
    }
unbalanced-braces = Invalid prompt
    .problem = Unmatched brace in the prompt.
    .remedy = Write `{"{"}red, green{"}"}` for choices, or `\{"{"}` and `\{"}"}` for the braces themselves.
too-many-permutations = Too many jobs
    .problem = The choices in braces and `--repeat` would start more than { $most } jobs.
    .remedy = Use fewer: the limit here is { $most }.
confirmation-expired = Nothing to confirm
    .problem = This was already answered, is more than a day old, or was replaced by a newer question.
    .remedy = Send the prompt again.
confirmation = Start { $jobs } jobs?
    .text = { $prompts ->
        [1] One prompt, drawn { $jobs } times with different seeds:
       *[other] This prompt expands to { $prompts } prompts:
    }
    .more = … and { $count } more
    .beyond = Otherwise you may have { $limit } at a time here. These may all wait at once, and no more than that run at a time.
    .yes = Yes, start them
    .no = No
    .started = { $jobs } jobs started
    .declined = Not started
cannot-tile = make seamless pictures (`--tile`)
cannot-edit = start from a picture
cannot-lora = use LoRAs (`--lora`)
cannot-negative = leave things out (`--no`, negative weights)
cannot-guidance = change how closely it follows the prompt (`--cfg`)
cannot-steps = change its number of steps (`--steps`, `--quality`)
cannot-draft = draw faster or smaller (`--draft`)
cannot-seed = draw the same picture again (`--seed`)
cannot-blend = change how alike its pictures are (`--chaos`, `--sameseed`)
cannot-sampler = be told which sampler to use (`--sampler`)
cannot-stop = stop before its last step (`--stop`)
cannot-weird = be weird (`--weird`)
cannot-strength = change how much of a picture it keeps (`--iw`)

## Buttons and what they answer

mode-fast = fast
mode-relax = relaxed
mode-turbo = turbo
mode-stealth = stealth
seed = Seed { $seed }
action-vary-single = Variations { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } by { $who }
button-web = Web
button-vary-subtle = Vary (Subtle)
button-vary-strong = Vary (Strong)
button-region = Vary (Region)
button-upscale-subtle = Upscale (Subtle)
button-upscale-creative = Upscale (Creative)
button-redo-subtle = Redo Upscale (Subtle)
button-redo-creative = Redo Upscale (Creative)
button-zoom = Zoom Out { $factor }
button-zoom-custom = Custom Zoom
button-square = Make Square
liked = Added to your favourites. Press ❤️ again to remove it.
    .not-any-more = Removed from your favourites. Press ❤️ again to add it.
modal-remix = Remix
modal-zoom = Zoom Out
modal-region = Vary (Region)
modal-prompt = Prompt
modal-factor = Zoom factor (1.1–2)
modal-part = { $label } ({ $number } of 2)
    .about = { $length } characters are too long for one field ({ $most }), so there are two.
button-edit-prompt = Edit prompt
button-edit = Edit
typed-text = What you typed
files-not-kept = Files of a refused command are not kept. Attach { $files } again with the command.
typed-text-lost = The text can't be opened
    .problem = Discord did not hand out the file `{ $name }`.
    .remedy = Press the button again, or open the file and copy the text.
region-question = Which area should be redrawn?
    .hint = Choose cells in the menu. When you close the menu, a dialog for the prompt opens.
region-cells = Choose one or more cells
region-cell = Cell { $number }
region-raster = { $raster } × { $raster } cells
not-offered = Not on the menu
    .problem = This menu does not offer that.
    .remedy = Open the menu again and choose from it.
not-your-buttons = Not your job
    .problem = On this server, only the member who started a job can use its buttons.
    .remedy = Start a job of your own with `/imagine`.
server-not-served = Not on this server
    .problem = The bot's operator does not let it work on this server.
    .remedy = Use it on another server, or ask its operator.
blocked = You are blocked here
    .problem = A moderator has blocked you from using this bot on this server{ $until ->
        [none] {""}
       *[other] {" "}until { $until }
    }.{ $has_reason ->
        [yes] {" "}Reason: { $reason }
       *[no] {""}
    }
    .remedy = { $until ->
        [none] Ask a moderator of this server.
       *[other] Wait until then, or ask a moderator of this server.
    }
cannot-block = Not blocked
    .problem = { $why ->
        [self] You cannot block yourself.
        [bot] A bot cannot be blocked.
       *[manages] Whoever may manage the server cannot be blocked.
    }
    .remedy = Choose another member.
not-blocked = Not blocked
    .problem = This member is not blocked on this server.
    .remedy = See who is with `/server blocked`.
invalid-duration = No such duration
    .problem = “{ $given }” is not a length of time from a minute to a year.
    .remedy = Type for example `30m`, `12h`, `7d` or `2w`; without it, the block has no end.
draw-elsewhere = Not in this channel
    .problem = On this server, the bot does not draw in this channel.
    .remedy = { $channels ->
        [none] Use another channel.
       *[other] Use one of these: { $channels }
    }
needs-role = You need a role for this
    .problem = On this server, only members with certain roles may draw: { $roles }
    .remedy = Ask an admin for one of them.
buttons-need-role = Not your job
    .problem = On this server, { $roles ->
        [none] only the member who started a job can use its buttons.
       *[other] only members with certain roles can use the buttons of others' jobs: { $roles }
    }
    .remedy = Start a job of your own with `/imagine`.
over-your-bound = More than you may use
    .problem = { $what ->
        [quality] `--q { $given }` is more than your roles allow here: at most `--q { $most }`.
        [steps] { $given } steps are more than your roles allow here: at most { $most }.
        [pixels] A picture of { $given } has more pixels than your roles allow here: at most { $most }.
        [pictures] { $given } pictures at once are more than your roles allow here: at most { $most }.
        [repeat] `--repeat { $given }` is more than your roles allow here: at most { $most }.
       *[jobs] One prompt for { $given } jobs is more than your roles allow here: at most { $most }.
    }
    .remedy = { $what ->
        [quality] Use `--q { $most }` or less, or ask an admin for a role that allows more.
        [steps] Use fewer `--steps` or a lower `--q`, or ask an admin for a role that allows more.
        [pixels] Use a smaller `--size` or another `--ar`, or ask an admin for a role that allows more.
        [pictures] Use `--n { $most }` or less, or ask an admin for a role that allows more.
        [repeat] Repeat it less often, or ask an admin for a role that allows more.
       *[jobs] Use fewer choices in braces, or ask an admin for a role that allows more.
    }
not-for-your-roles = Not for your roles
    .problem = { $what ->
        [turbo] Your roles do not allow turbo mode here.
        [stealth] Your roles do not allow stealth here.
        [uploads] Your roles do not allow pictures of your own to start from here.
        [links] Your roles do not allow links to pictures here.
       *[parameter] Your roles do not allow `--{ $flag }` here.
    }
    .remedy = { $what ->
        [turbo] Use `--fast`, or choose another mode in `/settings`.
        [stealth] Use `--public`, or choose public in `/settings`.
        [uploads] Leave the picture out, or ask an admin for a role that allows it.
        [links] Leave the link out, or ask an admin for a role that allows it.
       *[parameter] Leave it out, also of your suffix and settings, or ask an admin for a role that allows it.
    }
lora-not-for-you = Not for your roles
    .problem = Your roles do not allow the LoRA “{ $lora }” here.
    .remedy = { $usable ->
        [none] Leave `--lora` out, or ask an admin for a role that allows it.
       *[other] Use one of these: { $usable }
    }
model-not-for-you = Not your model
    .problem = You may not use the model “{ $model }” here.
    .remedy = { $usable ->
        [none] Ask an admin for a role that may use a model.
       *[other] Use one of these, or choose it in `/settings`: { $usable }
    }
invalid-bound = No such limit
    .problem = “{ $given }” cannot be the limit for { $what }.
    .remedy = { $what ->
        [size] Type a size such as `1024x1024`, `any` for no limit, or `default` to say nothing.
        [models] Type names for `--v` with commas between them, `any` for all, or `default` to say nothing.
        [loras] Type names of LoRAs with commas between them, `any` for all, or `default` to say nothing.
        [without] Type parameters with commas between them, such as `tile, weird`, or `default` to say nothing.
       *[other] Type a number that the parameter takes, `any` for no limit, or `default` to say nothing.
    }
not-in-its-server = Not available here
    .problem = A picture can only be added to the highlights of its own server.
    .remedy = React with ⭐ to its message there.
no-highlights = Not among the highlights
    .problem = { $why ->
        [no-channel] This server has no channel for highlights, so ⭐ does nothing here.
        [no-permission] I can't post in the channel for highlights.
       *[deleted] A message of this job was deleted, so it is not shown to everybody any more.
    }
    .remedy = { $why ->
        [no-channel] Members who manage the server can choose one with `/server settings`.
        [no-permission] Ask someone who manages the server to let me post there.
       *[deleted] Draw it again with `/imagine`.
    }
too-fast = Too fast
    .problem = You are sending commands or pressing buttons too fast, so I ignored this one.
    .remedy = { $seconds ->
        [1] Try again in 1 second.
       *[other] Try again in { $seconds } seconds.
    }
shown-already = { $state ->
    [done] This picture is already here: { $link }
   *[unfinished] { $link ->
        [none] This picture is already being made.
       *[other] This picture is already being made: { $link }
    }
}
model-cannot-do-this = Not with this model
    .problem = The model of this picture can't do that, or it is no longer available.
    .remedy = Use another button, or ask for a new picture with `/imagine`.
one-followup-only = Too many jobs
    .problem = A button starts one job, but this prompt stands for { $jobs }.
    .remedy = Leave out `--repeat` and choices in braces, or use `/imagine`.
invalid-factor = Invalid zoom
    .problem = `{ $given }` is not a valid zoom factor.
    .remedy = The zoom factor must be between 1.1 and 2, such as 1.5.
no-room-to-grow = Maximum size reached
    .problem = The picture can't get any larger on that side.
    .remedy = Try another side, or zoom out.
picture-lost = Picture not found
    .problem = The file of this picture is missing.
    .remedy = Press U under its grid again to draw the picture again.
picture-taken-away = Picture removed
    .problem = A moderator removed this picture and its file.
    .remedy = Ask for a new one with `/imagine`.
cannot-keep = The picture can't be saved
    .problem = { $reason }
    .remedy = Tell the person who runs this bot.
no-cells-chosen = Nothing chosen
    .problem = No area was chosen.
    .remedy = Choose at least one cell.

## Parameters of other tools: what is lacking, and what to do instead

renamed-parameter = Invalid parameter
    .problem = There is no parameter `--{ $flag }` here. It is called `--{ $ours }`.
    .remedy = Use `--{ $ours }`. It takes { $allowed }.
unsupported-parameter = Invalid parameter
    .problem = There is no parameter `--{ $flag }` here: { $what }.
    .remedy = { $instead }
trailing-sign = Invalid parameter
    .problem = { $sign ->
        [comma] There is a comma at the end of `{ $written }`.
        [semicolon] There is a semicolon at the end of `{ $written }`.
       *[full-stop] There is a full stop at the end of `{ $written }`.
    }
    .remedy = Write `{ $meant }`. Only spaces go between parameters.
lacks-style-reference = I can't copy the style of another picture
    .instead = Describe the style in words, or choose one with `--style`. To start from a picture, attach it with the option `image`.
lacks-character-reference = I can't take a character or a thing from another picture
    .instead = Start from that picture: attach it with the option `image`. `--iw` says how much it counts.
lacks-video = I can't make videos
    .instead = Leave it out.
lacks-hd = the size is not chosen like this
    .instead = Leave it out, and press Upscale below the finished picture.
lacks-taste = I don't learn your taste
    .instead = Use `--style` or `--stylize`. `/prefer suffix` adds parameters to all your prompts.
lacks-aesthetics = I have no experimental look
    .instead = Use `--stylize` or `--weird`.
lacks-old-versions = Midjourney's old models are not here
    .instead = Choose a model with `--v`. `/help` lists the models.
lacks-scheduler = the model decides which noise levels it uses
    .instead = Leave it out. `--sampler` chooses the sampling algorithm.
lacks-clip-skip = the model decides which layer of its text encoder it uses
    .instead = Leave it out.
lacks-vae = each model brings its own VAE
    .instead = Leave it out. `--v` chooses the model.
lacks-denoising = the strength of a picture prompt is set the other way round
    .instead = Use `--iw`: the higher it is, the more of your picture stays.
lacks-init-image = pictures are not given like this
    .instead = Attach the picture with the option `image`, or put its link before the words.
lacks-control = I can't follow the pose or the outlines of another picture
    .instead = Start from that picture: attach it with the option `image`. `--iw` says how much it counts.
lacks-faces = I don't repair faces
    .instead = Leave it out. Vary (Region) below a picture redraws a part of it.
lacks-refiner = I use one model for all steps
    .instead = Leave it out. `--v` chooses the model.
lacks-variations = I don't mix seeds like this
    .instead = Leave it out, and press V1 to V4 below the grid for variations.
lacks-embeddings = I can't use textual inversions or hypernetworks
    .instead = Leave it out, or use a LoRA: `--lora name:0.8`.
lacks-file-format = the file format can't be chosen
    .instead = Leave it out.
lacks-words = the words have no parameter
    .instead = Write what to draw first, then the parameters: `a red fox --ar 3:2`.

## Texts and syntax of other tools

foreign-syntax = Invalid prompt
    .problem = `{ $written }` is the syntax of another program: { $what }.
    .remedy = { $instead }
untranslated-settings = Invalid prompt
    .problem = These settings of the pasted text can't be chosen here: { $settings }.
    .remedy = Without them the pictures will look different. { $fits ->
        [yes] If that is fine, send this: `{ $line }`
       *[no] If that is fine, remove them from the text.
    }
syntax-json = a workflow or settings as JSON
    .instead = Copy only the prompt from it.
syntax-variants = choices with `|`
    .instead = Write `{"{"}red, blue{"}"}`: each choice becomes a job. Remove the braces or write `\{"{"}` and `\{"}"}` if you mean the signs.
syntax-double-braces = emphasis with braces
    .instead = Write `(word:1.1)` for emphasis, or `{"{"}red, blue{"}"}` for choices.
syntax-negative-weight = a negative weight
    .instead = Write `--no` and the word at the end, or give the words a weight: `a fox:: ears::-.5`.
syntax-switch = words that change while the picture is drawn
    .instead = Use `{"{"}red, blue{"}"}` for two pictures, `red:: blue` for a mixture, `(red:0.8)` for a weight.
syntax-alternation = words that take turns while the picture is drawn
    .instead = Use `{"{"}red, blue{"}"}` for two pictures, `red:: blue` for a mixture.
syntax-break = a break between two chunks of a prompt
    .instead = Use a comma. If you mean the word, write it in small letters.
syntax-and = several prompts in one
    .instead = Write `a cat:: a dog`. If you mean the word, write it in small letters.
syntax-embedding = a textual inversion, which I can't use
    .instead = Leave it out, or use a LoRA: `--lora name:0.8`.
syntax-wildcard = a wildcard
    .instead = Write the choices themselves: `{"{"}red, blue{"}"}`.
syntax-weight = a weight outside of the brackets
    .instead = Write `(word:1.3)`.
syntax-weight-before = a weight before the words
    .instead = Write `(word:1.3)`, or `a fox::2 snow::1` to weigh parts of the prompt.
syntax-blend = a swap or a mixture of prompts
    .instead = Write `a cat:: a dog` for a mixture.
syntax-tag = a tag that I can't read
    .instead = Leave it out. A LoRA is `--lora name:0.8` at the end of the prompt.

## The first steps of a server

setup = Set up Darkroom on “{ $server }”
    .invited = You added me, or this server is yours: here are the first steps.
    .text = Each choice holds at once. You can stop at any time; `/server setup` shows what is set, and there you can go on.
    .where = **Where it draws:** { $where }
    .everywhere = In all channels
    .lacks = I lack: { $names }
    .changed-where = **Changed:** where pictures are drawn.
    .role-bounds = { $count ->
            [0] No role has limits for what it may ask for
            [1] 1 role has limits for what it may ask for
           *[other] { $count } roles have limits for what they may ask for
        }: `/server access show`
    .blocked = { $count ->
            [0] Nobody is blocked
            [1] 1 member is blocked
           *[other] { $count } members are blocked
        }: `/server blocked`
    .how-much = **How much everybody may draw:** { $limits }
    .preset = { $kind }: { $amount } pictures a day
    .preset-unlimited = { $kind }: no limit
    .filter = **Explicit pictures:** { $what }
    .filter-places = { $count ->
            [1] 1 channel or category has its own choice
           *[other] { $count } channels and categories have their own choice
        }: `/server filter`
    .filter-off = off: not checked in age-restricted channels
    .filter-spoiler = spoiler: behind a spoiler in age-restricted channels
    .filter-review = review: after a moderator approved them
    .filter-refuse = refuse: not shown anywhere
    .changed-filter = **Changed:** explicit pictures – { $action }.
    .review = **Review channel:** { $channel }
    .review-without = Without one, pictures that a moderator should see first are refused, and nobody can report or appeal. Best is a private, age-restricted channel.
    .no-review = No review channel
    .choose-review = Choose a review channel
    .changed-review = **Changed:** moderators decide in { $channel }.
    .changed-no-review = **Changed:** there is no review channel.
    .review-gone = That channel is gone. Nothing was changed.
    .language = **Language of messages**
    .ready = **Ready:** type { $command } in { $channel } and describe a picture.
    .nowhere = There is no channel yet in which you can draw.
    .draw = Draw the first picture
    .open = Set up
    .more = **Also set here**
    .role-quotas = { $count ->
            [0] No role has quotas of its own
            [1] 1 role has quotas of its own
           *[other] { $count } roles have quotas of their own
        }: `/server quota show`
    .word-rules = { $count ->
            [0] No rules about words
            [1] 1 rule about words
           *[other] { $count } rules about words
        }: `/server words list`
    .own-defaults = { $count ->
            [0] No channel or role has defaults of its own
            [1] 1 channel or role has defaults of its own
           *[other] { $count } channels and roles have defaults of their own
        }: `/server defaults`
    .finished = Finished jobs { $how }: `/server settings finished`
    .carry = Files of pictures { $what }: `/server settings pictures_carry`
    .doctor = -# If something does not work, `/server doctor` says why.
    .changed-preset = **Changed:** everybody has the limits of “{ $kind }”.
    .changed-language = **Changed:** messages are written in: { $language }.
    .drawing = **The first picture** is being drawn in { $channel }.
    .asked = { $member } Welcome! The first steps are behind this button. Only whoever manages the server can use it.
permissions-unknown = Discord does not answer
    .problem = I asked Discord whether you manage this server, and got no answer. Nothing was changed.
    .remedy = Try again in a minute, or use `/server setup` on the server itself.
nowhere-to-draw = No channel to draw in
    .problem = In none of the channels that you see I can post pictures.
    .remedy = In the settings of a channel, open Permissions and allow my role View Channel, Send Messages, Embed Links and Attach Files.

## The doctor of a server and of an installation

doctor = Doctor
    .summary = { $problems ->
        [0] { $warnings ->
            [0] All is well
            [1] 1 warning
           *[other] { $warnings } warnings
        }
        [1] { $warnings ->
            [0] 1 problem
            [1] 1 problem, 1 warning
           *[other] 1 problem, { $warnings } warnings
        }
       *[other] { $warnings ->
            [0] { $problems } problems
            [1] { $problems } problems, 1 warning
           *[other] { $problems } problems, { $warnings } warnings
        }
    }
    .again = Check again
    .invite = Invite link
    .tell-operator = Tell whoever runs the bot. `darkroom doctor` shows them more.
    .left-out = … and { $count } more.
doctor-hangs = The check “{ $check }” did not end within { $seconds } seconds.
    .remedy = Something that it asks does not answer. Try again; if it stays so, check network and disks.
doctor-failed = The check “{ $check }” failed.
    .remedy = Try again. If it stays so, please report it as a bug of Darkroom.
doctor-token = Token
    .valid = Discord accepts the token. The bot is { $name }.
    .stand-in = The stand-in for Discord answers. The bot is { $name }.
    .missing = There is no token, so nothing at Discord was checked. `darkroom` starts the playground instead.
    .missing-remedy = For a server on Discord, write `DISCORD_TOKEN=…` into a file `.env` in this folder. The README says where to get a token.
    .refused = Discord does not accept the token.
    .refused-remedy = Open https://discord.com/developers/applications, choose the application, then Bot, then Reset Token. Write the new token into `DISCORD_TOKEN`.
    .away = Discord cannot be reached.
    .away-remedy = Check this machine's network, name server and proxy. If `DISCORD_URL` is set, check that something answers there.
doctor-intents = Intents
    .none-needed = The bot needs no privileged intents and has none.
    .granted = The bot has the privileged intents that it needs.
    .missing = The bot needs privileged intents that it does not have: { $names }.
    .missing-remedy = Turn them on in Discord's developer portal: the application, then Bot, then Privileged Gateway Intents.
    .unused = The application has privileged intents that the bot does not need: { $names }.
    .unused-remedy = Turn them off in Discord's developer portal: the application, then Bot, then Privileged Gateway Intents.
doctor-channels = Channels
    .drawable = On “{ $server }” the bot can draw in { $count } of { $all } channels.{ $hidden ->
        [0] {""}
        [1] {" "}It does not see 1 channel.
       *[other] {" "}It does not see { $hidden } channels.
    }
    .nowhere = On “{ $server }” the bot can draw in no channel.
    .nowhere-remedy = In the settings of a channel, open Permissions and allow the bot's role View Channel, Send Messages, Embed Links and Attach Files.
    .role = On “{ $server }” the bot's role has not all permissions that it needs. These are missing: { $names }.
    .role-remedy = Open the invite link and add the bot to the server again: that adds what is missing. Or turn them on in Server Settings, Roles.
    .lacking = On “{ $server }” the bot cannot draw in { $channels }. Missing there: { $names }.
    .lacking-little = On “{ $server }” the bot can draw in { $channels }, but threads or reactions do not all work. Missing there: { $names }.
    .lacking-remedy = If it is meant to, open Permissions in the channel's settings and allow it for the bot's role.
    .named = { $names }
    .named-more = { $names } and { $more } more
    .no-commands = On “{ $server }” the bot may not add slash commands.
    .invite-remedy = Open the invite link and add the bot to the server. It asks for the right permissions and scopes.
    .highlights = On “{ $server }” the bot cannot post in the channel for highlights, or the channel is gone.
    .highlights-remedy = Allow the bot to post there, or choose another channel with `/server settings highlights`.
    .no-server = The bot is on no server yet.
    .more = { $count ->
        [1] 1 more server was not checked.
       *[other] { $count } more servers were not checked.
    }
doctor-clock = Clock
    .right = The clock agrees with Discord's.
    .fast = The clock is { $seconds } seconds ahead of Discord's.
    .slow = The clock is { $seconds } seconds behind Discord's.
    .remedy = Turn on time synchronisation on the machine, for example with `timedatectl set-ntp true`.
doctor-database = Database
    .usable = { $kind } can be read and written, and its schema is up to date.
    .not-yet = There is no { $kind } database yet, or it is empty. The first start makes the tables.
    .unusable = The database cannot be used.
    .unusable-remedy = Check that it runs, and that `DATABASE_URL` names the right host, user, password and database.
    .older = The schema is of an older version of Darkroom.
    .older-remedy = Make a backup, then start the bot or run `darkroom migrate`.
    .newer = The schema is of a newer version of Darkroom.
    .newer-remedy = Update Darkroom, or go back to a backup of this version.
    .not-writable = The database can be read but not written.
    .not-writable-remedy = Check that its user may write, that the disk is not full, and that no other program keeps it locked.
doctor-engines = Engines
    .own = Darkroom starts its own engine.
    .there = Engine { $engine } answers. Kind: { $kind }. Models: { $models }{ $more ->
        [0] .
       *[other] {" "}and { $more } more.
    }
    .busy = Engine { $engine } answers. Kind: { $kind }. Models: { $models }{ $more ->
        [0] .
       *[other] {" "}and { $more } more.
    } Running: { $running }, waiting: { $waiting }.
    .away = Engine { $engine } does not answer or refuses.
    .away-remedy = Check that it runs, that its address in `INFERENCE_URL` or `darkroom.toml` is right, and its key. Jobs wait until it is back.
    .no-models = Engine { $engine } lists no models.
    .no-models-remedy = Check in its own log whether it has loaded a model.
    .misconfigured = The settings of the engines are wrong.
    .misconfigured-remedy = Correct `INFERENCE_URL` or `darkroom.toml`. docs/deployment.md shows how they look.
    .no-model-file = The model in `DARKROOM_MODEL` is not there.
    .no-model-file-remedy = Correct `DARKROOM_MODEL`, or put the file or folder there.
doctor-filter = Filter
    .off = Pictures are not checked: the filter for explicit pictures is off (`DARKROOM_FILTER=off`).
    .there = The filter for explicit pictures answers: { $name }.
    .away = The filter for explicit pictures does not answer. Pictures are held back until it does.
    .away-remedy = Look at the bot's log for the reason, and check `DARKROOM_FILTER` and `DARKROOM_FILTER_KEY`.
doctor-review = Review
    .set = Wherever a rule says `review`, there is a review channel.
    .missing = { $count ->
        [1] A rule says `review`, and the server has no review channel. What it finds is refused.
       *[other] On { $count } servers a rule says `review`, and there is no review channel. What it finds is refused.
    }
    .missing-remedy = Set one with `/server review channel`, or choose something else with `/server words` and `/server filter`.
doctor-disk = Disk
    .room = There is room for pictures.
    .nearly-full = The disk is nearly full.
    .full = The disk is full.
    .remedy = Delete what is not needed, or set `DARKROOM_DATA` to a folder on a larger disk and move the data there.
    .not-writable = Nothing can be written into the data folder.
    .not-writable-remedy = Give the folder to the user who runs Darkroom, or set `DARKROOM_DATA` to another folder.
doctor-pictures = Pictures
    .there = Pictures can be written, read and deleted in the object store.
    .not-written = Nothing can be written to the object store for pictures.
    .not-read = Pictures in the object store cannot be read.
    .not-listed = Pictures in the object store cannot be listed.
    .not-deleted = Pictures in the object store cannot be deleted.
    .remedy = Check `DARKROOM_PICTURES`, that the bucket exists, and that its keys are right and may read, write, list and delete. docs/object-store.md shows the settings.
doctor-signature = Signature
    .own = Pictures are signed with a self-made key until { $date }. Programs that check them say that the signer is unknown.
    .operators = Pictures are signed with the operator's certificate until { $date }.
    .not-yet = The first start makes a key to sign pictures.
    .unusable = The certificate or key in the settings cannot sign pictures, so the bot does not start.
    .unusable-remedy = Correct `DARKROOM_C2PA_CERTIFICATE` and `DARKROOM_C2PA_KEY`. docs/law.md says what they must be.
    .not-valid-yet = The certificate is only valid from { $date } on.
    .not-valid-yet-remedy = Check the clock of this machine, or use another certificate.
    .ended = The certificate ended on { $date }.
    .ended-remedy = Get a new one, put it in the place of the old one, and restart the bot.
    .ends-soon = The certificate ends on { $date }.
    .ends-soon-remedy = Get a new one, put it in the place of the old one, and restart the bot.
    .own-ended = The self-made certificate ended on { $date }.
    .own-ended-remedy = Restart the bot: it makes a new one.
    .own-ends-soon = The self-made certificate ends on { $date }.
    .own-ends-soon-remedy = Restart the bot: it makes a new one.
doctor-files = Files
    .closed = Only you can read the files with secrets and data.
    .open = Others on this machine can read files with secrets.
    .open-remedy = Run `chmod 600` on each of these files.
    .open-data = Others on this machine can read prompts or keys in the data folder.
    .open-data-remedy = Start the bot: it closes them. If they stay open, they belong to another user: give them to the user who runs Darkroom.
doctor-versions = Versions
    .python = Python { $python }.
    .gpu = The engine draws with a GPU.
    .cpu-torch = There is a GPU, but torch is installed in its build for processors.
    .cpu-torch-remedy = Install torch for your version of CUDA, as https://pytorch.org/get-started/locally/ says.
    .processor = There is no NVIDIA GPU here. The engine draws on the processor.
    .slow = There is no NVIDIA GPU here, and without OpenVINO a processor draws several times slower.
    .slow-remedy = Run `make install`, or install the extra: `.venv/bin/pip install -c constraints.txt -e '.[openvino]'`.

## Rules about words

forbidden-words = Words that are not allowed here
    .problem = { $count ->
        [one] The rules of this server don't allow this in prompts: { $words }.
       *[other] The rules of this server don't allow these words in prompts: { $words }.
    }
    .remedy = Change or remove them. After `--no` they are allowed. If you think that this is a mistake, ask the people who manage this server.
words-verdict = Words in the prompt: { $words }
invalid-rule = Invalid rule
    .problem = { $why ->
        [long] The rule `{ $pattern }` is longer than { $most } characters.
        [empty] The rule `{ $pattern }` has neither letters nor numbers.
        [everything] The rule `{ $pattern }` matches every prompt.
        [star] The rule `{ $pattern }` has a `*` in its middle.
        [open] The rule `{ $pattern }` is too short for a `*`: it would be found in too many words.
       *[expression] The regular expression `{ $pattern }` can't be used: { $detail }
    }
    .remedy = { $why ->
        [long] Shorten it, or make two rules of it.
        [empty] Write a word, some words, an emoji, or a regular expression between slashes: `/colou?r/`.
        [everything] Say more exactly what it has to find.
        [star] A `*` can only stand at the beginning and at the end: `*word*`.
        [open] Write at least { $most } letters beside the `*`.
       *[expression] It has to be in the syntax of RE2, which knows no back references and no look-around.
    }
too-many-rules = Too many rules
    .problem = { $what ->
        [expressions] A server can have { $most } rules that are regular expressions.
       *[rules] A server can have { $most } rules about words.
    }
    .remedy = Nothing was saved. Remove some with `/server words remove`, or write one rule with a `*` in place of several.
no-such-rule = Rule not found
    .problem = There is no rule `{ $pattern }` there.
    .remedy = `/server words list` shows all. For a rule of a channel, choose the channel with `place` too.
unreadable-rules = This is no list of rules
    .problem = { $why ->
        [size] The file is larger than { $most } KiB.
        [lost] Discord did not hand out the file.
       *[text] The file is not plain text in UTF-8.
    }
    .remedy = { $why ->
        [size] Keep only the rules that you need.
        [lost] Try again.
       *[text] Save it as text: one rule in a line, and after a `|` what to do, if you like: `some words | spoiler`.
    }
word-rules = Rules about words
    .added = { $place ->
        [server] On the whole server, `{ $rule }` now means: { $action }.
       *[other] In { $place }, `{ $rule }` now means: { $action }.
    }
    .removed = The rule `{ $rule }` is removed.
    .count = { $place ->
        [server] { $count ->
            [0] There are no rules for the whole server. Add one with `/server words add`.
            [one] One rule for the whole server:
           *[other] { $count } rules for the whole server:
        }
       *[other] { $count ->
            [0] There are no rules of its own in { $place }.
            [one] One rule more in { $place }:
           *[other] { $count } rules more in { $place }:
        }
    }
    .more = … and { $count } more.
    .others = There are also rules for { $places }. Choose one of these with the option `place`.
    .imported = { $count ->
        [one] One rule saved.
       *[other] { $count } rules saved.
    }
    .not-imported = { $count ->
        [one] One line was not understood:
       *[other] { $count } lines were not understood:
    }
    .line = Line { $number }:
    .test = Test of the rules about words
    .nothing = No rule of this channel finds anything in this prompt.
    .outcome = A job with this prompt, in this channel: { $action }. These rules found something:

## Reviews, reports and the moderation log

button-appeal = Appeal
review-impossible = A moderator would have to look at it, but this server has no channel for that. Its admins set one with `/server review`.
    .no-server = A moderator would have to look at it, and in direct messages there is none.
review-rejected = A moderator has rejected it.
review-block-reason = A moderator rejected what they asked for.
review =
    .held = To review: a picture by { $member } in { $channel }
    .report = Reported: a picture by { $member } in { $channel }
    .appeal = Appeal: a refused picture by { $member } in { $channel }
    .prompt = Appeal: a refused prompt by { $member } in { $channel }
    .reports = { $count ->
        [one] One report:
       *[other] { $count } reports:
    }
review-decision =
    .approve = Approve
    .spoiler = Approve behind a spoiler
    .reject = Reject
    .block = Reject and block
    .keep = Keep
    .delete = Delete everywhere
    .delete-block = Delete and block
review-decided =
    .approve = ✅ Approved by { $who } on { $when }
    .spoiler = ✅ Approved behind a spoiler by { $who } on { $when }
    .reject = ❌ Rejected by { $who } on { $when }
    .block = ❌ Rejected, and the member blocked, by { $who } on { $when }
    .keep = ✅ Kept by { $who } on { $when }
    .delete = 🗑️ Deleted everywhere by { $who } on { $when }
    .delete-block = 🗑️ Deleted everywhere, and the member blocked, by { $who } on { $when }
review-done =
    .approve = Approved
    .spoiler = Approved behind a spoiler
    .reject = Rejected
    .block = Rejected, and the member is blocked
    .keep = Kept
    .delete = Deleted everywhere
    .delete-block = Deleted everywhere, and the member is blocked
appeal-asked = The moderators look at it
    .text = You are told when somebody has decided.
appeal-decided = Your appeal
    .approved = Moderators allow this prompt. You can draw it now.
    .rejected = Moderators still refuse this prompt.
modal-report = Report picture
    .reason = What is wrong with it?
    .about = The server's moderators read it, and who wrote it.
reported = Reported
    .text = The server's moderators look at it.
delete-everywhere = Delete everywhere
    .done = Deleted everywhere
    .count = { $count ->
        [one] One job that showed it is deleted: its messages, its files, and its recipe.
       *[other] { $count } jobs that showed it are deleted: their messages, their files, and their recipes.
    }
review-settings = Review
    .channel = Review channel: { $channel }
    .log = Log channel: { $channel }
    .none = none
    .waiting = { $count ->
        [0] Nothing waits for a decision.
        [one] One decision is waiting.
       *[other] { $count } decisions are waiting.
    }
    .gone = ⚠️ The review channel is gone, or the bot does not see it. Choose another; what waits is posted there.
    .closed = ⚠️ The bot cannot post pictures in the review channel. Allow it to view the channel, send messages and attach files.
    .open = ⚠️ Everybody can see the review channel. Take *View Channel* there from @everyone.
    .not-restricted = ⚠️ The review channel is not age-restricted. Pictures are posted there behind a spoiler, explicit ones too: better make it age-restricted.
log = Moderation log
    .nothing = There is nothing in the log.
    .page = -# Page { $number } of { $pages }; { $total } entries of the last 90 days
    .by = by { $who }
    .about = about { $who }
log-kind =
    .words-refuse = Prompt refused by a rule
    .words-review = Prompt for review by a rule
    .words-spoiler = Prompt behind a spoiler by a rule
    .words-log = Prompt noted by a rule
    .filter-spoiler = Explicit picture behind a spoiler
    .filter-review = Explicit picture held for review
    .filter-refuse = Explicit picture not shown
    .filter-brought = Explicit picture that a member brought: refused
    .review-approve = Approved
    .review-spoiler = Approved behind a spoiler
    .review-reject = Rejected
    .review-block = Rejected and blocked
    .review-keep = Report: kept
    .review-delete = Report: deleted everywhere
    .review-delete-block = Report: deleted and blocked
    .report-picture = Picture reported
    .appeal-picture = Appeal for a picture
    .appeal-prompt = Appeal for a prompt
    .delete-everywhere = Deleted everywhere
not-moderator = For moderators only
    .problem = This needs Discord's permission *Manage Messages*.
    .remedy = Ask the people who manage this server.
no-review-channel = Nobody to look at it
    .problem = This server has no channel in which moderators look at such things.
    .remedy = Tell the people who manage this server; they set one with `/server review`.
already-decided = Decided already
    .problem = { $decision }
    .remedy = Of several decisions the first one counts.
review-gone = Nothing to decide any more
    .problem = What this was about is deleted.
    .remedy = You can delete this message.
already-reported = Reported already
    .problem = You have reported this picture before.
    .remedy = The server's moderators know of it.
nothing-to-report = Nothing to report here
    .problem = Only finished pictures that this server's members can see can be reported.
    .remedy = Report it on the server where it was made, under its message.
too-many-reports = Too many reports
    .problem = You can report { $most } pictures in an hour.
    .remedy = Wait a while, or write to the server's moderators.
too-many-appeals = Too many appeals
    .problem = { $most } of your appeals wait for a decision.
    .remedy = Wait until one of them is decided.
already-appealed = Appealed already
    .problem = The moderators know of this, or have decided about it.
    .remedy = Change the prompt, or write to the server's moderators.
nothing-to-appeal = Nothing to appeal against
    .problem = Nothing is refused here, or not any more.
    .remedy = Try to draw it again.
not-your-appeal = Not your picture
    .problem = Only the member whose picture it is can appeal.
    .remedy = Ask them.
