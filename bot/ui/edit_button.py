"""The button under a refusal that opens what was typed in a modal.

The text is read from the message itself, so the button works after a restart too.
"""

import discord

from bot.errors import NotOffered
from bot.messages import job_actions
from bot.ui.dynamic_items import PersistentButton
from bot.ui.modals import ask_again, ask_for_prompt, find_job
from bot.ui.responses import Responder
from bot.ui.typed_text import EDIT_PATTERN, is_modal, read_back


class EditButton(PersistentButton, template=EDIT_PATTERN):
    """Opens the text of its message in a modal."""

    async def act(self, interaction: discord.Interaction) -> None:
        origin, message = self.groups["origin"], interaction.message
        assert message is not None, "a button has a message"
        asked = job_actions.parse(origin)
        if not is_modal(origin):
            raise NotOffered
        if asked is not None:
            # Who may not use the job is told so first.
            await find_job(interaction, asked)
        typed = await Responder(interaction).before_modal(read_back(message, origin))
        if asked is None:
            await ask_again(interaction, origin.removeprefix("command:"), typed)
        else:
            await ask_for_prompt(interaction, asked, typed)
