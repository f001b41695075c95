"""Embeds about a member's own data: what was sent, what would be deleted, and what was."""

from typing import Protocol

from bot.i18n.texts import say
from bot.messages.specs import EmbedColour, EmbedSpec
from storage.privacy.erasure import Stored


class SentData(Protocol):
    """What a member was sent: see `bot.services.privacy.export`."""

    files: int
    pictures: int
    left_out: int
    by_direct_message: bool


def exported(sent: SentData, locale: str) -> EmbedSpec:
    place = "direct" if sent.by_direct_message else "here"
    lines = [
        say(f"exported.{place}", locale, files=sent.files, pictures=sent.pictures),
        say("exported.contents", locale),
    ]
    if sent.left_out:
        lines.append(say("exported.left-out", locale, count=sent.left_out))
    return EmbedSpec(say("exported", locale), "\n".join(lines), EmbedColour.GREEN)


def question(stored: Stored, locale: str) -> EmbedSpec:
    return EmbedSpec(
        say("erase-question", locale),
        "\n".join(
            [
                say(
                    "erase-question.goes",
                    locale,
                    jobs=stored.jobs,
                    pictures=stored.pictures,
                    options=stored.options,
                    drafts=stored.drafts,
                    favourites=stored.favourites,
                ),
                say("erase-question.messages", locale),
                say("erase-question.stays", locale),
            ]
        ),
        EmbedColour.RED,
    )


def erased(before: Stored, locale: str) -> EmbedSpec:
    text = say("erased.text", locale, jobs=before.jobs, pictures=before.pictures)
    return EmbedSpec(say("erased", locale), text, EmbedColour.GREEN)


def kept(locale: str) -> EmbedSpec:
    return EmbedSpec(say("erase-question.kept", locale), "", EmbedColour.GREY)
