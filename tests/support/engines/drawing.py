"""Pictures for stand-ins of engines: plain noise that depends on all that decides a picture."""

import base64
import hashlib
import io
import itertools
import random

from PIL import Image

_NTH = itertools.count()


def draw(size: str, *decides: object, form: str = "PNG") -> bytes:
    """A picture that is the same for the same seed and prompt, and else another one."""
    width, height = map(int, size.split("x"))
    digest = hashlib.sha256(repr(decides).encode()).digest()
    dots = Image.frombytes("RGB", (8, 8), random.Random(digest).randbytes(8 * 8 * 3))
    stream = io.BytesIO()
    dots.resize((width, height), Image.Resampling.NEAREST).save(stream, form)
    return stream.getvalue()


def draw_anew(size: str, *decides: object, form: str = "PNG") -> bytes:
    """The same for servers without seeds: never twice the same picture."""
    return draw(size, *decides, next(_NTH), form=form)


def encoded(file: bytes) -> str:
    return base64.b64encode(file).decode()
