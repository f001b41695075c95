"""Requests as prompts resolve to them."""

from bot.models.versions import name_models
from bot.prompts.effective_settings import EffectiveSettings, SettingsSources, effective_settings
from bot.prompts.parser import parse
from bot.prompts.resolve import resolve
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest
from storage.members import Preferences
from storage.servers import ServerSettings

MODEL = ModelInfo(
    id="mini",
    native_size=128,
    steps=20,
    guidance_scale=4.0,
    guidance_rescale=0.5,
    multiple=8,
    tiles=True,
    styles={"noto": "{prompt}, noto style"},
    aesthetic="beautiful",
    loras=("ink",),
)


def settings_for(
    typed: str,
    member: Preferences | None = None,
    server: ServerSettings | None = None,
    model: ModelInfo = MODEL,
) -> EffectiveSettings:
    """The settings of a typed prompt where there is one model."""
    versions = name_models((model,), {}, None)
    sources = SettingsSources(member or Preferences(), {}, server or ServerSettings(0))
    return effective_settings(parse(typed), sources, versions)


def request_for(typed: str, seed: int = 1, **server: object) -> ImageRequest:
    """The request of a typed prompt on a server with these settings."""
    settings = settings_for(typed, server=ServerSettings(0, **server))  # type: ignore[arg-type]
    (request,) = resolve(parse(typed), settings, seed)
    return request


def common_noise(request: ImageRequest) -> float:
    """Correlation of two of the pictures' noises, from their blends."""
    assert len({noise.seed for noise in request.noises}) == 1
    return 1 - request.noises[0].blends[0].strength ** 2
