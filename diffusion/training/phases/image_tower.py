"""Phase `clip`, second part: an image tower for the text encoder, both trained by contrast.

A small `CLIPModel` learns to embed a picture near its caption and far from others (Radford et al.
2021). Its text tower is the text encoder, which is trained further but keeps what it knew of words
without pictures. The evaluator's tower is trained the same way, against fixed vectors, so that it
shares nothing with the model.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from diffusion.nn.devices import autocast
from diffusion.training.dataset.captions import GROUNDS, HUES, article
from diffusion.training.dataset.composing import compose_all
from diffusion.training.dataset.composition import caption_of, plan, read_hues
from diffusion.training.dataset.prepare import PIXELS, DatasetRow, read_emoji, read_rows
from diffusion.training.dataset.words import write_texts
from diffusion.training.loop.run import Budget, Learner, Run, fill
from diffusion.training.phases.clip import token_ids

SIDE = 96
TOWER_LEARNING_RATE = 1e-3
TEXT_PACE = 0.2  # factor of the text encoder's learning rate: it is trained already
MAX_OTHER_TEXTS = 50_000  # texts without pictures that the text encoder must not forget
INITIAL_LOGIT_SCALE = 20.0  # of the contrastive loss
MEAN = STD = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pictures (N, 3, 96, 96) uint8, their captions, and the row of `pictures.npy` of each."""

    pictures: Tensor
    captions: list[str]
    rows: list[int]


def compose_pairs(
    pictures: Path,
    rows: list[DatasetRow],
    chosen: list[int],
    count: int,
    seed: int,
    calm: bool = False,
) -> Pairs:
    """`count` compositions of the chosen rows, small squares with captions; `pictures` is the path
    of `pictures.npy`. If `calm`, subjects are not moved or rotated."""
    rng = random.Random(seed)
    hues = read_hues(np.load(pictures, mmap_mode="r"), chosen)
    picked = rng.choices(chosen, k=count)
    plans = [replace(plan(i, rows, hues, rng, calm), shape=(PIXELS, PIXELS)) for i in picked]
    captions = [caption_of(composition, rows, rng) for composition in plans]
    frames = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    done = 0
    with tqdm(total=count, desc="pairs", unit="picture") as bar:
        for some in compose_all(pictures, plans, hues, SIDE):
            frames[done : done + len(some)] = some
            done += len(some)
            bar.update(len(some))
    return Pairs(torch.from_numpy(frames).permute(0, 3, 1, 2).contiguous(), captions, picked)


def build_clip(encoder: Any, tiny: bool) -> Any:
    """A `CLIPModel` around a text encoder, whose pooled states it uses without a projection.

    The image tower has 1.4M parameters and sees 36 patches of 16 pixels.
    """
    width = encoder.config.hidden_size
    vision = CLIPVisionConfig(
        image_size=SIDE,
        patch_size=16,
        hidden_size=32 if tiny else 160,
        intermediate_size=64 if tiny else 640,
        num_hidden_layers=1 if tiny else 4,
        num_attention_heads=4,
        projection_dim=width,
    )
    clip = CLIPModel(
        CLIPConfig(
            text_config=encoder.config.to_dict(),
            vision_config=vision.to_dict(),
            projection_dim=width,
            logit_scale_init_value=math.log(INITIAL_LOGIT_SCALE),
        )
    )
    clip.text_model.load_state_dict(encoder.state_dict())
    nn.init.eye_(clip.text_projection.weight)
    clip.text_projection.requires_grad_(False)
    return clip


def image_tower_of(clip: Any) -> Any:
    """The image tower alone."""
    tower = CLIPVisionModelWithProjection(clip.config.vision_config)
    mine = tower.state_dict().keys()
    tower.load_state_dict({k: v for k, v in clip.state_dict().items() if k in mine})
    return tower.eval()


def as_input(pictures: Tensor) -> Tensor:
    """uint8 pictures as input of the tower."""
    return (pictures.float() / 255 - MEAN[0]) / STD[0]


