"""`python -m benchmarks.parameters`: measure what each creative parameter does to pictures.

Prompts are parsed and resolved as in the bot, and the engine generates them. The table is written
to docs/parameters.md; on one core it takes some minutes. Pictures are compared by their pixels, and
with texts by the model's CLIP. Rows that need CLIP are left out if the model has no image encoder.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image
from transformers import CLIPTextModel, CLIPTokenizer

from benchmarks.report import table, write
from bot.models.versions import name_models
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.parser import parse
from bot.prompts.resolve import resolve, with_init_image
from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFailed, GenerationFinished
from diffusion.loading.load import EMBEDDED, Checkpoint, load
from diffusion.protocol.requests import ImageRequest
from diffusion.vision.inpainting import InpaintCanvas
from diffusion.vision.interrogator import Interrogator, load_interrogator

DOCUMENT = Path("docs/parameters.md")
AESTHETIC = "3d style"
"""What `--stylize` pulls towards if the model has no aesthetic of its own."""

AT_ONCE = 4
FIRST_SEED = 7
DIGEST = "0" * 64
"""A placeholder for the init image's file, which is never stored."""

UNWANTED = (
    ("a heart", "red"),
    ("an apple", "red"),
    ("a strawberry", "red"),
    ("a frog", "green"),
    ("a cactus", "green"),
    ("a banana", "yellow"),
    ("a sunflower", "yellow"),
    ("a fox", "orange"),
)
"""Prompts, and what their pictures usually show without being asked."""

FILLED = tuple(
    f"{thing} on a {colour} background"
    for thing in ("a star", "a strawberry", "a dog", "a red heart")
    for colour in ("blue", "yellow")
)
"""Pictures that reach to their borders, where a seam would be visible."""

