"""Phase `autoencoder`: pixels to latents and back, 8 times smaller on each side, 4 channels.

The KL autoencoder of latent diffusion (Rombach et al. 2022) in miniature, without adversary and
perceptual network: for flat drawings an L1 loss on edges is enough.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

from diffusion.nn.devices import autocast
from diffusion.training.loop.logbook import draw_sheet, load_checkpoint, to_image
from diffusion.training.loop.run import Budget, Learner, Run, fill
from diffusion.training.loop.workers import Place, launch
from diffusion.training.phases.thumbnail import start_as_thumbnail

AUTOENCODER_LEARNING_RATE = 1.5e-3
CROP = 64
FULL_FRAMES_SHARE = 0.12  # share of the run, at its end, with whole pictures at full size
DECODER_ONLY_FROM_SHARE = 0.6  # share of the run after which only the decoder is trained
MAX_LATENT_ERROR = 0.3  # of the latents it is then trained on, in standard deviations


def build_autoencoder(tiny: bool) -> Any:
    """2.6M parameters. Four levels, because each but the last halves the sides. The second level is
    narrow because decoding spends most of its time where it widens to full size."""
    channels = (16, 16, 16, 32) if tiny else (32, 32, 64, 128)
    model = AutoencoderKL(
        block_out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=channels[0] // 4,
        mid_block_add_attention=False,
        sample_size=128,
        scaling_factor=1.0,
    )
    start_as_thumbnail(model)
    return model


def training_batch(pictures: Tensor, weights: Tensor, size: int, count: int, seed: int) -> Tensor:
    """Random crops (count, 3, size, size) in [-1, 1] of pictures on plain backgrounds.

    Half have a white background. In some, channels are swapped, or rare colours (green, purple)
    turn grey.
    """
    g = torch.Generator().manual_seed(seed)
    rows = torch.multinomial(weights, count, replacement=True, generator=g)
    rgba = pictures[rows.to(pictures.device)].permute(0, 3, 1, 2).float() / 255
    ground = torch.rand(count, 3, 1, 1, generator=g)
    ground[torch.rand(count, generator=g) < 0.5] = 1.0
    ground = ground.to(pictures.device)
    frame = rgba[:, :3] * rgba[:, 3:] + ground * (1 - rgba[:, 3:])
    order = torch.rand(count, 3, generator=g).argsort(1)
    order[torch.rand(count, generator=g) >= 0.4] = torch.arange(3)
    frame = frame.gather(1, order.to(frame.device)[:, :, None, None].expand_as(frame))
    side = int(torch.randint(96, 129, (1,), generator=g))
    frame = functional.interpolate(frame, (side, side), mode="bilinear", antialias=True)
    if size > side:
        before = (size - side) // 2
        padded = ground.expand(-1, -1, size, size).clone()
        padded[:, :, before : before + side, before : before + side] = frame
        frame = padded
    spare = frame.shape[-1] - size
    corners = torch.randint(0, spare + 1, (count, 2), generator=g)
    rows, columns = (corners[:, :, None] + torch.arange(size)).to(frame.device).unbind(1)
    each = torch.arange(count, device=frame.device)[:, None, None]
    crops = frame.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]]
    return crops.permute(0, 3, 1, 2) * 2 - 1


def autoencoder_loss(
    drawn: Tensor, real: Tensor, guess: Tensor, mean: Tensor, logvar: Tensor
) -> Tensor:
    """Pixels, edges, coarse colour, and a little KL to keep the latent space smooth.

    `guess` is the colour of each 8x8 block as a linear map of its latent. Without it the encoder
    takes most of the run to learn colour, and previews need the map anyway.
    """
    blocks = functional.mse_loss(guess, functional.avg_pool2d(real, 8))
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return picture_loss(drawn, real) + 0.5 * blocks + 1e-3 * kl


def picture_loss(drawn: Tensor, real: Tensor) -> Tensor:
    """The error of pictures (N, 3, h, w) in [-1, 1], by pixels, edges and coarse colour."""

    def edges(x: Tensor) -> tuple[Tensor, Tensor]:
        return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]

    pixels = functional.l1_loss(drawn, real)
    sharp = sum(functional.l1_loss(a, b) for a, b in zip(edges(drawn), edges(real), strict=True))
    coarse = functional.l1_loss(functional.avg_pool2d(drawn, 4), functional.avg_pool2d(real, 4))
    colour = functional.mse_loss(functional.avg_pool2d(drawn, 8), functional.avg_pool2d(real, 8))
    return pixels + 0.5 * sharp + 0.5 * coarse + 2 * colour


def train_autoencoder(
    workdir: Path,
    budget: Budget,
    batch: int,
    seed: int,
    workers: int,
    device: torch.device,
    tiny: bool,
    start: Path | None = None,
) -> None:
    """Run the phase until its budget is spent; continues an earlier run.

    At the end only the decoder is trained, on latents with some error, as those of a U-Net are, so
    that flat areas stay flat. With `start`, a model folder, only this part runs: latents stay the
    same, and U-Nets trained on them still fit. Raises UnfitStart.
    """
    launch(_train, workers, workdir, budget, batch, seed, device, tiny, start)
    state = load_checkpoint(workdir / "autoencoder.pt")
    assert state is not None
    model = averaged(state["average"], tiny)
    if start is None:
        model = normalise_latents(model, *_read_pictures(workdir))
    model.save_pretrained(workdir / "vae")


def _read_pictures(workdir: Path) -> tuple[Tensor, Tensor]:
    """All pictures (N, 128, 128, 4), and their sampling weights: ideas four times as often."""
    entries = json.loads((workdir / "pictures.json").read_text())
    weights = torch.tensor([2.0 if entry["idea"] else 0.5 for entry in entries])
    return torch.from_numpy(np.load(workdir / "pictures.npy")), weights


def _train(
    place: Place,
    workdir: Path,
    budget: Budget,
    batch: int,
    seed: int,
    device: torch.device,
    tiny: bool,
    start: Path | None,
) -> None:
    pictures, weights = _read_pictures(workdir)
    pictures = pictures.to(device)
    torch.manual_seed(seed)
    vae = build_autoencoder(tiny)
    if start is not None:
        fill(vae, start / "vae")
    vae = vae.to(device, memory_format=torch.channels_last)
    rate = AUTOENCODER_LEARNING_RATE if start is None else AUTOENCODER_LEARNING_RATE / 3
    model = nn.ModuleDict({"vae": vae, "probe": nn.Conv2d(4, 3, 1).to(device)})
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=AUTOENCODER_LEARNING_RATE, betas=(0.9, 0.99), fused=True
    )
    learner = Learner(model, vae, 0.995, optimizer)
    with Run(workdir, "autoencoder", "crop", learner, budget, "psnr", place) as run:
        while not run.is_over:
            run.cool(rate, warm_steps=100)
            whole = run.share >= 1 - FULL_FRAMES_SHARE
            size, count = (128, max(2, batch // 4)) if whole else (CROP, batch)
            settled = start is not None or run.share >= DECODER_ONLY_FROM_SHARE
            vae.encoder.requires_grad_(not settled)
            vae.quant_conv.requires_grad_(not settled)
            chance = run.chance(seed)
            real = training_batch(pictures, weights, size, count, chance)
            run.learn(_loss_on(model, real, chance, MAX_LATENT_ERROR if settled else 0), batch)
            if run.is_due(4 if tiny else 30):
                seen = averaged(run.average.weights, tiny).to(device)
                run.report(_look(seen, workdir, pictures, weights))


def _loss_on(model: nn.ModuleDict, real: Tensor, chance: int, astray: float) -> Tensor:
    """The loss on a batch of pictures (N, 3, h, w), through a sampled latent with extra noise of
    random strength, up to `astray` standard deviations of the batch's latents."""
    real = real.contiguous(memory_format=torch.channels_last)
    vae: Any = model["vae"]
    with autocast(real.device):
        cloud = vae.encode(real).latent_dist
        g = torch.Generator(real.device).manual_seed(chance)
        noise = torch.randn(cloud.mean.shape, generator=g, device=real.device)
        strength = torch.rand((len(real), 1, 1, 1), generator=g, device=real.device)
        off = astray * strength * cloud.mean.detach().std((0, 2, 3), keepdim=True)
        latents = cloud.mean + (cloud.std.square() + off.square()).sqrt() * noise
        drawn = vae.decode(latents).sample.float()
        guess = model["probe"](cloud.mean).float()
    return autoencoder_loss(drawn, real, guess, cloud.mean.float(), cloud.logvar.float())


