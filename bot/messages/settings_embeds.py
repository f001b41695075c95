"""Embeds about the settings of members and servers. Pure."""

from collections.abc import Mapping

from bot.i18n.markdown import code, names, plain
from bot.i18n.texts import Text, say
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.prompts.parameters import DEFAULT_VALUES
from storage.members import Preferences
from storage.servers import ServerSettings

MAX_SUFFIX_CHARS = 1000
"""Characters of a member's suffix in their panel: all of its text has 4,000 at most."""

MAX_OPTION_CHARS = 150
"""Characters of an option in the list of all: twenty of them fit into one embed."""


def panel_heading(locale: str) -> str:
    """The text above the menus and buttons of `/settings`."""
    return f"### {say('panel', locale)}\n{say('panel.text', locale)}"


def panel_notes(preferences: Preferences, options: Mapping[str, str], locale: str) -> str:
    """The text below them: what is set by commands."""
    suffix = code(as_parameters(preferences), MAX_SUFFIX_CHARS) or say("panel.no-suffix", locale)
    named = names(f"--{name}" for name in options)
    own = say("panel.options-value", locale, count=len(options), names=named)
    recipe = say("panel.yes" if preferences.stealth_recipe else "panel.no", locale)
    return "\n".join(
        f"**{say(key, locale)}:** {value}"
        for key, value in (
            ("panel.suffix", suffix),
            ("panel.options", own),
            ("panel.stealth-recipe", recipe),
        )
    )


def reset_question(locale: str) -> EmbedSpec:
    return EmbedSpec(
        say("reset-question", locale), say("reset-question.text", locale), EmbedColour.YELLOW
    )


def server_reset_question(locale: str) -> EmbedSpec:
    return EmbedSpec(
        say("reset-question.server", locale),
        say("reset-question.server-text", locale),
        EmbedColour.YELLOW,
    )


def preferred(what: Text, locale: str) -> EmbedSpec:
    """One sentence that says which choice was saved."""
    return EmbedSpec(say("preferred", locale), say(what, locale), EmbedColour.GREEN)


def done(what: Text, locale: str) -> EmbedSpec:
    """One sentence that confirms a change whose result is shown elsewhere."""
    return EmbedSpec(say("done", locale), say(what, locale), EmbedColour.GREEN)


def own_options(options: Mapping[str, str], locale: str) -> EmbedSpec:
    if not options:
        return EmbedSpec(
            say("own-options", locale), say("own-options.none", locale), EmbedColour.GREY
        )
    lines = [
        f"{code(f'--{name}')} {code(value, MAX_OPTION_CHARS)}" for name, value in options.items()
    ]
    text = say("own-options.text", locale, name=next(iter(options)))
    return EmbedSpec(say("own-options", locale), "\n".join([text, "", *lines]), EmbedColour.GREY)


def server(settings: ServerSettings, changed: bool, locale: str) -> EmbedSpec:
    stylize = DEFAULT_VALUES["stylize"] if settings.stylize is None else settings.stylize
    channel = settings.highlights_channel
    temperament = settings.temperament
    fields = (
        (
            say("server-settings.aspect", locale),
            plain(settings.aspect or str(DEFAULT_VALUES["aspect"])),
        ),
        (
            say("server-settings.style", locale),
            code(settings.style or "") or say("server-settings.no-style", locale),
        ),
        (say("server-settings.stylize", locale), str(stylize)),
        (
            say("server-settings.temperament", locale),
            say(f"choice-{temperament}" if temperament else "server-settings.usual", locale),
        ),
        (
            say("server-settings.jobs", locale),
            say("server-settings.jobs-value", locale, limit=settings.jobs_per_member),
        ),
        (
            say("server-settings.permutations", locale),
            say("server-settings.permutations-value", locale, limit=settings.permutations),
        ),
        (
            say("server-settings.buttons", locale),
            say(f"server-settings.buttons-{settings.buttons_for}", locale),
        ),
        (
            say("server-settings.highlights", locale),
            f"<#{channel}>" if channel else say("server-settings.no-highlights", locale),
        ),
        (
            say("server-settings.pictures", locale),
            say(f"server-settings.pictures-{settings.pictures_carry}", locale),
        ),
        (
            say("server-settings.finished", locale),
            say(f"server-settings.finished-{settings.finished}", locale),
        ),
        (
            say("server-settings.kept", locale),
            say("server-settings.kept-value", locale, days=settings.keep_days),
        ),
    )
    title = say("server-settings.saved" if changed else "server-settings", locale)
    colour = EmbedColour.GREEN if changed else EmbedColour.GREY
    return EmbedSpec(title, say("server-settings.text", locale), colour, fields)


def as_parameters(preferences: Preferences) -> str:
    """A member's preferences, written as the parameters that have the same effect."""
    said = []
    if preferences.model:
        said.append(f"--v {preferences.model}")
    if preferences.stylize is not None:
        said.append(f"--s {preferences.stylize}")
    if preferences.raw:
        said.append("--raw")
    return " ".join([*said, *filter(None, [preferences.suffix])])
