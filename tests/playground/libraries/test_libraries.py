"""Other Python libraries connect unmodified too: `make libraries` installs and runs them.

Each lives in an environment of its own: py-cord has discord.py's name.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from playground import Playground
from playground.testing.member import Member

pytestmark = pytest.mark.libraries
HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("LIBRARY_ENVIRONMENTS", HERE.parents[2] / ".libraries"))
BOTS = {
    "hikari": "hikari_bot.py",
    "hikari-zstd": "hikari_bot.py",
    "py-cord": "py_cord_bot.py",
    "interactions.py": "interactions_py_bot.py",
}
"""The environment of each library, and its bot. With zstd hikari asks for a zstd stream."""

ASKED = {
    f"GET {path}"
    for path in (
        "/guilds/{guild_id}/roles",
        "/guilds/{guild_id}/threads/active",
        "/guilds/{guild_id}/webhooks",
        "/channels/{channel_id}/threads/archived/public",
        "/channels/{channel_id}/webhooks",
    )
}
"""What every bot asks for when it comes online, whatever its library."""

PINS = {"GET /channels/{channel_id}/pins", "GET /channels/{channel_id}/messages/pins"}
"""The old and the new address: each library knows one of them."""


@asynccontextmanager
async def running(library: str, url: str) -> AsyncIterator[None]:
    """The library's bot as a process, ended afterwards."""
    python = ENVIRONMENTS / library / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{library} is not installed in {ENVIRONMENTS}: run `make libraries`")
    bot = await asyncio.create_subprocess_exec(python, HERE / BOTS[library], url)
    try:
        yield
        assert bot.returncode is None, "the bot ended by itself"
    finally:
        if bot.returncode is None:
            bot.kill()
        await bot.wait()


@pytest.mark.parametrize("library", BOTS)
async def test_a_library_logs_in_answers_and_comes_back(
    library: str, playground: Playground, ada: Member
) -> None:
    async with running(library, playground.url):
        await ada.wait_for_command("draw")
        asked = await ada.slash("darkroom", "draw", prompt="a red fox 🦊")
        drawn = await ada.wait_for(lambda m: m.id == asked.id and m.button("More"))
        assert drawn.content == "a red fox 🦊"
        assert await ada.download(drawn.attachments[0]) == b"bytes"

        await playground.faults.drop()
        await ada.wait_for_bot(online=False)
        await ada.wait_for_bot()
        assert (await ada.press(drawn, "More")).message.content == "more"

        assert {request.route for request in playground.requests if request.status >= 400} == set()
        routes = {request.route for request in playground.requests}
        assert ASKED - routes == set()
        assert PINS & routes
