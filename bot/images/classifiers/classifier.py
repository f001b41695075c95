"""What every classifier of pictures can do."""

from typing import Protocol


class ClassifierAway(Exception):
    """The classifier does not answer, or cannot be started; the message is for the operator."""


class PictureClassifier(Protocol):
    """Says how explicit pictures are. `name` is for people."""

    name: str

    async def score(self, picture: bytes) -> float:
        """From 0 (harmless) to 1 (explicit), of a PNG or JPEG. Raises ClassifierAway.

        What cannot be read is taken as explicit.
        """

    async def close(self) -> None:
        """End what was started, and answer nothing any more."""