def vary(pictures: Tensor, g: torch.Generator) -> Tensor:
    """Augment with shifts, blur and a little noise, which generated pictures have and rendered ones
    lack."""
    pixels = as_input(pictures)
    shift = torch.randint(-4, 5, (2,), generator=g).tolist()
    pixels = functional.pad(pixels, (4, 4, 4, 4), mode="replicate")
    y, x = 4 + shift[0], 4 + shift[1]
    pixels = pixels[:, :, y : y + SIDE, x : x + SIDE]
    if torch.rand(1, generator=g) < 0.4:
        small = int(torch.randint(40, 80, (1,), generator=g))
        pixels = functional.interpolate(pixels, (small, small), mode="area")
        pixels = functional.interpolate(pixels, (SIDE, SIDE), mode="bilinear")
    loud = 0.1 * torch.rand((len(pixels), 1, 1, 1), generator=g).to(pixels.device)
    there = torch.Generator(pixels.device).manual_seed(int(torch.randint(2**62, (1,), generator=g)))
    return pixels + loud * torch.randn(pixels.shape, generator=there, device=pixels.device)


def contrast(seen: Tensor, said: Tensor, scale: Tensor) -> Tensor:
    """The contrastive loss of pictures and captions, both unit vectors.

    Captions in a batch can mean nearly the same, so the targets are shared between similar ones.
    """
    wanted = functional.softmax(30 * said @ said.T, dim=-1)
    logits = scale.exp() * seen @ said.T
    picture = functional.cross_entropy(logits, wanted)
    caption = functional.cross_entropy(logits.T, wanted)
    return (picture + caption) / 2 + 1 - (seen * said).sum(-1).mean()


@dataclass(frozen=True, slots=True)
class Towers:
    """The towers to train: one embeds pictures (N, 3, 96, 96), one embeds captions by index, both
    to unit vectors [N, width]; the scale of the logits; and an optional further loss."""

    see: Callable[[Tensor], Tensor]
    read: Callable[[Tensor], Tensor]
    scale: Tensor
    beside: Callable[[torch.Generator], Tensor | float] = lambda g: 0.0


def train_by_contrast(
    workdir: Path,
    name: str,
    learner: Learner,
    towers: Towers,
    pictures: Tensor,
    budget: Budget,
    batch: int,
    seed: int,
    reports: int,
) -> Run:
    """Train until the budget is spent, continuing an earlier run. `pictures` are (N, 3, 96, 96)
    uint8 on the device of the towers. Returns the run, which has the averaged weights."""
    with Run(workdir, name, "picture", learner, budget, "cosine") as run:
        while not run.is_over:
            run.cool(TOWER_LEARNING_RATE, warm_steps=100)
            g = torch.Generator().manual_seed(run.chance(seed))
            chosen = torch.randint(0, len(pictures), (batch,), generator=g)
            seen = towers.see(vary(pictures[chosen.to(pictures.device)], g))
            said = towers.read(chosen)
            run.learn(contrast(seen, said, towers.scale) + towers.beside(g), batch)
            if run.is_due(reports):
                run.report((seen * said).sum(-1).mean().item())
    return run


def look(tower: Any, pixels: Tensor) -> Tensor:
    """The unit vectors [N, width] of pictures."""
    with autocast(pixels.device):
        seen = tower(pixels)
    # The towers of transformers return an output object.
    embeds: Tensor = getattr(seen, "image_embeds", seen)
    return functional.normalize(embeds.float(), dim=-1)


