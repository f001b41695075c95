"""The clock: ours against Discord's.

Discord's is seen twice: in the `Date` of its answers, and in the id of the command that asked.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp
import discord

from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.discord_login import NoLogin
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text

WARN_SKEW_S = 10.0
MAX_SKEW_S = 120.0
"""Seconds from which on certificates and links of Discord's files may count as out of date."""

COMMAND_DELAY_S = 3.0
"""Seconds that a command may take from Discord to here; Discord waits no longer for an answer."""


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """Seconds that our clock is ahead of Discord's (behind: negative), and how far that may err."""

    skew_s: float
    error_s: float
    command_skew_s: float | None = None


class ClockCheck(Check[ClockFacts]):
    """Whether our clock agrees with Discord's."""

    name = "clock"
    for_servers = True

    async def gather(self, installation: Installation) -> ClockFacts:
        try:
            client = await installation.login.client()
        except NoLogin as error:
            raise NotApplicable from error
        headers = {"User-Agent": client.http.user_agent}
        async with aiohttp.ClientSession(headers=headers) as session:
            before = time.time()
            async with session.get(f"{discord.http.Route.BASE}/gateway") as response:
                after = time.time()
                said = response.headers.get("Date", "")
        try:
            # Whole seconds: the true time is half a second later, give or take as much.
            theirs = parsedate_to_datetime(said).timestamp() + 0.5
        except ValueError as error:
            raise NotApplicable from error
        skew_s, error_s = (before + after) / 2 - theirs, (after - before) / 2 + 0.5
        return ClockFacts(skew_s, error_s, installation.command_skew_s)

    def judge(self, facts: ClockFacts) -> Iterable[Finding]:
        skew_s = facts.skew_s
        # What the measurement may err by is no skew.
        certain_s = max(0.0, abs(skew_s) - facts.error_s)
        if facts.command_skew_s is not None:
            by_command_s = max(0.0, abs(facts.command_skew_s) - COMMAND_DELAY_S)
            if by_command_s > certain_s:
                skew_s, certain_s = facts.command_skew_s, by_command_s
        if certain_s < WARN_SKEW_S:
            yield Finding(self.name, Level.OK, Text("doctor-clock.right"))
            return
        level = Level.PROBLEM if certain_s >= MAX_SKEW_S else Level.WARNING
        key = "doctor-clock.fast" if skew_s > 0 else "doctor-clock.slow"
        text = Text(key, {"seconds": round(abs(skew_s))})
        yield Finding(self.name, level, text, Text("doctor-clock.remedy"))
