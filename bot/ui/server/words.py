"""`/server words`: what a server, a channel or a category holds against the words of a prompt."""

import asyncio

import aiohttp
import discord
from discord import app_commands

from bot.errors import UnreadableRules
from bot.i18n.texts import say
from bot.i18n.translator import choices
from bot.messages import word_embeds
from bot.messages.specs import AttachmentSpec, MessageSpec
from bot.policy.words import MAX_RULE_CHARS, WordAction
from bot.services.container import Services
from bot.services.moderation.words import MAX_IMPORT_BYTES, rule_list
from bot.ui.interactions import location_of, managed_server_of
from bot.ui.responses import Responder
from diffusion.protocol.requests import MAX_PROMPT_CHARS

Place = discord.TextChannel | discord.VoiceChannel | discord.CategoryChannel
"""Where rules can hold: those of a category hold in all of its channels."""

READ_TIMEOUT_S = 10.0
"""Seconds that Discord may take for an uploaded list."""

MAX_FOUND = 25
"""Rules of which an autocomplete suggests."""

ACTIONS = choices(*WordAction)


class WordsGroup(app_commands.Group):
    """Rules about words. For those who may manage the server."""

    def __init__(self, services: Services) -> None:
        super().__init__(name="words", description=say("command-server-words"))
        self._services = services

    @app_commands.command(description=say("command-server-words-add"))
    @app_commands.describe(
        rule=say("command-server-words-add.rule"),
        action=say("command-server-words-add.action"),
        place=say("command-server-words-add.place"),
    )
    @app_commands.choices(action=ACTIONS)
    async def add(
        self,
        interaction: discord.Interaction,
        rule: app_commands.Range[str, 1, MAX_RULE_CHARS],
        action: str = "refuse",
        place: Place | None = None,
    ) -> None:
        server_id, does = managed_server_of(interaction), WordAction(action)
        place_id = place.id if place else server_id
        work = self._services.words.add(server_id, place_id, rule, does)
        responder = Responder(interaction)
        stored = await responder.run(work, ephemeral=True)
        only = place.id if place else None
        embed = word_embeds.added(stored, does, only, interaction.locale.value)
        await responder.send_embed(embed)

    @app_commands.command(description=say("command-server-words-remove"))
    @app_commands.describe(
        rule=say("command-server-words-remove.rule"),
        place=say("command-server-words-remove.place"),
    )
    async def remove(
        self,
        interaction: discord.Interaction,
        rule: app_commands.Range[str, 1, MAX_RULE_CHARS],
        place: Place | None = None,
    ) -> None:
        server_id = managed_server_of(interaction)
        place_id = place.id if place else server_id
        responder = Responder(interaction)
        work = self._services.words.remove(server_id, place_id, rule)
        removed = await responder.run(work, ephemeral=True)
        await responder.send_embed(word_embeds.removed(removed, interaction.locale.value))

    @remove.autocomplete("rule")
    async def complete_rule(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is None or not interaction.permissions.manage_guild:
            return []
        chosen = getattr(interaction.namespace, "place", None)
        place_id = chosen.id if chosen else interaction.guild_id
        rules = await self._services.words.rules(interaction.guild_id)
        found = [
            rule.pattern
            for rule in rules
            if rule.place_id == place_id and typed.casefold() in rule.pattern.casefold()
        ]
        # Discord takes no longer ones.
        short = [pattern for pattern in found if len(pattern) <= 100]
        return [app_commands.Choice(name=one, value=one) for one in short[:MAX_FOUND]]

    @app_commands.command(name="list", description=say("command-server-words-list"))
    @app_commands.describe(place=say("command-server-words-list.place"))
    async def show(self, interaction: discord.Interaction, place: Place | None = None) -> None:
        server_id, locale = managed_server_of(interaction), interaction.locale.value
        place_id = place.id if place else server_id
        responder = Responder(interaction)
        rules = await responder.run(self._services.words.rules(server_id), ephemeral=True)
        here = [rule for rule in rules if rule.place_id == place_id]
        others = {rule.place_id for rule in rules if rule.place_id not in (server_id, place_id)}
        embed = word_embeds.rules(here, place.id if place else None, sorted(others), locale)
        file = None
        if here:
            encoded = rule_list(here).encode(errors="replace")
            file = AttachmentSpec("words.txt", encoded, say("word-rules", locale))
        await responder.send(MessageSpec("", file, (embed,)), ephemeral=True)

    @app_commands.command(name="import", description=say("command-server-words-import"))
    @app_commands.describe(
        file=say("command-server-words-import.file"),
        action=say("command-server-words-import.action"),
        place=say("command-server-words-import.place"),
    )
    @app_commands.choices(action=ACTIONS)
    async def import_list(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment,
        action: str = "refuse",
        place: Place | None = None,
    ) -> None:
        server_id = managed_server_of(interaction)
        place_id = place.id if place else server_id
        responder = Responder(interaction)
        text = await responder.run(_text_of(file), ephemeral=True)
        work = self._services.words.import_rules(server_id, place_id, text, WordAction(action))
        imported = await responder.run(work, ephemeral=True)
        refused = [(number, line, error.problem) for number, line, error in imported.refused]
        embed = word_embeds.imported(imported.stored, refused, interaction.locale.value)
        await responder.send_embed(embed)

    @app_commands.command(description=say("command-server-words-test"))
    @app_commands.describe(prompt=say("command-server-words-test.prompt"))
    async def test(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARS],
    ) -> None:
        managed_server_of(interaction)
        responder = Responder(interaction)
        work = self._services.words.test(location_of(interaction), prompt)
        found = await responder.run(work, ephemeral=True)
        await responder.send_embed(word_embeds.tested(found, interaction.locale.value))


async def _text_of(file: discord.Attachment) -> str:
    """What an uploaded list says. Raises UnreadableRules."""
    if file.size > MAX_IMPORT_BYTES:
        raise UnreadableRules("size", MAX_IMPORT_BYTES // 1024)
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            encoded = await file.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise UnreadableRules("lost", 0) from error
    # Windows' editor writes UTF-16 with a mark at its beginning.
    is_utf16 = encoded.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return encoded.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableRules("text", 0) from error