@torch.inference_mode()
def read_with(workdir: Path, texts: list[str]) -> Tensor:
    """Unit vectors [N, 256]: the pooled states of the trained text encoder."""
    tokenizer = CLIPTokenizer.from_pretrained(workdir / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(workdir / "text_encoder").eval()
    ids = token_ids(tokenizer, texts)
    lengths = (ids != tokenizer.eos_token_id).sum(1) + 1
    vectors = torch.empty(len(texts), encoder.config.hidden_size)
    # Attention is causal, so padding does not change the text.
    for part in tqdm(lengths.argsort().split(128), desc="captions", unit="batch"):
        vectors[part] = encoder(ids[part, : int(lengths[part].max())]).pooler_output
    return functional.normalize(vectors, dim=-1)


def train_sight(
    workdir: Path,
    kept_back: frozenset[tuple[str, str]],
    budget: Budget,
    batch: int,
    count: int,
    seed: int,
    device: torch.device,
    tiny: bool,
    start: Path | None = None,
) -> None:
    """Run the part over `count` composed pictures: train both towers by contrast.

    Pictures of the (emoji, style) pairs `kept_back` are left out for evaluation. With `start`, a
    model folder, its image tower is trained further and the text encoder stays unchanged, so that
    U-Nets trained on it still fit. Raises UnfitStart.
    """
    rows = read_rows(workdir / "pictures.json")
    chosen = [i for i, row in enumerate(rows) if (row.emoji, row.style) not in kept_back]
    pairs = compose_pairs(workdir / "pictures.npy", rows, chosen, count, seed)
    folder = start or workdir
    tokenizer: Any = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder").float()
    torch.manual_seed(seed)
    clip = build_clip(encoder, tiny)
    if start is not None:
        tower = image_tower_of(clip)
        fill(tower, start / "image_encoder")
        clip.load_state_dict(tower.state_dict(), strict=False)
        clip.text_model.requires_grad_(False)
    clip = clip.to(device)
    end = tokenizer.eos_token_id
    towers = Towers(
        see=partial(look, partial(_see, clip)),
        read=partial(_read, clip.text_model, token_ids(tokenizer, pairs.captions), end),
        scale=clip.logit_scale,
    )
    if start is None:
        packages = workdir / "packages"
        others = write_texts(packages, read_emoji(packages), min(count, MAX_OTHER_TEXTS), seed + 1)
        ids = token_ids(tokenizer, list(others))
        stray = partial(_stray, clip.text_model, encoder.to(device), ids, batch)
        towers = replace(towers, beside=stray)
    run = train_by_contrast(
        workdir,
        "sight",
        Learner(clip, clip, 0.998, _optimizer(clip)),
        towers,
        pairs.pictures.to(device),
        budget,
        batch,
        seed,
        reports=4 if tiny else 30,
    )
    clip.load_state_dict(run.average.weights)
    clip = clip.cpu().eval()
    if start is None:
        clip.text_model.save_pretrained(workdir / "text_encoder")
    write_image_tower(image_tower_of(clip), workdir / "image_encoder", phrases_of(rows))


def _optimizer(clip: Any) -> torch.optim.Optimizer:
    read = [p for p in clip.text_model.parameters() if p.requires_grad]
    rest = [
        p for name, p in clip.named_parameters() if not name.startswith("text_") and p.requires_grad
    ]
    groups: list[dict[str, Any]] = [{"params": rest}]
    if read:
        groups.append({"params": read, "pace": TEXT_PACE})
    return torch.optim.AdamW(groups, lr=TOWER_LEARNING_RATE, weight_decay=0.05, fused=True)


def _see(clip: Any, pixels: Tensor) -> Tensor:
    vectors: Tensor = clip.visual_projection(clip.vision_model(pixels).pooler_output)
    return vectors


def _read(encoder: Any, ids: Tensor, end: int, chosen: Tensor) -> Tensor:
    """Pooled states as unit vectors; with causal attention, up to the longest text is enough."""
    some = ids[chosen]
    longest = int((some != end).sum(1).max()) + 1
    with autocast(encoder.device):
        pooled = encoder(some[:, :longest].to(encoder.device)).pooler_output
    vectors: Tensor = functional.normalize(pooled.float(), dim=-1)
    return vectors


def _stray(encoder: Any, earlier: Any, ids: Tensor, count: int, g: torch.Generator) -> Tensor:
    """How far the states of texts without pictures have moved, relative to their variance."""
    some = ids[torch.randint(0, len(ids), (count,), generator=g)].to(encoder.device)
    with autocast(encoder.device):
        states = encoder(some).last_hidden_state.float()
        with torch.no_grad():
            wanted = earlier(some).last_hidden_state.float()
    strayed: Tensor = (states - wanted).square().mean() / wanted.var()
    return strayed


def phrases_of(rows: list[DatasetRow]) -> dict[str, list[str]]:
    """The phrases that the tower can name, by kind, with the drawable things and styles."""
    names = dict.fromkeys(row.names[0] for row in rows if row.weight > 0)
    return {
        "things": [name for name in names if name.replace(" ", "").replace("-", "").isalpha()],
        "colours": list(HUES),
        "styles": list(dict.fromkeys(row.style for row in rows if row.weight > 0)),
        # White is the default background.
        "grounds": [f"on {article(g)} {g} background" for g in GROUNDS if g != "white"],
    }


def write_image_tower(tower: Any, folder: Path, phrases: dict[str, list[str]]) -> None:
    """Write the tower, its preprocessing config, and its phrases."""
    tower.save_pretrained(folder)
    preparing = {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": SIDE},
        "crop_size": {"height": SIDE, "width": SIDE},
        "image_mean": list(MEAN),
        "image_std": list(STD),
        "resample": int(Image.Resampling.BICUBIC),
        "do_resize": True,
        "do_center_crop": True,
        "do_rescale": True,
        "do_normalize": True,
        "do_convert_rgb": True,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(preparing, indent=2) + "\n")
    (folder / "phrases.json").write_text(json.dumps(phrases, indent=1) + "\n")
