"""The playground: a local stand-in for Discord, with a page to use it as a member."""

from playground.server import Playground, running_playground
from playground.state.limits import Limits

__all__ = ["Limits", "Playground", "running_playground"]
