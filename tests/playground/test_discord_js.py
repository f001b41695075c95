"""An unmodified discord.js connects too. Needs node, npm and a registry to install it from."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from playground import Playground
from playground.testing.member import Member

SCRIPT = Path(__file__).with_name("discord_js_bot.mjs")
VERSION = "14"


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A folder with discord.js in it and the script beside."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    (tmp_path / "package.json").write_text("{}")
    npm = await asyncio.create_subprocess_exec(
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        f"discord.js@{VERSION}",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await npm.communicate()
    if npm.returncode != 0:
        pytest.skip(f"discord.js could not be installed: {output.decode()[-200:]}")
    shutil.copy(SCRIPT, tmp_path)
    return tmp_path


async def test_discord_js(playground: Playground, ada: Member, folder: Path) -> None:
    node = await asyncio.create_subprocess_exec(
        "node", SCRIPT.name, playground.url, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert node.stdout is not None
        assert await node.stdout.readline() == b"ready\n"
        await ada.wait_for_command("draw")
        asked = await ada.slash("darkroom", "draw", prompt="a red fox")
        drawn = await ada.wait_for(lambda m: m.id == asked.id and m.button("More"))
        assert drawn.content == "a red fox"
        assert await ada.download(drawn.attachments[0]) == b"bytes"
        assert (await ada.press(drawn, "More")).message.content == "more"
    finally:
        node.kill()
        await node.wait()
