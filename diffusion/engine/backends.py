"""Chooses what runs the U-Net on a processor: torch, or OpenVINO where it is faster.

    DARKROOM_BACKEND    auto (measure), torch or openvino

It is measured at the first start with a model and then kept, because it decides the bytes of
pictures. Whatever fails on the way is logged, and torch runs the U-Net.
"""

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from torch import Tensor

from diffusion.loading.load import Checkpoint
from diffusion.nn.devices import SettingError
from diffusion.nn.openvino_model import ADDED_INPUTS, convert, digest, example, read, save
from diffusion.nn.openvino_unet import OpenvinoUnet

BACKENDS = ("auto", "torch", "openvino")

MEASURED_ROWS = 2
"""One picture with guidance."""

MEASURED_MAX_SIDE_CELLS = 32
"""Larger pictures are measured at this size: they take long, and the ratio is much the same."""

ROUNDS = 10
"""How often each backend is timed. The least time counts."""

MAX_MEASURING_S = 5.0
"""No further round begins after this many seconds."""

MAX_RELATIVE_ERROR = {torch.float32: 0.01, torch.bfloat16: 0.05}
"""How far OpenVINO's output may be from torch's, as root mean square. Usual are 1e-6 and 0.01."""

COPIES_OF_WEIGHTS = 3
"""How many copies of the weights must fit into free memory: converting and compiling need them."""

CHOICE_FILE = "choice.json"
MAX_KEPT_MODELS = 4
"""How many converted models stay on disk. The one that was used least recently goes first."""

log = logging.getLogger(__name__)


class _NotUsable(Exception):
    """OpenVINO cannot run this model here; the message says why."""


def backend_wanted() -> str:
    """The value of DARKROOM_BACKEND. Raises SettingError."""
    value = os.environ.get("DARKROOM_BACKEND") or "auto"
    if value not in BACKENDS:
        *others, last = BACKENDS
        raise SettingError(
            f"DARKROOM_BACKEND must be {', '.join(others)} or {last}, not “{value}”."
        )
    return value


def openvino_unet(checkpoint: Checkpoint, folder: Path, wanted: str) -> OpenvinoUnet | None:
    """The U-Net of the checkpoint as OpenVINO runs it, or None where torch shall run it.

    `wanted` is one of `BACKENDS`, and `folder` is where converted models are kept. Call it before
    the layers of the U-Net are changed or compiled. Raises SettingError if OpenVINO is wanted and
    not installed.
    """
    if wanted == "torch" or next(checkpoint.denoiser.unet.parameters()).device.type != "cpu":
        return None
    if find_spec("openvino") is None:
        if wanted == "openvino":
            raise SettingError("DARKROOM_BACKEND=openvino needs darkroom[openvino] installed.")
        log.info("torch runs the U-Net: openvino is not installed")
        return None
    try:
        return _faster(checkpoint, folder, wanted)
    except _NotUsable as error:
        log.info("torch runs the U-Net: %s", error)
    except Exception:
        log.exception("torch runs the U-Net, because OpenVINO failed")
    return None


def backends(network: OpenvinoUnet | None) -> Mapping[str, str]:
    """What runs each part of a model, for `/v1/models`."""
    unet = "openvino" if network else "torch"
    return {"unet": unet, "unet_with_loras": "torch", "text_encoder": "torch", "vae": "torch"}


@torch.inference_mode()
def _faster(checkpoint: Checkpoint, folder: Path, wanted: str) -> OpenvinoUnet | None:
    if checkpoint.denoiser.is_told_guidance:
        raise _NotUsable("this U-Net is told the guidance scale, which was not converted")
    unet = checkpoint.denoiser.unet
    place = folder / f"{digest(unet)}-{wanted}"
    kept = _kept_choice(place)
    if kept == "torch":
        return None
    _check_memory(unet)
    rows = _measured_rows(checkpoint)
    if kept == "openvino":
        try:
            network = _network(unet, read(place))
            _by_openvino(network, rows)
        except RuntimeError as error:
            log.warning("%s cannot be used (%s): the U-Net is converted again", place, error)
            shutil.rmtree(place, ignore_errors=True)
        else:
            with suppress(OSError):
                os.utime(place)
            return network
    began = time.perf_counter()
    model = convert(unet)
    part = _saved(model, folder)
    try:
        network = _network(unet, read(part) if part else model)
        _check_output(unet, network, rows)
        log.info("converted the U-Net for OpenVINO in %.1f s", time.perf_counter() - began)
        chosen = measured_choice(unet, network, rows) if wanted == "auto" else wanted
        if part:
            chosen = _keep(part, place, chosen)
    finally:
        if part:
            shutil.rmtree(part, ignore_errors=True)
    _remove_old(folder)
    return network if chosen == "openvino" else None


def _network(unet: Any, model: Any) -> OpenvinoUnet:
    weights = next(unet.parameters())
    return OpenvinoUnet(model, weights.dtype, _weight_bytes(unet), torch.get_num_threads())


def _measured_rows(checkpoint: Checkpoint) -> tuple[Tensor, ...]:
    """Inputs of MEASURED_ROWS equal rows in the model's native size, unless it is very large."""
    cells = checkpoint.info.native_size // checkpoint.decoder.factor
    side = min(cells, MEASURED_MAX_SIDE_CELLS)
    inputs = example(checkpoint.denoiser.unet, side, side, checkpoint.text.clips[0].window)
    return tuple(torch.cat([one] * MEASURED_ROWS) for one in inputs)


