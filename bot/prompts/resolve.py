"""From a `Prompt` and the defaults to `ImageRequest`s.

Everything is decided here, before anything is stored: the request alone makes the pictures
again. Pure: chance comes in as a seed.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import InvalidParameter, PromptTooLong
from bot.i18n.markdown import names as listed
from bot.i18n.texts import Text
from bot.prompts import values
from bot.prompts.parameters import DEFAULT_VALUES, MAX_WEIRD, RAW
from bot.prompts.parser import Prompt
from bot.prompts.seeds import derive
from bot.prompts.stylize import STYLISED, TEMPERAMENTS
from bot.prompts.values import Aspect
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import (
    MAX_GUIDANCE,
    MAX_PROMPT,
    MAX_STEPS,
    SEEDS,
    Blend,
    ImageRequest,
    Noise,
    Part,
    Start,
)
from storage.members import Preferences
from storage.servers import ServerSettings

COMMON_NOISE = 0.4
"""Correlation of two pictures' noises in a grid without chaos; full chaos leaves none."""

SAME_NOISE = 0.92
"""The same where they have a seed in common."""

WEIRD_NOISE = 0.9
"""How much noise is mixed into the texts' states where it is as weird as can be."""

DRAFT = 0.5
"""The share of the steps, and of the area, that a draft has."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a member and their server decide where the prompt leaves it open."""

    aspect: Aspect = DEFAULT_VALUES["aspect"]
    style: str | None = DEFAULT_VALUES["style"]
    stylize: int = DEFAULT_VALUES["stylize"]
    temperament: str = STYLISED


def defaults_of(server: ServerSettings, member: Preferences) -> Defaults:
    """The member's own choice, or else the server's, or else the table's."""
    plain = Defaults()
    chosen = (member.stylize, server.stylize, plain.stylize)
    return Defaults(
        aspect=values.aspect(server.aspect) if server.aspect else plain.aspect,
        style=RAW if member.raw else server.style,
        stylize=next(stylize for stylize in chosen if stylize is not None),
        temperament=member.temperament or server.temperament or plain.temperament,
    )


def resolve(
    prompt: Prompt,
    model: ModelInfo,
    defaults: Defaults,
    new_seed: int,
) -> tuple[ImageRequest, ...]:
    """One request for each repetition.

    Raises InvalidParameter for what the model has not, PromptTooLong for what has become so.
    """

    def decided(name: str) -> Any:
        """What the prompt says; else what the defaults say; else what the table says."""
        typed = getattr(prompt, name)
        return getattr(defaults, name, DEFAULT_VALUES[name]) if typed is None else typed

    _check_names(prompt, model)
    width, height = _sides(prompt, model, decided("aspect"))
    steps = (prompt.steps or model.steps) * decided("quality") * (DRAFT if prompt.draft else 1)
    seed = new_seed if prompt.seed is None else prompt.seed
    common = COMMON_NOISE
    if prompt.sameseed is not None:
        seed, common = prompt.sameseed, SAME_NOISE
    strength = math.sqrt(1 - common * (1 - decided("chaos") / 100))
    request = ImageRequest(
        model=model.id,
        prompt=_within_limit("styled", _styled(prompt.text, prompt, model, defaults)),
        negative_prompt=_within_limit("negative", ", ".join(prompt.negative)),
        noises=(),
        width=width,
        height=height,
        steps=max(1, min(MAX_STEPS, round(steps))),
        guidance_scale=_guidance(prompt, model, defaults),
        guidance_rescale=model.guidance_rescale,
        sampler=prompt.sampler or model.sampler,
        spacing=model.spacing,
        stop=decided("stop") / 100,
        parts=_parts(prompt, model, defaults),
        condition_noise=WEIRD_NOISE * decided("weird") / MAX_WEIRD,
        tile=decided("tile"),
        loras=prompt.loras,
    )
    pictures = decided("pictures")
    return tuple(
        replace(request, noises=_grid_noises((seed + nth) % SEEDS, strength, pictures))
        for nth in range(decided("repeat"))
    )


def starting(request: ImageRequest, prompt: Prompt, image: str | None) -> ImageRequest:
    """The request with the picture that it starts from, by its SHA-256, if there is any."""
    if image is None:
        return request
    weight = DEFAULT_VALUES["image_weight"] if prompt.image_weight is None else prompt.image_weight
    return replace(request, start=Start(image, strength_of(weight)))


