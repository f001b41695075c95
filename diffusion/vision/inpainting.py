"""The picture that drawing starts from, and what of it is drawn anew.

    outside the mask    the picture's own pixels, to the last bit
    along its border    the new mixed into the old over the width of one cell of latents
    inside              the new

Avrahami et al. 2023, “Blended latent diffusion”: at every step the latents outside the mask are
those of the picture at the step's noise. Knows nothing of files or requests.
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
    """A picture, and where it is drawn anew: `mask` [height, width], 1 for anew and 0 for kept.

    Without a mask all of it is drawn anew.
    """

    pixels: Pixels
    mask: NDArray[np.float32] | None = None

    @property
    def bytes_held(self) -> int:
        return self.pixels.nbytes + (0 if self.mask is None else self.mask.nbytes)

    def mask_in_cells(self, factor: int) -> Tensor | None:
        """The mask for latents [1, h, w]: cells that it touches are drawn anew, and those beside
        them in part, so that what is drawn grows out of what is kept."""
        if self.mask is None:
            return None
        touched = functional.max_pool2d(torch.from_numpy(self.mask)[None], factor)
        around = functional.avg_pool2d(touched, 3, 1, 1, count_include_pad=False)
        return torch.maximum(touched, around)

    def keep(self, drawn: Pixels, factor: int) -> Pixels:
        """The drawn picture with the pixels of this one wherever they are to be kept."""
        if self.mask is None:
            return drawn
        share = feathered(self.mask, factor)[..., None]
        mixed = share * drawn + (1 - share) * self.pixels
        return mixed.round().astype(np.uint8)


def feathered(mask: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The mask with a border that rises over `width` pixels inwards, and no pixel beyond it.

    The mean of the mask and of what is left of it after 1, 2, … pixels have been taken off. At
    the edge of the picture nothing is taken off, for nothing is kept there.
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
    """A canvas of the size that is drawn; what is too much of the picture's shape is cut off.

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
    """A mask [L] that is white where the picture is drawn anew.

    OpenAI's masks are transparent there; one that is transparent nowhere is taken by its colours.
    """
    if mask.mode == "RGBA":
        alpha = mask.getchannel("A")
        if alpha.getextrema() != (255, 255):
            return ImageChops.invert(alpha)
    return mask.convert("L")
