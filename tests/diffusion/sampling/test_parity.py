"""Parity: a picture is that of diffusers' own pipeline with the same weights, noise and settings.

The pipeline is only the oracle here. Every family of models, whatever it predicts, with every
sampler that diffusers has too.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from numpy.typing import NDArray

from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFinished
from diffusion.loading.load import Checkpoint, load
from diffusion.protocol.requests import ImageRequest, Noise
from tests.support.engine.inference_requests import a_request
from tests.support.models.pipelines import pipeline_of
from tests.support.models.tiny_model import PIPELINES, build_tiny_model

STEPS = 8
TOLERANCE = 1e-3
"""Of a picture in [0, 1], before it is rounded to 8 bits."""

KARRAS = {"use_karras_sigmas": True, "timestep_spacing": "linspace"}
DDIM = {"clip_sample": False, "set_alpha_to_one": False}
"""As the tiny model's own config says."""

Oracle = Callable[..., Any]
ORACLES: dict[tuple[str, str], tuple[Oracle, dict[str, Any]]] = {
    ("ddim", "trailing"): (DDIMScheduler, DDIM),
    ("ddim", "leading"): (DDIMScheduler, {**DDIM, "timestep_spacing": "leading"}),
    ("ddpm", "trailing"): (DDPMScheduler, {"clip_sample": False}),
    ("euler", "trailing"): (EulerDiscreteScheduler, {}),
    ("euler", "karras"): (EulerDiscreteScheduler, KARRAS),
    ("euler_ancestral", "trailing"): (EulerAncestralDiscreteScheduler, {}),
    ("dpmpp_2m", "trailing"): (DPMSolverMultistepScheduler, {}),
    ("dpmpp_2m", "karras"): (DPMSolverMultistepScheduler, KARRAS),
}
"""diffusers' scheduler for a sampler and a spacing."""

MAIN = [
    ("ddim", "trailing"),
    ("euler", "trailing"),
    ("euler_ancestral", "trailing"),
    ("dpmpp_2m", "trailing"),
    ("dpmpp_2m", "karras"),
]
CASES = [("sd1", *case) for case in ORACLES] + [
    (family, *case) for family in PIPELINES if family != "sd1" for case in MAIN
]

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Checkpoint]:
    return {
        (family, prediction): load(
            build_tiny_model(tmp_path_factory.mktemp("tiny"), prediction, family=family),
            torch.device("cpu"),
        )
        for family in PIPELINES
        for prediction in ("epsilon", "v_prediction")
    }


def theirs(pipeline: Any, request: ImageRequest, **trained: Any) -> NDArray[np.float32]:
    """The pipeline's picture [height, width, 3] in [0, 1] for the one noise of a request."""
    kind, options = ORACLES[request.sampler, request.spacing]
    scheduler = kind(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        **{"timestep_spacing": "trailing"} | options | trained,
    )
    pipeline.scheduler = scheduler
    generator = torch.Generator().manual_seed(request.noises[0].seed)
    shape = (1, 4, request.height // 8, request.width // 8)
    latents = torch.randn(shape, generator=generator)
    if "Euler" in type(scheduler).__name__:
        # It starts from σ·n where the others and we start from √(1+σ²)·n.
        scheduler.set_timesteps(request.steps)
        sigma = scheduler.sigmas.max().item()
        latents = latents * (1 + sigma**2) ** 0.5 / scheduler.init_noise_sigma
    picture: NDArray[np.float32] = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt or None,
        height=request.height,
        width=request.width,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance_scale,
        latents=latents,
        generator=generator,
        output_type="np",
    ).images[0]
    return picture


def ours(model: Checkpoint, request: ImageRequest) -> NDArray[np.float32]:
    engine, last = Engine(model), list[torch.Tensor]()
    engine.add(request)
    drawn: list[GenerationFinished] = []
    with pytest.MonkeyPatch.context() as patch:
        picture = model.decoder.picture
        patch.setattr(
            model.decoder, "picture", lambda *given: last.append(given[0]) or picture(*given)
        )
        while len(engine):
            drawn += [event for event in engine.step() if isinstance(event, GenerationFinished)]
    with torch.inference_mode():
        decoded = (model.decoder._decode(last[0][None])[0] / 2 + 0.5).clamp(0, 1)
    unrounded: NDArray[np.float32] = decoded.permute(1, 2, 0).numpy()
    assert np.abs(drawn[0].pictures[0] / 255 - unrounded).max() < 0.5 / 255 + 1e-6
    return unrounded


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(("family", "sampler", "spacing"), CASES)
def test_a_picture_is_that_of_diffusers_pipeline(
    models: dict[tuple[str, str], Checkpoint],
    family: str,
    sampler: str,
    spacing: str,
    prediction: str,
) -> None:
    model = models[family, prediction]
    request = a_request(
        noises=(Noise(5),), steps=STEPS, sampler=sampler, spacing=spacing, width=72, height=48
    )
    expected = theirs(pipeline_of(model), request, prediction_type=prediction)
    assert np.abs(ours(model, request) - expected).max() < TOLERANCE


@pytest.mark.parametrize("sampler", ["ddim", "euler", "dpmpp_2m"])
def test_so_it_is_where_the_last_level_is_nothing_but_noise(tmp_path: Path, sampler: str) -> None:
    folder = build_tiny_model(tmp_path, "v_prediction", family="sd2")
    config = folder / "scheduler" / "scheduler_config.json"
    trained = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    config.write_text(json.dumps(json.loads(config.read_text()) | trained))
    model = load(folder, torch.device("cpu"))
    request = a_request(noises=(Noise(5),), steps=STEPS, sampler=sampler)
    expected = theirs(pipeline_of(model), request, **trained)
    assert np.abs(ours(model, request) - expected).max() < TOLERANCE
