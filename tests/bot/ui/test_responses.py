"""An answer that takes long is announced once, and comes all the same."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot.ui import responses
from bot.ui.responses import Responder


class Response:
    """Takes one first answer, as Discord does."""

    def __init__(self) -> None:
        self.deferred: list[dict[str, Any]] = []

    def is_done(self) -> bool:
        return bool(self.deferred)

    async def defer(self, **how: Any) -> None:
        assert not self.is_done(), "an interaction is answered once"
        self.deferred.append(how)


async def test_of_two_slow_pieces_of_work_only_the_first_is_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(responses, "DEFER_AFTER_S", 0)
    interaction: Any = SimpleNamespace(response=Response(), extras={})

    async def slow(result: str) -> str:
        for _ in range(5):
            await asyncio.sleep(0)
        return result

    responder = Responder(interaction)
    assert await responder.run(slow("found")) == "found"
    assert await responder.run(slow("shown"), ephemeral=True) == "shown"
    assert interaction.response.deferred == [{"thinking": True, "ephemeral": False}]
    assert interaction.extras[responses.PLACEHOLDER_IS_EPHEMERAL] is False
