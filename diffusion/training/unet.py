"""Phase `unet`: learn to tell the picture from the noise, given the words.

v-prediction (Salimans and Ho 2022) under the squared-cosine schedule (Nichol and Dhariwal 2021).
Sees latents and text states, never pixels or words.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from tqdm import tqdm

from diffusion.training.clip import WIDTH
from diffusion.training.latents import Bucket, read_buckets
from diffusion.training.logbook import Average, LossCurve, load_checkpoint, save_checkpoint
from diffusion.training.sampling import draw_samples
from diffusion.training.workers import average_gradients, launch

RATE = 1e-3
DECAY = 0.3  # share of the run, at its end, over which the learning rate falls to almost nothing
NO_WORDS = 0.1  # share of samples whose caption is dropped, for classifier-free guidance
NOISY = 0.75  # share of samples from the noisier half of the steps: there words decide the shape
HELD_OUT = 128  # compositions, the first of the squares, that only measure


def build_unet(tiny: bool) -> Any:
    """4.3M parameters on (4, 16, 16). diffusers' `attention_head_dim` means the number of heads."""
    channels = (16, 32, 32) if tiny else (32, 64, 128)
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def noise_schedule() -> Any:
    """1000 steps whose last is, to single precision, nothing but noise."""
    return DDPMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")


def diffusion_loss(
    unet: Any, latents: Tensor, states: Tensor, alphas: Tensor, g: torch.Generator
) -> Tensor:
    """Mean weighted squared error on v over the batch; `alphas` are cumulative products (1000,).

    x_t = sqrt(a) x_0 + sqrt(1 - a) e and v = sqrt(a) e - sqrt(1 - a) x_0. Weight is min-SNR (Hang
    et al. 2023) plus one, because plain min-SNR on v gives the noisiest steps, which decide what
    the picture is of, almost none.
    """
    t = torch.rand(len(latents), generator=g)
    t = torch.where(torch.rand(len(latents), generator=g) < NOISY, 0.5 + 0.5 * t, 0.5 * t)
    t = (t * len(alphas)).long()
    noise = torch.randn(latents.shape, generator=g)
    a = alphas[t].view(-1, 1, 1, 1)
    noisy = a.sqrt() * latents + (1 - a).sqrt() * noise
    v = a.sqrt() * noise - (1 - a).sqrt() * latents
    snr = alphas[t] / (1 - alphas[t])
    weight = (snr.clamp(max=5) + 1) / (snr + 1)
    guess = unet(noisy.contiguous(memory_format=torch.channels_last), t, states).sample
    error: Tensor = (guess - v).square().mean((1, 2, 3))
    return (weight * error).mean()


def learning_rate(seen: int, samples: int, step: int) -> float:
    """Warm up for 300 steps, hold, then fall along a cosine."""
    fall = max(0.0, (seen / samples - (1 - DECAY)) / DECAY)
    return RATE * min(1.0, (step + 1) / 300) * (0.01 + 0.99 * (1 + math.cos(math.pi * fall)) / 2)


def train_unet(
    workdir: Path, samples: int, batch: int, seed: int, workers: int, tiny: bool
) -> None:
    """Run the phase up to `samples` in all; continues where an earlier run stopped."""
    launch(_train, workers, workdir, samples, batch, seed, tiny)
    state = load_checkpoint(workdir / "unet.pt")
    assert state is not None
    unet = build_unet(tiny)
    unet.load_state_dict(state["average"])
    unet.save_pretrained(workdir / "unet")


def _pick_batch(
    buckets: list[Bucket], nothing: Tensor, batch: int, g: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Latents and states of one shape, fp32; shapes in proportion to their number of pictures."""
    sizes = torch.tensor([float(len(bucket.latents)) for bucket in buckets])
    bucket = buckets[int(torch.multinomial(sizes, 1, generator=g))]
    first = HELD_OUT if bucket is buckets[0] and len(bucket.latents) > 2 * HELD_OUT else 0
    rows = torch.randint(first, len(bucket.latents), (batch,), generator=g)
    states = bucket.states[rows].float()
    states[torch.rand(batch, generator=g) < NO_WORDS] = nothing
    return bucket.latents[rows].float(), states


def _train(
    rank: int, workers: int, workdir: Path, samples: int, batch: int, seed: int, tiny: bool
) -> None:
    buckets = read_buckets(workdir)
    nothing = torch.from_numpy(np.load(workdir / "states-nothing.npy"))[0].float()
    alphas = noise_schedule().alphas_cumprod
    torch.manual_seed(seed)
    unet = build_unet(tiny).to(memory_format=torch.channels_last)
    average = Average(unet, 0.998)
    optimizer = torch.optim.AdamW(
        unet.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    curve = LossCurve(workdir, "unet", ("loss", "held_out"))
    checkpoint = workdir / "unet.pt"
    step, seen = 0, 0
    if state := load_checkpoint(checkpoint):
        unet.load_state_dict(state["model"])
        average.weights, average.updates = state["average"], state["updates"]
        optimizer.load_state_dict(state["optimizer"])
        step, seen = state["step"], state["seen"]
    elif rank == 0:
        curve.restart()
    report_every = max(1, min(samples // (batch * workers) // 4, 125))
    losses: list[float] = []
    bar = tqdm(total=samples, initial=seen, desc="unet", unit="sample", disable=rank > 0)
    while seen < samples:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(seen, samples, step)
        g = torch.Generator().manual_seed((seed * 1_000_003 + step) * workers + rank)
        latents, states = _pick_batch(buckets, nothing, batch, g)
        loss = diffusion_loss(unet, latents, states, alphas, g)
        optimizer.zero_grad()
        loss.backward()
        average_gradients(unet, workers)
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        average.update(unet)
        losses.append(loss.item())
        step, seen = step + 1, seen + batch * workers
        bar.update(batch * workers)
        if rank == 0 and (step % report_every == 0 or seen >= samples):
            averaged = build_unet(tiny).eval()
            averaged.load_state_dict(average.weights)
            held_out = _held_out_loss(averaged, buckets[0], alphas)
            curve.add(seen, sum(losses) / len(losses), held_out)
            bar.set_postfix(loss=f"{sum(losses) / len(losses):.4f}", held_out=f"{held_out:.4f}")
            losses = []
            save_checkpoint(
                checkpoint,
                model=unet.state_dict(),
                average=average.weights,
                updates=average.updates,
                optimizer=optimizer.state_dict(),
                step=step,
                seen=seen,
            )
            if step // report_every % 8 == 0 or seen >= samples:
                name = f"unet-sheet-{seen:07d}.png"
                draw_samples(workdir, averaged, name, seed=seen, count=2 if tiny else 21)
    bar.close()


@torch.inference_mode()
def _held_out_loss(unet: Any, bucket: Bucket, alphas: Tensor) -> float:
    """The loss on compositions never trained on, with the same noise every time."""
    g = torch.Generator().manual_seed(11)
    latents, states = bucket.latents[:HELD_OUT].float(), bucket.states[:HELD_OUT].float()
    return float(diffusion_loss(unet, latents, states, alphas, g))
