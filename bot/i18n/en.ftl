### English. Complete: other languages may lack a text, this one may not.

## Refusals: a title, what is wrong, what to do

empty-prompt = Invalid prompt
    .problem = The prompt has no words in it.
    .remedy = Say what to draw first, then the parameters: `a red fox --ar 3:2`.
prompt-too-long = Invalid prompt
    .problem = { $what } has { $length } characters; { $most } is the most.
    .remedy = Shorten it.
too-long-prompt = The prompt
too-long-styled = The prompt with its style
too-long-written = The prompt, with your own options and your suffix written out,
too-long-together = All that this prompt stands for
too-long-negative = What `--no` lists
too-many-tokens = Invalid prompt
    .problem = The prompt has { $tokens } tokens (words, and pieces of rare ones), with its style; the model reads { $most } at the most.
    .remedy = Shorten it.
unknown-parameter = Invalid parameter
    .problem = There is no parameter `--{ $flag }`.
    .remedy = { $suggestion ->
        [none] There are: { $known }.
       *[other] Did you mean `--{ $suggestion }`?
    }
invalid-parameter = Invalid parameter
    .problem = `--{ $flag }` cannot be `{ $given }`.
    .remedy = It takes { $allowed }.
missing-value = Invalid parameter
    .problem = `--{ $flag }` needs a value.
    .remedy = It takes { $allowed }.
repeated-parameter = Invalid parameter
    .problem = `--{ $flag }` is there more than { $most ->
        [1] once
       *[other] { $most } times
    }.
    .remedy = { $most ->
        [1] Keep one of them.
       *[other] Keep { $most } of them.
    }
misplaced-text = Invalid parameter
    .problem = After `--{ $flag }` comes text that does not belong to it: “{ $text }”.
    .remedy = Put all words before the parameters.
too-many-open-jobs = Queue full
    .problem = You may have { $limit } waiting or running at a time here; now it is { $open }, and this would add { $wanted }.
    .remedy = { $fits ->
        [yes] Wait for one to finish, or cancel one.
       *[no] Ask for { $limit } at a time at the most.
    }
job-not-found = No such job
    .problem = The job behind this button is not in the database.
    .remedy = Start a new one with `/imagine`.
job-not-ready = Not finished yet
    .problem = This job has no pictures.
    .remedy = Try again when it has finished.
job-already-ended = Nothing to cancel
    .problem = This job has ended already.
    .remedy = There is nothing left to stop.
not-your-job = Not your job
    .problem = Only the member who asked for it can cancel a job.
    .remedy = Ask them, or a moderator who may manage messages.
not-permitted = Not permitted
    .problem = These settings belong to the server, and you may not manage it.
    .remedy = Ask somebody with the permission “Manage Server”.
not-a-member = Members only
    .problem = You are no longer a member of the server that this comes from.
    .remedy = Join it again, or draw where you are a member.
direct-messages-off = Not in direct messages
    .problem = I take no commands and no buttons in direct messages.
    .remedy = Use me on a server where I am a member.
user-installs-off = Not here
    .problem = I only work on servers that I am a member of.
    .remedy = Use me there, or ask an admin of this server to add me.
cannot-post-here = No place for a picture
    .problem = In this channel I lack the permission “{ $permission }”, so a picture could not be shown.
    .remedy = Try another channel, or ask a server admin to grant it.
too-many-generations = Too long a line of descent
    .problem = This picture is a variation of a variation, { $most } times over; that is the most.
    .remedy = Start again from its prompt with `/imagine`.
no-model = The model is not there yet
    .problem = Inference has not said yet what model it has to draw with.
    .remedy = Try again in a minute; if it goes on, tell the person who runs this bot.
database-away = The database is away
    .problem = The database does not answer, so nothing can be remembered or looked up.
    .remedy = Try again in a minute.
unexpected = That went wrong
    .problem = This was our mistake, not yours, and it has been written down.
    .remedy = Try again; if it happens again, tell a server admin.

## Parameters: what each does, what completes “It takes …”, and its default in words

