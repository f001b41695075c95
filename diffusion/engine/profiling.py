"""Profiles a model: measures its pass times on this machine, and keeps them between runs.

    read     load the measurements of earlier runs from the user's cache folder
    sweep    measure the model's native size where they lack it
    write    save the measurements of this run for the next one

A file belongs to one model on one machine. A damaged or foreign file is ignored.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch

from diffusion.engine.batching import BatchedDenoiser
from diffusion.engine.cost_model import MAX_BATCH_ROWS, CostModel
from diffusion.engine.scheduler import Shape
from diffusion.loading.load import Checkpoint
from diffusion.nn.devices import device_name, is_out_of_memory
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.requests import ImageRequest, Noise
from diffusion.protocol.validation import Flag, JsonObject, ListOf, Number, Whole, read
from diffusion.sampling.plan import Plan
from diffusion.sampling.trajectory import Row, begin

SWEPT_ROWS = (1, 2, 4, 8, 16)
ROUNDS = 3
"""How often each batch size is timed. The fastest time counts."""

MAX_SWEEP_S = 10.0
"""Seconds for a whole sweep. A pass that has started is finished."""

MAX_SHAPES = 256
MAX_SIDE_CELLS = 1 << 12
"""The longest side of a shape in a file, in latent cells."""

log = logging.getLogger(__name__)


Side = Annotated[int, Whole(1, MAX_SIDE_CELLS)]


@dataclass(frozen=True, slots=True)
class _Point(JsonObject):
    """The measured time of a pass with `rows` rows."""

    rows: Annotated[int, Whole(1, MAX_BATCH_ROWS)]
    seconds: Annotated[float, Number(1e-9, 1e6)]


@dataclass(frozen=True, slots=True)
class _Curve(JsonObject):
    """The measurements of one shape."""

    height: Side
    width: Side
    chunks: Side
    tile: Annotated[bool, Flag()] = False
    on_torch: Annotated[bool, Flag()] = False
    points: Annotated[tuple[_Point, ...], ListOf(MAX_BATCH_ROWS)] = ()


@dataclass(frozen=True, slots=True)
class _Curves(JsonObject):
    """The content of a file, apart from its identity."""

    curves: Annotated[tuple[_Curve, ...], ListOf(MAX_SHAPES)] = ()


class CostModelFile:
    """The file with the pass times of one model on one machine, as `identity` describes them."""

    def __init__(self, folder: Path, identity: Mapping[str, str]) -> None:
        self._identity = dict(identity)
        self.path = folder / f"pass-costs-{_digest(self._identity)}.json"

    def read(self) -> CostModel:
        """The cost model in the file. An unusable file is logged, and gives an empty one."""
        costs = CostModel()
        try:
            for shape, points in _curves(self.path.read_bytes(), self._identity):
                for rows, seconds in points:
                    costs.recall(shape, rows, seconds)
        except FileNotFoundError:
            return costs
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s cannot be used (%s): passes are measured again", self.path, error)
            return CostModel()
        return costs

    def write(self, costs: CostModel) -> None:
        """Save the cost model atomically. A failure is only logged."""
        used = sorted(costs.curves.items(), key=lambda item: item[1].passes, reverse=True)
        curves = [
            {
                "height": shape.height,
                "width": shape.width,
                "chunks": shape.chunks,
                "tile": shape.tile,
                "on_torch": shape.on_torch,
                "points": [{"rows": rows, "seconds": took} for rows, took in curve.points()],
            }
            for shape, curve in used[:MAX_SHAPES]
        ]
        content = json.dumps({"of": self._identity, "curves": curves}, indent=1)
        part = self.path.with_suffix(f".{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(content, encoding="utf-8")
            part.replace(self.path)
        except OSError as error:
            log.warning("What passes take is not kept: %s", error)
            with suppress(OSError):
                part.unlink()


def cache_folder() -> Path:
    """The folder for cache files, by the XDG base directory specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "darkroom"


