"""Shared by all tests: Discord's own description of its API, where it is at hand.

Every playground of a test then holds its traffic against it.
"""

import os
from pathlib import Path

import pytest

from diffusion.environment import set_defaults

set_defaults()  # before a test imports torch
# Measuring at each start takes long, and no test shall depend on what is faster today. Those of
# OpenVINO ask for it.
os.environ.setdefault("DARKROOM_BACKEND", "torch")

DESCRIPTION = Path(__file__).parents[2] / "shared" / "discord-openapi.json"


@pytest.fixture(autouse=True)
def _described(monkeypatch: pytest.MonkeyPatch) -> None:
    if "DISCORD_OPENAPI" not in os.environ and DESCRIPTION.exists():
        monkeypatch.setenv("DISCORD_OPENAPI", str(DESCRIPTION))
