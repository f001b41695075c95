"""From a `Prompt` and the defaults to `ImageRequest`s.

Everything is decided here, before anything is stored: the request alone makes the pictures
again. Pure: chance comes in as a seed.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import InvalidParameter, PromptTooLong
from bot.noises import PICTURES, derive
from bot.parameters import DEFAULTS, MOST_STYLIZE, RAW
from bot.prompt import Prompt
from bot.texts import Text
from bot.values import Aspect
from diffusion.protocol import (
    MAX_GUIDANCE,
    MAX_PROMPT,
    MAX_STEPS,
    SEEDS,
    Blend,
    ImageRequest,
    ModelInfo,
    Noise,
)

COMMON_NOISE = 0.4
"""Correlation of two pictures' noises in a grid without chaos; full chaos leaves none."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a server decides where the prompt leaves it open."""

    aspect: Aspect = DEFAULTS["aspect"]
    style: str | None = DEFAULTS["style"]
    stylize: int = DEFAULTS["stylize"]


def resolve(
    prompt: Prompt, model: ModelInfo, defaults: Defaults, new_seed: int
) -> tuple[ImageRequest, ...]:
    """One request for each repetition.

    Raises InvalidParameter for a style the model has not, PromptTooLong for what has become so.
    """

    def decided(name: str) -> Any:
        """What the prompt says; else what the server says; else what the table says."""
        typed = getattr(prompt, name)
        return getattr(defaults, name, DEFAULTS[name]) if typed is None else typed

    width, height = size_of(decided("aspect"), model)
    first_seed = new_seed if prompt.seed is None else prompt.seed
    strength = math.sqrt(1 - COMMON_NOISE * (1 - decided("chaos") / 100))
    request = ImageRequest(
        model=model.id,
        prompt=_within_limit("styled", _styled(prompt, model, defaults)),
        negative_prompt=_within_limit("negative", ", ".join(prompt.negative)),
        noises=(),
        width=width,
        height=height,
        steps=max(1, min(MAX_STEPS, round(model.steps * decided("quality")))),
        guidance_scale=_guidance(model, decided("stylize")),
        sampler=model.sampler,
        spacing=model.spacing,
        stop=decided("stop") / 100,
    )
    return tuple(
        replace(request, noises=_grid_noises((first_seed + nth) % SEEDS, strength))
        for nth in range(decided("repeat"))
    )


def size_of(aspect: Aspect, model: ModelInfo) -> tuple[int, int]:
    """Pixels of the aspect at the model's own area, in multiples that the model takes."""
    stretch = math.sqrt(aspect.width / aspect.height)
    most = model.max_size - model.max_size % model.multiple
    least = -(-model.min_size // model.multiple) * model.multiple

    def side(length: float) -> int:
        return max(least, min(most, round(length / model.multiple) * model.multiple))

    return side(model.native_size * stretch), side(model.native_size / stretch)


def check_style(style: str, model: ModelInfo) -> None:
    """Raises InvalidParameter if the model has no such style."""
    if style not in (RAW, *model.styles):
        names = ", ".join(f"`{name}`" for name in (RAW, *model.styles))
        raise InvalidParameter(
            "style", style, Text("parameter-style.allowed-names", {"names": names})
        )


def _grid_noises(seed: int, strength: float) -> tuple[Noise, ...]:
    return tuple(Noise(seed, (Blend(derive(seed, nth), strength),)) for nth in range(PICTURES))


def _guidance(model: ModelInfo, stylize: int) -> float:
    """Half the model's guidance at 0, all of it at 100, twice at 1000; straight in between."""
    plain: int = DEFAULTS["stylize"]
    if stylize <= plain:
        share = 0.5 + 0.5 * stylize / plain
    else:
        share = 1 + (stylize - plain) / (MOST_STYLIZE - plain)
    return min(MAX_GUIDANCE, model.guidance_scale * share)


def _styled(prompt: Prompt, model: ModelInfo, defaults: Defaults) -> str:
    if prompt.style is not None:
        check_style(prompt.style, model)
    # A server's default style may belong to a model that was there before this one: then none.
    template = model.styles.get(prompt.style or defaults.style or RAW, "{prompt}")
    return template.replace("{prompt}", prompt.text)


def _within_limit(what: str, text: str) -> str:
    if len(text) > MAX_PROMPT:
        raise PromptTooLong(len(text), MAX_PROMPT, what)
    return text
