"""Prompts that are proposed to a member, each with a button that draws it.

The prompts stand in the message itself, so that its buttons need to carry no more than a number.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord

from bot.delivery.messenger import build_embeds, build_files
from bot.errors import CannotDescribe
from bot.i18n.markdown import code_block, plain, unboxed, visible
from bot.i18n.texts import say
from bot.messages.job_messages import MAX_ALT_TEXT_CHARS
from bot.messages.specs import AttachmentSpec, EmbedColour, EmbedSpec
from bot.services.describe import CROP_SHARES, PictureDescription, WordWeights
from bot.ui.confirmations import show_imagined
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.responses import answer, requester_of, run_in_time, show_jobs, upload

if TYPE_CHECKING:
    from bot.client import DarkroomBot

MAX_SUGGESTION_CHARS = 900
"""Of a prompt in a field."""

WORD_SHOWN = 600
"""Of a word among words that are weighed, which have no more in all."""

MIN_BOLD_WEIGHT, MAX_STRUCK_WEIGHT = 0.6, 0.25
"""Weights from which, and up to which, a word is shown bold or struck through."""


class SuggestionButton(
    PersistentButton, template=r"propose:(?P<action>draw|all|look)(?::(?P<number>[0-9]))?"
):
    """Draws one of the prompts, or all of them, or has the picture looked at again."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        message, number = interaction.message, int(self.said["number"] or 0)
        assert message is not None, "a button has a message"
        match self.said["action"]:
            case "look":
                await look_again(interaction, message, number)
            case "draw":
                await draw(interaction, prompts_in(message)[number - 1])
            case _:
                await draw_all(interaction, prompts_in(message))


async def draw(interaction: "discord.Interaction[DarkroomBot]", prompt: str) -> None:
    generation = interaction.client.generation
    work = generation.imagine(requester_of(interaction), prompt)
    await show_imagined(interaction, await run_in_time(interaction, work))


async def draw_all(interaction: "discord.Interaction[DarkroomBot]", prompts: Sequence[str]) -> None:
    """Queue all of the prompts, or none."""
    generation = interaction.client.generation
    work = generation.imagine_all(requester_of(interaction), prompts)
    await show_jobs(interaction, generation, await run_in_time(interaction, work))


async def look_again(
    interaction: "discord.Interaction[DarkroomBot]", message: discord.Message, look: int
) -> None:
    """Describe the picture of a message once more, from nearer."""
    if not message.attachments:
        raise CannotDescribe
    picture, member_id = upload(message.attachments[0]), interaction.user.id
    most_bytes = interaction.filesize_limit
    work = interaction.client.descriptions.describe(picture, member_id, look, most_bytes=most_bytes)
    described = await run_in_time(interaction, work, thinking=False)
    locale = interaction.locale.value
    parts: dict[str, Any] = {
        "embeds": build_embeds([description_embed(described, locale)]),
        "view": _buttons(len(described.prompts), look, locale),
    }
    if interaction.response.is_done():
        await interaction.edit_original_response(**parts)
    else:
        await interaction.response.edit_message(**parts)


async def show_description(
    interaction: "discord.Interaction[DarkroomBot]", described: PictureDescription, hidden: bool
) -> None:
    """Answer with a picture and its prompts."""
    locale = interaction.locale.value
    alt, picture = visible("; ".join(described.prompts), MAX_ALT_TEXT_CHARS), described.picture
    await answer(
        interaction,
        hidden,
        embeds=build_embeds([description_embed(described, locale)]),
        files=build_files(AttachmentSpec(f"picture.{picture.suffix}", picture.encoded, alt)),
        view=_buttons(len(described.prompts), 0, locale),
    )


async def show_weights(
    interaction: "discord.Interaction[DarkroomBot]", weighed: WordWeights, hidden: bool
) -> None:
    """Answer with the weights of words, and shorter prompts."""
    locale = interaction.locale.value
    await answer(
        interaction,
        hidden,
        embeds=build_embeds([weights_embed(weighed, locale)]),
        view=_buttons(len(weighed.prompts), None, locale),
    )


def description_embed(described: PictureDescription, locale: str) -> EmbedSpec:
    text = say("describe.text", locale)
    return EmbedSpec(say("describe", locale), text, EmbedColour.GREY, _fields(described.prompts))


def weights_embed(weighed: WordWeights, locale: str) -> EmbedSpec:
    """The words, heavy ones bold and light ones struck through, and the shorter prompts."""
    words = []
    for word, weight in weighed.words:
        mark = "**" if weight >= MIN_BOLD_WEIGHT else "~~" if weight <= MAX_STRUCK_WEIGHT else ""
        words.append(f"{mark}{plain(word, WORD_SHOWN)}{mark}")
    text = f"{' '.join(words)}\n\n{say('shorten.text', locale)}"
    return EmbedSpec(say("shorten", locale), text, EmbedColour.GREY, _fields(weighed.prompts))


def prompts_in(message: discord.Message) -> list[str]:
    """The prompts that a message of ours proposes."""
    fields = [field.value or "" for embed in message.embeds for field in embed.fields]
    return [unboxed(field) for field in fields]


def _fields(prompts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(number), code_block(prompt, MAX_SUGGESTION_CHARS))
        for number, prompt in enumerate(prompts, 1)
    )


def _buttons(count: int, look: int | None, locale: str) -> discord.ui.View:
    """One button for each prompt; with a picture, one to look again and one for all."""
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
