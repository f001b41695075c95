"""Encode pictures as PNG, JPEG or WebP, with their generation parameters as text."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffusion.protocol.requests import ImageRequest

Pixels = NDArray[np.uint8]
"""An RGB picture [height, width, 3]."""

WEBUI_SAMPLER_NAMES = {
    "ddpm": "DDPM",
    "ddim": "DDIM",
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "dpmpp_2m": "DPM++ 2M",
    "lcm": "LCM",
}
"""AUTOMATIC1111's names of the samplers, which other tools read from the parameters."""


def encode(pixels: Pixels, output_format: str, parameters: str = "") -> bytes:
    """Encode the picture, deterministically. `parameters` becomes a text chunk of a PNG."""
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
    """Encode a preview, resized to `width` × `height` pixels, as a small JPEG."""
    stream = io.BytesIO()
    stretched = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    stretched.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def parameters_text(request: ImageRequest, index: int) -> str:
    """The generation parameters of picture `index`, in AUTOMATIC1111's format."""
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
