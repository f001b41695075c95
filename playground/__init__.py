"""The playground: a local stand-in for Discord, with a page where a person plays the member."""

from playground.server import Playground, running_playground
from playground.state.limits import Limits

__all__ = ["Limits", "Playground", "running_playground"]
