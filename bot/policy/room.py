"""Decides whether there is room for new pictures. Pure."""

from enum import Enum, auto

LOW_SHARE = 0.9
"""The share of the budget from which on the log warns."""

MIN_FREE_BYTES = 200 * 10**6
"""What the disk must have left: running jobs and the database still write to it."""


class Room(Enum):
    """How much room there is."""

    ENOUGH = auto()
    LOW = auto()
    """More than LOW_SHARE of the budget is used."""
    FULL = auto()
    """The budget is used up, or the disk has less than MIN_FREE_BYTES left."""


def room(used_bytes: int, free_bytes: int, budget_bytes: int | None) -> Room:
    """`used_bytes` are in the data folder, `free_bytes` on its disk."""
    if free_bytes < MIN_FREE_BYTES:
        return Room.FULL
    if budget_bytes is None or used_bytes < LOW_SHARE * budget_bytes:
        return Room.ENOUGH
    return Room.LOW if used_bytes < budget_bytes else Room.FULL
