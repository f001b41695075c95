"""Builds the stand-in: the world and everything around it, wired together, without HTTP."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.app.faults import Faults
from playground.gateway.events import events_of, interaction_event
from playground.gateway.gateway import Gateway
from playground.interactions.command_registry import CommandRegistry
from playground.interactions.interactions import Interaction, Interactions
from playground.state.changes import Change
from playground.state.limits import Limits
from playground.state.world import World

if TYPE_CHECKING:
    from playground.validation.openapi import ApiDescription

MAX_REMEMBERED_REQUESTS = 10_000


@dataclass(frozen=True, slots=True)
class BotRequest:
    """One request of the bot; `route` is `METHOD /path/{template}`, `files` their names."""

    method: str
    path: str
    route: str
    status: int
    body: Any
    files: tuple[str, ...]
    query: Mapping[str, str]


class StandIn:
    """All parts of the stand-in. `base_url` is set once the port is known."""

    def __init__(self, limits: Limits, description: ApiDescription | None) -> None:
        self.limits = limits
        self.description = description
        self.world = World(limits)
        self.commands = CommandRegistry(self.world, limits)
        self.interactions = Interactions(self.world)
        self.gateway = Gateway(self.world, limits)
        self.faults = Faults(self.world, self.gateway)
        self.requests: deque[BotRequest] = deque(maxlen=MAX_REMEMBERED_REQUESTS)
        self.violations: list[str] = []
        self.world.listeners.append(self._tell_bots)
        self.interactions.listeners.append(self._ask_bots)

    def _tell_bots(self, change: Change) -> None:
        for event in events_of(self.world, change):
            self.gateway.dispatch(*event)

    def _ask_bots(self, interaction: Interaction) -> None:
        self.gateway.dispatch(*interaction_event(self.world, interaction))
