"""What every classifier can do."""

from typing import Protocol

from PIL import Image


class NoClassifier(Exception):
    """The classifier cannot be loaded; the message says why, and what to do, for the operator."""


class Classifier(Protocol):
    """Says how explicit pictures are."""

    name: str

    def score(self, picture: Image.Image) -> float:
        """From 0 (harmless) to 1 (explicit). The picture is in RGB."""