parameter-aspect = The shape of the picture, width to height; the area stays the model's own.
    .allowed = two whole numbers from 1:{ $widest } to { $widest }:1, such as 3:2 or 139:100
    .default = 1:1
parameter-chaos = How far the pictures of a grid lie apart: the share of their noise that is not common.
    .allowed = a whole number from { $low } to { $high }
    .default = 0
parameter-negative = What should not be in the picture: the guidance leads away from it.
    .allowed = one or more things, separated by commas
    .default = nothing
parameter-quality = How many steps are spent: this many times the model's own number.
    .allowed = one of .25, .5, 1, 2 and 4
    .default = 1
parameter-repeat = How many jobs to make of this prompt, each with its own seed.
    .allowed = a whole number from { $low } to { $high }
    .default = once
parameter-seed = Where the noise comes from. The same prompt, parameters and seed give the same pictures.
    .allowed = a whole number from { $low } to { $high }
    .default = random
parameter-sameseed = A seed that all pictures of the grid have nearly all of their noise from, so that they are alike.
    .allowed = a whole number from { $low } to { $high }
    .default = random
parameter-stop = After how many percent of the steps to stop, for an earlier, softer picture.
    .allowed = a whole number from { $low } to { $high }
    .default = 100
parameter-stylize = How much the picture is styled: stronger guidance, and a pull to what the model finds beautiful.
    .allowed = a whole number from { $low } to { $high }
    .default = 100
parameter-style = One of the model's styles, or `raw` for none.
    .allowed = the name of a style
    .allowed-names = one of { $names }
    .default = the server's
parameter-raw = No style and no pull to what is beautiful: the words alone.
    .allowed = nothing
    .default = off
parameter-weird = How far to go from what the model usually draws for these words.
    .allowed = a whole number from { $low } to { $high }
    .default = 0
parameter-tile = A picture whose opposite borders meet, for patterns.
    .allowed = nothing
    .default = off
parameter-image_weight = How much of the pictures is kept that the prompt begins with: 0 for nothing.
    .allowed = a number from { $low } to { $high }
    .default = 1
parameter-version = Which model draws.
    .allowed = the name of a model
    .default = the first
parameter-niji = The model that is called niji.
    .allowed = nothing, or a number that is part of the name
    .default = off
parameter-draft = Half the steps at half the area: a quick look.
    .allowed = nothing
    .default = off
parameter-fast = Twice as many turns as relaxed jobs, half as many as turbo ones.
    .allowed = nothing
    .default = as in your settings
parameter-relax = Half as many turns as fast jobs.
    .allowed = nothing
    .default = as in your settings
parameter-turbo = Twice as many turns as fast jobs.
    .allowed = nothing
    .default = as in your settings
parameter-stealth = Shown to you alone.
    .allowed = nothing
    .default = as in your settings
parameter-public = Shown to everyone in the channel.
    .allowed = nothing
    .default = as in your settings
parameter-steps = Stands in for the model's own number of steps.
    .allowed = a whole number from { $low } to { $high }
    .default = the model's
parameter-guidance = The guidance scale itself, whatever `--stylize` says of it.
    .allowed = a number from { $low } to { $high }
    .default = by `--stylize`
parameter-sampler = How one gets from one noise level to the next.
    .allowed = one of { $names }
    .default = the model's
parameter-size = Width and height in pixels.
    .allowed = two whole numbers, such as 512x768
    .allowed-sides = multiples of { $multiple } from { $low } to { $high }, such as { $native }x{ $native }
    .default = the model's
parameter-loras = A low-rank addition to the model by its name, and how strongly it is added; several may be there.
    .allowed = a name, or a name and a weight from { $low } to { $high }, such as ink:0.8
    .allowed-names = one of { $names }
    .default = none
parameter-pictures = How many pictures to draw.
    .allowed = a whole number from { $low } to { $high }
    .default = 4

## The life of a job

