"""Who made a model and on which terms, by its names, where nobody says so. Pure.

Only what a name tells for certain counts: a file that somebody trained further has the family of
its workflow, but neither its maker nor its licence.
"""

import re
from dataclasses import dataclass

from diffusion.protocol.models import ModelInfo

_OPENAI = ("OpenAI", "OpenAI's terms of use")
_BFL = "Black Forest Labs"
_STABILITY = "Stability AI"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from; empty where it is not known."""

    family: str = ""
    maker: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """`family` is the pattern of names in a family, `original` that of its makers' own models."""

    family: re.Pattern[str]
    original: re.Pattern[str]
    orgs: tuple[str, ...]
    origin: Origin


def _known(family: str, original: str, orgs: str, *origin: str) -> _Known:
    return _Known(re.compile(family), re.compile(original), tuple(orgs.split()), Origin(*origin))


KNOWN = (
    _known(r"gpt-image|chatgpt-image", r"", "openai", "GPT Image", *_OPENAI),
    _known(r"dall-e", r"", "openai", "DALL·E", *_OPENAI),
    _known(r"^darkroom-mini", r"", "darkroom", "Darkroom", "Darkroom", "Apache-2.0"),
    _known(r"flux\W?2.*klein.*9b", r"", "black-forest-labs", "FLUX.2", _BFL, "FLUX Non-Commercial"),
    _known(r"flux\W?2.*klein", r"", "black-forest-labs", "FLUX.2", _BFL, "Apache-2.0"),
    _known(r"flux\W?2", r"", "black-forest-labs", "FLUX.2", _BFL, "FLUX Non-Commercial"),
    _known(r"flux.*schnell", r"", "black-forest-labs", "FLUX.1", _BFL, "Apache-2.0"),
    _known(
        r"flux", r"dev|kontext|krea", "black-forest-labs", "FLUX.1", _BFL, "FLUX Non-Commercial"
    ),
    _known(r"qwen.?image", r"", "qwen", "Qwen-Image", "Qwen (Alibaba)", "Apache-2.0"),
    _known(r"z.?image", r"", "tongyi-mai", "Z-Image", "Tongyi-MAI (Alibaba)", "Apache-2.0"),
    _known(
        r"stable.diffusion.3|\bsd.?3",
        r"stable-diffusion-3|^sd3",
        "stabilityai",
        "Stable Diffusion 3",
        _STABILITY,
        "Stability AI Community",
    ),
    _known(
        r"stable.diffusion.xl|sd.?xl",
        r"stable-diffusion-xl-base|^sd_xl_base",
        "stabilityai",
        "Stable Diffusion XL",
        _STABILITY,
        "CreativeML Open RAIL++-M",
    ),
    _known(
        r"stable.diffusion.(v?1|v?2)|\bsd.?(1|2)|^v1-5|^v2-1",
        r"stable-diffusion-v?1|^v1-5-pruned",
        "runwayml stable-diffusion-v1-5 compvis",
        "Stable Diffusion",
        "CompVis and Runway",
        "CreativeML Open RAIL-M",
    ),
)


def origin_of(model: ModelInfo) -> Origin:
    """What its engine or the admin says of a model, and else what its names tell."""
    known = _by_name(model)
    return Origin(known.family, model.maker or known.maker, model.licence or known.licence)


def _by_name(model: ModelInfo) -> Origin:
    org, _, name = model.id.lower().rpartition("/")
    # Titles such as “dreamer (Stable Diffusion XL)” tell the family of what somebody named anew.
    is_renamed = model.title.lower().startswith(f"{name} (")
    own = name if is_renamed else f"{name} {model.title.lower()}"
    for one in KNOWN:
        if one.family.search(name) or one.family.search(model.title.lower()):
            org = org.rpartition("/")[2]
            is_original = one.original.search(own) and (one.family.search(own) or not is_renamed)
            if is_original and (not org or org in one.orgs):
                return one.origin
            return Origin(one.origin.family, _org(model.id))
    return Origin("", _org(model.id))


def _org(model_id: str) -> str:
    """The account on the hub whose model it is."""
    return model_id.rpartition("/")[0]
