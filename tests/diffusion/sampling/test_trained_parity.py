"""Parity for models that were trained differently: what their configs say is what is drawn.

diffusers' own pipelines and schedulers, made of the very same configs, are the oracle.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from numpy.typing import NDArray

from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFinished
from diffusion.loading.load import Checkpoint, load
from diffusion.protocol.requests import SAMPLER_NAMES, SPACING_NAMES, ImageRequest, Noise
from tests.diffusion.sampling.test_parity import ours
from tests.support.engine.inference_requests import a_request
from tests.support.models.pipelines import pipeline_of
from tests.support.models.tiny_model import build_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CPU = torch.device("cpu")
TOLERANCE = 1e-3
"""Of a picture in [0, 1], before it is rounded to 8 bits."""

SD: dict[str, Any] = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
BETAS = [0.0001 + 0.012 * (step / 999) ** 2 for step in range(1000)]

CONFIGS: dict[str, tuple[str, dict[str, Any], str]] = {
    "Playground 2.5": (
        "EDMDPMSolverMultistep",
        {"sigma_data": 0.5, "sigma_min": 0.002, "sigma_max": 80.0},
        "dpmpp_2m",
    ),
    "EDM": ("EDMEuler", {"sigma_data": 0.5, "sigma_max": 120.0}, "euler"),
    "CosXL": (
        "EDMEuler",
        {
            "sigma_data": 1.0,
            "sigma_max": 120.0,
            "sigma_schedule": "exponential",
            "prediction_type": "v_prediction",
        },
        "euler",
    ),
    "continuous v": (
        "EulerDiscrete",
        SD
        | {
            "timestep_type": "continuous",
            "prediction_type": "v_prediction",
            "sigma_min": 0.002,
            "sigma_max": 80.0,
            "use_karras_sigmas": True,
        },
        "euler",
    ),
    "flow": ("FlowMatchEulerDiscrete", {}, "euler"),
    "shifted flow": ("FlowMatchEulerDiscrete", {"shift": 3.0}, "euler"),
    "betas of its own": ("DDIM", {"trained_betas": BETAS, "clip_sample": False}, "ddim"),
    "set_alpha_to_one": (
        "DDIM",
        SD | {"set_alpha_to_one": False, "clip_sample": False},
        "ddim",
    ),
    "sigma_min at the end": ("EulerDiscrete", SD | {"final_sigmas_type": "sigma_min"}, "euler"),
    "LCM": ("LCM", {}, "lcm"),
    "TCD": ("TCD", {}, "ddim"),
}
"""A scheduler of diffusers, the settings in its config, and the sampler that is the same."""


def _spaced(kind: str) -> dict[str, Any]:
    """What makes the scheduler visit the levels that the request asks for."""
    own = kind.startswith(("EDM", "Flow", "LCM", "TCD"))
    return {} if own else {"timestep_spacing": "trailing"}


def _write_config(folder: Path, kind: str, settings: dict[str, Any]) -> None:
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({"_class_name": f"{kind}Scheduler", **settings}))


def _scheduler(folder: Path, kind: str) -> Any:
    """diffusers' scheduler as it reads the folder's config."""
    scheduler: Any = getattr(diffusers, f"{kind}Scheduler")
    if kind.startswith("Flow"):
        # Its pipelines do not call what those of U-Nets do.
        passing = {"scale_model_input": lambda _self, sample, _time: sample, "init_noise_sigma": 1}
        scheduler = type(scheduler.__name__, (scheduler,), passing)
    return scheduler.from_pretrained(folder / "scheduler", **_spaced(kind))


def _theirs(pipeline: Any, request: ImageRequest) -> NDArray[np.float32]:
    generator = torch.Generator().manual_seed(request.noises[0].seed)
    latents = torch.randn((1, 4, request.height // 8, request.width // 8), generator=generator)
    scheduler = pipeline.scheduler
    if type(scheduler).__name__ == "EulerDiscreteScheduler":
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


def _asked(model: Checkpoint, **changes: Any) -> ImageRequest:
    said = {"noises": (Noise(5),), "sampler": model.info.sampler, "spacing": model.info.spacing}
    return a_request(**{"steps": 8, **said, **changes})


@pytest.mark.parametrize(
    ("name", "family"),
    [*((name, "sd1") for name in CONFIGS), ("Playground 2.5", "sdxl"), ("CosXL", "sdxl")],
)
def test_a_scheduler_is_understood(tmp_path: Path, name: str, family: str) -> None:
    kind, settings, sampler = CONFIGS[name]
    folder = build_tiny_model(tmp_path, family=family)
    _write_config(folder, kind, settings)
    model = load(folder, CPU)
    pipeline = pipeline_of(model)
    pipeline.scheduler = _scheduler(folder, kind)
    request = _asked(model, sampler=sampler)
    assert np.abs(ours(model, request) - _theirs(pipeline, request)).max() < TOLERANCE


def _change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_latents_of_another_mean_and_deviation(tmp_path: Path) -> None:
    """diffusers does so for SDXL."""
    folder = build_tiny_model(tmp_path, family="sdxl")
    numbers = {"latents_mean": [-1.6, 1.1, 0.4, -0.2], "latents_std": [8.4, 5.9, 5.3, 5.2]}
    _change(folder / "vae" / "config.json", **numbers)
    model = load(folder, CPU)
    pipeline = pipeline_of(model)
    pipeline.scheduler = diffusers.DDIMScheduler.from_pretrained(
        folder / "scheduler", timestep_spacing="trailing"
    )
    request = _asked(model, sampler="ddim")
    assert np.abs(ours(model, request) - _theirs(pipeline, request)).max() < TOLERANCE
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    plain = load(build_tiny_model(tmp_path / "plain", family="sdxl"), CPU)
    with torch.inference_mode():
        encoded, usual = model.decoder.latents(pixels), plain.decoder.latents(pixels)
    mean, deviation = (torch.tensor(one).reshape(4, 1, 1) for one in numbers.values())
    assert torch.allclose(encoded, (usual - mean * 0.5) / deviation, atol=1e-5)


def build_told_model(folder: Path) -> Path:
    """A tiny model whose U-Net is told the guidance scale, as those are that LCM distilled."""
    build_tiny_model(folder)
    config = UNet2DConditionModel.load_config(folder / "unet")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        unet = UNet2DConditionModel.from_config({**config, "time_cond_proj_dim": 16})
        unet.load_state_dict(
            UNet2DConditionModel.from_pretrained(
                folder / "unet", low_cpu_mem_usage=False
            ).state_dict(),
            strict=False,
        )
    unet.save_pretrained(folder / "unet")
    _write_config(folder, "LCM", {})
    (folder / "darkroom.json").unlink()
    return folder


@pytest.mark.parametrize("scale", [1.0, 3.0, 8.0])
def test_a_network_is_told_the_guidance_scale(tmp_path: Path, scale: float) -> None:
    folder = build_told_model(tmp_path)
    model = load(folder, CPU)
    assert (model.info.steps, model.info.guidance_scale, model.info.sampler) == (4, 8.0, "lcm")
    pipeline = pipeline_of(model)
    pipeline.scheduler = _scheduler(folder, "LCM")
    request = _asked(model, guidance_scale=scale, negative_prompt="blur")
    assert np.abs(ours(model, request) - _theirs(pipeline, request)).max() < TOLERANCE


def test_what_a_network_is_told_does_not_depend_on_company(tmp_path: Path) -> None:
    model = load(build_told_model(tmp_path), CPU)
    requests = [_asked(model, guidance_scale=scale) for scale in (0.0, 1.5, 4.0, 8.0, 12.0)]
    requests += [_asked(model, guidance_scale=4.0, guidance_interval=(0.0, 0.5), tile=True)]

    def drawn(asked: list[ImageRequest]) -> list[bytes]:
        engine = Engine(model)
        keys = [engine.add(request).key for request in asked]
        pictures = {}
        while len(engine):
            for event in engine.step():
                if isinstance(event, GenerationFinished):
                    pictures[event.key] = event.pictures[0].tobytes()
        return [pictures[key] for key in keys]

    alone = [drawn([request])[0] for request in requests]
    assert drawn(requests) == alone
    assert drawn(requests[::-1]) == alone[::-1]
    assert len(set(alone)) == len(alone)


@pytest.mark.parametrize("kind", ["EDMEuler", "FlowMatchEulerDiscrete", "LCM"])
def test_every_sampler_draws_on_every_spacing(tmp_path: Path, kind: str) -> None:
    folder = build_tiny_model(tmp_path)
    _write_config(folder, kind, {})
    model = load(folder, CPU)
    for sampler, spacing in product(SAMPLER_NAMES, SPACING_NAMES):
        picture = ours(model, _asked(model, steps=2, sampler=sampler, spacing=spacing))
        assert np.isfinite(picture).all(), (sampler, spacing)
        assert picture.std() > 0.01, (sampler, spacing)


def test_guidance_of_0_is_none(tmp_path: Path) -> None:
    """As diffusers has it: the prompt is drawn, once, and no negative prompt."""
    folder = build_tiny_model(tmp_path)
    model = load(folder, CPU)
    pipeline = pipeline_of(model)
    pipeline.scheduler = diffusers.DDIMScheduler.from_pretrained(
        folder / "scheduler", timestep_spacing="trailing"
    )
    request = _asked(model, sampler="ddim", guidance_scale=0.0, negative_prompt="blur")
    assert np.abs(ours(model, request) - _theirs(pipeline, request)).max() < TOLERANCE
