"""Phase `clip`, second half: an image tower that ends where the words for a picture do.

A small vision transformer learns by contrast (Radford et al. 2021) to point at the vector of its
picture's caption. The vectors come from outside and stay as they are: the text encoder's for the
tower that ships, MiniLM's own for the one that only measures and must not share what it measures.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm
from transformers import (
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from diffusion.devices import number_type
from diffusion.training.captions import GROUNDS, HUES, article
from diffusion.training.clip import token_ids
from diffusion.training.composition import caption_of, compose, main_hue, plan
from diffusion.training.data import PIXELS, Row, read_rows
from diffusion.training.ideas import IDEAS
from diffusion.training.run import Budget, Learner, Run, fill

SIDE = 96
RATE = 1e-3
MEAN = STD = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pictures (N, 3, 96, 96) uint8, their captions, and the row of `pictures.npy` of each."""

    pictures: Tensor
    captions: list[str]
    rows: list[int]


def compose_pairs(
    drawings: Any, rows: list[Row], chosen: list[int], count: int, seed: int
) -> Pairs:
    """`count` compositions of the chosen rows, square and small, with captions."""
    rng = random.Random(seed)
    hues = {index: main_hue(drawings[index]) for index in chosen}
    picked = rng.choices(chosen, k=count)
    pictures = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    captions = []
    for place, index in enumerate(tqdm(picked, desc="pairs", unit="picture")):
        composition = replace(plan(index, rows, hues, rng), shape=(PIXELS, PIXELS))
        frame = Image.fromarray(compose(drawings, composition, hues))
        pictures[place] = np.asarray(frame.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        captions.append(caption_of(composition, rows, rng))
    return Pairs(torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), captions, picked)


def build_image_tower(width: int, tiny: bool) -> Any:
    """1.4M parameters: 36 patches of 16 pixels. `width` is that of the space it ends in."""
    config = CLIPVisionConfig(
        image_size=SIDE,
        patch_size=16,
        hidden_size=32 if tiny else 160,
        intermediate_size=64 if tiny else 640,
        num_hidden_layers=1 if tiny else 4,
        num_attention_heads=4,
        projection_dim=width,
    )
    return CLIPVisionModelWithProjection(config)


def as_input(pictures: Tensor) -> Tensor:
    """uint8 pictures as the tower sees them."""
    return (pictures.float() / 255 - MEAN[0]) / STD[0]


def vary(pictures: Tensor, g: torch.Generator) -> Tensor:
    """Shifts, blur and a little noise: what a drawn picture has and a rendered one has not."""
    pixels = as_input(pictures)
    shift = torch.randint(-4, 5, (2,), generator=g).tolist()
    pixels = functional.pad(pixels, (4, 4, 4, 4), mode="replicate")
    y, x = 4 + shift[0], 4 + shift[1]
    pixels = pixels[:, :, y : y + SIDE, x : x + SIDE]
    if torch.rand(1, generator=g) < 0.4:
        small = int(torch.randint(40, 80, (1,), generator=g))
        pixels = functional.interpolate(pixels, (small, small), mode="area")
        pixels = functional.interpolate(pixels, (SIDE, SIDE), mode="bilinear")
    loud = 0.1 * torch.rand((len(pixels), 1, 1, 1), generator=g)
    return pixels + loud * torch.randn(pixels.shape, generator=g)


def contrast(seen: Tensor, said: Tensor, scale: Tensor) -> Tensor:
    """Each picture finds its caption among the batch's, and each caption its picture.

    Captions of one batch can mean nearly the same, so what counts as right is shared out by how
    near they are; both sides have length one.
    """
    wanted = functional.softmax(30 * said @ said.T, dim=-1)
    logits = scale.exp() * seen @ said.T
    picture = functional.cross_entropy(logits, wanted)
    caption = functional.cross_entropy(logits.T, wanted)
    return (picture + caption) / 2 + 1 - (seen * said).sum(-1).mean()