status-waiting = (Waiting to start)
status-waiting-for-inference = (Waiting: inference is away or busy; the job goes on by itself)
status-stopped = (Stopped)
status-failed = (Failed)
deed-vary = Variations { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } of picture { $number } by { $who }
deed-reroll = Re-rolled by { $who }
deed-upscale = Picture { $number } by { $who }
deed-enlarge = { $detail ->
        [creative] Upscaled (Creative) by { $who }
       *[subtle] Upscaled (Subtle) by { $who }
    }
deed-region = Region varied by { $who }
deed-zoom = Zoomed out by { $who }
deed-pan = Carried on to the { $detail ->
        [left] left
        [right] right
        [up] top
       *[down] bottom
    } by { $who }
deed-square = Made square by { $who }
from-picture = from [this picture]({ $link })
from-grid = from [this grid]({ $link })
moved = The message that waited for this is out of my reach by now, so here is a new one.
job-failed = The job failed
    .unknown = The reason is not known.
    .our-mistake = Something went wrong on our side; the log has the details.
    .no-place = I may not post in the channel it was asked for in.
    .taken-away = The picture it was to be made of was taken away by a moderator.
    .not-kept = The pictures could not be kept: { $reason }
    .not-a-member = Who asked for it is no longer a member of this server.
    .broke-off = Inference broke off { $times } times in the middle of this job.
not-showable = The picture cannot be shown
    .taken-away = A moderator took it away.
button-cancel = Cancel

## Prompts

conflicting-parameters = Invalid parameter
    .problem = `--{ $flag }` and `--{ $other }` decide the same thing.
    .remedy = Keep one of them.
mistyped-parameter = Invalid parameter
    .problem = `{ $written }` would not be read as a parameter.
    .remedy = Write `{ $meant }`: two hyphens, a space before, a space and no other sign after.
misplaced-link = Invalid link
    .problem = A link stands in the middle of the prompt: { $link }
    .remedy = Put links to pictures first, then the words.
too-many-links = Invalid link
    .problem = There are too many pictures to start from.
    .remedy = { $most } at the most.
too-many-pictures = Too many pictures
    .problem = Together, these prompts start from { $pictures } different pictures.
    .remedy = { $most } at the most; ask for the others afterwards.
invalid-link = Invalid link
    .problem = { $link } cannot be used: { $reason }.
    .remedy = Send the picture itself, or a link to a public one.
link-scheme = only plain https links are followed
link-address = it leads to no public address
link-redirects = it leads from one place to the next
link-unreachable = no picture is there
link-type = it is no PNG, JPEG, WebP or GIF
link-large = it has more than 20 MB
link-pixels = it has more than 50 million pixels
link-slow = it takes too long
invalid-upload = Picture cannot be used
    .problem = The file `{ $name }` cannot be used: { $reason }.
    .remedy = Attach a PNG, JPEG, WebP or GIF of at most 20 MB and 50 million pixels.
upload-unreachable = Discord does not give it out any more
upload-type = it is no PNG, JPEG, WebP or GIF, or it is broken
upload-large = it has more than 20 MB
upload-pixels = it has more than 50 million pixels
upload-slow = it takes too long to read
upload-scheme = Discord does not give it out any more
upload-address = Discord does not give it out any more
upload-redirects = Discord does not give it out any more
pictures-busy = Too many pictures
    .problem = Your other pictures, or those of many others, are still being read.
    .remedy = Try again in a minute.
empty-part = Invalid prompt
    .problem = A part before or after `::` has no words in it.
    .remedy = Write what it is about: `hot:: dog::2`.
too-many-parts = Invalid prompt
    .problem = The prompt has { $parts } parts; { $most } is the most.
    .remedy = Leave some `::` out.
weights-cancel = Invalid prompt
    .problem = The weights of the parts add up to { $total }, which leaves nothing to draw.
    .remedy = Let them add up to clearly more than 0.
unknown-version = Invalid parameter
    .problem = There is no model called `{ $version }`.
    .remedy = There are: { $known }.
