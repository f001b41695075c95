"""Generate pictures from the parts in a work folder, with diffusers' pipeline."""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
)
from PIL import Image
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from diffusion.training.loop.logbook import draw_sheet

# First and last beta of a linear schedule (Ho et al. 2020, section 4).
BETAS = (0.0001, 0.02)
SAMPLING_STEPS = 20
GUIDANCE = 3.0

# The prompts of sample sheets during training.
SAMPLE_PROMPTS = (
    "a red fox",
    "a cat",
    "a pizza",
    "a red heart",
    "a rocket",
    "a dog",
    "an apple",
    "a star",
    "a panda, 3d style",
    "a smiling face",
    "a house, twemoji style",
    "a blue fox",
    "a car on a yellow background",
    "a fish, flat style",
    "a purple heart, 3d style",
    "a cute kitten",
    "a tree",
    "a ghost",
    "a robot",
    "a strawberry",
    "a sunflower",
)


def write_schedule(workdir: Path, schedule: str) -> None:
    """Write the training schedule in diffusers' format. The spacing must be `trailing`: only then
    is the first step pure noise, as in training."""
    scheduler: Any = DPMSolverMultistepScheduler(
        beta_start=BETAS[0],
        beta_end=BETAS[1],
        beta_schedule=schedule,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        algorithm_type="dpmsolver++",
        solver_order=2,
        steps_offset=1,
    )
    scheduler.save_pretrained(workdir / "scheduler")


def read_schedule(workdir: Path) -> str:
    """The beta schedule that `write_schedule` wrote."""
    noted = json.loads((workdir / "scheduler" / "scheduler_config.json").read_text())
    return str(noted["beta_schedule"])


def build_pipeline(workdir: Path, unet: Any) -> Any:
    """The pipeline of the parts in the work folder and a U-Net, on the U-Net's device."""
    scheduler: Any = DPMSolverMultistepScheduler.from_pretrained(workdir / "scheduler")
    pipeline: Any = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(workdir / "vae", low_cpu_mem_usage=False).eval(),
        text_encoder=CLIPTextModel.from_pretrained(workdir / "text_encoder").eval(),
        tokenizer=CLIPTokenizer.from_pretrained(workdir / "tokenizer"),
        unet=unet.eval(),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(unet.device)


def draw(
    pipeline: Any,
    prompts: list[str],
    seeds: list[int],
    size: tuple[int, int] = (128, 128),
    steps: int = SAMPLING_STEPS,
    guidance: float = GUIDANCE,
) -> list[Image.Image]:
    """One picture per prompt, each with its own seed; `size` is (width, height)."""
    pictures: list[Image.Image] = []
    together = 8 if pipeline.device.type == "cpu" else 64
    for start in range(0, len(prompts), together):
        some = slice(start, start + together)
        pictures += pipeline(
            prompts[some],
            width=size[0],
            height=size[1],
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[some]],
        ).images
    return pictures


def from_pictures(pipeline: Any) -> Any:
    """An image-to-image pipeline of the same parts."""
    editing: Any = StableDiffusionImg2ImgPipeline(
        **pipeline.components, requires_safety_checker=False
    )
    editing.set_progress_bar_config(disable=True)
    return editing


def draw_anew(
    pipeline: Any, latents: Tensor, prompts: list[str], strength: float, seeds: list[int]
) -> list[Image.Image]:
    """Redraw real pictures, given as latents (N, 4, h, w): only the last `strength` of the steps
    runs, each with its own prompt and seed."""
    editing = from_pictures(pipeline)
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), 8):
        some = slice(start, start + 8)
        pictures += editing(
            prompts[some],
            image=latents[some].to(pipeline.device),
            strength=strength,
            num_inference_steps=SAMPLING_STEPS,
            guidance_scale=GUIDANCE,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[some]],
        ).images
    return pictures


def draw_samples(workdir: Path, unet: Any, name: str, seed: int, count: int) -> None:
    """Write a sheet of the first `count` of SAMPLE_PROMPTS."""
    prompts = list(SAMPLE_PROMPTS[:count])
    pipeline = build_pipeline(workdir, unet)
    pictures = draw(pipeline, prompts, [seed + index for index in range(len(prompts))])
    draw_sheet(pictures, columns=7, captions=prompts).save(workdir / name)