Pictures = NDArray[np.float64]
"""[pictures, height, width, 3], from 0 to 255."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The pictures of one request."""

    request: ImageRequest
    pictures: Pictures


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One row of the table: a parameter at several values, and the measurement at each."""

    parameter: str
    values: Sequence[object]
    measured: str
    figures: Sequence[str]


class SweepRunner:
    """Generates prompts with one model, each from several seeds."""

    def __init__(self, checkpoint: Checkpoint, prompts: Sequence[str], seeds: int) -> None:
        aesthetic = checkpoint.info.aesthetic or AESTHETIC
        self.info = replace(checkpoint.info, aesthetic=aesthetic)
        self.prompts = prompts
        self.seeds = range(FIRST_SEED, FIRST_SEED + seeds)
        self._engine = Engine(checkpoint)

    def sweep(
        self, flag: str, values: Sequence[object], canvas: InpaintCanvas | None = None
    ) -> list[list[Drawing]]:
        """For each value, one picture of every prompt and seed."""
        return [self.singles(self.prompts, f"--{flag} {value}", canvas) for value in values]

    def singles(
        self, prompts: Sequence[str], flags: str = "", canvas: InpaintCanvas | None = None
    ) -> list[Drawing]:
        """One picture of each prompt and seed; all prompts of the first seed come first."""
        return self.draw(
            [f"{prompt} --n 1 --seed {seed} {flags}" for seed in self.seeds for prompt in prompts],
            canvas,
        )

    def grids(self, flags: str) -> list[Drawing]:
        """Four pictures of each prompt with the first seed."""
        return self.draw([f"{prompt} {flags}" for prompt in self.prompts])

    def draw(self, typed: Sequence[str], canvas: InpaintCanvas | None = None) -> list[Drawing]:
        requests = [self._request(one, canvas) for one in typed]
        drawn: list[Drawing] = []
        for start in range(0, len(requests), AT_ONCE):
            drawn += self._draw(requests[start : start + AT_ONCE], canvas)
        return drawn

    def _request(self, typed: str, canvas: InpaintCanvas | None) -> ImageRequest:
        prompt = parse(typed)
        versions = name_models((self.info,), {}, None)
        settings = effective_settings(prompt, SettingsSources(), versions)
        (request,) = resolve(prompt, settings, new_seed=0)
        return with_init_image(request, settings, DIGEST if canvas else None)

    def _draw(
        self, requests: Sequence[ImageRequest], canvas: InpaintCanvas | None
    ) -> list[Drawing]:
        keys = [self._engine.add(request, canvas=canvas).key for request in requests]
        pictures: dict[int, Pictures] = {}
        while len(self._engine):
            for event in self._engine.step():
                assert not isinstance(event, GenerationFailed), event
                if isinstance(event, GenerationFinished):
                    pictures[event.key] = np.stack(event.pictures).astype(np.float64)
        return [Drawing(one, pictures[key]) for one, key in zip(requests, keys, strict=True)]


# The measurements. Distances are the root mean square over pixels, from 0 to 255.


def distance(one: Pictures, other: Pictures) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))


def apart(drawings: Sequence[Drawing]) -> float:
    """The mean distance between the pictures of a grid."""
    return mean(
        mean(distance(*pair) for pair in combinations(drawing.pictures, 2)) for drawing in drawings
    )


def away(drawings: Sequence[Drawing], others: Sequence[Drawing]) -> float:
    """How far pictures lie from others of the same prompts and noises."""
    pairs = zip(drawings, others, strict=True)
    return mean(distance(one.pictures, other.pictures) for one, other in pairs)


def detail(drawings: Sequence[Drawing], finished: Sequence[Drawing]) -> float:
    """How much of the fine detail of finished pictures is there in earlier ones: 1 is all of it.

    Fine detail is what a slight blur takes away. What an early picture has of its own and loses
    later is none: this is the share of the finished one that is in it, as least squares have it.
    """
    found = []
    for early, late in zip(drawings, finished, strict=True):
        there, wanted = (fine(one.pictures) for one in (early, late))
        found.append(float((there * wanted).sum() / (wanted**2).sum()))
    return mean(found)


def fine(pictures: Pictures) -> NDArray[np.float64]:
    """[pictures, height, width]: the brightness without what a blur of 1 px leaves of it."""
    bright = pictures.mean(axis=3)
    weights = np.exp(-(np.arange(-3, 4) ** 2) / 2)
    weights /= weights.sum()
    windows = sliding_window_view(
        np.pad(bright, ((0, 0), (3, 3), (3, 3)), mode="edge"), (7, 7), axis=(1, 2)
    )
    blurred: NDArray[np.float64] = np.einsum("phwij,i,j->phw", windows, weights, weights)
    return bright - blurred


def seam(drawings: Sequence[Drawing]) -> float:
    """How much more opposite borders differ than neighbouring lines of pixels."""
    found = []
    for drawing in drawings:
        for p in (drawing.pictures, drawing.pictures.swapaxes(1, 2)):
            across = np.abs(p[:, 0] - p[:, -1]).mean()
            beside = np.abs(p[:, 0] - p[:, 1]).mean() + np.abs(p[:, -1] - p[:, -2]).mean()
            found.append(float(across - beside / 2))
    return mean(found)


class ClipScorer:
    """CLIP similarity of pictures and texts."""

    def __init__(self, interrogator: Interrogator) -> None:
        self._interrogator = interrogator

    def likeness(self, drawings: Sequence[Drawing], texts: Sequence[str]) -> float:
        """The mean cosine similarity of each drawing's pictures with its text."""
        found = []
        for drawing, text in zip(drawings, texts, strict=True):
            images = [Image.fromarray(p.astype(np.uint8)) for p in drawing.pictures]
            seen, read = self._interrogator.see(images), self._interrogator.read([text])[0]
            found.append(float((seen @ read).mean()))
        return mean(found)


