"""Files to send: pictures, masks and what only claims to be one."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def scene(width: int = 64, height: int = 64) -> Image.Image:
    """A picture in which every place looks different: a gradient with a disc on it."""
    y, x = np.mgrid[:height, :width]
    disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 4) ** 2
    pixels = np.stack([255 * x / width, 255 * y / height, np.where(disc, 230, 40)], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def half_mask(width: int = 64, height: int = 64) -> Image.Image:
    """White, to be drawn anew, on the right half."""
    mask = Image.new("L", (width, height), 0)
    mask.paste(255, (width // 2, 0, width, height))
    return mask


def see_through(mask: Image.Image) -> Image.Image:
    """The same mask as OpenAI has it: transparent where it is drawn anew."""
    clear = Image.new("RGBA", mask.size, "black")
    clear.putalpha(mask.point([255 - level for level in range(256)]))
    return clear


def saved(picture: Image.Image, form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()


def pixels_of(file: bytes) -> NDArray[np.uint8]:
    return np.array(Image.open(io.BytesIO(file)))
