"""Turns a `Prompt` and its `EffectiveSettings` into `ImageRequest`s.

A request holds everything that its pictures depend on, so that the stored request makes the same
pictures again. Pure: randomness comes in as a seed.
"""

import math
from dataclasses import replace

from bot.errors import InvalidParameter, NoKnownWord, PromptTooLong
from bot.i18n.markdown import names as listed
from bot.i18n.texts import Text
from bot.models.names import check_text_after, find_name
from bot.models.sizes import DRAFT_SHARE, nearest
from bot.prompts.effective_settings import EffectiveSettings
from bot.prompts.multi_prompt import split
from bot.prompts.parameters import MAX_WEIRD, MAX_WEIRD_NOISE, RAW
from bot.prompts.parser import Prompt
from bot.prompts.seeds import derive_seed
from bot.prompts.stylize import TEMPERAMENTS
from bot.prompts.values import Aspect
from bot.prompts.vocabulary import hear, hear_words
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import (
    MAX_GUIDANCE,
    MAX_PROMPT_CHARS,
    MAX_STEPS,
    SEED_COUNT,
    ImageRequest,
    InitImage,
    Lora,
    Noise,
    SeedBlend,
    WeightedPrompt,
)

GRID_CORRELATION = 0.4
"""Correlation of the noises of two pictures in a grid at `--chaos 0`; `--chaos 100` leaves none."""

SAMESEED_CORRELATION = 0.92
"""The same with `--sameseed`."""


def resolve(prompt: Prompt, settings: EffectiveSettings, new_seed: int) -> tuple[ImageRequest, ...]:
    """One request for each repetition; `new_seed` is used where the prompt gives none.

    Raises InvalidParameter for what the model does not have, AmbiguousName for what could be
    several, PromptTooLong for a text that a style made too long, NoKnownWord if the model was
    taught nothing of it.
    """
    model = settings.model
    prompt = _as_heard(prompt, model)
    if prompt.style is not None:
        check_text_after("style", prompt.style, (RAW, *model.styles))
        settings = replace(settings, style=find_style(prompt.style, model))
    loras = tuple(_found(lora, model) for lora in prompt.loras)
    width, height = _sides(prompt, settings)
    steps = settings.steps * settings.quality * (DRAFT_SHARE if settings.draft else 1)
    seed = new_seed if prompt.seed is None else prompt.seed
    common = GRID_CORRELATION
    if prompt.sameseed is not None:
        seed, common = prompt.sameseed, SAMESEED_CORRELATION
    strength = math.sqrt(1 - common * (1 - settings.chaos / 100))
    request = ImageRequest(
        model=model.id,
        prompt=_within_limit("styled", _styled(prompt.text, settings)),
        negative_prompt=_within_limit("negative", ", ".join(prompt.negative)),
        noises=(),
        width=width,
        height=height,
        steps=max(1, min(MAX_STEPS, round(steps))),
        guidance_scale=_guidance(prompt, settings),
        guidance_rescale=model.guidance_rescale,
        sampler=settings.sampler,
        spacing=model.spacing,
        stop=settings.stop / 100,
        parts=_parts(prompt, settings),
        condition_noise=MAX_WEIRD_NOISE * settings.weird / MAX_WEIRD,
        tile=settings.tile,
        loras=loras,
    )
    return tuple(
        replace(
            request, noises=_grid_noises((seed + nth) % SEED_COUNT, strength, settings.pictures)
        )
        for nth in range(settings.repeat)
    )


def _as_heard(prompt: Prompt, model: ModelInfo) -> Prompt:
    """The prompt without the words that its model was never taught. Raises NoKnownWord.

    `--exact` leaves nothing out: older lines with it make the same pictures as ever.
    """
    if prompt.exact or not model.vocabulary.things:
        return prompt
    heard = hear(prompt.text, model.vocabulary)
    if not heard.has_things:
        raise NoKnownWord(model.examples)
    unwanted = (hear_words(text, model.vocabulary).text for text in prompt.negative)
    prompt = replace(prompt, negative=tuple(filter(None, unwanted)))
    if not heard.left_out:
        return prompt
    parts = split(heard.text)
    if len(parts) == 1:
        return replace(prompt, text=parts[0].text, parts=())
    return replace(prompt, text=heard.text, parts=parts)


def with_init_image(
    request: ImageRequest, settings: EffectiveSettings, image: str | None
) -> ImageRequest:
    """The request with its init image, given by its SHA-256; unchanged without one."""
    if image is None:
        return request
    return replace(request, start=InitImage(image, strength_of(settings.image_weight)))


