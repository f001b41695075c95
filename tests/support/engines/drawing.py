"""Pictures for stand-ins of engines: plain noise that depends on all that decides a picture."""

import base64
import hashlib
import io
import itertools
import random

from PIL import Image, ImageChops

LIKE_PHOTOS = False
"""Whether pictures compress as badly as photos. Benchmarks want that; for tests it is too slow."""

_NTH = itertools.count()


def draw(size: str, *decides: object, form: str = "PNG") -> bytes:
    """A picture that is the same for the same seed and prompt, and else another one."""
    width, height = map(int, size.split("x"))
    digest = hashlib.sha256(repr(decides).encode()).digest()
    dots = Image.frombytes("RGB", (8, 8), random.Random(digest).randbytes(8 * 8 * 3))
    stream = io.BytesIO()
    like_photo(dots.resize((width, height), Image.Resampling.NEAREST)).save(stream, form)
    return stream.getvalue()


def like_photo(picture: Image.Image) -> Image.Image:
    """The picture with grain, if that is wanted: about 2 bytes for a pixel as a PNG."""
    if not LIKE_PHOTOS:
        return picture
    grain = (Image.effect_noise(picture.size, 8) for _ in "RGB")
    return ImageChops.add(picture, Image.merge("RGB", tuple(grain)), offset=-128)


def draw_anew(size: str, *decides: object, form: str = "PNG") -> bytes:
    """The same for servers without seeds: never twice the same picture."""
    return draw(size, *decides, next(_NTH), form=form)


def encoded(file: bytes) -> str:
    return base64.b64encode(file).decode()
