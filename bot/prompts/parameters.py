"""The table of parameters. Parsing, `/help` and docs/parameters.md are made from it.

This module says only what may be typed. `bot.prompts.resolve` says how a value changes the picture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.i18n.markdown import names
from bot.i18n.texts import Text
from bot.prompts import values
from bot.prompts.seeds import GRID_PICTURES
from bot.prompts.values import MAX_ASPECT_RATIO, Aspect
from diffusion.protocol.requests import (
    MAX_GUIDANCE,
    MAX_LORA_WEIGHT,
    MAX_LORAS,
    MAX_STEPS,
    SAMPLER_NAMES,
    SEED_COUNT,
)
from storage.models import JobMode

RAW = "raw"
"""The style without a template and without the model's aesthetic."""

NIJI = "niji"
"""The version that has its own parameter, `--niji`."""

FAITHFUL = "faithful"
STYLISED = "stylised"
"""The temperaments: how `--stylize` is meant; see `bot.prompts.stylize`."""

MAX_STYLIZE = 1000
MAX_WEIRD = 3000
MAX_WEIRD_NOISE = 0.9
"""The share of noise in the text embeddings at the highest `--weird`."""
MAX_IMAGE_WEIGHT = 3.0
MAX_REPEATS = 40

QUALITIES = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table. Its texts have the key `parameter-{name}` in `bot.i18n`.

    `flags` are the names that may follow the dashes, the usual one first. `read` converts the typed
    value for the prompt's `field`, and raises ValueError if it cannot. `default` is the value if
    none was chosen, or None if that depends on the model. `limits` are the variables of its texts.
    `words` is how many words the value has, or None if it goes on to the next flag. Of parameters
    with the same `decides`, a prompt may have only one. `most` is how often a prompt may have it.
    """

    name: str
    flags: tuple[str, ...]
    read: Callable[[str], Any]
    default: Any = None
    field: str = ""
    decides: str = ""
    limits: tuple[tuple[str, str], ...] = ()
    words: int | None = 1
    most: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", self.field or self.name)
        object.__setattr__(self, "decides", self.decides or self.field)

    @property
    def meaning(self) -> Text:
        return Text(f"parameter-{self.name}", dict(self.limits))

    @property
    def allowed(self) -> Text:
        """The allowed values, worded to complete “It takes …”."""
        return self.meaning["allowed"]

    @property
    def default_shown(self) -> Text:
        return self.meaning["default"]


def _range(
    name: str, flags: tuple[str, ...], low: int, high: int, default: int | None, decides: str = ""
) -> Parameter:
    """A parameter whose value is a whole number from `low` to `high`."""
    limits = _limits(low, high)
    return Parameter(name, flags, values.whole(low, high), default, decides=decides, limits=limits)


def _switch(name: str, field: str, meant: str | bool, default: bool | None = None) -> Parameter:
    """A parameter without a value that sets `field` to `meant`."""
    return Parameter(name, (name,), values.nothing(meant), default, field, words=0)


def _limits(low: float, high: float) -> tuple[tuple[str, str], ...]:
    return ("low", f"{low:.10g}"), ("high", f"{high:.10g}")


PARAMETERS = (
    Parameter(
        "aspect",
        ("ar", "aspect"),
        values.aspect,
        Aspect(1, 1),
        decides="shape",
        limits=(("widest", str(MAX_ASPECT_RATIO)),),
    ),
    _range("chaos", ("chaos", "c"), 0, 100, 0),
    Parameter("negative", ("no",), values.things, (), words=None),
    Parameter("quality", ("quality", "q"), values.one_of(QUALITIES), 1.0),
    _range("repeat", ("repeat", "r"), 2, MAX_REPEATS, 1),
    _range("seed", ("seed",), 0, SEED_COUNT - 1, None),
    _range("sameseed", ("sameseed",), 0, SEED_COUNT - 1, None, decides="seed"),
    _range("stop", ("stop",), 10, 100, 100),
    _range("stylize", ("stylize", "s"), 0, MAX_STYLIZE, 100),
    Parameter("style", ("style",), values.style(RAW), words=None),
    _switch("raw", "style", RAW),
    Parameter(
        "temperament",
        ("temperament",),
        values.word_of((FAITHFUL, STYLISED)),
        limits=(("names", names((FAITHFUL, STYLISED))),),
    ),
    _range("weird", ("weird", "w"), 0, MAX_WEIRD, 0),
    _switch("tile", "tile", True, default=False),
    Parameter(
        "image_weight",
        ("iw",),
        values.number(0, MAX_IMAGE_WEIGHT),
        1.0,
        limits=_limits(0, MAX_IMAGE_WEIGHT),
    ),
    Parameter("version", ("version", "v"), values.name, words=None),
    Parameter("niji", (NIJI,), values.niji, field="version"),
    _switch("draft", "draft", True, default=False),
    _switch("fast", "mode", JobMode.FAST.value),
    _switch("relax", "mode", JobMode.RELAX.value),
    _switch("turbo", "mode", JobMode.TURBO.value),
    _switch("stealth", "stealth", True),
    _switch("public", "stealth", False),
    _switch("exact", "exact", True, default=False),
    # For people who run their own model and know its details.
    _range("steps", ("steps",), 1, MAX_STEPS, None),
    Parameter(
        "guidance", ("cfg",), values.number(0, MAX_GUIDANCE), limits=_limits(0, MAX_GUIDANCE)
    ),
    Parameter(
        "sampler",
        ("sampler",),
        values.sampler(SAMPLER_NAMES),
        limits=(("names", names(SAMPLER_NAMES)),),
        words=None,
    ),
    Parameter("size", ("size",), values.size, decides="shape"),
    Parameter(
        "loras",
        ("lora",),
        values.lora,
        (),
        limits=_limits(-MAX_LORA_WEIGHT, MAX_LORA_WEIGHT),
        words=None,
        most=MAX_LORAS,
    ),
    _range("pictures", ("n",), 1, GRID_PICTURES, GRID_PICTURES),
)

BY_FLAG = {flag: parameter for parameter in PARAMETERS for flag in parameter.flags}

DEFAULT_VALUES = {parameter.field: parameter.default for parameter in PARAMETERS}
