"""Chooses what runs the U-Net and the autoencoder on a processor: torch, or OpenVINO if faster.

    DARKROOM_BACKEND    auto (measure), torch or openvino

It is measured at the first start with a model and then kept, because it decides the bytes of
pictures. Whatever fails on the way is logged, and torch runs the network.
"""

import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion.loading.load import Checkpoint
from diffusion.nn.devices import SettingError
from diffusion.nn.openvino_cache import keep, kept_choice, remove_old, saved, touch
from diffusion.nn.openvino_decoder import OpenvinoDecoder
from diffusion.nn.openvino_model import (
    ADDED_INPUTS,
    convert,
    convert_decoder,
    digest,
    example,
    example_latents,
    read,
)
from diffusion.nn.openvino_unet import OpenvinoUnet

BACKENDS = ("auto", "torch", "openvino")

MEASURED_ROWS = 2
"""One picture with guidance."""

MEASURED_MAX_SIDE_CELLS = 32
"""Larger pictures are measured at this size: they take long, and the ratio is much the same."""

DECODED_MAX_SIDE_CELLS = 16
"""The same for the autoencoder, which has as much work for a cell as many steps of the U-Net."""

ROUNDS = 10
"""How often each backend is timed. The least time counts."""

CLEAR_ROUNDS = 3
CLEAR_RATIO = 2.0
"""After so many rounds a backend that costs so many times as much as the other has lost."""

MAX_MEASURING_S = 5.0
"""No further round begins after this many seconds."""

MAX_RELATIVE_ERROR = {torch.float32: 0.01, torch.bfloat16: 0.05}
"""How far OpenVINO's output may be from torch's, as root mean square. Usual are 1e-6 and 0.01."""

COPIES_OF_WEIGHTS = 3
"""How many copies of the weights must fit into free memory: converting and compiling need them."""

log = logging.getLogger(__name__)


class _NotUsable(Exception):
    """OpenVINO cannot run this network here; the message says why."""


Rows = Sequence[Tensor]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A network that OpenVINO may run.

    `file` is what it is kept in. `network` compiles a converted model. The two that run it take the
    inputs of some rows; what they return is compared.
    """

    name: str
    file: str
    module: Any
    dtype: torch.dtype
    rows: tuple[Tensor, ...]
    convert: Callable[[], Any]
    network: Callable[[Any], Any]
    by_openvino: Callable[[Any, Rows], Tensor]
    by_torch: Callable[[Rows], Tensor]


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

    `wanted` is one of `BACKENDS`, and `folder` is where converted networks are kept. Call it before
    the layers of the U-Net are changed or compiled. Raises SettingError if OpenVINO is wanted and
    not installed.
    """

    def candidate() -> _Candidate:
        if checkpoint.denoiser.is_told_guidance:
            raise _NotUsable("it is told the guidance scale, which was not converted")
        return _unet(checkpoint)

    unet: OpenvinoUnet | None = _chosen("U-Net", candidate, checkpoint, folder, wanted)
    return unet


def openvino_decoder(checkpoint: Checkpoint, folder: Path, wanted: str) -> OpenvinoDecoder | None:
    """The autoencoder's decoder as OpenVINO runs it, or None; as `openvino_unet`.

    It computes in the U-Net's dtype, where torch's computes in float32.
    """
    decoder: OpenvinoDecoder | None = _chosen(
        "autoencoder", partial(_decoder, checkpoint), checkpoint, folder, wanted
    )
    return decoder


def backends(unet: OpenvinoUnet | None, decoder: object = None) -> Mapping[str, str]:
    """What runs each part of a model, for `/v1/models`."""
    torchs = ("unet_with_loras", "text_encoder", "vae_encoder", "vae_in_tiles")
    chosen = {"unet": unet, "vae": decoder}
    return {
        **{part: "openvino" if network else "torch" for part, network in chosen.items()},
        **dict.fromkeys(torchs, "torch"),
    }


def _unet(checkpoint: Checkpoint) -> _Candidate:
    unet = checkpoint.denoiser.unet
    cells = checkpoint.info.native_size // checkpoint.decoder.factor
    side = min(cells, MEASURED_MAX_SIDE_CELLS)
    one = example(unet, side, side, checkpoint.text.clips[0].window)
    weights = next(unet.parameters())
    return _Candidate(
        name="U-Net",
        file="unet.xml",
        module=unet,
        dtype=weights.dtype,
        rows=tuple(torch.cat([values] * MEASURED_ROWS) for values in one),
        convert=lambda: convert(unet),
        network=lambda model: OpenvinoUnet(
            model, weights.dtype, _weight_bytes(unet), torch.get_num_threads()
        ),
        by_openvino=_by_openvino,
        by_torch=partial(_by_torch, unet),
    )


def _decoder(checkpoint: Checkpoint) -> _Candidate:
    vae: Any = checkpoint.decoder.vae
    cells = checkpoint.info.native_size // checkpoint.decoder.factor
    side = min(cells, DECODED_MAX_SIDE_CELLS)
    dtype = next(checkpoint.denoiser.unet.parameters()).dtype

    def by_torch(rows: Rows) -> Tensor:
        decoded: Tensor = vae.decode(rows[0], return_dict=False)[0]
        return decoded

    return _Candidate(
        name="autoencoder",
        file="vae_decoder.xml",
        module=vae,
        dtype=dtype,
        rows=(example_latents(vae, side, side),),
        convert=lambda: convert_decoder(vae),
        network=lambda model: OpenvinoDecoder(model, dtype, torch.get_num_threads()),
        by_openvino=lambda network, rows: network(rows[0]),
        by_torch=by_torch,
    )