def averaged(weights: dict[str, Tensor], tiny: bool) -> Any:
    """An autoencoder with the averaged weights of a run, for inference."""
    model = build_autoencoder(tiny)
    model.load_state_dict(weights)
    return model.eval()


@torch.inference_mode()
def _look(model: Any, workdir: Path, pictures: Tensor, weights: Tensor) -> float:
    """Reconstruct 16 fixed pictures; write the sheet, return the PSNR in dB."""
    real = training_batch(pictures, weights, 128, 16, seed=7)
    drawn = model.decode(model.encode(real).latent_dist.mean).sample
    pairs = [to_image(p.cpu()) for pair in zip(real, drawn, strict=True) for p in pair]
    draw_sheet(pairs, columns=8).save(workdir / "autoencoder-sheet.png")
    mse = functional.mse_loss(drawn.clamp(-1, 1), real).item() / 4
    return -10 * math.log10(mse)


@torch.no_grad()
def normalise_latents(model: Any, pictures: Tensor, weights: Tensor) -> Any:
    """Fold the mean and deviation of the latents into the two neighbouring 1x1 convolutions.

    Diffusion wants unit variance per channel, which SD's single `scaling_factor` cannot give.
    """
    batches = [training_batch(pictures, weights, 128, 16, seed=900 + i) for i in range(12)]
    latents = torch.cat([model.encode(batch).latent_dist.mean for batch in batches])
    mean, std = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    quant, post = model.quant_conv, model.post_quant_conv
    post.bias += post.weight[:, :, 0, 0] @ mean
    post.weight *= std.view(1, -1, 1, 1)
    quant.bias[:4] = (quant.bias[:4] - mean) / std
    quant.weight[:4] /= std.view(-1, 1, 1, 1)
    quant.bias[4:] -= 2 * std.log()
    return model