def size_of(aspect: Aspect, model: ModelInfo, area: float = 1.0) -> tuple[int, int]:
    """Width and height in pixels for an aspect ratio, as multiples that the model takes.

    A model that draws only a few sizes has the one that is nearest in shape. `area`
    is the share of the model's native area.
    """
    stretch = math.sqrt(aspect.width / aspect.height)
    native = model.native_size * math.sqrt(area)
    if model.sizes:
        return nearest(model.sizes, native * stretch, native / stretch)
    least, most = _bounds(model)

    def side(length: float) -> int:
        return max(least, min(most, round(length / model.multiple) * model.multiple))

    return side(native * stretch), side(native / stretch)


def strength_of(image_weight: float) -> float:
    """The share of noise that is added to an init image: 1 at a weight of 0, 0.6 at 1, ⅓ at 3."""
    return 1 / (1 + image_weight * 2 / 3)


def find_style(typed: str, model: ModelInfo) -> str:
    """The style of the model that was typed. Raises InvalidParameter, which names those that exist,
    AmbiguousName.
    """
    styles = (RAW, *model.styles)
    found = find_name(typed, styles)
    if found is None:
        raise InvalidParameter("style", typed, _names("style", styles))
    return found


def _found(lora: Lora, model: ModelInfo) -> Lora:
    """The LoRA by the name that it has in the model. Raises InvalidParameter, AmbiguousName."""
    name = find_name(lora.name, model.loras)
    if name is None:
        check_text_after("lora", lora.name, model.loras)
        raise InvalidParameter("lora", lora.name, _names("loras", model.loras))
    return replace(lora, name=name)


def _names(parameter: str, names: tuple[str, ...]) -> Text:
    return Text(f"parameter-{parameter}.allowed-names", {"names": listed(names)})


def _sides(prompt: Prompt, settings: EffectiveSettings) -> tuple[int, int]:
    """Width and height in pixels: the typed size, or the aspect at the model's own area."""
    size, model = prompt.size, settings.model
    if size is None:
        return size_of(settings.aspect, model, DRAFT_SHARE if settings.draft else 1)
    if model.sizes:
        if str(size) not in model.sizes:
            raise InvalidParameter("size", str(size), _names("size", model.sizes))
        return size.width, size.height
    least, most = _bounds(model)
    for side in (size.width, size.height):
        if not least <= side <= most or side % model.multiple:
            sides = {"multiple": model.multiple, "low": least, "high": most}
            shown = {name: str(value) for name, value in sides.items()}
            shown["native"] = str(model.native_size)
            raise InvalidParameter("size", str(size), Text("parameter-size.allowed-sides", shown))
    return size.width, size.height


def _bounds(model: ModelInfo) -> tuple[int, int]:
    """The fewest and the most pixels of a side."""
    least = -(-model.min_size // model.multiple) * model.multiple
    return least, model.max_size - model.max_size % model.multiple


def _grid_noises(seed: int, strength: float, pictures: int) -> tuple[Noise, ...]:
    return tuple(
        Noise(seed, (SeedBlend(derive_seed(seed, nth), strength),)) for nth in range(pictures)
    )


def _guidance(prompt: Prompt, settings: EffectiveSettings) -> float:
    if prompt.guidance is not None:
        return prompt.guidance
    share = TEMPERAMENTS[settings.temperament].guidance_at(settings.stylize)
    return min(MAX_GUIDANCE, settings.model.guidance_scale * share)


def _parts(prompt: Prompt, settings: EffectiveSettings) -> tuple[WeightedPrompt, ...]:
    """The weighted texts of a multi-prompt and of the aesthetic; none if there is only one."""
    aesthetic = settings.model.aesthetic
    pull = TEMPERAMENTS[settings.temperament].pull_at(settings.stylize)
    if not aesthetic or settings.style == RAW:
        pull = 0.0
    if not prompt.parts and not pull:
        return ()
    typed = prompt.parts or (WeightedPrompt(prompt.text, 1.0),)
    # Texts with a negative weight get no style: they say what to avoid in any style.
    parts = [
        replace(part, text=_within_limit("styled", _styled(part.text, settings)))
        if part.weight > 0
        else part
        for part in typed
        if part.weight
    ]
    if not pull:
        return tuple(parts)
    wanted = ", ".join([*(part.text for part in parts if part.weight > 0), aesthetic])
    return (*parts, WeightedPrompt(_within_limit("styled", wanted), pull))


def _styled(text: str, settings: EffectiveSettings) -> str:
    # A server's default style may belong to a model that is gone: then there is no style.
    template = settings.model.styles.get(settings.style or RAW, "{prompt}")
    return template.replace("{prompt}", text)


def _within_limit(what: str, text: str) -> str:
    if len(text) > MAX_PROMPT_CHARS:
        raise PromptTooLong(len(text), MAX_PROMPT_CHARS, what)
    return text
