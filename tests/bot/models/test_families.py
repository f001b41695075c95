"""Who made a model, by its names: only where they tell it for certain."""

import pytest

from bot.models.families import Origin, origin_of
from diffusion.protocol.models import ModelInfo


@pytest.mark.parametrize(
    ("model_id", "title", "family", "maker", "licence"),
    [
        ("gpt-image-2", "", "GPT Image", "OpenAI", "OpenAI's terms of use"),
        ("black-forest-labs/FLUX.2-klein-4B", "", "FLUX.2", "Black Forest Labs", "Apache-2.0"),
        ("flux2-klein", "FLUX.2 [klein] 4B", "FLUX.2", "Black Forest Labs", "Apache-2.0"),
        ("flux1", "FLUX.1 [dev]", "FLUX.1", "Black Forest Labs", "FLUX Non-Commercial"),
        ("Qwen/Qwen-Image", "", "Qwen-Image", "Qwen (Alibaba)", "Apache-2.0"),
        ("ada/Qwen-Image-foxes", "", "Qwen-Image", "ada", ""),
        (
            "sd_xl_base_1.0",
            "sd_xl_base_1.0 (Stable Diffusion XL)",
            "Stable Diffusion XL",
            "Stability AI",
            "CreativeML Open RAIL++-M",
        ),
        ("dreamer", "dreamer (Stable Diffusion XL)", "Stable Diffusion XL", "", ""),
        ("dreamer-dev", "dreamer-dev (FLUX.1)", "FLUX.1", "", ""),
        ("darkroom-mini", "", "Darkroom", "Darkroom", "Apache-2.0"),
        ("painter", "", "", "", ""),
        ("ada/painter", "", "", "ada", ""),
    ],
)
def test_names_tell(model_id: str, title: str, family: str, maker: str, licence: str) -> None:
    assert origin_of(ModelInfo(model_id, title=title)) == Origin(family, maker, licence)


def test_what_is_said_of_a_model_counts_more() -> None:
    said = ModelInfo("gpt-image-2", maker="Ada", licence="none")
    assert origin_of(said) == Origin("GPT Image", "Ada", "none")
