"""Encode pictures as PNG, JPEG or WebP, with their infotext, and what says that AI made them."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from diffusion.protocol.infotext import PNG_KEY, to_user_comment
from diffusion.protocol.source_type import PNG_SOFTWARE_KEY, PNG_XMP_KEY, SOFTWARE, XMP

Pixels = NDArray[np.uint8]
"""An RGB picture [height, width, 3]."""


USUAL_QUALITY = 95
"""The quality of JPEG and WebP files, if none is asked for."""


def encode(
    pixels: Pixels, output_format: str, parameters: str = "", quality: int = USUAL_QUALITY
) -> bytes:
    """Encode the picture, deterministically. `parameters` is the infotext, in every format.

    `quality`, 0 to 100, is for JPEG and WebP.
    """
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    if output_format == "png":
        text = PngInfo()
        text.add_text(PNG_SOFTWARE_KEY, SOFTWARE)
        text.add_itxt(PNG_XMP_KEY, XMP)
        if parameters:
            text.add_text(PNG_KEY, parameters)
        picture.save(stream, "PNG", pnginfo=text)
    else:
        exif = Image.Exif()
        exif[ExifTags.Base.Software] = SOFTWARE
        if parameters:
            comment = to_user_comment(parameters)
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
        # Pillow takes 0 for “not said”.
        picture.save(
            stream, output_format.upper(), quality=max(1, quality), exif=exif, xmp=XMP.encode()
        )
    return stream.getvalue()


def encode_preview(pixels: Pixels, width: int, height: int) -> bytes:
    """Encode a preview, resized to `width` × `height` pixels, as a small JPEG."""
    stream = io.BytesIO()
    stretched = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    stretched.save(stream, "JPEG", quality=80)
    return stream.getvalue()
