"""Phase `data`: download, render, name, filter and count the pictures.

Writes into the work folder: `pictures.npy` (N, 128, 128, 4) uint8 RGBA; `pictures.json`, one entry
per row; `held_out.json`, which is part of the model. The seed decides which other emoji the
autoencoder sees, and which ideas are held out in which styles.
"""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image
from tqdm import tqdm

from diffusion.training.dataset.held_out import HeldOut, write_held_out
from diffusion.training.dataset.ideas import IDEAS, is_blocked, names_of_idea
from diffusion.training.dataset.sources import PICTURE_SETS, PictureSet, fetch, write_notice

PIXELS = 128
HELD_OUT_PAIRS = 200
OTHER_EMOJI_SHARE = 0.12  # share of emoji without names that the autoencoder and towers see
MIN_NARROW_WEIGHT = 1.0  # weight of the four sets of a narrow model
RENDER_SIDE_PX = 256  # twice the final size, so that cropping keeps pictures sharp


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One rendered picture: its icon set, its emoji, and its words.

    `idea` is false for pictures that only the autoencoder and the towers learn from: emoji without
    names, sets that the diffusion model is not trained on, and held-out pairs, which the towers do
    not see either.
    """

    package: str
    style: str
    weight: float
    emoji: str
    names: tuple[str, ...]
    tags: tuple[str, ...]
    idea: bool


@dataclass(frozen=True, slots=True)
class Emoji:
    """A character with its label and tags from emojibase, and its names if it is an idea."""

    character: str
    label: str
    tags: tuple[str, ...]
    names: tuple[str, ...] = ()


def read_emoji(packages: Path) -> list[Emoji]:
    """All emoji of emojibase with label and tags, except blocked ones."""
    entries = json.loads((fetch("emojibase-data", packages) / "en" / "data.json").read_text())
    emoji = []
    for one in entries:
        character, label = one["emoji"].replace("\ufe0f", ""), one["label"].lower()
        group, tags = one.get("group"), tuple(one.get("tags", ()))
        # 2: skin and hair parts; 9: flags
        if group not in (None, 2, 9) and not is_blocked((label, *tags)):
            emoji.append(Emoji(character, label, tags, names_of_idea(character, label, group)))
    return emoji


def read_rows(path: Path) -> list[DatasetRow]:
    """The rows written beside `pictures.npy`, in the same order."""
    return [
        DatasetRow(**{**entry, "names": tuple(entry["names"]), "tags": tuple(entry["tags"])})
        for entry in json.loads(path.read_text())
    ]


class IconSet:
    """An icon set from npm: finds the drawing of a character and renders it."""

    def __init__(self, source: PictureSet, packages: Path) -> None:
        self.folder = fetch(source.package, packages)
        self.is_webp = (self.folder / "assets").is_dir()
        self.icons: dict[str, Any] = {}
        self.slugs: dict[str, str] = {}
        if not self.is_webp:
            listing = json.loads((self.folder / "icons.json").read_text())
            self.icons = listing["icons"]
            self.box = (listing.get("width", 16), listing.get("height", 16))
            chars = self.folder / "chars.json"
            self.slugs = json.loads(chars.read_text()) if chars.exists() else {}

    def draw(self, emoji: Emoji, slug_hints: tuple[str, ...]) -> Image.Image | None:
        """The emoji as RGBA, or None if this set has no drawing of it."""
        code = _code_of(emoji)
        if self.is_webp:
            for name in (code, f"{code}-fe0f"):
                path = self.folder / "assets" / f"{name}.webp"
                if path.exists():
                    return Image.open(path).convert("RGBA")
            return None
        own = self.slugs.get(code)
        plain = emoji.label.replace(" ", "-").replace("'", "")
        slugs = (*((own,) if own else ()), *slug_hints, plain, f"{plain}-face")
        for slug in (*slugs, *(slug.replace("-", "") for slug in slugs)):
            if slug in self.icons:
                return self._render(self.icons[slug])
        return None

    def _render(self, icon: dict[str, Any]) -> Image.Image:
        width, height = icon.get("width", self.box[0]), icon.get("height", self.box[1])
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}">'
            f"{icon['body']}</svg>"
        )
        png = resvg_py.svg_to_bytes(svg_string=svg, width=RENDER_SIDE_PX, height=RENDER_SIDE_PX)
        return Image.open(io.BytesIO(bytes(png))).convert("RGBA")


def fit(picture: Image.Image) -> npt.NDArray[np.uint8] | None:
    """Crop to the subject, pad to a square, resize to (128, 128, 4); None for an empty drawing.

    Icon sets have different margins; without them, size and position are up to the composition.
    """
    box = picture.getchannel("A").point(lambda a: 255 if a > 16 else 0).getbbox()
    if box is None:
        return None
    subject = picture.crop(box)
    side = max(subject.size)
    square = Image.new("RGBA", (side, side))
    square.paste(subject, ((side - subject.width) // 2, (side - subject.height) // 2))
    # Premultiplied alpha, or transparent black bleeds into the edges.
    resized = square.convert("RGBa").resize((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    return np.asarray(resized.convert("RGBA"), dtype=np.uint8)


def prepare(
    workdir: Path,
    notice: Path | None,
    seed: int,
    tiny: bool,
    narrow: bool = False,
    held_out: HeldOut | None = None,
) -> None:
    """Run the phase: every idea from every set, and a share of the other emoji.

    If `narrow`, only names by hand are ideas, and only in the four most used sets. `held_out` comes
    from an earlier run; without it, pairs are chosen at random.
    """
    packages = workdir / "packages"
    emoji = read_emoji(packages)
    if tiny:
        kept = list(IDEAS)[:6]
        emoji = [e for e in emoji if e.character in kept]
    sources = PICTURE_SETS[:2] if tiny else PICTURE_SETS
    slugs = [own for source in sources if (own := open_set(source, packages).slugs)]
    rng = random.Random(seed)
    rows: list[DatasetRow] = []
    pictures: list[npt.NDArray[np.uint8]] = []
    with ProcessPoolExecutor() as pool:
        for source in sources:
            chosen = [one for one in emoji if one.names or rng.random() < OTHER_EMOJI_SHARE]
            bar = tqdm(chosen, desc=source.package, unit="picture")
            hints = [_slugs_of(one, slugs) for one in chosen]
            draw = partial(draw_fitted, source, packages)
            drawn = pool.map(draw, chosen, hints, chunksize=32)
            for one, picture in zip(bar, drawn, strict=True):
                if picture is not None:
                    rows.append(
                        DatasetRow(
                            source.package,
                            source.style,
                            source.weight,
                            one.character,
                            one.names or (one.label,),
                            one.tags,
                            is_idea(one, source, narrow),
                        )
                    )
                    pictures.append(picture)
    if held_out is None:
        held_out = HeldOut(frozenset() if tiny else hold_out(rows, rng))
    kept_back = held_out.pairs
    rows = [replace(row, idea=row.idea and (row.emoji, row.style) not in kept_back) for row in rows]
    np.save(workdir / "pictures.npy", np.stack(pictures))
    (workdir / "pictures.json").write_text(json.dumps([asdict(row) for row in rows]))
    write_held_out(workdir, held_out)
    _report(rows, notice)


def is_idea(emoji: Emoji, source: PictureSet, narrow: bool) -> bool:
    """Whether the diffusion model is trained on this drawing."""
    if narrow:
        return emoji.character in IDEAS and source.weight >= MIN_NARROW_WEIGHT
    return bool(emoji.names) and source.weight > 0


@cache
def open_set(source: PictureSet, packages: Path) -> IconSet:
    """An icon set, read once per process."""
    return IconSet(source, packages)


def _slugs_of(emoji: Emoji, slugs: list[dict[str, str]]) -> tuple[str, ...]:
    """The set's names of the emoji, if it has names."""
    code = _code_of(emoji)
    return tuple(known[code] for known in slugs if code in known)


