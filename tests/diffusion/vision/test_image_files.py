"""What the files of pictures say about themselves, in every format."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import ExifTags, Image

from diffusion.protocol.infotext import PNG_KEY
from diffusion.protocol.source_type import AI_SOURCE_TYPE, SOFTWARE
from diffusion.vision.image_files import encode

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"

PIXELS = np.zeros((8, 8, 3), np.uint8)


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("infotext", ["", "a fox\nSteps: 4, Seed: 7, Size: 8x8"])
def test_every_format_says_that_ai_made_the_picture(output_format: str, infotext: str) -> None:
    encoded = encode(PIXELS, output_format, infotext)
    assert encoded == encode(PIXELS, output_format, infotext)
    picture = Image.open(io.BytesIO(encoded))
    (said,) = ElementTree.fromstring(picture.info["xmp"]).iter(f"{RDF}Description")
    assert said.get(f"{IPTC}DigitalSourceType") == AI_SOURCE_TYPE
    if output_format == "png":
        assert picture.info["Software"] == SOFTWARE
        assert picture.info.get(PNG_KEY, "") == infotext
    else:
        exif = picture.getexif()
        assert exif[ExifTags.Base.Software] == SOFTWARE
        assert (ExifTags.Base.UserComment in exif.get_ifd(ExifTags.IFD.Exif)) == bool(infotext)
