"""Requests as prompts resolve to them."""

from bot.prompts.parser import parse
from bot.prompts.resolve import Defaults, resolve
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest

MODEL = ModelInfo(
    id="mini",
    native_size=128,
    steps=20,
    guidance_scale=4.0,
    guidance_rescale=0.5,
    multiple=8,
    styles={"noto": "{prompt}, noto style"},
    aesthetic="beautiful",
    loras=("ink",),
)


def request_for(typed: str, seed: int = 1, **defaults: object) -> ImageRequest:
    (request,) = resolve(parse(typed), MODEL, Defaults(**defaults), seed)  # type: ignore[arg-type]
    return request


def common_noise(request: ImageRequest) -> float:
    """Correlation of two of the pictures' noises, from their blends."""
    assert len({noise.seed for noise in request.noises}) == 1
    return 1 - request.noises[0].blends[0].strength ** 2