def measure(runner: SweepRunner, scorer: ClipScorer | None) -> Iterator[ParameterRow]:
    """Every row of the table."""
    plain = runner.singles(runner.prompts)

    def row(
        flag: str,
        values: Sequence[object],
        measured: str,
        sweep: Sequence[list[Drawing]],
        of: Callable[[list[Drawing]], float],
    ) -> ParameterRow:
        figures = [f"{of(drawings):.3g}" for drawings in sweep]
        return ParameterRow(f"--{flag}", values, measured, figures)

    def alike(text: str) -> Callable[[list[Drawing]], float]:
        assert scorer is not None
        return lambda drawings: scorer.likeness(drawings, [text] * len(drawings))

    values = (0, 25, 50, 75, 100)
    chaos = [runner.grids(f"--seed {FIRST_SEED} --chaos {value}") for value in values]
    yield row("chaos", values, "distance between tiles", chaos, apart)
    same = [runner.grids(f"--sameseed {FIRST_SEED}")]
    yield row("sameseed", [FIRST_SEED], "distance between tiles", same, apart)

    values = (0, 500, 1000, 2000, 3000)
    weird = runner.sweep("weird", values)
    yield row("weird", values, "distance from the usual", weird, lambda one: away(one, plain))

    values = (0, 100, 250, 500, 1000)
    stylize = runner.sweep("stylize", values)
    guidance = [f"{drawings[0].request.guidance_scale:.3g}" for drawings in stylize]
    yield ParameterRow("--stylize", values, "guidance", guidance)
    yield row("stylize", values, "distance from 0", stylize, lambda one: away(one, stylize[0]))
    if scorer is not None:
        aesthetic = alike(runner.info.aesthetic)
        yield row("stylize", values, "likeness to the aesthetic", stylize, aesthetic)
        raw = runner.sweep("raw --stylize", values)
        yield row("raw --stylize", values, "likeness to the aesthetic", raw, aesthetic)

    qualities = (".25", ".5", "1", "2", "4")
    quality = runner.sweep("quality", qualities)
    steps = [str(drawings[0].request.steps) for drawings in quality]
    yield ParameterRow("--quality", qualities, "steps", steps)
    ripe = quality[-1]
    yield row("quality", qualities, "distance from 4", quality, lambda one: away(one, ripe))

    values = (10, 25, 50, 75, 100)
    stop = runner.sweep("stop", values)
    yield row("stop", values, "fine detail", stop, lambda one: detail(one, plain))
    yield row("stop", values, "distance from 100", stop, lambda one: away(one, plain))

    tiled = [runner.singles(FILLED, flags) for flags in ("", "--tile")]
    yield row("tile", ["off", "on"], "seam", tiled, seam)

    size = runner.info.native_size
    canvas = InpaintCanvas(np.full((size, size, 3), (40, 90, 200), np.uint8))
    start = [Drawing(one.request, np.zeros_like(one.pictures) + canvas.pixels) for one in plain]
    weights = ("0", ".5", "1", "2", "3")
    started = runner.sweep("iw", weights, canvas)
    yield row("iw", weights, "distance from the picture", started, lambda one: away(one, start))

    if scorer is not None:
        things = [thing for _ in runner.seeds for _, thing in UNWANTED]
        wanted = runner.singles([prompt for prompt, _ in UNWANTED])
        unwanted = runner.singles([f"{prompt} --no {thing}" for prompt, thing in UNWANTED])
        pair = [f"{scorer.likeness(one, things):.3g}" for one in (wanted, unwanted)]
        yield ParameterRow("--no", ["without", "with"], "likeness to the thing", pair)


def _scorer(folder: Path | None, checkpoint: Checkpoint) -> ClipScorer | None:
    """The CLIP of `folder`, or that of the model; None without an image encoder."""
    interrogator = checkpoint.interrogator
    if folder:
        tower = CLIPTextModel.from_pretrained(folder / "text_encoder").eval()
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        interrogator = load_interrogator(folder, tokenizer, tower, torch.device("cpu"))
    return ClipScorer(interrogator) if interrogator.sees else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parameters", description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED, help="folder of the checkpoint")
    parser.add_argument("--clip", type=Path, help="folder of another CLIP to judge by")
    parser.add_argument("--prompts", type=int, default=6, help="of the model's examples")
    parser.add_argument("--seeds", type=int, default=2, help="pictures of each prompt")
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    checkpoint = load(arguments.model, device, torch.float32)
    runner = SweepRunner(checkpoint, checkpoint.info.examples[: arguments.prompts], arguments.seeds)
    lines = []
    for row in measure(runner, _scorer(arguments.clip, checkpoint)):
        values, figures = (" · ".join(map(str, some)) for some in (row.values, row.figures))
        lines.append([f"`{row.parameter}`", values, row.measured, figures])
        print(*lines[-1], sep=" | ", flush=True)
    pictures = len(runner.prompts) * len(runner.seeds)
    about = (
        f"{checkpoint.info.id}, {len(runner.prompts)} prompts; {pictures} pictures at each value, "
        f"{4 * len(runner.prompts)} where tiles are compared, {len(FILLED) * len(runner.seeds)} at "
        f"`--tile`, {len(UNWANTED) * len(runner.seeds)} at `--no`"
    )
    write(DOCUMENT, "measured", f"{table(['Parameter', 'At', 'Measured', 'Is'], lines)}\n\n{about}")


if __name__ == "__main__":
    main()