def train_image_tower(
    workdir: Path,
    name: str,
    tower: Any,
    pairs: Pairs,
    vectors: Tensor,
    budget: Budget,
    seed: int,
    device: torch.device,
    tiny: bool,
) -> Any:
    """Run until the budget is spent, continuing an earlier run; the averaged tower.

    `tower` sees (N, 3, 96, 96); `vectors` [N, width] are the captions', of length one.
    """
    batch = 16 if tiny else 128
    model = nn.ModuleDict({"tower": tower})
    scale = nn.Parameter(torch.tensor(math.log(20.0)))
    model.register_parameter("scale", scale)
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05, fused=True)
    learner = Learner(model, tower, 0.998, optimizer)
    with Run(workdir, name, "picture", learner, budget, "cosine") as run:
        while not run.is_over:
            run.cool(RATE, warm_steps=100)
            g = torch.Generator().manual_seed(run.chance(seed))
            chosen = torch.randint(0, len(vectors), (batch,), generator=g)
            seen = look(tower, vary(pairs.pictures[chosen], g).to(device))
            said = vectors[chosen].to(device)
            run.learn(contrast(seen, said, scale), batch)
            if run.is_due(4 if tiny else 30):
                run.report((seen * said).sum(-1).mean().item())
    tower.load_state_dict(run.average.weights)
    return tower.cpu().eval()


def look(tower: Any, pixels: Tensor) -> Tensor:
    """Where a tower puts pictures: [N, width] of length one."""
    dtype = number_type(pixels.device)
    with torch.autocast(pixels.device.type, dtype, enabled=dtype == torch.bfloat16):
        seen = tower(pixels)
    # CLIP's towers of transformers answer with more than their embeddings.
    embeds: Tensor = getattr(seen, "image_embeds", seen)
    return functional.normalize(embeds.float(), dim=-1)


@torch.inference_mode()
def read_with(workdir: Path, texts: list[str]) -> Tensor:
    """[N, 256] of length one: the trained text encoder's pooled states."""
    tokenizer = CLIPTokenizer.from_pretrained(workdir / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(workdir / "text_encoder").eval()
    ids = token_ids(tokenizer, texts)
    lengths = (ids != tokenizer.eos_token_id).sum(1) + 1
    vectors = torch.empty(len(texts), encoder.config.hidden_size)
    # Attention is causal: what stands behind a text's end changes nothing in it.
    for part in tqdm(lengths.argsort().split(128), desc="captions", unit="batch"):
        vectors[part] = encoder(ids[part, : int(lengths[part].max())]).pooler_output
    return functional.normalize(vectors, dim=-1)


def train_sight(
    workdir: Path,
    kept_back: frozenset[tuple[str, str]],
    budget: Budget,
    seed: int,
    device: torch.device,
    tiny: bool,
    start: Path | None = None,
) -> None:
    """Run the phase's second half: a tower that sees what the text encoder reads.

    Pictures of the (emoji, style) pairs `kept_back` are left out, to measure with. The tower goes
    on from that of the model folder `start`, if there is one. Raises UnfitStart.
    """
    rows = read_rows(workdir / "pictures.json")
    drawings = np.load(workdir / "pictures.npy", mmap_mode="r")
    chosen = [i for i, row in enumerate(rows) if (row.emoji, row.style) not in kept_back]
    pairs = compose_pairs(drawings, rows, chosen, 64 if tiny else 30_000, seed)
    vectors = read_with(workdir, pairs.captions)
    torch.manual_seed(seed)
    tower = build_image_tower(vectors.shape[1], tiny)
    if start is not None:
        fill(tower, start / "image_encoder")
    train_image_tower(workdir, "sight", tower, pairs, vectors, budget, seed, device, tiny)
    write_image_tower(tower, workdir / "image_encoder", phrases_of(rows))


def phrases_of(rows: list[Row]) -> dict[str, list[str]]:
    """What the tower can name, by part of speech: the things and styles that can be drawn, too."""
    names = dict.fromkeys(row.names[0] for row in rows if row.emoji in IDEAS)
    return {
        "things": [name for name in names if name.replace(" ", "").replace("-", "").isalpha()],
        "colours": list(HUES),
        "styles": list(dict.fromkeys(row.style for row in rows if row.weight > 0)),
        # White is what a picture stands on when nobody says anything.
        "grounds": [f"on {article(g)} {g} background" for g in GROUNDS if g != "white"],
    }


def write_image_tower(tower: Any, folder: Path, phrases: dict[str, list[str]]) -> None:
    """The tower, how to prepare a picture for it, and the phrases it can name."""
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
