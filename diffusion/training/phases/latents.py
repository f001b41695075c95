"""Encode composed pictures and their captions once, before the U-Net is trained.

Encoding is as slow as a training step, so each composition is encoded once and seen several times.
Writes `latents-WxH.npy`, `states-WxH.npy` and `captions.json` into the work folder.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from tqdm import tqdm
from transformers import CLIPTextModel, CLIPTokenizer

from diffusion.training.dataset.composing import compose_all
from diffusion.training.dataset.composition import SHAPES, Composition, caption_of, plan, read_hues
from diffusion.training.dataset.exam import SYNONYMS
from diffusion.training.dataset.ideas import IDEAS
from diffusion.training.dataset.prepare import DatasetRow, read_rows
from diffusion.training.phases.clip import token_ids

IDEA_WEIGHT = 6.0  # sampling weight of ideas with names by hand, which people ask for most
SYNONYM_SHARE = 0.12  # share of the captions with a synonym
HELD_OUT_COMPOSITIONS = 96  # the first squares, which are never trained on


@dataclass(frozen=True, slots=True)
class LatentBucket:
    """All compositions of one shape: latents (N, 4, h, w) and text states (N, 32, d), fp16."""

    latents: Tensor
    states: Tensor


@torch.inference_mode()
def write_latents(
    workdir: Path, count: int, seed: int, device: torch.device, calm: bool = False
) -> None:
    """Compose, caption and encode `count` pictures, by shape. If `calm`, subjects are not moved or
    rotated."""
    rows = read_rows(workdir / "pictures.json")
    vae = load_vae(workdir, device)
    rng = random.Random(seed)
    plans, hues = plan_pictures(workdir, rows, count, rng, calm)
    captions: dict[str, list[str]] = {}
    bar = tqdm(total=count, desc="latents", unit="picture")
    for shape in SHAPES:
        name = f"{shape[0]}x{shape[1]}"
        mine = [composition for composition in plans if composition.shape == shape]
        if not mine:
            continue
        captions[name] = caption_pictures(workdir, rows, mine, rng)
        latents = []
        for frames in compose_all(workdir / "pictures.npy", mine, hues):
            latents.append(encode(vae, frames).half().cpu())
            bar.update(len(frames))
        np.save(workdir / f"latents-{name}.npy", torch.cat(latents).numpy())
    bar.close()
    (workdir / "captions.json").write_text(json.dumps(captions))
    write_states(workdir, device)


def load_vae(workdir: Path, device: torch.device) -> Any:
    """The autoencoder of the work folder, for inference."""
    vae = AutoencoderKL.from_pretrained(workdir / "vae", low_cpu_mem_usage=False)
    return vae.to(device, memory_format=torch.channels_last).eval()


def plan_pictures(
    workdir: Path, rows: list[DatasetRow], count: int, rng: random.Random, calm: bool
) -> tuple[list[Composition], dict[int, float | None]]:
    """Plan compositions of what the diffusion model is trained on; also the hues of the
    drawings."""
    known = [index for index, row in enumerate(rows) if row.idea]
    hues = read_hues(np.load(workdir / "pictures.npy", mmap_mode="r"), known)
    weights = [rows[i].weight * (IDEA_WEIGHT if rows[i].emoji in IDEAS else 1) for i in known]
    chosen = rng.choices(known, weights, k=count)
    return [plan(index, rows, hues, rng, calm) for index in chosen], hues


def caption_pictures(
    workdir: Path, rows: list[DatasetRow], plans: list[Composition], rng: random.Random
) -> list[str]:
    """A caption for each plan, some with synonyms."""
    words = _other_words(workdir)
    captions = []
    for composition in plans:
        others = words.get(rows[composition.row].names[0])
        names = (rng.choice(others),) if others and rng.random() < SYNONYM_SHARE else None
        captions.append(caption_of(composition, rows, rng, names))
    return captions


@torch.inference_mode()
def encode(vae: Any, frames: npt.NDArray[np.uint8]) -> Tensor:
    """Encode frames (N, height, width, 3) to latents (N, 4, h, w), on the autoencoder's device."""
    pixels = torch.from_numpy(frames).to(vae.device).permute(0, 3, 1, 2)
    # Batches that fit into the CPU's cache are encoded twice as fast.
    parts = pixels.split(8 if vae.device.type == "cpu" else len(pixels))
    return torch.cat([vae.encode(part.float() / 127.5 - 1).latent_dist.mean for part in parts])


def write_states(workdir: Path, device: torch.device) -> None:
    """Write the text encoder's states of all captions and of the empty text."""
    captions = {"nothing": [""], **json.loads((workdir / "captions.json").read_text())}
    states = read_states(workdir, [one for some in captions.values() for one in some], device)
    for name, part in zip(
        captions, states.split([len(some) for some in captions.values()]), strict=True
    ):
        np.save(workdir / f"states-{name}.npy", part.numpy())


@torch.inference_mode()
def read_states(workdir: Path, texts: list[str], device: torch.device) -> Tensor:
    """The text states (N, 32, d) fp16 on the CPU, by the work folder's text encoder."""
    tokenizer = CLIPTokenizer.from_pretrained(workdir / "tokenizer")
    encoder: Any = CLIPTextModel.from_pretrained(workdir / "text_encoder")
    encoder = encoder.to(device).eval()
    starts = tqdm(range(0, len(texts), 256), desc="states", unit="batch")
    parts = (token_ids(tokenizer, texts[start : start + 256]).to(device) for start in starts)
    return torch.cat([encoder(part).last_hidden_state.half().cpu() for part in parts])


def _other_words(workdir: Path) -> dict[str, list[str]]:
    """The synonyms that phase `clip` trained, by the first name of an idea, without the words that
    the evaluation asks for."""
    path = workdir / "kin.json"
    words: dict[str, list[str]] = {}
    for word, name in json.loads(path.read_text()) if path.exists() else ():
        if word not in SYNONYMS:
            words.setdefault(name, []).append(word)
    return words


def read_buckets(workdir: Path) -> list[LatentBucket]:
    """All shapes with compositions, memory-mapped so that workers share them."""

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.load(workdir / name, mmap_mode="c"))

    names = json.loads((workdir / "captions.json").read_text())
    return [
        LatentBucket(tensor(f"latents-{name}.npy"), tensor(f"states-{name}.npy")) for name in names
    ]