def _code_of(emoji: Emoji) -> str:
    """The code points, in the form of package file names."""
    return "-".join(f"{ord(c):x}" for c in emoji.character)


def draw_fitted(
    source: PictureSet, packages: Path, emoji: Emoji, hints: tuple[str, ...]
) -> npt.NDArray[np.uint8] | None:
    """The set's drawing of an emoji (128, 128, 4), or None; `hints` are its names in other sets."""
    drawing = open_set(source, packages).draw(emoji, hints)
    return fit(drawing) if drawing else None


def hold_out(rows: list[DatasetRow], rng: random.Random) -> frozenset[tuple[str, str]]:
    """Choose (emoji, style) pairs that the diffusion model never sees, for the evaluation. Each
    such emoji remains in at least two other styles."""
    styles: dict[str, list[str]] = {}
    for row in rows:
        if row.idea:
            styles.setdefault(row.emoji, []).append(row.style)
    known = sorted(emoji for emoji, drawn in styles.items() if len(drawn) >= 3)
    chosen = rng.sample(known, min(HELD_OUT_PAIRS, len(known)))
    return frozenset((emoji, rng.choice(styles[emoji])) for emoji in chosen)


def _report(rows: list[DatasetRow], notice: Path | None) -> None:
    """Print the counts by source and licence, and write NOTICE from them."""
    counts = Counter(row.package for row in rows)
    ideas = Counter(row.package for row in rows if row.idea)
    print(f"{'package':36} {'licence':12} {'pictures':>8} {'of ideas':>8}")
    for source in PICTURE_SETS:
        name = source.package
        print(f"{name:36} {source.licence:12} {counts[name]:8} {ideas[name]:8}")
    print(f"{'':49} {counts.total():8} {ideas.total():8}")
    if notice is not None:
        write_notice(dict(counts), notice)
