"""The buttons of a review channel, and those with which members ask moderators for something.

Each custom_id has all that a press needs, so old messages keep working.
"""

import discord

from bot.errors import NothingToAppeal
from bot.i18n.texts import say
from bot.messages import review_messages
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.policy.blocks import check_blockable
from bot.policy.reviews import Decision
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import actor_of, requester_of, services_of
from bot.ui.responses import Responder
from bot.ui.typed_text import APPEAL_PATTERN, PROMPT_FIELD, read_back


class ReviewButton(PersistentButton, template=review_messages.CUSTOM_ID):
    """A moderator's decision. Discord says at each press what the member may do now."""

    async def act(self, interaction: discord.Interaction) -> None:
        decision = Decision(self.groups["decision"])
        responder, locale = Responder(interaction), interaction.locale.value
        await responder.run(self._decide(interaction, decision), ephemeral=True)
        text = say(f"review-done.{decision}", locale)
        await responder.send_embed(EmbedSpec(text, "", EmbedColour.GREEN))

    async def _decide(self, interaction: discord.Interaction, decision: Decision) -> None:
        decisions, actor = services_of(interaction).decisions, actor_of(interaction)
        review_id = self.groups["review_id"]
        if decision.blocks:
            review = await decisions.review(actor, review_id)
            manages = await _manages(interaction, review.member_id)
            check_blockable(actor.member_id, review.member_id, manages=manages, is_bot=False)
        await decisions.decide(actor, review_id, decision)


async def _manages(interaction: discord.Interaction, member_id: int) -> bool:
    """Whether somebody may manage the server now; not if they have left."""
    guild = interaction.guild
    if guild is None:
        return False
    try:
        member = await guild.fetch_member(member_id)
    except discord.NotFound:
        return False
    return member.guild_permissions.manage_guild


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
        work = services_of(interaction).review_requests.appeal_prompt(
            requester_of(interaction), fields[PROMPT_FIELD]
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
