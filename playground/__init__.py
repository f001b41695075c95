"""The playground: a local stand-in for Discord, with a page where a person plays the member."""

from playground.limits import Limits
from playground.server import Playground, running_playground

__all__ = ["Limits", "Playground", "running_playground"]
