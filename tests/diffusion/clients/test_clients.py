"""Other people's clients use our server unmodified: `make clients` installs and runs them.

Each is a script in an environment of its own, in Python or for node. It checks what it gets, and
ends with an error where that is not what its users expect.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from tests.support.engine.image_uploads import half_mask, saved, scene, see_through
from tests.support.engine.inference_server import Serving, serving

pytestmark = pytest.mark.clients
HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("CLIENT_ENVIRONMENTS", HERE.parents[2] / ".clients"))
CLIENT_TIMEOUT_S = 150

# What each script needs in its environment.
PYTHON = {
    "openai_python.py": "openai",
    "litellm_client.py": "litellm",
    "langchain_python.py": "langchain_community",
}
NODE = {
    "openai_javascript.cjs": "openai",
    "vercel_ai.cjs": "ai",
    "langchain_javascript.cjs": "@langchain/openai",
}


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    aliases = ("dall-e-*", "gpt-image-*")
    async with serving(lambda: Engine(tiny), api_key="sesame", aliases=aliases) as running:
        yield running


def _command(script: str) -> list[str | Path]:
    if script in PYTHON:
        python = ENVIRONMENTS / "python" / "bin" / "python"
        if not list(ENVIRONMENTS.glob(f"python/lib/*/site-packages/{PYTHON[script]}")):
            pytest.skip(f"{PYTHON[script]} is not in {ENVIRONMENTS}: run `make clients`")
        return [python, HERE / script]
    node, package = shutil.which("node"), NODE[script]
    if node is None:
        pytest.skip("node is not installed")
    if not (ENVIRONMENTS / "javascript" / "node_modules" / package).exists():
        pytest.skip(f"{package} is not in {ENVIRONMENTS}: run `make clients`")
    return [node, HERE / script]


@pytest.mark.parametrize("script", [*PYTHON, *NODE])
async def test_a_client_gets_what_its_users_expect(
    script: str, server: Serving, tmp_path: Path
) -> None:
    command = _command(script)
    (tmp_path / "image.png").write_bytes(saved(scene()))
    (tmp_path / "mask.png").write_bytes(saved(see_through(half_mask())))
    environment = os.environ | {
        "OPENAI_BASE_URL": server.url + "/v1",
        "OPENAI_API_KEY": "sesame",
        "CLIENT_PACKAGES": str(ENVIRONMENTS / "javascript") + "/",
        # litellm would ask the internet for prices.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    client = await asyncio.create_subprocess_exec(
        *command,
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(CLIENT_TIMEOUT_S):
            said, _ = await client.communicate()
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()
    assert client.returncode == 0, said.decode()
