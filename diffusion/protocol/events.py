"""Events: what the server reports about a request in progress."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Queued:
    """The request waits for `position` others before it."""

    position: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` is done. `previews` has one encoded picture for each noise, or is empty."""

    step: int
    steps: int
    previews: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """All pictures are done: encoded files, one for each noise, in the request's order.

    `checked` ones are PNGs that were decoded already, where a harmful file can do no harm.
    """

    pictures: tuple[bytes, ...]
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The request can never succeed as it is. `reason` is one sentence for a person."""

    reason: str


Event = Queued | Progress | Finished | Failed
