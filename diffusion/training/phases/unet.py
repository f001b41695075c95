"""Phase `unet`: train the U-Net to predict the picture from noise and a caption.

v-prediction (Salimans and Ho 2022) under the squared-cosine schedule (Nichol and Dhariwal 2021) or
the linear one (Ho et al. 2020), on latents and text states.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from diffusion.nn.devices import autocast
from diffusion.sampling.denoiser import Denoiser
from diffusion.sampling.noise_schedules import BETA_SCHEDULES, trained_levels
from diffusion.training.loop.logbook import load_checkpoint
from diffusion.training.loop.run import Budget, Learner, Run, UnfitStart, fill
from diffusion.training.loop.sampling import BETAS, draw_samples, read_schedule, write_schedule
from diffusion.training.loop.workers import Place, launch
from diffusion.training.phases.clip import TEXT_WIDTH
from diffusion.training.phases.latents import HELD_OUT_COMPOSITIONS, LatentBucket, read_buckets

UNET_LEARNING_RATE = 8e-4
DECAY_SHARE = 0.45  # share of the run, at its end, over which the learning rate falls to almost 0
DROPPED_CAPTION_SHARE = 0.1  # share of samples without a caption, for classifier-free guidance
NOISIER_SHARE = 0.7  # share of samples at the noisier of two random levels, which decide most


@dataclass(frozen=True, slots=True)
class Course:
    """The settings of the training; `start` is a model folder whose U-Net is trained further."""

    batch: int
    seed: int
    schedule: str
    device: torch.device
    tiny: bool
    start: Path | None = None


def build_unet(tiny: bool) -> Any:
    """8.9M parameters on (4, 16, 16). diffusers' `attention_head_dim` means the number of heads."""
    channels = (16, 32, 32) if tiny else (64, 128, 160)
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def begin(course: Course) -> Any:
    """The U-Net before its first step: a new one, or that of an earlier model. Raises
    UnfitStart."""
    unet = build_unet(course.tiny)
    if course.start is not None:
        fill(unet, course.start / "unet")
    return unet.to(course.device, memory_format=torch.channels_last)


def build_denoiser(unet: Any, schedule: str) -> Denoiser:
    """The denoiser of a U-Net with v-prediction under a schedule."""
    return Denoiser(unet, trained_levels(BETA_SCHEDULES[schedule](*BETAS, 1000)), "v_prediction")


def draw_levels(count: int, g: torch.Generator) -> Tensor:
    """Random noise levels (count,), as shares [0, 1) of the schedule."""
    one, other, chance = torch.rand(3, count, generator=g)
    return torch.where(chance < NOISIER_SHARE, torch.maximum(one, other), one)


def diffusion_loss(
    denoiser: Denoiser, latents: Tensor, states: Tensor, g: torch.Generator
) -> Tensor:
    """The mean weighted squared error on v, at random levels with random noise.

    The weight is min-SNR (Hang et al. 2023) plus one: plain min-SNR on v gives almost no weight to
    the noisiest steps, which decide what the picture shows.
    """
    device = latents.device
    t = draw_levels(len(latents), g) * len(denoiser.levels.sigmas)
    sigma = denoiser.levels.sigmas[t.long()]
    there = torch.Generator(device).manual_seed(int(torch.randint(2**62, (1,), generator=g)))
    noise = torch.randn(latents.shape, generator=there, device=device)
    with autocast(device):
        error = denoiser.loss(
            latents.contiguous(memory_format=torch.channels_last), sigma, noise, states
        )
    snr = sigma**-2
    weight = (snr.clamp(max=5) + 1) / (snr + 1)
    return (weight.to(error) * error).mean()


def learning_rate(share: float, step: int, goes_on: bool = False) -> float:
    """Warm up for 300 steps, hold, then fall along a cosine; `share` of the run is done.

    A U-Net that is trained further starts at a third of the rate, which only falls.
    """
    decay, rate = (1.0, UNET_LEARNING_RATE / 3) if goes_on else (DECAY_SHARE, UNET_LEARNING_RATE)
    fall = max(0.0, (share - (1 - decay)) / decay)
    return rate * min(1.0, (step + 1) / 300) * (0.01 + 0.99 * (1 + math.cos(math.pi * fall)) / 2)