model-cannot = Invalid parameter
    .problem = The model `{ $version }` cannot { $what }.
    .remedy = { $able ->
        [none] No model here can: leave that out.
       *[other] These can: { $able }.
    }
unbalanced-braces = Invalid prompt
    .problem = A brace in the prompt has no partner.
    .remedy = Write `{"{"}red, green{"}"}` for choices, and `\{"{"}` or `\{"}"}` for a brace itself.
too-many-permutations = Too many jobs
    .problem = The choices in braces, and `--repeat`, would make more than { $most } jobs of this prompt.
    .remedy = Leave some out; { $most } is the most here.
confirmation-expired = Nothing to confirm
    .problem = This was answered already, it was asked more than a day ago, or newer questions took its place.
    .remedy = Send the prompt again.
confirmation = Start { $jobs } jobs?
    .text = { $prompts ->
        [1] One prompt, drawn { $jobs } times from different seeds:
       *[other] The prompt stands for { $prompts } prompts:
    }
    .more = … and { $count } more
    .yes = Yes, start them
    .no = No
    .started = { $jobs } jobs started
    .declined = Not started
cannot-tile = make seamless pictures (`--tile`)
cannot-edit = start from a picture
cannot-lora = be changed by a LoRA (`--lora`)

## What comes of a picture

mode-fast = fast
mode-relax = relaxed
mode-turbo = turbo
mode-stealth = stealth
seed = Seed { $seed }
deed-vary-single = Variations { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } by { $who }
button-web = Web
button-vary-subtle = Vary (Subtle)
button-vary-strong = Vary (Strong)
button-region = Vary (Region)
button-upscale-subtle = Upscale (Subtle)
button-upscale-creative = Upscale (Creative)
button-redo-subtle = Redo (Subtle)
button-redo-creative = Redo (Creative)
button-zoom = Zoom Out { $factor }
button-zoom-custom = Custom Zoom
button-square = Make Square
liked = Among your favourites now.
    .not-any-more = No longer among your favourites.
dialog-remix = Remix
dialog-zoom = Zoom out
dialog-region = Vary the region
dialog-prompt = Prompt
dialog-factor = How many times, from 1.1 to 2
region-question = Which cells should be drawn anew?
region-cells = Choose one or more cells
region-cell = Cell { $number }
region-raster = { $raster } × { $raster } cells
not-your-buttons = Not your job
    .problem = On this server, only the member who asked for a job may use its buttons.
    .remedy = Start a job of your own with `/imagine`.
not-in-its-server = Not here
    .problem = A picture is shown among the highlights of its own server only.
    .remedy = React with ⭐ to its message there.
too-fast = Too fast
    .problem = You press and type faster than I can follow, so I left this one out.
    .remedy = { $seconds ->
        [1] Press again in 1 second.
       *[other] Press again in { $seconds } seconds.
    }
shown-already = { $state ->
    [done] This picture is shown already: { $link }
   *[unfinished] { $link ->
        [none] This picture is being made already.
       *[other] This picture is being made already: { $link }
    }
}
model-cannot-do-this = Not with this model
    .problem = The model that drew this picture cannot do that, or is not there any more.
    .remedy = Press one of the other buttons, or ask for a new picture with `/imagine`.
invalid-factor = Invalid zoom
    .problem = I cannot zoom out `{ $given }` times.
    .remedy = It takes a number from 1.1 to 2, such as 1.5.
no-room-to-grow = As far as it goes
    .problem = The picture is as large to that side as the model can draw.
    .remedy = Try another side, or zoom out.
picture-lost = The picture is lost
    .problem = The file of this picture is no longer on the disk.
    .remedy = Press U under its grid again: that draws it once more.
picture-taken-away = The picture was taken away
    .problem = A moderator took this picture away, with its file.
    .remedy = Ask for another one with `/imagine`.
cannot-keep = The picture cannot be kept
    .problem = { $reason }
    .remedy = Tell the person who runs this bot.
no-cells-chosen = Nothing chosen
    .problem = No cells were chosen to be drawn anew.
    .remedy = Choose at least one.
