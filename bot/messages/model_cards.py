"""The pages of `/models`: a card for each model. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.engines.places import EngineStatus
from bot.i18n.markdown import Markup, code, plain
from bot.i18n.texts import say
from bot.messages.help_embeds import MAX_MODEL_NAME_CHARS, not_taken
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.models.families import origin_of
from bot.models.versions import Versions
from bot.prompts.words import quoted
from diffusion.protocol.models import ModelInfo

MODELS_PER_PAGE = 5
"""So many cards fit into one embed, whatever they say."""

MAX_EXAMPLE_CHARS = 120
MAX_ORIGIN_CHARS = 60
MAX_ENGINES_CHARS = 120


@dataclass(frozen=True, slots=True)
class ModelsPage:
    """One page: `names` of models in `versions`. `number` counts from 0."""

    query: str
    number: int
    pages: int
    total: int
    names: tuple[str, ...]
    versions: Versions


def models_page(versions: Versions, query: str, number: int) -> ModelsPage:
    """The page of this number, or the nearest that there is, of the models that are searched for.

    A model is found by a part of its name, its id or its title.
    """
    found = [name for name, model in versions.models.items() if is_called(query, name, model)]
    pages = max(1, -(-len(found) // MODELS_PER_PAGE))
    number = min(number, pages - 1)
    begin = number * MODELS_PER_PAGE
    shown = tuple(found[begin : begin + MODELS_PER_PAGE])
    return ModelsPage(query, number, pages, len(found), shown, versions)


def cards(page: ModelsPage, engines: Sequence[EngineStatus], locale: str) -> EmbedSpec:
    """The models of a page."""
    fields = tuple(_card(name, page.versions, engines, locale) for name in page.names)
    if not page.names:
        text = say("models.none", locale, query=page.query)
    else:
        place = say(
            "models.page", locale, number=page.number + 1, pages=page.pages, total=page.total
        )
        text = f"{say('models.text', locale)}\n{place}"
    return EmbedSpec(say("models", locale), text, EmbedColour.GREY, fields)


def is_called(wanted: str, name: str, model: ModelInfo) -> bool:
    """Whether a part of a model's name, its id or its title is wanted."""
    wanted = wanted.strip().lower()
    return any(wanted in called.lower() for called in (name, model.id, model.title))


def _card(
    name: str, versions: Versions, engines: Sequence[EngineStatus], locale: str
) -> tuple[str, str]:
    model = versions.models[name]
    default = f" ({say('help.default', locale)})" if name == versions.default else ""
    title = f"{plain(f'{name}: {model.title or model.id}', MAX_MODEL_NAME_CHARS)}{default}"
    lines = [
        _origin(model, locale),
        _drawing(model, locale),
        say("models.can", locale, abilities=Markup(", ".join(abilities(model, locale)))),
        *not_taken(model, locale),
        _engines(model, engines, locale),
        say("models.try", locale, line=Markup(example(name, model))),
    ]
    return title, "\n".join(filter(None, lines))


def _origin(model: ModelInfo, locale: str) -> str:
    origin = origin_of(model)
    said = {
        "family": origin.family,
        "maker": origin.maker,
        "licence": origin.licence,
    }
    return " · ".join(
        say(f"models.{key}", locale, name=Markup(plain(value, MAX_ORIGIN_CHARS)))
        for key, value in said.items()
        if value
    )


def _drawing(model: ModelInfo, locale: str) -> str:
    if model.sizes:
        size = say("models.sizes", locale, size=model.sizes[0], count=len(model.sizes))
    else:
        size = say("models.size", locale, size=str(model.native_size))
    key = "help.own-steps" if model.fixed_steps else "help.steps"
    return f"{size}, {say(key, locale, steps=model.steps)}"


def abilities(model: ModelInfo, locale: str) -> list[str]:
    """What a model can, one word or two for each."""
    can: Mapping[str, object] = {
        "edit": model.edits,
        "inpaint": model.edits and model.masks,
        "outpaint": model.edits and model.masks and model.outpaints,
        "negative": model.negative_prompts,
        "guidance": model.guidance != "none",
        "seed": model.seeds,
        "lora": model.loras,
        "style": model.styles,
        "tile": model.tiles,
        "upscale": model.upscales > 1,
        "describe": model.describes,
    }
    return [
        "/imagine",
        *(say(f"models-can.{key}", locale) for key, is_able in can.items() if is_able),
    ]


def example(name: str, model: ModelInfo) -> str:
    """A line to copy that draws with the model."""
    prompt = next((one for one in model.examples if len(one) <= MAX_EXAMPLE_CHARS), "a red fox")
    return code(f"{prompt} --v {quoted(name)}", 2 * MAX_EXAMPLE_CHARS)


def _engines(model: ModelInfo, engines: Sequence[EngineStatus], locale: str) -> str:
    """On which engines it is; nothing where there is only one."""
    if len(engines) < 2:
        return ""
    shown = []
    for number, one in enumerate(engines, 1):
        if model.id not in one.models:
            continue
        title = one.title and plain(one.title.replace("`", "ˋ"), 40)
        called = title or say("engines.name", locale, number=number)
        shown.append(say("models.away", locale, name=Markup(called)) if one.is_away else called)
    if not shown:
        return ""
    listed = ", ".join(shown)
    return say("models.engines", locale, names=Markup(listed[:MAX_ENGINES_CHARS]))