def _by_torch(unet: Any, rows: Sequence[Tensor]) -> Tensor:
    sample, timestep, states, *added = rows
    with_added = dict(zip(ADDED_INPUTS, added, strict=False))
    options = {"added_cond_kwargs": with_added} if with_added else {}
    output: Tensor = unet(sample, timestep, states, return_dict=False, **options)[0]
    return output


def _by_openvino(network: OpenvinoUnet, rows: Sequence[Tensor]) -> Tensor:
    sample, timestep, states, *added = rows
    with_added = dict(zip(ADDED_INPUTS, added, strict=False))
    return network(sample, timestep, states, added_cond_kwargs=with_added)[0]


def _check_output(unet: Any, network: OpenvinoUnet, rows: Sequence[Tensor]) -> None:
    """Raise _NotUsable if equal rows differ, or are not what torch predicts."""
    ours = torch.cat([_by_openvino(network, rows) for _ in range(2)])
    if not torch.equal(ours, ours[:1].expand_as(ours)):
        raise _NotUsable("OpenVINO gives equal rows different bytes")
    # Other inputs than those of the conversion, so that nothing of them has become a constant.
    changed = [one[:1].flip(-1) / 2 for one in rows]
    ours, torchs = _by_openvino(network, changed), _by_torch(unet, changed).float()
    error = float((ours - torchs).square().mean().sqrt() / torchs.square().mean().sqrt())
    if not error <= MAX_RELATIVE_ERROR.get(next(unet.parameters()).dtype, 0.0):
        raise _NotUsable(f"OpenVINO's output differs from torch's by {error:.1%}")


def measured_choice(unet: Any, network: OpenvinoUnet, rows: Sequence[Tensor]) -> str:
    """The backend whose pass costs less: its seconds, times its seconds of processor time.

    The choice is kept, so a busy hour must not decide it. Then seconds mostly say which thread was
    held up, but processor time stays much the same. Both backends take turns.
    """
    passes: dict[str, Callable[[], Tensor]] = {
        "openvino": lambda: _by_openvino(network, rows),
        "torch": lambda: _by_torch(unet, rows),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in passes}
    start = time.perf_counter()
    while len(taken["torch"]) < ROUNDS:
        for name, run in passes.items():
            began, used = time.perf_counter(), time.process_time()
            run()
            taken[name].append((time.perf_counter() - began, time.process_time() - used))
        if time.perf_counter() - start > MAX_MEASURING_S:
            break
    costs = {}
    for name, times in taken.items():
        wall, used = (min(column) for column in zip(*times, strict=True))
        costs[name] = wall * used
        log.info(
            "a pass of %d rows by %s takes %.1f ms, and %.1f ms of processor time",
            *(MEASURED_ROWS, name, 1000 * wall, 1000 * used),
        )
    return min(costs, key=costs.__getitem__)


def _check_memory(unet: Any) -> None:
    """Raise _NotUsable if there is too little free memory, as far as the system says."""
    known = Path("/proc/meminfo")
    for line in known.read_text().splitlines() if known.exists() else []:
        name, _, amount = line.partition(":")
        needed = COPIES_OF_WEIGHTS * _weight_bytes(unet)
        if name == "MemAvailable" and int(amount.split()[0]) * 1024 < needed:
            raise _NotUsable(f"OpenVINO would need {needed >> 20} MiB of free memory")


def _weight_bytes(unet: Any) -> int:
    return sum(weight.nbytes for weight in unet.parameters())


def _kept_choice(place: Path) -> str | None:
    """The backend that an earlier start chose, if it is known."""
    try:
        return str(json.loads((place / CHOICE_FILE).read_bytes())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _saved(model: Any, folder: Path) -> Path | None:
    """A new folder with the model. None, and logged, if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(mkdtemp(dir=folder, prefix="part-"))
        save(model, part)
    except (OSError, RuntimeError) as error:
        log.warning("the converted U-Net is not kept: %s", error)
        return None
    return part


def _keep(part: Path, place: Path, chosen: str) -> str:
    """Move the folder to its place with the choice, completely or not at all.

    Returns the choice: that of another process, if one that started with us was faster.
    """
    try:
        (part / CHOICE_FILE).write_text(json.dumps({"backend": chosen}))
        for path in part.iterdir():
            if chosen == "torch" and path.name != CHOICE_FILE:
                path.unlink()
            else:
                _write_through(path)
        part.replace(place)
    except OSError as error:
        log.info("the converted U-Net is not kept: %s", error)
    return _kept_choice(place) or chosen


def _write_through(path: Path) -> None:
    """Make sure that the file is complete even if the machine loses power."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove_old(folder: Path) -> None:
    """Remove the models beyond MAX_KEPT_MODELS, and what a killed process left."""
    with suppress(OSError):
        used = {path: path.stat().st_mtime for path in folder.iterdir()}
        newest = sorted(used, key=used.__getitem__, reverse=True)
        for path in newest[MAX_KEPT_MODELS:]:
            shutil.rmtree(path, ignore_errors=True)
