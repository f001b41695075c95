"""The buttons of a review channel, and those with which members ask moderators for something.

Each custom_id has all that a press needs, so old messages keep working.
"""

import discord

from bot.errors import NothingToAppeal
from bot.i18n.texts import say
from bot.messages import review_messages
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.policy.reviews import Decision
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import actor_of, location_of, services_of
from bot.ui.responses import Responder
from bot.ui.typed_text import APPEAL_PATTERN, PROMPT_FIELD, read_back


class ReviewButton(PersistentButton, template=review_messages.CUSTOM_ID):
    """A moderator's decision. Discord says at each press what the member may do now."""

    async def act(self, interaction: discord.Interaction) -> None:
        decision = Decision(self.groups["decision"])
        responder, locale = Responder(interaction), interaction.locale.value
        work = services_of(interaction).decisions.decide(
            actor_of(interaction), self.groups["review_id"], decision
        )
        await responder.run(work, ephemeral=True)
        text = say(f"review-done.{decision}", locale)
        await responder.send_embed(EmbedSpec(text, "", EmbedColour.GREEN))


class AppealButton(PersistentButton, template=APPEAL_PATTERN):
    """Asks moderators to look at the refused prompt that its message gives back."""

    async def act(self, interaction: discord.Interaction) -> None:
        assert interaction.message is not None, "a button has a message"
        responder = Responder(interaction)
        fields = await responder.run(
            read_back(interaction.message, self.groups["origin"]), ephemeral=True
        )
        if not fields.get(PROMPT_FIELD):
            raise NothingToAppeal
        locale = (interaction.guild_locale or interaction.locale).value
        work = services_of(interaction).review_requests.appeal_prompt(
            location_of(interaction), fields[PROMPT_FIELD], locale
        )
        await responder.run(work, ephemeral=True)
        await _say_asked(interaction)


class DeleteEverywhereButton(PersistentButton, template=r"everywhere:(?P<job_id>[0-9a-f]{32})"):
    """Deletes a picture everywhere, after a moderator has deleted one message of it."""

    async def act(self, interaction: discord.Interaction) -> None:
        responder, locale = Responder(interaction), interaction.locale.value
        work = services_of(interaction).takedown.delete_everywhere(
            actor_of(interaction), self.groups["job_id"]
        )
        count = await responder.run(work, ephemeral=True, updates=True)
        await responder.update_embed(
            EmbedSpec(
                say("delete-everywhere.done", locale),
                say("delete-everywhere.count", locale, count=count),
                EmbedColour.GREEN,
            )
        )


async def appeal_picture(interaction: discord.Interaction, job_id: str) -> None:
    """Ask moderators to look at a picture that is not shown."""
    work = services_of(interaction).review_requests.appeal(actor_of(interaction), job_id)
    await Responder(interaction).run(work, ephemeral=True)
    await _say_asked(interaction)


def everywhere_view(job_id: str, locale: str) -> discord.ui.View:
    """The button under the answer to a moderator who has deleted one message."""
    return view_of(
        discord.ui.Button(
            style=discord.ButtonStyle.danger,
            label=say("delete-everywhere", locale),
            custom_id=f"everywhere:{job_id}",
        )
    )


async def _say_asked(interaction: discord.Interaction) -> None:
    locale = interaction.locale.value
    embed = EmbedSpec(
        say("appeal-asked", locale), say("appeal-asked.text", locale), EmbedColour.GREEN
    )
    await Responder(interaction).send_embed(embed)
