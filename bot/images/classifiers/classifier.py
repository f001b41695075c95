"""What every classifier of pictures can do."""

from collections.abc import Sequence
from typing import Protocol


class ClassifierAway(Exception):
    """The classifier does not answer, or cannot be started; the message is for the operator."""


class PictureClassifier(Protocol):
    """Says how explicit pictures are. `name` is for people.

    `at_once` is how many pictures a question may have.
    """

    name: str
    at_once: int

    async def score(self, picture: bytes) -> float:
        """From 0 (harmless) to 1 (explicit), of a PNG or JPEG. Raises ClassifierAway.

        What cannot be read is taken as explicit.
        """

    async def scores(self, pictures: Sequence[bytes]) -> Sequence[float]:
        """The same of at most `at_once` pictures, in their order."""

    async def close(self) -> None:
        """End what was started, and answer nothing any more."""
