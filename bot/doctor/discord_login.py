"""A login to Discord over REST alone, for a doctor that is no part of a running bot.

It opens no gateway connection, so a bot with the same token may run meanwhile.
"""

import asyncio
from typing import Literal

import aiohttp
import discord

from bot.invite import INTENTS

Failure = Literal["missing", "refused", "away"]
"""There is no token, Discord refuses it, or Discord cannot be reached."""


class NoLogin(Exception):
    """There is no login. `reason` says why in the words of an error, and never has the token."""

    def __init__(self, failure: Failure, reason: str = "") -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason


class DiscordLogin:
    """Logs in once, however many checks ask for it, or takes the client of a running bot."""

    def __init__(self, token: str | None, running: discord.Client | None = None) -> None:
        self._token = token
        self._running = running
        self._login: asyncio.Task[discord.Client] | None = None

    async def client(self) -> discord.Client:
        """A client that is logged in. Raises NoLogin."""
        if self._running is not None:
            return self._running
        if self._login is None:
            self._login = asyncio.create_task(self._log_in())
        # One check that gives up does not take the login from the others.
        return await asyncio.shield(self._login)

    async def close(self) -> None:
        if self._login is not None:
            self._login.cancel()
            (outcome,) = await asyncio.gather(self._login, return_exceptions=True)
            if isinstance(outcome, discord.Client):
                await outcome.close()

    async def _log_in(self) -> discord.Client:
        if not self._token:
            raise NoLogin("missing")
        client = discord.Client(intents=INTENTS)
        try:
            await client.login(self._token)
        except discord.LoginFailure as error:
            await client.close()
            raise NoLogin("refused") from error
        except (discord.DiscordException, aiohttp.ClientError, OSError, ValueError) as error:
            await client.close()
            raise NoLogin("away", str(error) or type(error).__name__) from error
        except BaseException:
            await client.close()
            raise
        return client
