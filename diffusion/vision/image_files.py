"""Pictures as files: PNG, JPEG and WebP, and the text in them that says how they were made."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffusion.protocol.requests import ImageRequest

Pixels = NDArray[np.uint8]
"""A picture [height, width, 3], red, green and blue."""

WEBUI_SAMPLER_NAMES = {
    "ddpm": "DDPM",
    "ddim": "DDIM",
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "dpmpp_2m": "DPM++ 2M",
}
"""The samplers by the names that other tools read in a picture's parameters."""


def encode(pixels: Pixels, output_format: str, parameters: str = "") -> bytes:
    """The picture as a file, the same bytes each time; `parameters` goes into a PNG's text."""
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    if output_format == "png":
        text = PngInfo()
        if parameters:
            text.add_text("parameters", parameters)
        picture.save(stream, "PNG", pnginfo=text)
    else:
        picture.save(stream, output_format.upper(), quality=95)
    return stream.getvalue()


def encode_preview(pixels: Pixels, width: int, height: int) -> bytes:
    """A preview stretched to the picture's size, as a small JPEG."""
    stream = io.BytesIO()
    stretched = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    stretched.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def parameters_text(request: ImageRequest, index: int) -> str:
    """What made picture `index` of a request, in the form that AUTOMATIC1111 began."""
    noise = request.noises[index]
    settings = {
        "Steps": request.steps,
        "Sampler": WEBUI_SAMPLER_NAMES[request.sampler],
        "Schedule type": request.spacing,
        "CFG scale": f"{request.guidance_scale:g}",
        "Seed": noise.seed,
        "Size": f"{request.width}x{request.height}",
        "Model": request.model,
    }
    if noise.blends:
        blends = (f"{blend.seed}:{blend.strength:g}" for blend in noise.blends)
        settings["Variations"] = " ".join(blends)
    if request.stop < 1:
        settings["Stop"] = f"{request.stop:g}"
    if request.start:
        settings["Denoising strength"] = f"{request.start.strength:g}"
    if request.guidance_rescale:
        settings["CFG Rescale φ"] = f"{request.guidance_rescale:g}"
    if request.tile:
        settings["Tiling"] = True
    lines = [request.prompt]
    if request.negative_prompt:
        lines.append(f"Negative prompt: {request.negative_prompt}")
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items()))
    return "\n".join(lines)
