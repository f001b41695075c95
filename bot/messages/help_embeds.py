"""The embeds of `/help`, made from the commands, the table of parameters and the models. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.i18n.markdown import Markup, code, names, plain
from bot.i18n.texts import Text, Value, say
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.models.versions import Versions
from bot.prompts.parameters import BY_FLAG, PARAMETERS, Parameter
from bot.prompts.values import flag_name
from diffusion.protocol.models import ModelInfo

TOPICS = ("start", "commands", "parameters", "models")
FIRST_FLAGS = ("ar", "no", "chaos", "stylize", "seed", "quality")
"""The parameters on the first page."""

FIRST_COMMANDS = ("imagine", "describe", "settings", "history", "queue", "help")
"""The commands on the first page."""

MAX_EMBED_CHARS = 4000
"""Characters of an embed's text, a little below Discord's limit."""

MAX_LISTED_MODELS = 8
MAX_LISTED_NAMES = 6
MAX_LISTED_SKIPPED = 2
"""LoRA files that cannot be used, of all models together."""

MAX_EXAMPLES_CHARS = 400
"""Characters of the prompts that a small model draws well."""

MAX_MODEL_NAME_CHARS = 90
"""Characters of a model's two names together."""


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """How a command is mentioned, its description, and whether it is one of `/server`."""

    mention: Markup
    meaning: str
    of_server: bool = False


def start(mentions: Mapping[str, Markup], locale: str, model: ModelInfo | None = None) -> EmbedSpec:
    """The first page: how to draw, what is under a grid, the parameters most used.

    `mentions` has each command by its full name. Of a `model` that was taught few words it says
    what that draws well, and how to put another in its place.
    """
    values: dict[str, Value] = {name: mentions[name] for name in FIRST_COMMANDS}
    lines = (f"- {_parameter_line(BY_FLAG[flag], locale)}" for flag in FIRST_FLAGS)
    fields = (
        *_demo(model, locale),
        (say("help-start.grid", locale), say("help-start.grid-value", locale)),
        (
            say("help-start.parameters", locale),
            "\n".join([say("help-start.parameters-value", locale), *lines]),
        ),
        (say("help-start.next", locale), say("help-start.next-value", locale, **values)),
    )
    text = "\n".join([say("help-start", locale, **values), say("by-ai", locale)])
    return EmbedSpec(_title("start", locale), text, EmbedColour.GREY, fields)


def _demo(model: ModelInfo | None, locale: str) -> tuple[tuple[str, str], ...]:
    if model is None or not model.vocabulary.things:
        return ()
    text = say("help-start.demo-value", locale, examples=names(model.examples, MAX_EXAMPLES_CHARS))
    return ((say("help-start.demo", locale), text),)


def commands(slash: Sequence[CommandHelp], menus: Sequence[str], locale: str) -> EmbedSpec:
    """One line for each command; those of `/server` share a paragraph, which few members need."""
    lines = [f"{one.mention} {one.meaning}" for one in slash if not one.of_server]
    if for_owners := " ".join(one.mention for one in slash if one.of_server):
        lines += ["", say("help.server", locale, commands=Markup(for_owners))]
    on_messages = say("help.messages", locale, names=", ".join(menus))
    by_ai = say("by-ai", locale)
    text = "\n".join([say("help.commands-text", locale), by_ai, "", *lines, "", on_messages])
    return _topic_embed("commands", text, locale)


def parameters(locale: str) -> EmbedSpec:
    """One line for each parameter."""
    lines = [_parameter_line(parameter, locale) for parameter in PARAMETERS]
    text = "\n".join([say("help.parameters-text", locale), "", *lines])
    return _topic_embed("parameters", text, locale)


def parameter(flag: str, locale: str) -> EmbedSpec:
    """All there is to say about one parameter, however its flag was typed."""
    flag = flag_name(flag)
    found = BY_FLAG.get(flag)
    if found is None:
        text = say("help.unknown", locale, flag=flag[:40])
        return EmbedSpec(say("help", locale), text, EmbedColour.RED)
    fields = (
        (say("help.takes", locale), say(found.allowed, locale)),
        (say("help.usual", locale), say(found.default_shown, locale)),
    )
    title = ", ".join(f"--{each}" for each in found.flags)
    return EmbedSpec(title, say(found.meaning, locale), EmbedColour.GREY, fields)


