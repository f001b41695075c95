"""Suggested prompts, from `/describe` and `/shorten`, each with a button that draws it.

The prompts are read from the message itself, so its buttons carry only a number.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.errors import CannotDescribe
from bot.i18n.markdown import code_block, plain, unboxed, visible
from bot.i18n.texts import say
from bot.images.sanitize import UploadedFile
from bot.messages.job_messages import MAX_ALT_TEXT_CHARS
from bot.messages.specs import AttachmentSpec, EmbedColour, EmbedSpec, MessageSpec
from bot.services.describe import CROP_SHARES, PictureDescription, WordWeights
from bot.ui.confirmations import show_imagined
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import location_of, requester_of, services_of, upload_of, whereabouts_of
from bot.ui.responses import Responder, show_jobs
from bot.ui.typed_text import TypedText, prompt_of

MAX_SUGGESTION_CHARS = 900
"""Characters of a suggested prompt in its field."""

MAX_WORD_CHARS = 600
"""Characters of one of the words whose weights are shown: all of them have no more."""

MIN_BOLD_WEIGHT, MAX_STRUCK_WEIGHT = 0.6, 0.2
"""A word is shown bold from the one weight on, and struck through up to the other."""


class SuggestionButton(
    PersistentButton, template=r"propose:(?P<action>draw|all|look|example)(?::(?P<number>[0-9]))?"
):
    """Draws one of the prompts or all of them, or describes the picture again.

    An example is a prompt that a refusal proposes: it is on the button itself.
    """

    async def act(self, interaction: discord.Interaction) -> None:
        message, number = interaction.message, int(self.groups["number"] or 0)
        assert message is not None, "a button has a message"
        match self.groups["action"]:
            case "look":
                await look_again(interaction, message, number)
            case "draw":
                await draw(interaction, prompts_in(message)[number - 1])
            case "example":
                await draw(interaction, self.item.label or "")
            case _:
                await draw_all(interaction, prompts_in(message))

    async def typed(self, interaction: discord.Interaction) -> TypedText | None:
        if self.groups["action"] == "example":
            return prompt_of(self.item.label or "")
        if self.groups["action"] != "draw" or interaction.message is None:
            return None
        number = int(self.groups["number"] or 0)
        suggested = prompts_in(interaction.message)
        return prompt_of(suggested[number - 1]) if 1 <= number <= len(suggested) else None


async def draw(interaction: discord.Interaction, prompt: str) -> None:
    generation = services_of(interaction).generation
    work = generation.imagine(requester_of(interaction), prompt)
    imagined = await Responder(interaction).run(work)
    await show_imagined(interaction, imagined, prompt_of(prompt))


async def draw_all(interaction: discord.Interaction, prompts: Sequence[str]) -> None:
    """Queue all of the prompts, or none."""
    generation = services_of(interaction).generation
    work = generation.imagine_all(requester_of(interaction), prompts)
    await show_jobs(interaction, generation, await Responder(interaction).run(work))


async def describe(
    interaction: discord.Interaction, picture: str | UploadedFile, look: int = 0
) -> PictureDescription:
    """Describe a picture for a member who may use the bot here. `look` numbers the crops."""
    services = services_of(interaction)
    await services.authorization.check_requester(whereabouts_of(interaction))
    return await services.descriptions.describe(
        picture, interaction.user.id, look, most_bytes=interaction.filesize_limit
    )


async def look_again(interaction: discord.Interaction, message: discord.Message, look: int) -> None:
    """Describe a closer crop of the picture in a message. `look` numbers the crops."""
    if not message.attachments:
        raise CannotDescribe
    locale, responder = interaction.locale.value, Responder(interaction)
    work = describe(interaction, upload_of(message.attachments[0]), look)
    described = await responder.run(work, updates=True)
    described = await with_allowed_prompts(interaction, described)
    await responder.update_embed(
        description_embed(described, locale), _buttons(len(described.prompts), look, locale)
    )


async def with_allowed_prompts(
    interaction: discord.Interaction, described: PictureDescription, *, ephemeral: bool = False
) -> PictureDescription:
    """Without the prompts that the rules of this place refuse. Raises ForbiddenWords if all are."""
    words = services_of(interaction).words
    work = words.allowed(location_of(interaction), described.prompts)
    responder = Responder(interaction)
    allowed = await responder.run(work, ephemeral=ephemeral, updates=True)
    return replace(described, prompts=allowed)


async def show_description(
    interaction: discord.Interaction, described: PictureDescription, *, ephemeral: bool
) -> None:
    """Answer with a picture and its prompts."""
    locale = interaction.locale.value
    alt, picture = visible("; ".join(described.prompts), MAX_ALT_TEXT_CHARS), described.picture
    file = AttachmentSpec(f"picture.{picture.suffix}", picture.encoded, alt)
    message = MessageSpec("", file, (description_embed(described, locale),))
    view = _buttons(len(described.prompts), 0, locale)
    await Responder(interaction).send(message, view, ephemeral=ephemeral)


async def show_weights(
    interaction: discord.Interaction, weighed: WordWeights, *, ephemeral: bool
) -> None:
    """Answer with the weights of words, and shorter prompts."""
    locale = interaction.locale.value
    message = MessageSpec("", embeds=(weights_embed(weighed, locale),))
    view = _buttons(len(weighed.prompts), None, locale)
    await Responder(interaction).send(message, view, ephemeral=ephemeral)


def description_embed(described: PictureDescription, locale: str) -> EmbedSpec:
    text = say("describe.text", locale)
    return EmbedSpec(say("describe", locale), text, EmbedColour.GREY, _fields(described.prompts))


def weights_embed(weighed: WordWeights, locale: str) -> EmbedSpec:
    """The words, heavy ones bold and light ones struck through, and the shorter prompts."""
    words = []
    for word, weight in weighed.words:
        mark = "**" if weight >= MIN_BOLD_WEIGHT else "~~" if weight <= MAX_STRUCK_WEIGHT else ""
        words.append(f"{mark}{plain(word, MAX_WORD_CHARS)}{mark}")
    text = f"{' '.join(words)}\n\n{say('shorten.text', locale)}"
    return EmbedSpec(say("shorten", locale), text, EmbedColour.GREY, _fields(weighed.prompts))


def prompts_in(message: discord.Message) -> list[str]:
    """The prompts that a message suggests."""
    fields = [field.value or "" for embed in message.embeds for field in embed.fields]
    return [unboxed(field) for field in fields]


def _fields(prompts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(number), code_block(prompt, MAX_SUGGESTION_CHARS))
        for number, prompt in enumerate(prompts, 1)
    )


def _buttons(count: int, look: int | None, locale: str) -> discord.ui.View:
    """A button for each prompt. With a picture, `look` is its crop, and two more buttons:
    describe the next crop, and draw all prompts."""
    shown: list[discord.ui.Button[Any]] = [
        discord.ui.Button(label=str(number), custom_id=f"propose:draw:{number}")
        for number in range(1, count + 1)
    ]
    if look is not None:
        again = f"propose:look:{(look + 1) % len(CROP_SHARES)}"
        shown.append(discord.ui.Button(emoji="🔄", custom_id=again, row=1))
        label = say("describe.all", locale)
        shown.append(discord.ui.Button(label=label, custom_id="propose:all", row=1))
    return view_of(*shown)