def identity(checkpoint: Checkpoint, compiled: bool, backend: str = "torch") -> dict[str, str]:
    """Everything that the time of a pass depends on, except the load of the machine.

    `backend` runs the U-Net.
    """
    unet = checkpoint.denoiser.unet
    weights = next(unet.parameters())
    config: Mapping[str, object] = dict(unet.config)  # type: ignore
    # Keys with an underscore are paths and versions, which do not matter.
    sizes = {name: str(value) for name, value in config.items() if not name.startswith("_")}
    return {
        "model": checkpoint.info.id,
        "network": _digest(sizes),
        "device": device_name(weights.device),
        "threads": str(torch.get_num_threads()),
        "dtype": str(weights.dtype),
        "torch": torch.__version__,
        "compiled": str(compiled),
        "backend": backend,
    }


def native_shape(checkpoint: Checkpoint) -> Shape:
    """The shape of pictures in the model's native size, with texts of one chunk."""
    cells = checkpoint.info.native_size // checkpoint.decoder.factor
    return Shape(cells, cells)


def sweep(checkpoint: Checkpoint, passes: BatchedDenoiser, costs: CostModel) -> Iterator[None]:
    """Measure the native shape at all batch sizes, one pass at each `next`, within `MAX_SWEEP_S`.

    An error ends the sweep. Running out of memory also lowers the largest batch.
    """
    shape, spent = native_shape(checkpoint), 0.0
    drawn: Sequence[Row] = ()
    for count in SWEPT_ROWS * ROUNDS:
        before = costs.passes(shape)
        # The first pass of a size examines its layers and is not timed.
        while costs.passes(shape) == before:
            if spent > MAX_SWEEP_S or count > costs.most(shape):
                return
            began = time.perf_counter()
            try:
                drawn = drawn or native_rows(checkpoint)
                passes.predict(shape, drawn[:count])
                passes.settle()
            except Exception as error:
                log.exception("a pass of %d rows failed", count)
                if is_out_of_memory(error):
                    costs.halve(shape, count)
                    torch.cuda.empty_cache()
                return
            spent += time.perf_counter() - began
            yield
    curve = costs.curves[shape].points()
    points = ", ".join(f"{rows}: {1000 * took:.1f} ms" for rows, took in curve)
    log.info("passes by their rows, measured in %.1f s: %s", spent, points)


def native_rows(checkpoint: Checkpoint) -> Sequence[Row]:
    """Rows of the native shape for the largest batch, each of a picture at its first step."""
    info, shape = checkpoint.info, native_shape(checkpoint)
    request = ImageRequest(
        model=info.id,
        prompt="a picture",
        noises=tuple(Noise(seed) for seed in range(MAX_BATCH_ROWS)),
        width=info.native_size,
        height=info.native_size,
        steps=info.steps,
        guidance_scale=1.0,
    )
    latents = (checkpoint.denoiser.channels, shape.height, shape.width)
    plan = Plan.of(request, checkpoint.denoiser.is_told_guidance)
    levels = checkpoint.denoiser.levels
    conditions = checkpoint.text.encode(plan.all_texts)
    begun = (
        begin(request, plan, index, levels, conditions, latents) for index in range(MAX_BATCH_ROWS)
    )
    return [row for one in begun for row in one.rows()]


def _curves(
    content: bytes, identity: Mapping[str, str]
) -> Iterator[tuple[Shape, list[tuple[int, float]]]]:
    """The shapes in a file, each with its points (rows, seconds). Raises ValueError."""
    said = json.loads(content)
    if not isinstance(said, Mapping) or said.get("of") != identity:
        raise InvalidField("of", "it belongs to another model or machine")
    for curve in read(_Curves, said).curves:
        shape = Shape(curve.height, curve.width, curve.chunks, curve.tile, curve.on_torch)
        yield shape, [(point.rows, point.seconds) for point in curve.points]


def _digest(description: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:16]
