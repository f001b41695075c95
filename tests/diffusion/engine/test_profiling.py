"""What passes cost is known before anybody waits: from a sweep, and from a file of earlier runs."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.engine.cost_model import CostModel
from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFinished
from diffusion.engine.profiling import (
    MAX_SHAPES,
    SWEPT_ROWS,
    CostModelFile,
    cache_folder,
    identity,
    native_shape,
)
from diffusion.engine.scheduler import Shape
from diffusion.loading.load import Checkpoint
from diffusion.protocol.requests import Noise
from diffusion.server.process import loaded_engine
from tests.support.engine.inference_requests import a_request

CPU = torch.device("cpu")
OURS = {"model": "tiny", "device": "a machine"}
NATIVE = Shape(8, 8)


class Told(CostModel):
    """Costs that hear of another time than the one that passed, by the number of rows."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        super().__init__()
        self._told = seconds

    def note(self, shape: Shape, rows: int, seconds: float) -> None:
        super().note(shape, rows, self._told(rows))


def _rest(engine: Engine) -> int:
    """Let it rest until it has no more use for it; how many passes it made."""
    made = 0
    while engine.rest():
        made += 1
    return made


# The sweep.


@pytest.mark.parametrize(
    ("seconds", "sharing"),
    [(lambda rows: 1 + 0.1 * rows, 4), (lambda rows: float(rows), 1)],
    ids=["gaining", "not"],
)
def test_the_sweep_decides_who_shares_a_step(
    tiny: Checkpoint, seconds: Callable[[int], float], sharing: int
) -> None:
    engine = Engine(tiny, costs=Told(seconds), sweeps=True)
    _rest(engine)
    for seed in range(4):
        engine.add(a_request(noises=(Noise(seed),)))
    engine.step()
    assert engine.rows_running == 2 * sharing


def test_without_a_sweep_sharing_is_tried(tiny: Checkpoint) -> None:
    engine = Engine(tiny, costs=Told(float))
    assert not engine.rest()
    for seed in range(4):
        engine.add(a_request(noises=(Noise(seed),)))
    engine.step()
    assert engine.rows_running == 8


def test_the_sweep_measures_the_native_shape_up_to_what_a_pass_can_have(tiny: Checkpoint) -> None:
    costs = CostModel()
    _rest(Engine(tiny, costs=costs, sweeps=True))
    assert native_shape(tiny) == NATIVE
    ((shape, curve),) = costs.curves.items()
    assert shape == NATIVE
    assert [rows for rows, _ in curve.points()] == list(SWEPT_ROWS)
    assert all(seconds > 0 for _, seconds in curve.points())


def test_a_request_interrupts_the_sweep_and_its_bytes_do_not_change(tiny: Checkpoint) -> None:
    def drawn(engine: Engine) -> Any:
        engine.add(a_request(noises=(Noise(1),)))
        events = []
        while len(engine):
            events += engine.step()
        return next(event for event in events if isinstance(event, GenerationFinished)).pictures[0]

    expected = drawn(Engine(tiny))
    engine = Engine(tiny, sweeps=True)
    for _ in range(3):
        assert engine.rest()
        assert (drawn(engine) == expected).all()
    _rest(engine)
    assert (drawn(engine) == expected).all()


