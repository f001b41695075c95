"""What people type, and the `Prompt` it becomes, or the refusal and some of its words.

Every parameter stands here at its bounds, within them and past them.
"""

from bot.errors import (
    ConflictingParameters,
    EmptyPart,
    EmptyPrompt,
    InvalidParameter,
    MisplacedLink,
    MisplacedText,
    MissingValue,
    MistypedParameter,
    PromptTooLong,
    RepeatedParameter,
    TooManyLinks,
    TooManyParts,
    UnknownParameter,
    WeightsCancel,
)
from bot.prompts.parser import Prompt
from bot.prompts.values import Aspect, Size
from diffusion.protocol.requests import Lora, WeightedPrompt

FOX = "a red fox"

UNDERSTOOD = [
    # Words.
    (FOX, Prompt(FOX)),
    ("  a   red\nfox ", Prompt(FOX)),
    ("A Red FOX", Prompt("A Red FOX")),
    ("fox -- and hound", Prompt("fox -- and hound")),
    ("fox --5 years", Prompt("fox --5 years")),
    ("a well-known fox", Prompt("a well-known fox")),
    ("yes—no", Prompt("yes—no")),
    ("it ran—no one saw it", Prompt("it ran—no one saw it")),
    ("a - b – c — d", Prompt("a - b – c — d")),
    ("well--known", Prompt("well--known")),
    ("12:30 o'clock, ratio 3:2", Prompt("12:30 o'clock, ratio 3:2")),
    ("a (red:1.3) [fox]", Prompt("a (red:1.3) [fox]")),
    ("🦊", Prompt("🦊")),
    ("👨‍👩‍👧 at home", Prompt("👨‍👩‍👧 at home")),
    ("ثعلب أحمر --ar 2:3", Prompt("ثعلب أحمر", aspect=Aspect(2, 3))),
    ("@everyone look", Prompt("@everyone look")),
    ("a\x00fox\x1b[31m", Prompt("a fox [31m")),
    ("{prompt} {0} %s", Prompt("{prompt} {0} %s")),
    # --ar
    ("fox --ar 1:1", Prompt("fox", aspect=Aspect(1, 1))),
    ("fox --ar 3:2", Prompt("fox", aspect=Aspect(3, 2))),
    ("fox --aspect 139:100", Prompt("fox", aspect=Aspect(139, 100))),
    ("fox --AR 1:3", Prompt("fox", aspect=Aspect(1, 3))),
    ("fox —ar 3:1", Prompt("fox", aspect=Aspect(3, 1))),
    ("fox –ar 9999:5000", Prompt("fox", aspect=Aspect(9999, 5000))),
    # --chaos
    ("fox --chaos 0", Prompt("fox", chaos=0)),
    ("fox --c 50", Prompt("fox", chaos=50)),
    ("fox --c 100 --q .25", Prompt("fox", chaos=100, quality=0.25)),
    # --no
    ("fox --no grass", Prompt("fox", negative=("grass",))),
    ("fox --no grass, blue sky , --s 0", Prompt("fox", negative=("grass", "blue sky"), stylize=0)),
    ("fox --no a fox in the snow", Prompt("fox", negative=("a fox in the snow",))),
    # --quality
    ("fox --q .25", Prompt("fox", quality=0.25)),
    ("fox --quality 0.5", Prompt("fox", quality=0.5)),
    ("fox --q 1", Prompt("fox", quality=1.0)),
    ("fox --q 2", Prompt("fox", quality=2.0)),
    ("fox --q 4 --stop 10", Prompt("fox", quality=4.0, stop=10)),
    # --repeat
    ("fox --r 2", Prompt("fox", repeat=2)),
    ("fox --repeat 10", Prompt("fox", repeat=10)),
    ("fox --repeat 40", Prompt("fox", repeat=40)),
    # --seed, --sameseed
    ("fox --seed 0", Prompt("fox", seed=0)),
    ("fox –seed 7", Prompt("fox", seed=7)),
    ("fox --seed 4294967295", Prompt("fox", seed=4294967295)),
    ("fox --sameseed 0", Prompt("fox", sameseed=0)),
    ("fox --sameseed 77", Prompt("fox", sameseed=77)),
    ("fox --sameseed 4294967295", Prompt("fox", sameseed=4294967295)),
    # --stop
    ("fox --stop 10", Prompt("fox", stop=10)),
    ("fox --stop 55", Prompt("fox", stop=55)),
    ("fox --stop 100", Prompt("fox", stop=100)),
    # --stylize
    ("fox --s 0", Prompt("fox", stylize=0)),
    ("fox --s 250", Prompt("fox", stylize=250)),
    ("fox --stylize 1000", Prompt("fox", stylize=1000)),
    # --style, --raw
    ("fox --style Noto", Prompt("fox", style="Noto")),
    ("fox --style a/b --s 5", Prompt("fox", style="a/b", stylize=5)),
    ("fox --style RAW", Prompt("fox", style="raw")),
    ("fox --style raw", Prompt("fox", style="raw")),
    ("fox --style 3d", Prompt("fox", style="3d")),
    ("fox --raw", Prompt("fox", style="raw")),
    ("fox --temperament Faithful", Prompt("fox", temperament="faithful")),
    ("fox --s 250 --exact", Prompt("fox", stylize=250, exact=True)),
    # --weird
    ("fox --weird 0", Prompt("fox", weird=0)),
    ("fox --w 1500", Prompt("fox", weird=1500)),
    ("fox --weird 3000", Prompt("fox", weird=3000)),
    # --tile, --draft
    ("fox --tile", Prompt("fox", tile=True)),
    ("fox --tile --ar 2:1", Prompt("fox", tile=True, aspect=Aspect(2, 1))),
    ("fox --draft", Prompt("fox", draft=True)),
    # --version, --niji
    ("fox --v 1", Prompt("fox", version="1")),
    ("fox --version Photo", Prompt("fox", version="Photo")),
    ("fox --v qwen/qwen-image", Prompt("fox", version="qwen/qwen-image")),
    ("fox --v 6.1", Prompt("fox", version="6.1")),
    ("fox --v darkroom-mini", Prompt("fox", version="darkroom-mini")),
    ("fox --niji", Prompt("fox", version="niji")),
    ("fox --niji 6", Prompt("fox", version="niji-6")),
    # --fast, --relax, --turbo, --stealth, --public
    ("fox --fast", Prompt("fox", mode="fast")),
    ("fox --relax", Prompt("fox", mode="relax")),
    ("fox --turbo", Prompt("fox", mode="turbo")),
    ("fox --stealth", Prompt("fox", stealth=True)),
    ("fox --public --turbo", Prompt("fox", stealth=False, mode="turbo")),
    # Links and --iw
    ("https://a.org/x.png fox", Prompt("fox", links=("https://a.org/x.png",))),
    ("<https://a.org/x.png> fox", Prompt("fox", links=("https://a.org/x.png",))),
    (
        "https://a.org/x--s.png HTTPS://b.org/y.webp?a=b fox --iw 2",
        Prompt(
            "fox",
            links=("https://a.org/x--s.png", "HTTPS://b.org/y.webp?a=b"),
            image_weight=2,
        ),
    ),
    ("http://a.org fox", Prompt("fox", links=("http://a.org",))),
    ("fox --iw 0", Prompt("fox", image_weight=0)),
    ("fox --iw .5", Prompt("fox", image_weight=0.5)),
    ("fox --iw 3", Prompt("fox", image_weight=3)),
    # For self-hosters.
    ("fox --steps 1", Prompt("fox", steps=1)),
    ("fox --steps 30 --q .5", Prompt("fox", steps=30, quality=0.5)),
    ("fox --steps 150", Prompt("fox", steps=150)),
    ("fox --cfg 0", Prompt("fox", guidance=0)),
    ("fox --cfg 7.5", Prompt("fox", guidance=7.5)),
    ("fox --cfg 100", Prompt("fox", guidance=100)),
    ("fox --sampler ddim", Prompt("fox", sampler="ddim")),
    ("fox --sampler DPMPP_2M", Prompt("fox", sampler="dpmpp_2m")),
    ("fox --sampler DPM++ 2M --s 5", Prompt("fox", sampler="dpmpp_2m", stylize=5)),
    ('fox --sampler "DPM++ 2M"', Prompt("fox", sampler="dpmpp_2m")),
    ("fox --sampler Euler a", Prompt("fox", sampler="euler_ancestral")),
    ("fox --sampler k_euler_ancestral", Prompt("fox", sampler="euler_ancestral")),
    ("fox --sampler EulerDiscreteScheduler", Prompt("fox", sampler="euler")),
    ("fox --sampler LCMScheduler", Prompt("fox", sampler="lcm")),
    ("fox --size 512x768", Prompt("fox", size=Size(512, 768))),
    ("fox --size 64X64", Prompt("fox", size=Size(64, 64))),
    ("fox --lora ink", Prompt("fox", loras=(Lora("ink", 1),))),
    ("fox --lora ink:.8", Prompt("fox", loras=(Lora("ink", 0.8),))),
    ("fox --lora ink:-4 --lora Oil_2:4", Prompt("fox", loras=(Lora("ink", -4), Lora("Oil_2", 4)))),
    (
        "fox --lora Detail Tweaker (v2):.8 --s 5",
        Prompt("fox", loras=(Lora("Detail Tweaker (v2)", 0.8),), stylize=5),
    ),
    (
        'fox --lora "Detail --ar 3:2, (v2)":-.8 --s 5',
        Prompt("fox", loras=(Lora("Detail --ar 3:2, (v2)", -0.8),), stylize=5),
    ),
    ("fox --lora “a:2” --s 5", Prompt("fox", loras=(Lora("a:2", 1),), stylize=5)),
    ('fox "in a box" --lora chars/ink', Prompt('fox "in a box"', loras=(Lora("chars/ink", 1),))),
    ("fox --n 1", Prompt("fox", pictures=1)),
    ("fox --n 4", Prompt("fox", pictures=4)),
    # Multi-prompts.
    ("hot dog::", Prompt("hot dog")),
    ("hot dog::3", Prompt("hot dog")),
    (
        "hot:: dog",
        Prompt("hot:: dog", parts=(WeightedPrompt("hot", 0.5), WeightedPrompt("dog", 0.5))),
    ),
    (
        "hot::dog",
        Prompt("hot::dog", parts=(WeightedPrompt("hot", 0.5), WeightedPrompt("dog", 0.5))),
    ),
    (
        "hot::3 dog",
        Prompt("hot::3 dog", parts=(WeightedPrompt("hot", 0.75), WeightedPrompt("dog", 0.25))),
    ),
    (
        "hot:: 3 dog",
        Prompt("hot:: 3 dog", parts=(WeightedPrompt("hot", 0.5), WeightedPrompt("3 dog", 0.5))),
    ),
    (
        "hot::3dogs",
        Prompt("hot::3dogs", parts=(WeightedPrompt("hot", 0.5), WeightedPrompt("3dogs", 0.5))),
    ),
    (
        "hot::1.5 dog::.5",
        Prompt(
            "hot::1.5 dog::.5", parts=(WeightedPrompt("hot", 0.75), WeightedPrompt("dog", 0.25))
        ),
    ),
    (
        "hot::3, dog::1",
        Prompt("hot::3, dog::1", parts=(WeightedPrompt("hot", 0.75), WeightedPrompt("dog", 0.25))),
    ),
    (
        "a:: b::2 c::-.5",
        Prompt(
            "a:: b::2 c::-.5",
            parts=(WeightedPrompt("a", 0.4), WeightedPrompt("b", 0.8), WeightedPrompt("c", -0.2)),
        ),
    ),
    (
        "a::3 b::0 c::-1 --no d",
        Prompt(
            "a::3 b::0 c::-1",
            parts=(WeightedPrompt("a", 1.5), WeightedPrompt("b", 0.0), WeightedPrompt("c", -0.5)),
            negative=("d",),
        ),
    ),
]

