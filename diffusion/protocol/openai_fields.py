"""Fields of OpenAI's Images API that mean something else here, or nothing.

What they ask for is done, refused, or reported in `warnings`; nothing is passed over. Values are
those of the official client's types.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any

from diffusion.protocol.errors import InvalidField, refuse
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import MAX_STEPS
from diffusion.protocol.validation import Choice, Flag, JsonObject, String, Whole

OUTPUT_FORMATS = ("png", "jpeg", "webp")
RESPONSE_FORMATS = ("b64_json", "url")

QUALITIES = {
    "auto": ("medium", 1.0),
    "low": ("low", 0.5),
    "medium": ("medium", 1.0),
    "standard": ("medium", 1.0),
    "high": ("high", 1.5),
    "hd": ("high", 1.5),
    "xhigh": ("xhigh", 2.0),
    "max": ("max", 3.0),
}
"""For each quality that may be asked for: its name in answers, and the share of the model's own
number of steps."""

DALL_E_STYLES = ("vivid", "natural")
"""The styles of DALL·E 3, which some clients send with every request."""

OPENAI_SIZES = frozenset(
    {
        "256x256",
        "512x512",
        "1024x1024",
        "1536x1024",
        "1024x1536",
        "1792x1024",
        "1024x1792",
    }
)
"""The sizes in the menus of clients that know OpenAI's models only."""

MAX_WARNINGS = 20
MAX_NAME_CHARS = 80


@dataclass(frozen=True, slots=True)
class Warned:
    """What was asked for in a field, and not done. `message` says it in words."""

    param: str
    message: str
    code: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry in `warnings`."""
        return {"param": self.param, "message": self.message, "code": self.code}


@dataclass(frozen=True, slots=True)
class OpenAIFields(JsonObject):
    """The fields as they are sent.

    `output_compression` is the quality of JPEG and WebP files, 0 to 100. `safety_identifier` is the
    newer name of `user`. With `strict`, which is ours, what would be a warning is refused.
    """

    quality: Annotated[str, Choice(tuple(QUALITIES))] = "auto"
    style: Annotated[str, String()] | None = None
    background: Annotated[str, Choice(("auto", "opaque", "transparent"))] = "auto"
    # There is no filter here, so that both values are what is done anyway.
    moderation: Annotated[str, Choice(("auto", "low"))] = "auto"
    response_format: Annotated[str, Choice(RESPONSE_FORMATS)] | None = None
    output_format: Annotated[str, Choice(OUTPUT_FORMATS)] = "png"
    output_compression: Annotated[int, Whole(0, 100)] | None = None
    safety_identifier: Annotated[str, String()] = ""
    stream: Annotated[bool, Flag()] = False
    strict: Annotated[bool, Flag()] = False


def is_alias(name: str, aliases: Iterable[str]) -> bool:
    """Whether a model's name is one of the aliases, in which `*` stands for any characters."""
    return any(fnmatchcase(name, alias) for alias in aliases)


def check(asked: OpenAIFields) -> None:
    """Raise InvalidField for what cannot be done with any model."""
    if asked.background == "transparent":
        refuse("background", "Pictures are opaque here: leave “background” out, or say opaque.")
    if asked.output_compression not in (None, 100) and asked.output_format == "png":
        refuse("output_compression", "A PNG keeps all: ask for jpeg or webp as “output_format”.")
    if asked.stream and asked.response_format == "url":
        refuse("response_format", "A stream carries its pictures: leave “response_format” out.")


def answer_form(asked: OpenAIFields, alias: str | None) -> str:
    """How pictures are answered. DALL·E's names mean links where nothing is said, as at OpenAI."""
    if asked.response_format is None and not asked.stream and (alias or "").startswith("dall-e"):
        return "url"
    return asked.response_format or "b64_json"


def drawn_instead(
    said: Mapping[str, Any], asked: OpenAIFields, model: ModelInfo, alias: str | None
) -> tuple[dict[str, Any], list[Warned]]:
    """What quality, style and size mean as fields of a request, and what of them is not done.

    `alias` is the name that the caller has for the model, if it has another. Raises InvalidField.
    """
    warned: list[Warned] = []
    instead = {
        **_steps(said, asked, model, warned),
        **_styled(said, asked, model, alias, warned),
        **_size(said, model, alias, warned),
    }
    return instead, warned


def check_strict(asked: OpenAIFields, warned: Iterable[Warned]) -> tuple[Warned, ...]:
    """At most MAX_WARNINGS warnings. Raises InvalidField for the first if the caller is strict."""
    kept = []
    for number, each in enumerate(warned):
        if asked.strict:
            raise InvalidField(each.param, each.message, each.code)
        if number == MAX_WARNINGS:
            break
        kept.append(each)
    return tuple(kept)


def unknown(names: Iterable[str]) -> Iterable[Warned]:
    """A warning for each field that is not known here, in OpenAI's words."""
    for name in names:
        short = name[:MAX_NAME_CHARS]
        yield Warned(short, f"Unknown parameter: '{short}'.", "unknown_parameter")


def _steps(
    said: Mapping[str, Any], asked: OpenAIFields, model: ModelInfo, warned: list[Warned]
) -> dict[str, Any]:
    """The number of steps for the quality."""
    _, share = QUALITIES[asked.quality]
    if share == 1:
        return {}
    if "num_inference_steps" in said:
        message = "“quality” changes nothing beside “num_inference_steps”."
    elif model.fixed_steps:
        message = f"“quality” changes nothing: the model “{model.id}” has its own number of steps."
    else:
        return {"num_inference_steps": min(max(1, round(model.steps * share)), MAX_STEPS)}
    warned.append(Warned("quality", message))
    return {}


def _styled(
    said: Mapping[str, Any],
    asked: OpenAIFields,
    model: ModelInfo,
    alias: str | None,
    warned: list[Warned],
) -> dict[str, Any]:
    """The prompt and its parts in the style. What a negative weight avoids gets none."""
    if asked.style is None:
        return {}
    template = model.styles.get(asked.style)
    if template is None:
        known = ", ".join(model.styles) or "none"
        message = f"There is no style “{asked.style[:MAX_NAME_CHARS]}”. Known: {known[:120]}."
        if alias is None or asked.style not in DALL_E_STYLES:
            refuse("style", message)
        warned.append(Warned("style", message))
        return {}
    styled = {"prompt": template.replace("{prompt}", said["prompt"])}
    parts = said.get("parts")
    if isinstance(parts, list):
        return styled | {"parts": [_part_styled(part, template) for part in parts]}
    return styled


def _part_styled(part: Any, template: str) -> Any:
    """A part in a style; what is no part is refused later."""
    if not isinstance(part, Mapping) or not isinstance(part.get("text"), str):
        return part
    weight = part.get("weight")
    if isinstance(weight, int | float) and weight < 0:
        return part
    return {**part, "text": template.replace("{prompt}", part["text"])}


def _size(
    said: Mapping[str, Any], model: ModelInfo, alias: str | None, warned: list[Warned]
) -> dict[str, Any]:
    """One of OpenAI's sizes that the model lacks becomes its native size in that shape."""
    size = said.get("size")
    if alias is None or not isinstance(size, str) or size not in OPENAI_SIZES:
        return {}
    width, height = map(int, size.split("x"))
    if model.draws(width, height):
        return {}
    width, height = model.size_like(width, height)
    message = f"The model “{model.id}” has no {size}: the picture has {width}x{height}."
    warned.append(Warned("size", message))
    return {"size": f"{width}x{height}"}
