"""Composed pictures as latents beside the states of their captions, made once before the U-Net.

Encoding costs as much as a training step, so every composition is encoded once and seen several
times. Leaves `latents-WxH.npy`, `states-WxH.npy` and `captions.json` in the work folder, and in
`held_out.json` the captions of compositions that only measure.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from tqdm import tqdm
from transformers import CLIPTextModel, CLIPTokenizer

from diffusion.training.clip import token_ids
from diffusion.training.composition import SHAPES, caption_of, compose, main_hue, plan
from diffusion.training.data import read_rows

HELD_OUT = 96  # compositions, the first of the squares, that only measure


@dataclass(frozen=True, slots=True)
class Bucket:
    """All compositions of one shape: latents (N, 4, h, w) and text states (N, 32, d), fp16."""

    latents: Tensor
    states: Tensor


@torch.inference_mode()
def write_latents(workdir: Path, count: int, seed: int, device: torch.device) -> None:
    """Compose, caption and encode `count` pictures, by shape."""
    rows = read_rows(workdir / "pictures.json")
    pictures = np.load(workdir / "pictures.npy", mmap_mode="r")
    vae = AutoencoderKL.from_pretrained(workdir / "vae", low_cpu_mem_usage=False)
    vae = vae.to(device).eval()
    tokenizer = CLIPTokenizer.from_pretrained(workdir / "tokenizer")
    encoder: Any = CLIPTextModel.from_pretrained(workdir / "text_encoder")
    encoder = encoder.to(device).eval()
    rng = random.Random(seed)
    known = [index for index, row in enumerate(rows) if row.idea]
    hues = {index: main_hue(pictures[index]) for index in known}
    chosen = rng.choices(known, [rows[index].weight for index in known], k=count)
    plans = [plan(index, rows, hues, rng) for index in chosen]
    captions: dict[str, list[str]] = {}
    bar = tqdm(total=count, desc="latents", unit="picture")
    for shape in SHAPES:
        name = f"{shape[0]}x{shape[1]}"
        latents, states = [], []
        mine = [composition for composition in plans if composition.shape == shape]
        if not mine:
            continue
        captions[name] = [caption_of(c, rows, rng) for c in mine]
        for start in range(0, len(mine), 16):
            part = mine[start : start + 16]
            frames = np.stack([compose(pictures, c, hues) for c in part])
            pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 127.5 - 1
            latents.append(vae.encode(pixels.to(device)).latent_dist.mean.half().cpu())
            ids = token_ids(tokenizer, captions[name][start : start + 16]).to(device)
            states.append(encoder(ids).last_hidden_state.half().cpu())
            bar.update(len(part))
        np.save(workdir / f"latents-{name}.npy", torch.cat(latents).numpy())
        np.save(workdir / f"states-{name}.npy", torch.cat(states).numpy())
    bar.close()
    nothing = encoder(token_ids(tokenizer, [""]).to(device)).last_hidden_state.half()
    np.save(workdir / "states-nothing.npy", nothing.cpu().numpy())
    (workdir / "captions.json").write_text(json.dumps(captions))
    _note_held_out(workdir, captions)


def _note_held_out(workdir: Path, captions: dict[str, list[str]]) -> None:
    """Add the captions that stand over no composition but held-out ones."""
    first, *others = captions.values()
    taught = {*first[HELD_OUT:], *(caption for some in others for caption in some)}
    path = workdir / "held_out.json"
    held_out = json.loads(path.read_text()) if path.exists() else {"pairs": []}
    fresh = [one for one in dict.fromkeys(first[:HELD_OUT]) if one not in taught]
    path.write_text(json.dumps({**held_out, "captions": fresh}))


def read_buckets(workdir: Path) -> list[Bucket]:
    """Every shape that has compositions, mapped from disk so that workers share the memory."""

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.load(workdir / name, mmap_mode="c"))

    names = json.loads((workdir / "captions.json").read_text())
    return [Bucket(tensor(f"latents-{name}.npy"), tensor(f"states-{name}.npy")) for name in names]
