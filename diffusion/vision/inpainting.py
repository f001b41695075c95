"""Init images and inpainting masks.

    outside the mask    the pixels of the init image, unchanged
    at its border       old and new blended over the width of one latent cell
    inside              new pixels

Avrahami et al. 2023, “Blended latent diffusion”: at every step, the latents outside the mask are
those of the init image with the noise of that step.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps
from torch import Tensor
from torch.nn import functional

from diffusion.protocol.errors import refuse
from diffusion.vision.image_files import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class InpaintCanvas:
    """An init image, and its `mask` [height, width]: 1 is redrawn, 0 is kept.

    Without a mask all of it is redrawn.
    """

    pixels: Pixels
    mask: NDArray[np.float32] | None = None

    @property
    def bytes_held(self) -> int:
        return self.pixels.nbytes + (0 if self.mask is None else self.mask.nbytes)

    def mask_in_cells(self, factor: int) -> Tensor | None:
        """The mask for latents [1, h, w]. Cells that the mask touches are redrawn, their neighbours
        in part, so that new content blends in."""
        if self.mask is None:
            return None
        touched = functional.max_pool2d(torch.from_numpy(self.mask)[None], factor)
        around = functional.avg_pool2d(touched, 3, 1, 1, count_include_pad=False)
        return torch.maximum(touched, around)

    def keep(self, drawn: Pixels, factor: int) -> Pixels:
        """The drawn picture with the init image's pixels outside the mask."""
        if self.mask is None:
            return drawn
        share = feathered(self.mask, factor)[..., None]
        mixed = share * drawn + (1 - share) * self.pixels
        return mixed.round().astype(np.uint8)


def feathered(mask: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Feather the mask inwards over `width` pixels; it does not grow.

    The mean of the mask eroded by 0, 1, 2, … pixels. It is not eroded at the edge of the picture.
    """
    left = torch.from_numpy(mask)[None]
    total = torch.zeros_like(left)
    for _ in range(width):
        total += left
        left = -functional.max_pool2d(-left, 3, 1, 1)
    share: NDArray[np.float32] = (total[0] / width).numpy()
    return share


def prepare(
    picture: Image.Image, mask: Image.Image | None, width: int, height: int
) -> InpaintCanvas:
    """A canvas of `width` × `height` pixels; another aspect ratio is cropped.

    picture: RGB; mask: see `white_is_drawn`. Raises InvalidField.
    """
    size = (width, height)
    fitted = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    if mask is None:
        return InpaintCanvas(np.array(fitted))
    if mask.size != picture.size:
        refuse("mask", "“mask” must have the size of “image”.")
    share = ImageOps.fit(white_is_drawn(mask), size, Image.Resampling.BOX)
    if share.getextrema() == (0, 0):
        refuse("mask", "“mask” has nothing white in it: there is nothing to draw.")
    return InpaintCanvas(np.array(fitted), np.array(share, dtype=np.float32) / np.float32(255))


def white_is_drawn(mask: Image.Image) -> Image.Image:
    """A mask [L] that is white where the picture is redrawn.

    OpenAI's masks are transparent there. An opaque mask is used by its brightness.
    """
    if mask.mode == "RGBA":
        alpha = mask.getchannel("A")
        if alpha.getextrema() != (255, 255):
            return ImageChops.invert(alpha)
    return mask.convert("L")