_WHOLE_SEED = "0 to 4294967295"
_TWICE = "more than once"
_QUALITIES = ".25, .5, 1, 2 and 4"

REFUSED = [
    # Nothing to draw.
    ("", EmptyPrompt, "no words"),
    ("   ", EmptyPrompt, "no words"),
    ("\u200b\u200b", EmptyPrompt, "no words"),
    ("--ar 3:2", EmptyPrompt, "no words"),
    ("--ar 3:2 --seed 1", EmptyPrompt, "no words"),
    ("https://a.org/x.png", EmptyPrompt, "no words"),
    ("x" * 6001, PromptTooLong, "6,001"),
    # --ar
    ("fox --ar 0:1", InvalidParameter, "1:3 to 3:1"),
    ("fox --ar 1:4", InvalidParameter, "1:3 to 3:1"),
    ("fox --ar 301:100", InvalidParameter, "1:3 to 3:1"),
    ("fox --ar 1.39:1", InvalidParameter, "whole numbers"),
    ("fox --ar ٣:٢", InvalidParameter, "whole numbers"),
    ("fox --ar wide", InvalidParameter, "`wide`"),
    ("fox --ar", MissingValue, "needs a value"),
    # --chaos
    ("fox --chaos 101", InvalidParameter, "0 to 100"),
    ("fox --c -1", InvalidParameter, "0 to 100"),
    ("fox --c 1.5", InvalidParameter, "0 to 100"),
    ("fox --c", MissingValue, "0 to 100"),
    # --no
    ("fox --no", MissingValue, "needs a value"),
    ("fox --no , ,", InvalidParameter, "separated by commas"),
    # --quality
    ("fox --q 3", InvalidParameter, _QUALITIES),
    ("fox --q 0", InvalidParameter, _QUALITIES),
    ("fox --q 5", InvalidParameter, _QUALITIES),
    ("fox --q nan", InvalidParameter, _QUALITIES),
    ("fox --q", MissingValue, _QUALITIES),
    # --repeat
    ("fox --r 1", InvalidParameter, "2 to 40"),
    ("fox --r 41", InvalidParameter, "2 to 40"),
    ("fox --r", MissingValue, "2 to 40"),
    # --seed, --sameseed
    ("fox --seed -1", InvalidParameter, _WHOLE_SEED),
    ("fox --seed 4294967296", InvalidParameter, _WHOLE_SEED),
    ("fox --seed 1e3", InvalidParameter, _WHOLE_SEED),
    ("fox --seed " + "9" * 5000, InvalidParameter, _WHOLE_SEED),
    ("fox --sameseed 4294967296", InvalidParameter, _WHOLE_SEED),
    ("fox --sameseed", MissingValue, _WHOLE_SEED),
    ("fox --seed 1 --sameseed 1", ConflictingParameters, "can't be used together"),
    # --stop
    ("fox --stop 9", InvalidParameter, "10 to 100"),
    ("fox --stop 101", InvalidParameter, "10 to 100"),
    ("fox --stop", MissingValue, "10 to 100"),
    # --stylize
    ("fox --s 1001", InvalidParameter, "0 to 1000"),
    ("fox --stylize -1", InvalidParameter, "0 to 1000"),
    ("fox --s high", InvalidParameter, "0 to 1000"),
    # --style, --raw
    ("fox --style " + "a" * 201, InvalidParameter, "name of a style"),
    ("fox --style", MissingValue, "name of a style"),
    ("fox --raw --style noto", ConflictingParameters, "`--style` and `--raw`"),
    ("fox --raw 1", MisplacedText, "`--raw`"),
    ("fox --temperament hot", InvalidParameter, "`faithful`, `stylised`"),
    ("fox --exact 1", MisplacedText, "`--exact`"),
    # --weird
    ("fox --weird 3001", InvalidParameter, "0 to 3000"),
    ("fox --w -5", InvalidParameter, "0 to 3000"),
    ("fox --w", MissingValue, "0 to 3000"),
    # --tile, --draft
    ("fox --tile yes", MisplacedText, "yes"),
    ("fox --draft in the snow", MisplacedText, "in the snow"),
    ("fox --tile --tile", RepeatedParameter, _TWICE),
    # --version, --niji
    ("fox --v", MissingValue, "name of a model"),
    ("fox --v " + "a" * 201, InvalidParameter, "name of a model"),
    ("fox --niji six", InvalidParameter, "part of the name"),
    ("fox --v 1 --niji", ConflictingParameters, "can't be used together"),
    # --fast, --relax, --turbo, --stealth, --public
    ("fox --fast --relax", ConflictingParameters, "`--relax` and `--fast`"),
    ("fox --turbo --turbo", RepeatedParameter, _TWICE),
    ("fox --stealth --public", ConflictingParameters, "can't be used together"),
    ("fox --turbo 3", MisplacedText, "`--turbo`"),
    # Links and --iw
    ("fox https://a.org/x.png", MisplacedLink, "https://a.org/x.png"),
    ("https://a.org fox https://b.org", MisplacedLink, "https://b.org"),
    ("https://a.org/x.png " * 5 + "fox", TooManyLinks, "Use at most 4."),
    ("fox --iw 3.1", InvalidParameter, "0 to 3"),
    ("fox --iw -1", InvalidParameter, "0 to 3"),
    ("fox --iw", MissingValue, "0 to 3"),
    # For self-hosters.
    ("fox --steps 0", InvalidParameter, "1 to 150"),
    ("fox --steps 151", InvalidParameter, "1 to 150"),
    ("fox --cfg 100.1", InvalidParameter, "0 to 100"),
    ("fox --cfg inf", InvalidParameter, "0 to 100"),
    ("fox --sampler magic", InvalidParameter, "`ddim`"),
    ("fox --sampler DPM++ 2M Karras", InvalidParameter, "`ddim`"),
    ("fox --sampler DPM++ SDE", InvalidParameter, "`ddim`"),
    ('fox --lora "ink"x', InvalidParameter, "a name and a weight"),
    ("fox --size 512", InvalidParameter, "512x768"),
    ("fox --size 0x512", InvalidParameter, "512x768"),
    ("fox --size 512x512 --ar 1:1", ConflictingParameters, "can't be used together"),
    ("fox --lora ink:5", InvalidParameter, "-4 to 4"),
    ("fox --lora ink:-4.1", InvalidParameter, "-4 to 4"),
    ("fox --lora :1", InvalidParameter, "a name and a weight"),
    ("fox --lora ink:1.2.3", InvalidParameter, "a name and a weight"),
    ("fox" + " --lora ink" * 9, RepeatedParameter, "more than 8 times"),
    ("fox --n 0", InvalidParameter, "1 to 4"),
    ("fox --n 5", InvalidParameter, "1 to 4"),
    # Multi-prompts.
    ("::2 dog", EmptyPart, "There are no words before or after"),
    ("hot:: ::2 dog", EmptyPart, "There are no words before or after"),
    ("hot::-1", WeightsCancel, "-1"),
    ("hot::0", WeightsCancel, "add up to 0"),
    ("hot::1 dog::-1", WeightsCancel, "add up to 0"),
    ("hot::1 dog::-2", WeightsCancel, "add up to -1"),
    ("hot::1 dog::-.999", WeightsCancel, "add up to 0.001"),
    ("a:: " * 15, TooManyParts, "15 parts; the limit is 14"),
    # Misspelt.
    ("fox --stylise 100", UnknownParameter, "`--stylize`"),
    ("fox --chaso 3", UnknownParameter, "`--chaos`"),
    ("fox --wierd 3", UnknownParameter, "`--weird`"),
    ("fox --til", UnknownParameter, "`--tile`"),
    ("fox --aspekt 3:2", UnknownParameter, "`--aspect`"),
    ("fox --zzzzzz", UnknownParameter, "Available parameters"),
    # Mistyped.
    ("fox --ar=3:2", MistypedParameter, "`--ar 3:2`"),
    ("fox --ar:3:2", MistypedParameter, "`--ar 3:2`"),
    ("fox --ar3:2", MistypedParameter, "`--ar 3:2`"),
    ("fox —s250", MistypedParameter, "`--s 250`"),
    ("fox --v=photo", MistypedParameter, "`--v photo`"),
    ("fox--ar 3:2", MistypedParameter, "`fox --ar`"),
    ("fox--ar=3:2", MistypedParameter, "`fox --ar 3:2`"),
    ("a fox—ar 3:2", MistypedParameter, "`fox --ar`"),
    ("fox --ar 3:2,--s 250", MistypedParameter, "`3:2, --s`"),
    ("fox -ar 3:2", MistypedParameter, "`--ar`"),
    ("fox ---ar 3:2", MistypedParameter, "`--ar`"),
    ("fox -- ar 3:2", MistypedParameter, "`--ar`"),
    ("fox -TILE", MistypedParameter, "`--tile`"),
    # Repeated, misplaced.
    ("fox --ar 3:2 --ar 1:1", RepeatedParameter, _TWICE),
    ("fox --s 1 --stylize 2", RepeatedParameter, _TWICE),
    ("fox --ar 3:2 in the snow", MisplacedText, "in the snow"),
    ("--ar 3:2 a fox", MisplacedText, "all words before the parameters"),
]