def test_the_sweep_ends_when_it_took_its_time(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffusion.engine.profiling.MAX_SWEEP_S", 0.0)
    assert _rest(Engine(tiny, sweeps=True)) == 1


def test_where_memory_does_not_suffice_the_sweep_caps_the_passes(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = tiny.denoiser.forward

    def small(x: torch.Tensor, *others: Any) -> torch.Tensor:
        if len(x) > 8:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(x, *others)

    monkeypatch.setattr(tiny.denoiser, "forward", small)
    engine = Engine(tiny, sweeps=True)
    _rest(engine)
    assert engine.costs.most(NATIVE) == 8


@pytest.mark.parametrize("part", ["text.encode", "denoiser.forward"])
def test_a_sweep_that_fails_is_over_and_the_engine_goes_on(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    network, method = part.split(".")
    engine = Engine(tiny, sweeps=True)
    with monkeypatch.context() as patch:
        patch.setattr(getattr(tiny, network), method, lambda *_: 1 / 0)
        assert _rest(engine) == 0
    engine.add(a_request(steps=1))
    events = []
    while len(engine):
        events += engine.step()
    assert isinstance(events[-1], GenerationFinished)


# The file.


def _known() -> CostModel:
    costs = CostModel()
    costs.note(NATIVE, 1, 0.5)
    costs.note(NATIVE, 8, 0.75)
    costs.note(Shape(9, 8, 2, True), 3, 0.25)
    return costs


def _points(costs: CostModel) -> dict[Shape, list[tuple[int, float]]]:
    return {shape: curve.points() for shape, curve in costs.curves.items()}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = CostModelFile(tmp_path / "new", OURS)
    file.write(_known())
    read = file.read()
    assert _points(read) == _points(_known())
    # They are nobody's passes of this run, and can be kept once more.
    assert [curve.passes for curve in read.curves.values()] == [0, 0]
    file.write(read)
    assert _points(file.read()) == _points(_known())
    assert list((tmp_path / "new").iterdir()) == [file.path]


def test_a_file_that_is_not_there_is_no_trouble(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert not CostModelFile(tmp_path, OURS).read().curves
    assert not caplog.records


def test_each_model_and_machine_has_its_own_file(tmp_path: Path) -> None:
    CostModelFile(tmp_path, OURS).write(_known())
    assert not CostModelFile(tmp_path, OURS | {"device": "another"}).read().curves
    assert CostModelFile(tmp_path, OURS).read().curves


def _file(**changes: Any) -> bytes:
    point = {"rows": 1, "seconds": 0.5}
    curve = {"height": 8, "width": 8, "chunks": 1, "tile": False, "points": [point]}
    return json.dumps({"of": OURS, "curves": [curve | changes]}).encode()


DAMAGED = {
    "empty": b"",
    "half": _file()[:60],
    "not text": b"\xff\xfe\x00",
    "no object": b"[1]",
    "deep": b"[" * 100_000,
    "foreign": _file().replace(b"a machine", b"b machine"),
    "no height": _file(height=None),
    "no cells": _file(width=0),
    "no points": _file(points=3),
    "many rows": _file(points=[{"rows": 99, "seconds": 1}]),
    "no time": _file(points=[{"rows": 1, "seconds": 0}]),
    "not a number": _file(points=[{"rows": 1, "seconds": float("nan")}]),
    "many shapes": json.dumps({"of": OURS, "curves": [{}] * (MAX_SHAPES + 1)}).encode(),
    "second bad": json.dumps(
        {"of": OURS, "curves": [*json.loads(_file())["curves"], {"height": "8"}]}
    ).encode(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_file_that_cannot_be_used_is_none_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    file = CostModelFile(tmp_path, OURS)
    file.path.write_bytes(_file())
    assert _points(file.read()) == {NATIVE: [(1, 0.5)]}
    file.path.write_bytes(content)
    assert not file.read().curves
    (record,) = caplog.records
    assert "measured again" in record.getMessage()


def test_a_folder_that_cannot_be_written_is_no_trouble(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").touch()
    CostModelFile(tmp_path / "taken", OURS).write(_known())
    (record,) = caplog.records
    assert record.levelno == logging.WARNING


def test_only_so_many_shapes_are_kept_those_in_use_first(tmp_path: Path) -> None:
    costs = CostModel()
    for height in range(1, MAX_SHAPES + 10):
        costs.recall(Shape(height, 8), 1, 0.5)
    costs.note(NATIVE, 1, 0.5)
    file = CostModelFile(tmp_path, OURS)
    file.write(costs)
    read = file.read()
    assert len(read.curves) == MAX_SHAPES
    assert NATIVE in read.curves


# The process.


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "darkroom"


def test_the_second_start_knows_what_the_first_has_measured(tiny_folder: Path, cache: Path) -> None:
    with loaded_engine(tiny_folder, CPU) as engine:
        assert _rest(engine) > len(SWEPT_ROWS)
        measured = _points(engine.costs)
    with loaded_engine(tiny_folder, CPU) as engine:
        assert _rest(engine) == 0
        assert _points(engine.costs) == measured


def test_what_was_measured_while_working_is_kept_too(tiny_folder: Path, cache: Path) -> None:
    with loaded_engine(tiny_folder, CPU) as engine:
        engine.add(a_request(width=72, steps=3))
        while len(engine):
            engine.step()
    with loaded_engine(tiny_folder, CPU) as engine:
        assert Shape(8, 9) in engine.costs.curves
        # Its own size is not known yet.
        assert _rest(engine) > len(SWEPT_ROWS)


def test_a_damaged_file_is_replaced(tiny_folder: Path, cache: Path) -> None:
    with loaded_engine(tiny_folder, CPU) as engine:
        _rest(engine)
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with loaded_engine(tiny_folder, CPU) as engine:
        assert _rest(engine) > len(SWEPT_ROWS)
    with loaded_engine(tiny_folder, CPU) as engine:
        assert _rest(engine) == 0
    assert list(cache.iterdir()) == [file]


def test_an_engine_that_fails_keeps_nothing(tiny_folder: Path, cache: Path) -> None:
    with pytest.raises(SystemError), loaded_engine(tiny_folder, CPU):
        raise SystemError
    assert not cache.exists()


def test_the_cache_is_the_users_where_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache_folder() == tmp_path / ".cache" / "darkroom"


def test_another_number_type_is_another_machine(tiny: Checkpoint) -> None:
    ours = identity(tiny, compiled=False)
    assert ours["model"] == "tiny"
    assert ours["dtype"] == "torch.float32"
    assert ours["torch"] == torch.__version__
    assert identity(tiny, compiled=True) != ours
