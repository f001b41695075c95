"""Phase `evaluate`: a sheet to look at, and a number that does not flatter.

The number: a small classifier learns the ideas from the sets that the diffusion model was never
taught, and then says what the drawn pictures are. So it cannot know them by the drawing, only by
the thing. It knows every idea, and chance is one in their number. How well it does on real pictures
of the sets that were taught is the most one can ask for. It sees 48 pixels: it tells whether a
picture can be guessed, not whether it is beautiful. For that, look at the sheet.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from diffusion.training.captions import article
from diffusion.training.composition import compose, main_hue, plan
from diffusion.training.data import Row, read_rows
from diffusion.training.ideas import IDEAS
from diffusion.training.logbook import draw_sheet
from diffusion.training.sampling import build_pipeline, draw

SIDE = 48

SHEET = (
    *("a red fox", "a cat", "a dog", "a panda", "a bear", "a lion", "a rabbit", "a pig"),
    *("a frog", "a penguin", "an owl", "a butterfly", "a fish", "a whale", "an octopus", "a crab"),
    *("an apple", "a banana", "a watermelon", "a strawberry", "a pizza", "a hamburger"),
    *("a doughnut", "a cup of coffee", "a rose", "a sunflower", "a tree", "a cactus"),
    *("a smiling face", "a ghost", "a robot", "a pumpkin", "a red heart", "a star", "a sun"),
    *("a house", "a car", "a rocket", "an airplane", "a gift"),
)


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the table: how many of the pictures the classifier names right."""

    what: str
    prompts: int
    seeds: int
    first: float
    among_five: float


class Classifier(nn.Sequential):
    """Four strided convolutions and a linear layer over (N, 3, 48, 48)."""

    def __init__(self, classes: int) -> None:
        layers: list[nn.Module] = []
        for before, after in ((3, 24), (24, 48), (48, 96), (96, 128)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after)]
            layers.append(nn.ReLU())
        super().__init__(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(128 * 9, classes))


def as_input(pictures: list[Image.Image]) -> Tensor:
    """(N, 3, 48, 48) in [-1, 1]."""
    small = [np.asarray(picture.resize((SIDE, SIDE))) for picture in pictures]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def real_pictures(workdir: Path, count: int, seed: int, taught: bool) -> tuple[Tensor, Tensor]:
    """Fresh compositions of the ideas as classifier input, and the index of their idea; from the
    sets that the diffusion model was taught, or from the others."""
    rows = read_rows(workdir / "pictures.json")
    drawings = np.load(workdir / "pictures.npy", mmap_mode="r")
    rng = random.Random(seed)
    known = [i for i, row in enumerate(rows) if row.emoji in IDEAS and row.idea is taught]
    hues = {index: main_hue(drawings[index]) for index in known}
    ideas = list(IDEAS)
    pictures, labels = [], []
    for index in rng.choices(known, k=count):
        composition = plan(index, rows[index], hues[index], rng)
        frame = compose(drawings[index], composition, hues[index])
        pictures.append(Image.fromarray(frame))
        labels.append(ideas.index(rows[index].emoji))
    return as_input(pictures), torch.tensor(labels)


def train_classifier(workdir: Path, seed: int, tiny: bool) -> Classifier:
    """Learn the ideas from real pictures, small shifts and a little noise included."""
    inputs, labels = real_pictures(workdir, 300 if tiny else 5_000, seed + 1, taught=False)
    torch.manual_seed(seed)
    model = Classifier(len(IDEAS))
    epochs = 2 if tiny else 15
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    steps = epochs * (len(inputs) // 100)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    g = torch.Generator().manual_seed(seed)
    for _ in tqdm(range(epochs), desc="classifier", unit="epoch"):
        order = torch.randperm(len(inputs), generator=g)
        for rows in order.split(100)[: len(inputs) // 100]:
            shift = torch.randint(-3, 4, (2,), generator=g).tolist()
            batch = inputs[rows].roll(shift, (2, 3))
            batch = batch + 0.1 * torch.randn(batch.shape, generator=g)
            loss = functional.cross_entropy(model(batch), labels[rows], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.inference_mode()
def score(model: Classifier, what: str, inputs: Tensor, labels: Tensor, seeds: int) -> Score:
    """How often the right idea is the first guess, and among the first five."""
    best = torch.cat([model(part) for part in inputs.split(500)]).topk(5).indices
    right = best == labels.unsqueeze(1)
    return Score(
        what,
        len(labels) // seeds,
        seeds,
        right[:, 0].float().mean().item(),
        right.any(1).float().mean().item(),
    )


def score_prompts(
    pipeline: Any,
    model: Classifier,
    what: str,
    prompts: dict[str, str],
    seeds: int,
) -> Score:
    """Draw every prompt (emoji -> words) from several seeds and let the classifier guess."""
    pictures: list[Image.Image] = []
    labels: list[int] = []
    ideas = list(IDEAS)
    for seed in tqdm(range(seeds), desc=what, unit="seed"):
        first = 10_000 * (seed + 1)
        pictures += draw(pipeline, list(prompts.values()), list(range(first, first + len(prompts))))
        labels += [ideas.index(emoji) for emoji in prompts]
    return score(model, what, as_input(pictures), torch.tensor(labels), seeds)


def evaluate(workdir: Path, seed: int, tiny: bool) -> list[Score]:
    """Run the phase: `evaluate.json`, `sheet.jpg`, and the table on the terminal."""
    unet = UNet2DConditionModel.from_pretrained(workdir / "unet", low_cpu_mem_usage=False)
    pipeline = build_pipeline(workdir, unet)
    sheet = list(SHEET[:2] if tiny else SHEET)
    begin = time.perf_counter()
    pictures = draw(pipeline, sheet, list(range(seed + 1, seed + 1 + len(sheet))))
    seconds = (time.perf_counter() - begin) / len(sheet) * 4
    draw_sheet(pictures, columns=8, captions=sheet).save(workdir / "sheet.jpg", quality=90)

    model = train_classifier(workdir, seed, tiny)
    rows = read_rows(workdir / "pictures.json")
    seeds = 1 if tiny else 2
    chosen = list(IDEAS)[:3] if tiny else list(IDEAS)
    plain = {emoji: _ask(IDEAS[emoji][0]) for emoji in chosen}
    inputs, labels = real_pictures(workdir, 100 if tiny else 500, seed + 2, taught=True)
    scores = [
        score(model, "real, of the sets that were taught", inputs, labels, 1),
        score_prompts(pipeline, model, "drawn, no style named", plain, seeds),
    ]
    for style in () if tiny else _styles(rows):
        words = {emoji: f"{prompt}, {style}" for emoji, prompt in plain.items()}
        scores.append(score_prompts(pipeline, model, f"drawn, {style}", words, 1))
    (workdir / "evaluate.json").write_text(json.dumps([asdict(s) for s in scores], indent=2))
    print(f"| pictures | prompts | seeds | first of {len(IDEAS)} | among five |")
    print("|---|---|---|---|---|")
    for s in scores:
        print(f"| {s.what} | {s.prompts} | {s.seeds} | {s.first:.0%} | {s.among_five:.0%} |")
    print(f"seconds per grid of four at 20 steps: {seconds:.1f}")
    return scores


def _ask(name: str) -> str:
    return f"{article(name)} {name}"


def _styles(rows: list[Row]) -> list[str]:
    """The styles the model was taught, in the order of the table."""
    return list(dict.fromkeys(row.style for row in rows if row.idea))