def train_unet(workdir: Path, budget: Budget, course: Course, workers: int) -> None:
    """Run the phase until its budget is spent; continues an earlier run. Raises UnfitStart."""
    if not (workdir / "unet.pt").exists():
        write_schedule(workdir, course.schedule)
    elif read_schedule(workdir) != course.schedule:
        raise UnfitStart(
            f"The run in {workdir} is under the schedule {read_schedule(workdir)}: go on under "
            "that one, or remove unet.pt to begin again."
        )
    launch(_train, workers, workdir, budget, course)
    state = load_checkpoint(workdir / "unet.pt")
    assert state is not None
    _averaged(state["average"], course).save_pretrained(workdir / "unet")


def _averaged(weights: dict[str, Tensor], course: Course) -> Any:
    unet = build_unet(course.tiny)
    unet.load_state_dict(weights)
    return unet.eval()


def _pick_batch(
    buckets: list[LatentBucket], nothing: Tensor, batch: int, g: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Latents and states of one shape, fp32; shapes in proportion to their number of pictures."""
    sizes = torch.tensor([float(len(bucket.latents)) for bucket in buckets])
    bucket = buckets[int(torch.multinomial(sizes, 1, generator=g))]
    first = (
        HELD_OUT_COMPOSITIONS
        if bucket is buckets[0] and len(bucket.latents) > 2 * HELD_OUT_COMPOSITIONS
        else 0
    )
    rows = torch.randint(first, len(bucket.latents), (batch,), generator=g)
    dropped = torch.rand(batch, generator=g) < DROPPED_CAPTION_SHARE
    rows, dropped = rows.to(nothing.device), dropped.to(nothing.device)
    states = torch.where(dropped.view(-1, 1, 1), nothing, bucket.states[rows].float())
    return bucket.latents[rows].float(), states


def _train(place: Place, workdir: Path, budget: Budget, course: Course) -> None:
    buckets = [
        LatentBucket(bucket.latents.to(course.device), bucket.states.to(course.device))
        for bucket in read_buckets(workdir)
    ]
    nothing = torch.from_numpy(np.load(workdir / "states-nothing.npy"))[0].float()
    nothing = nothing.to(course.device)
    torch.manual_seed(course.seed)
    unet = begin(course)
    denoiser = build_denoiser(unet, course.schedule)
    optimizer = torch.optim.AdamW(
        unet.parameters(), lr=UNET_LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    learner = Learner(unet, unet, 0.999, optimizer)
    with Run(workdir, "unet", "sample", learner, budget, "held_out", place) as run:
        while not run.is_over:
            run.set_rate(learning_rate(run.share, run.step, course.start is not None))
            g = torch.Generator().manual_seed(run.chance(course.seed))
            latents, states = _pick_batch(buckets, nothing, course.batch, g)
            run.learn(diffusion_loss(denoiser, latents, states, g), course.batch)
            if run.is_due(4 if course.tiny else 12):
                _report(run, workdir, buckets[0], course)


def _report(run: Run, workdir: Path, bucket: LatentBucket, course: Course) -> None:
    """Measure the held-out loss, save the state, and sometimes draw a sheet."""
    unet = _averaged(run.average.weights, course).to(course.device)
    run.report(_held_out_loss(build_denoiser(unet, course.schedule), bucket))
    if run.is_over or run.reports % 4 == 0:
        name = f"unet-sheet-{run.seen:08d}.png"
        draw_samples(workdir, unet, name, seed=run.seen, count=2 if course.tiny else 21)


@torch.inference_mode()
def _held_out_loss(denoiser: Denoiser, bucket: LatentBucket) -> float:
    """The loss on held-out compositions, with the same noise every time."""
    latents, states = (
        bucket.latents[:HELD_OUT_COMPOSITIONS].float(),
        bucket.states[:HELD_OUT_COMPOSITIONS].float(),
    )
    g = torch.Generator().manual_seed(11)
    return float(diffusion_loss(denoiser, latents, states, g))