def models(versions: Versions | None, locale: str) -> EmbedSpec:
    """The models, and what each can do."""
    if versions is None:
        return _topic_embed("models", say("help.no-models", locale), locale)
    fields: list[tuple[str, str]] = []
    room = MAX_LISTED_SKIPPED
    for name, model in list(versions.models.items())[:MAX_LISTED_MODELS]:
        default = f" ({say('help.default', locale)})" if name == versions.default else ""
        title = f"{plain(f'--v {name}: {model.id}', MAX_MODEL_NAME_CHARS)}{default}"
        skipped = _skipped_loras(model, locale)
        listed = skipped[:room]
        room -= len(listed)
        if len(listed) < len(skipped):
            listed.append("…")
        lines = [_abilities(model, locale), *not_taken(model, locale), *listed]
        fields.append((title, "\n".join(lines)))
    return EmbedSpec(
        _title("models", locale), say("help.models-text", locale), EmbedColour.GREY, tuple(fields)
    )


def not_taken(model: ModelInfo, locale: str) -> list[str]:
    """A line with the parameters that are refused for the model, and one with those that change
    nothing, if there are any."""
    refused = [
        flag
        for knows, flags in (
            (model.negative_prompts, ("no",)),
            (model.guidance != "none", ("cfg",)),
            (not model.fixed_steps, ("steps", "quality")),
            (model.seeds, ("seed",)),
            (model.seeds and model.seed_blends, ("sameseed",)),
            (model.seed_blends, ("chaos",)),
            (model.samplers, ("sampler",)),
            (model.stops, ("stop",)),
            (model.weirdness, ("weird",)),
            (model.strengths or not model.edits, ("iw",)),
        )
        if not knows
        for flag in flags
    ]
    is_led = model.guidance != "none" or model.aesthetic
    idle = [] if is_led else ["stylize", "temperament"]
    return [
        say(key, locale, flags=names(f"--{flag}" for flag in flags))
        for key, flags in (("help.refused", refused), ("help.without-effect", idle))
        if flags
    ]


def _skipped_loras(model: ModelInfo, locale: str) -> list[str]:
    """A line for each LoRA file that cannot be used."""
    return [
        say("help.skipped-lora", locale, file=Markup(code(file, 40)), reason=reason[:120])
        for file, reason in model.skipped_loras.items()
    ]


def _abilities(model: ModelInfo, locale: str) -> str:
    def said(can: object) -> str:
        return say("panel.yes" if can else "panel.no", locale)

    factor = say("help.factor", locale, factor=model.upscales)
    return say(
        "help.model-value",
        locale,
        size=str(model.native_size),
        steps=say("help.own-steps", locale)
        if model.fixed_steps
        else say("help.steps", locale, steps=model.steps),
        edits=said(model.edits),
        outpaints=said(model.edits and model.masks and model.outpaints),
        tiles=said(model.tiles),
        describes=said(model.describes),
        upscales=factor if model.upscales > 1 else said(False),
        styles=_some(tuple(model.styles)) or said(False),
        loras=_some(model.loras) or said(False),
    )


def _parameter_line(parameter: Parameter, locale: str) -> str:
    """The flags, the first clause of what they mean, and the values that they take."""
    flags = ", ".join(f"`--{flag}`" for flag in parameter.flags)
    clause = re.split(r"[;:.] ", say(parameter.meaning, locale))[0].rstrip(".")
    if parameter.words == 0:
        return f"{flags} {clause}"
    return f"{flags} {clause}: {say(parameter.allowed, locale)}"


def _some(every: Sequence[str]) -> Markup:
    """The first names, and “…” if there are more."""
    shown = [code(name, 20) for name in every[:MAX_LISTED_NAMES]]
    return Markup(", ".join([*shown, "…"] if len(every) > MAX_LISTED_NAMES else shown))


def _topic_embed(topic: str, text: str, locale: str) -> EmbedSpec:
    shown = (
        text if len(text) <= MAX_EMBED_CHARS else text[:MAX_EMBED_CHARS].rpartition("\n")[0] + "\n…"
    )
    return EmbedSpec(_title(topic, locale), shown, EmbedColour.GREY)


def _title(topic: str, locale: str) -> str:
    return f"{say('help', locale)}: {say(Text(f'help.{topic}'), locale)}"