def size_of(aspect: Aspect, model: ModelInfo, area: float = 1.0) -> tuple[int, int]:
    """Pixels of the aspect at a share of the model's own area, in multiples that it takes."""
    stretch = math.sqrt(aspect.width / aspect.height)
    native = model.native_size * math.sqrt(area)
    least, most = _bounds(model)

    def side(length: float) -> int:
        return max(least, min(most, round(length / model.multiple) * model.multiple))

    return side(native * stretch), side(native / stretch)


def strength_of(image_weight: float) -> float:
    """The share of noise upon a picture to start from: all at a weight of 0, .6 at 1, ⅓ at 3."""
    return 1 / (1 + image_weight * 2 / 3)


def check_style(style: str, model: ModelInfo) -> None:
    """Raises InvalidParameter if the model has no such style."""
    if style not in (RAW, *model.styles):
        raise InvalidParameter("style", style, _names("style", (RAW, *model.styles)))


def _check_names(prompt: Prompt, model: ModelInfo) -> None:
    if prompt.style is not None:
        check_style(prompt.style, model)
    for lora in prompt.loras:
        if lora.name not in model.loras:
            raise InvalidParameter("lora", lora.name, _names("loras", model.loras))


def _names(parameter: str, names: tuple[str, ...]) -> Text:
    return Text(f"parameter-{parameter}.allowed-names", {"names": listed(names)})


def _sides(prompt: Prompt, model: ModelInfo, aspect: Aspect) -> tuple[int, int]:
    size = prompt.size
    if size is None:
        return size_of(aspect, model, DRAFT if prompt.draft else 1)
    least, most = _bounds(model)
    for side in (size.width, size.height):
        if not least <= side <= most or side % model.multiple:
            sides = {"multiple": model.multiple, "low": least, "high": most}
            shown = {name: str(value) for name, value in sides.items()}
            shown["native"] = str(model.native_size)
            raise InvalidParameter("size", str(size), Text("parameter-size.allowed-sides", shown))
    return size.width, size.height


def _bounds(model: ModelInfo) -> tuple[int, int]:
    """The least and the most pixels of a side."""
    least = -(-model.min_size // model.multiple) * model.multiple
    return least, model.max_size - model.max_size % model.multiple


def _grid_noises(seed: int, strength: float, pictures: int) -> tuple[Noise, ...]:
    return tuple(Noise(seed, (Blend(derive(seed, nth), strength),)) for nth in range(pictures))


def _guidance(prompt: Prompt, model: ModelInfo, defaults: Defaults) -> float:
    if prompt.guidance is not None:
        return prompt.guidance
    stylize = defaults.stylize if prompt.stylize is None else prompt.stylize
    share = TEMPERAMENTS[defaults.temperament].guidance_at(stylize)
    return min(MAX_GUIDANCE, model.guidance_scale * share)


def _parts(prompt: Prompt, model: ModelInfo, defaults: Defaults) -> tuple[Part, ...]:
    """The texts that pull, where these are more than the prompt alone."""
    stylize = defaults.stylize if prompt.stylize is None else prompt.stylize
    pull = TEMPERAMENTS[defaults.temperament].pull_at(stylize)
    if not model.aesthetic or (prompt.style or defaults.style) == RAW:
        pull = 0.0
    if not prompt.parts and not pull:
        return ()
    typed = prompt.parts or (Part(prompt.text, 1.0),)
    # What is led away from is meant in any style.
    parts = [
        replace(part, text=_within_limit("styled", _styled(part.text, prompt, model, defaults)))
        if part.weight > 0
        else part
        for part in typed
        if part.weight
    ]
    if not pull:
        return tuple(parts)
    wanted = ", ".join([*(part.text for part in parts if part.weight > 0), model.aesthetic])
    return (*parts, Part(_within_limit("styled", wanted), pull))


def _styled(text: str, prompt: Prompt, model: ModelInfo, defaults: Defaults) -> str:
    # A server's default style may belong to a model that was there before this one: then none.
    template = model.styles.get(prompt.style or defaults.style or RAW, "{prompt}")
    return template.replace("{prompt}", text)


def _within_limit(what: str, text: str) -> str:
    if len(text) > MAX_PROMPT:
        raise PromptTooLong(len(text), MAX_PROMPT, what)
    return text
