"""The classifier's process: pictures on its standard input, a line of JSON for each on its output.

A picture is its length in bytes (4 bytes, the highest first) and then the bytes of a PNG or JPEG.
The first line is `{"ready": NAME}`, or `{"error": WHY}` if the process cannot work and ends. Each
further line is `{"score": S}`, with S from 0 to 1, or `{"error": WHY}` for an unreadable picture.
"""

import argparse
import json
import os
import struct
import sys
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from queue import Queue
from typing import BinaryIO, TextIO

from PIL import Image

from classifier.model import Classifier, NoClassifier

MAX_PICTURE_BYTES = 64 * 2**20
"""Bytes of a picture; a longer one is not looked at, and counts as unreadable."""

SKIPPED_BYTES = 1 << 20
"""Bytes of such a picture that are in memory at a time."""

PICTURES_AT_ONCE = 2
"""Pictures that are looked at side by side: most of the time goes into decoding them, in one
thread."""

MAX_PIXELS = 4096 * 4096
"""Pixels of a picture. The bot shows none with more."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="`opennsfw`, or a folder with an image-classification model")
    answers = _own_output()
    try:
        classifier = load(parser.parse_args().model)
    except NoClassifier as error:
        _answer(answers, {"error": str(error)})
        raise SystemExit(1) from error
    _answer(answers, {"ready": classifier.name})
    judging: Queue[Future[dict[str, float | str]] | None] = Queue(PICTURES_AT_ONCE)
    with ThreadPoolExecutor(PICTURES_AT_ONCE + 1) as threads:
        threads.submit(_answer_in_order, judging, answers)
        try:
            while (encoded := _next_picture(sys.stdin.buffer)) is not None:
                judging.put(threads.submit(_judge, classifier, encoded))
        finally:
            judging.put(None)


def _answer_in_order(
    judging: "Queue[Future[dict[str, float | str]] | None]", answers: TextIO
) -> None:
    """Answer until the queue has None. A bug ends the process: the bot waits for an answer."""
    try:
        while (one := judging.get()) is not None:
            _answer(answers, one.result())
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def load(model: str) -> Classifier:
    """The built-in classifier, or that of a folder. Raises NoClassifier."""
    if model == "opennsfw":
        from classifier.opennsfw import OpenNsfw

        return OpenNsfw()
    from classifier.transformers_folder import TransformersFolder

    return TransformersFolder(model)


def _judge(classifier: Classifier, encoded: bytes) -> dict[str, float | str]:
    try:
        with Image.open(BytesIO(encoded), formats=["PNG", "JPEG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return {"error": "the picture has too many pixels"}
            rgb = picture.convert("RGB")
    except Exception as error:
        # Pillow's list of what it raises for damaged files has no end. If one ended the process,
        # nobody's pictures would be looked at for a while.
        return {"error": f"the picture cannot be read: {error}"}
    return {"score": classifier.score(rgb)}


def _next_picture(pictures: BinaryIO) -> bytes | None:
    """The bytes of the next picture, none of one that is too long; None when the bot has gone."""
    header = pictures.read(4)
    if len(header) < 4:
        return None
    (length,) = struct.unpack(">I", header)
    if length > MAX_PICTURE_BYTES:
        return b"" if _skipped(pictures, length) else None
    encoded = pictures.read(length)
    return encoded if len(encoded) == length else None


def _skipped(pictures: BinaryIO, length: int) -> bool:
    """Read on by so many bytes; whether there were as many."""
    while length and (some := pictures.read(min(length, SKIPPED_BYTES))):
        length -= len(some)
    return not length


def _own_output() -> TextIO:
    """The standard output for answers alone: what libraries print there goes to the errors."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _answer(answers: TextIO, answer: dict[str, float | str]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
