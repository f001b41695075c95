"""The bot's account at Discord: its token, and the intents that its application was granted."""

from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.discord_login import Failure, NoLogin
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text
from bot.invite import INTENTS, invite_link

PRIVILEGED = {
    "members": ("Server Members Intent", "gateway_guild_members"),
    "presences": ("Presence Intent", "gateway_presence"),
    "message_content": ("Message Content Intent", "gateway_message_content"),
}
"""The privileged intents: what Discord's portal calls them, and their application flag.

For bots on fewer than 100 servers the flag's name has `_limited` behind it.
"""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """`bot` is the name of the account; None with the `failure` of the login.

    `link` adds it to a server; empty for a stand-in, where nothing is to be added.
    """

    bot: str | None
    failure: Failure | None = None
    reason: str = ""
    stand_in: bool = False
    link: str = ""


class TokenCheck(Check[TokenFacts]):
    """Whether Discord takes the token, and as which bot. The token itself is never shown."""

    name = "token"

    async def gather(self, installation: Installation) -> TokenFacts:
        stand_in = installation.settings.discord_url is not None
        try:
            client = await installation.login.client()
        except NoLogin as error:
            return TokenFacts(None, error.failure, error.reason, stand_in)
        assert client.application_id is not None, "it is logged in"
        link = "" if stand_in else invite_link(client.application_id)
        return TokenFacts(str(client.user), stand_in=stand_in, link=link)

    def judge(self, facts: TokenFacts) -> Iterable[Finding]:
        match facts.failure:
            case None:
                key = "doctor-token.stand-in" if facts.stand_in else "doctor-token.valid"
                text = Text(key, {"name": facts.bot or ""})
                detail = f"To add it to a server: {facts.link}" if facts.link else ""
                yield Finding(self.name, Level.OK, text, None, detail)
            case "missing":
                remedy = Text("doctor-token.missing-remedy")
                yield Finding(self.name, Level.WARNING, Text("doctor-token.missing"), remedy)
            case "refused":
                remedy = Text("doctor-token.refused-remedy")
                yield Finding(self.name, Level.PROBLEM, Text("doctor-token.refused"), remedy)
            case "away":
                yield Finding(
                    self.name,
                    Level.PROBLEM,
                    Text("doctor-token.away"),
                    Text("doctor-token.away-remedy"),
                    facts.reason,
                )


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """Privileged intents by discord.py's names: those that the bot asks for, those it may have."""

    needed: frozenset[str]
    granted: frozenset[str]


class IntentsCheck(Check[IntentFacts]):
    """Whether the application has the privileged intents that the bot asks for, and no others."""

    name = "intents"
    for_servers = True

    async def gather(self, installation: Installation) -> IntentFacts:
        try:
            client = await installation.login.client()
        except NoLogin as error:
            raise NotApplicable from error
        flags = (await client.application_info()).flags
        return IntentFacts(
            frozenset(name for name in PRIVILEGED if getattr(INTENTS, name)),
            frozenset(name for name, (_, flag) in PRIVILEGED.items() if _has(flags, flag)),
        )

    def judge(self, facts: IntentFacts) -> Iterable[Finding]:
        missing = facts.needed - facts.granted
        unused = facts.granted - facts.needed
        if missing:
            text = Text("doctor-intents.missing", {"names": _named(missing)})
            remedy = Text("doctor-intents.missing-remedy")
            yield Finding(self.name, Level.PROBLEM, text, remedy)
        if unused:
            text = Text("doctor-intents.unused", {"names": _named(unused)})
            remedy = Text("doctor-intents.unused-remedy")
            yield Finding(self.name, Level.WARNING, text, remedy)
        if not missing and not unused:
            key = "doctor-intents.granted" if facts.needed else "doctor-intents.none-needed"
            yield Finding(self.name, Level.OK, Text(key))


def _has(flags: discord.ApplicationFlags, name: str) -> bool:
    return bool(getattr(flags, name) or getattr(flags, f"{name}_limited"))


def _named(intents: frozenset[str]) -> str:
    return ", ".join(words for name, (words, _) in PRIVILEGED.items() if name in intents)