def _chosen(
    name: str,
    candidate: Callable[[], _Candidate],
    checkpoint: Checkpoint,
    folder: Path,
    wanted: str,
) -> Any:
    """The network where OpenVINO runs it, or None."""
    if wanted == "torch" or next(checkpoint.denoiser.unet.parameters()).device.type != "cpu":
        return None
    if find_spec("openvino") is None:
        if wanted == "openvino":
            raise SettingError("DARKROOM_BACKEND=openvino needs darkroom[openvino] installed.")
        log.info("torch runs the %s: openvino is not installed", name)
        return None
    try:
        return _faster(candidate(), folder, wanted)
    except _NotUsable as error:
        log.info("torch runs the %s: %s", name, error)
    except Exception:
        log.exception("torch runs the %s, because OpenVINO failed", name)
    return None


@torch.inference_mode()
def _faster(candidate: _Candidate, folder: Path, wanted: str) -> Any:
    place = folder / f"{digest(candidate.module, candidate.dtype)}-{wanted}"
    kept = kept_choice(place)
    if kept == "torch":
        return None
    _check_memory(candidate.module)
    if kept == "openvino":
        try:
            network = candidate.network(read(place / candidate.file))
            candidate.by_openvino(network, candidate.rows)
        except RuntimeError as error:
            log.warning(
                "%s cannot be used (%s): the %s is converted again", place, error, candidate.name
            )
            shutil.rmtree(place, ignore_errors=True)
        else:
            touch(place)
            return network
    began = time.perf_counter()
    model = candidate.convert()
    part = saved(model, folder, candidate.file)
    try:
        network = candidate.network(read(part / candidate.file) if part else model)
        _check_output(candidate, network)
        log.info(
            "converted the %s for OpenVINO in %.1f s", candidate.name, time.perf_counter() - began
        )
        chosen = wanted
        if wanted == "auto":
            passes = {
                "openvino": partial(candidate.by_openvino, network, candidate.rows),
                "torch": partial(candidate.by_torch, candidate.rows),
            }
            chosen = measured_choice(candidate.name, passes)
        if part:
            chosen = keep(part, place, chosen)
    finally:
        if part:
            shutil.rmtree(part, ignore_errors=True)
    remove_old(folder)
    return network if chosen == "openvino" else None


def _by_torch(unet: Any, rows: Rows) -> Tensor:
    sample, timestep, states, *added = rows
    with_added = dict(zip(ADDED_INPUTS, added, strict=False))
    options = {"added_cond_kwargs": with_added} if with_added else {}
    output: Tensor = unet(sample, timestep, states, return_dict=False, **options)[0]
    return output


def _by_openvino(network: OpenvinoUnet, rows: Rows) -> Tensor:
    sample, timestep, states, *added = rows
    with_added = dict(zip(ADDED_INPUTS, added, strict=False))
    return network(sample, timestep, states, added_cond_kwargs=with_added)[0]


def _check_output(candidate: _Candidate, network: Any) -> None:
    """Raise _NotUsable if equal rows differ, or are not what torch predicts."""
    ours = torch.cat([candidate.by_openvino(network, candidate.rows) for _ in range(2)])
    if not torch.equal(ours, ours[:1].expand_as(ours)):
        raise _NotUsable("OpenVINO gives equal rows different bytes")
    # Other inputs than those of the conversion, so that nothing of them has become a constant.
    changed = [one[:1].flip(-1) / 2 for one in candidate.rows]
    ours = candidate.by_openvino(network, changed)
    torchs = candidate.by_torch(changed).float()
    error = float((ours - torchs).square().mean().sqrt() / torchs.square().mean().sqrt())
    if not error <= MAX_RELATIVE_ERROR.get(candidate.dtype, 0.0):
        raise _NotUsable(f"OpenVINO's output differs from torch's by {error:.1%}")


def measured_choice(name: str, passes: Mapping[str, Callable[[], Tensor]]) -> str:
    """The backend whose pass costs less: its seconds, times its seconds of processor time.

    The choice is kept, so a busy hour must not decide it. Then seconds mostly say which thread was
    held up, but processor time stays much the same. The backends take turns.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in passes}
    start = time.perf_counter()
    while len(taken["torch"]) < ROUNDS:
        for backend, run in passes.items():
            began, used = time.perf_counter(), time.process_time()
            run()
            taken[backend].append((time.perf_counter() - began, time.process_time() - used))
        cheap, dear = sorted(math.prod(_least(times)) for times in taken.values())
        is_clear = len(taken["torch"]) >= CLEAR_ROUNDS and dear > CLEAR_RATIO * cheap
        if is_clear or time.perf_counter() - start > MAX_MEASURING_S:
            break
    costs = {}
    for backend, times in taken.items():
        wall, used = _least(times)
        costs[backend] = wall * used
        log.info(
            "a pass of the %s by %s takes %.1f ms, and %.1f ms of processor time",
            *(name, backend, 1000 * wall, 1000 * used),
        )
    return min(costs, key=costs.__getitem__)


def _least(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least seconds, and the least seconds of processor time."""
    wall, used = zip(*times, strict=True)
    return min(wall), min(used)


def _check_memory(module: Any) -> None:
    """Raise _NotUsable if there is too little free memory, as far as the system says."""
    known, needed = Path("/proc/meminfo"), COPIES_OF_WEIGHTS * _weight_bytes(module)
    for line in known.read_text().splitlines() if known.exists() else []:
        name, _, amount = line.partition(":")
        if name == "MemAvailable" and int(amount.split()[0]) * 1024 < needed:
            raise _NotUsable(f"OpenVINO would need {needed >> 20} MiB of free memory")


def _weight_bytes(module: Any) -> int:
    return sum(weight.nbytes for weight in module.parameters())
