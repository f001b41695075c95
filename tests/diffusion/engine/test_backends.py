"""Which backend runs the U-Net: measured, kept, and torch wherever OpenVINO cannot."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from diffusion.engine import backends
from diffusion.engine.backends import backend_wanted, openvino_decoder, openvino_unet
from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFinished
from diffusion.engine.profiling import identity
from diffusion.loading.load import Checkpoint, load
from diffusion.nn import openvino_cache
from diffusion.nn.devices import SettingError
from diffusion.nn.openvino_network import ShapeNotCompiled
from diffusion.protocol.requests import ImageRequest, Lora
from diffusion.sampling.denoiser import Denoiser
from diffusion.server import process
from diffusion.vision.image_files import Pixels
from tests.support.engine.inference_requests import a_request
from tests.support.models.tiny_loras import tiny_factors, write_tiny_lora

CPU = torch.device("cpu")
INSTALLED = pytest.mark.skipif(
    backends.find_spec("openvino") is None,
    reason="the extra darkroom[openvino] is not installed",
)
Choose = Callable[[str], Any]


@pytest.fixture
def tiny(tiny_folder: Path) -> Checkpoint:
    """A model that no engine has used: engines change the layers, and conversion comes before."""
    return load(tiny_folder, CPU)


@pytest.fixture
def choose(tiny: Checkpoint, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Choose:
    """Starts with the tiny model: the network for OpenVINO, or None for torch."""
    caplog.set_level(logging.INFO)
    return lambda wanted: openvino_unet(tiny, tmp_path / "openvino", wanted)


def _measured(monkeypatch: pytest.MonkeyPatch, faster: str) -> list[str]:
    """Let `faster` be what is measured; returns a list that grows with each measurement."""
    calls: list[str] = []
    real = backends.measured_choice

    def measured(*arguments: Any) -> str:
        calls.append(real(*arguments))
        return faster

    monkeypatch.setattr(backends, "measured_choice", measured)
    return calls


def _drawn(engine: Engine, *requests: ImageRequest) -> list[Pixels]:
    keys = [engine.add(request).key for request in requests]
    drawn: dict[int, Pixels] = {}
    while len(engine):
        for event in engine.step():
            if isinstance(event, GenerationFinished):
                drawn[event.key] = event.pictures[0]
    return [drawn[key] for key in keys]


@INSTALLED
def test_the_faster_one_is_measured_once_and_kept(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = _measured(monkeypatch, "openvino")
    assert choose("auto") is not None
    assert len(calls) == 1
    assert calls[0] in ("openvino", "torch")
    monkeypatch.setattr(backends, "convert", lambda _: pytest.fail("it was converted already"))
    assert choose("auto") is not None
    assert len(calls) == 1
    (kept,) = (tmp_path / "openvino").iterdir()
    assert sorted(path.name for path in kept.iterdir()) == ["choice.json", "unet.bin", "unet.xml"]


@pytest.mark.parametrize(
    ("torch_s", "rounds"),
    [
        pytest.param(3.0, backends.CLEAR_ROUNDS, id="clear"),
        pytest.param(1.1, backends.ROUNDS, id="close"),
    ],
)
def test_a_clear_choice_is_measured_in_few_rounds(
    monkeypatch: pytest.MonkeyPatch, torch_s: float, rounds: int
) -> None:
    now, passes = 0.0, []

    def runs(backend: str, seconds: float) -> Tensor:
        nonlocal now
        now += seconds / 100
        passes.append(backend)
        return torch.zeros(1)

    clock = SimpleNamespace(perf_counter=lambda: now, process_time=lambda: now)
    monkeypatch.setattr(backends, "time", clock)
    timed = {"openvino": partial(runs, "openvino", 1.0), "torch": partial(runs, "torch", torch_s)}
    assert backends.measured_choice("U-Net", timed) == "openvino"
    assert passes == ["openvino", "torch"] * rounds


@INSTALLED
def test_torch_stays_where_it_is_faster(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = _measured(monkeypatch, "torch")
    assert choose("auto") is None
    monkeypatch.setattr(backends, "convert", lambda _: pytest.fail("torch was chosen already"))
    assert choose("auto") is None
    assert len(calls) == 1
    (kept,) = (tmp_path / "openvino").iterdir()
    assert [path.name for path in kept.iterdir()] == ["choice.json"]


@INSTALLED
def test_the_choice_of_a_process_that_was_faster_counts(
    choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backends.measured_choice

    def other_first(*arguments: Any) -> str:
        monkeypatch.setattr(backends, "measured_choice", lambda *_: "torch")
        assert choose("auto") is None
        real(*arguments)
        return "openvino"

    monkeypatch.setattr(backends, "measured_choice", other_first)
    assert choose("auto") is None


@INSTALLED
def test_a_damaged_model_is_converted_again(choose: Choose, tmp_path: Path) -> None:
    assert choose("openvino") is not None
    (weights,) = tmp_path.glob("openvino/*/unet.bin")
    weights.write_bytes(b"")
    assert choose("openvino") is not None
    assert weights.stat().st_size > 0


@INSTALLED
def test_few_models_are_kept(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(openvino_cache, "MAX_KEPT_NETWORKS", 2)
    for name in ("one", "two"):
        (tmp_path / "openvino" / name).mkdir(parents=True)
    assert choose("openvino") is not None
    left = {path.name for path in (tmp_path / "openvino").iterdir()}
    assert len(left) == 2
    assert any(name.endswith("-openvino") for name in left)


@INSTALLED
def test_it_runs_where_nothing_can_be_kept(tiny: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert openvino_unet(tiny, tmp_path / "file", "openvino") is not None


def test_torch_runs_where_openvino_is_not_installed(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(backends, "find_spec", lambda _: None)
    assert choose("auto") is None
    assert "openvino is not installed" in caplog.text
    with pytest.raises(SettingError, match="darkroom\\[openvino\\]"):
        choose("openvino")


@INSTALLED
@pytest.mark.parametrize(
    "part", [(backends, "convert"), (openvino_cache, "save"), (backends, "OpenvinoUnet")]
)
def test_torch_runs_where_openvino_fails(
    choose: Choose,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    part: tuple[Any, str],
) -> None:
    def fail(*_: Any) -> None:
        raise TypeError("not for this model")

    monkeypatch.setattr(*part, fail)
    assert choose("auto") is None
    assert "torch runs the U-Net" in caplog.text
    assert not list(tmp_path.glob("openvino/*/choice.json"))


@INSTALLED
def test_torch_runs_where_openvino_is_wrong(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = backends.OpenvinoUnet.__call__

    def wrong(*arguments: Any, **options: Any) -> tuple[Any]:
        return (1.1 * real(*arguments, **options)[0],)

    monkeypatch.setattr(backends.OpenvinoUnet, "__call__", wrong)
    assert choose("auto") is None
    assert "differs from torch's by 10" in caplog.text


@INSTALLED
def test_torch_runs_a_network_that_is_told_the_guidance(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Denoiser, "is_told_guidance", True)
    assert choose("openvino") is None
    assert "told the guidance scale" in caplog.text


def test_torch_runs_where_memory_is_short(
    choose: Choose, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(backends, "COPIES_OF_WEIGHTS", 1 << 40)
    assert choose("auto") is None
    assert "free memory" in caplog.text


def test_the_setting_has_three_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_BACKEND", "")
    assert backend_wanted() == "auto"
    monkeypatch.setenv("DARKROOM_BACKEND", "onnx")
    with pytest.raises(SettingError, match=r"auto, torch or openvino, not “onnx”"):
        backend_wanted()


@INSTALLED
def test_the_server_starts_with_it_and_says_so(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("DARKROOM_BACKEND", "openvino")
    with process.loaded_engine(tiny_folder, CPU) as engine:
        assert engine.backends == {
            "unet": "openvino",
            "vae": "openvino",
            "unet_with_loras": "torch",
            "text_encoder": "torch",
            "vae_encoder": "torch",
            "vae_in_tiles": "torch",
        }
        assert _drawn(engine, a_request())[0].std() > 10
    with process.loaded_engine(tiny_folder, CPU) as again:
        assert again.costs.curves  # those of the first start, which belong to this backend
    monkeypatch.setenv("DARKROOM_BACKEND", "torch")
    with process.loaded_engine(tiny_folder, CPU) as engine:
        assert set(engine.backends.values()) == {"torch"}
        assert not engine.costs.curves


@INSTALLED
def test_loras_go_by_torch_and_draw_what_they_drew(
    tiny: Checkpoint, tiny_folder: Path, tmp_path: Path
) -> None:
    write_tiny_lora(tiny_factors(tiny, 1), tmp_path / "ink.safetensors", "kohya")
    checkpoint = load(tiny_folder, CPU, loras=tmp_path)
    network = openvino_unet(checkpoint, tmp_path / "openvino", "openvino")
    assert network is not None
    with_ink, plain = a_request(loras=(Lora("ink", 1.0),)), a_request()
    by_torch = _drawn(Engine(checkpoint), with_ink)[0]
    together = _drawn(Engine(checkpoint, openvino=network), plain, with_ink, plain)
    assert np.array_equal(together[1], by_torch)
    assert not np.array_equal(together[0], together[1])
    assert np.array_equal(together[0], together[2])


@INSTALLED
def test_a_shape_that_openvino_cannot_compile_goes_by_torch(
    tiny: Checkpoint, choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = choose("openvino")
    wide, square = a_request(width=72), a_request()
    expected = _drawn(Engine(tiny), wide)[0]
    real = type(network)._compile

    def compile_squares(self: Any, shapes: Any, tile: bool) -> Any:
        if shapes[0][1] != shapes[0][2]:
            raise ShapeNotCompiled("only squares")
        return real(self, shapes, tile)

    monkeypatch.setattr(type(network), "_compile", compile_squares)
    drawn = _drawn(Engine(tiny, openvino=network), square, wide)
    assert np.array_equal(drawn[1], expected)


def test_pass_costs_belong_to_a_backend(tiny: Checkpoint) -> None:
    assert identity(tiny, compiled=False) != identity(tiny, compiled=False, backend="openvino")


# The autoencoder.


@INSTALLED
def test_the_autoencoder_is_measured_once_and_kept_beside_the_unet(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = _measured(monkeypatch, "openvino")
    for _ in range(2):
        assert openvino_unet(tiny, tmp_path, "auto") is not None
        assert openvino_decoder(tiny, tmp_path, "auto") is not None
        assert len(calls) == 2
        for name in ("convert", "convert_decoder"):
            monkeypatch.setattr(backends, name, lambda _: pytest.fail("it was converted already"))
    assert sorted(path.name for path in tmp_path.glob("*/*.xml")) == ["unet.xml", "vae_decoder.xml"]


@INSTALLED
@pytest.mark.parametrize("part", ["convert_decoder", "OpenvinoDecoder"])
def test_torch_decodes_where_openvino_fails(
    tiny: Checkpoint,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    part: str,
) -> None:
    def fail(*_: Any) -> None:
        raise TypeError("not for this model")

    monkeypatch.setattr(backends, part, fail)
    assert openvino_decoder(tiny, tmp_path, "auto") is None
    assert "torch runs the autoencoder" in caplog.text
    assert openvino_unet(tiny, tmp_path, "openvino") is not None


@INSTALLED
def test_torch_decodes_where_openvino_is_wrong(
    tiny: Checkpoint,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.INFO)
    real = backends.OpenvinoDecoder.__call__

    def wrong(*arguments: Any) -> Any:
        return 1.1 * real(*arguments)

    monkeypatch.setattr(backends.OpenvinoDecoder, "__call__", wrong)
    assert openvino_decoder(tiny, tmp_path, "openvino") is None
    assert "differs from torch's by 10" in caplog.text


@INSTALLED
def test_a_picture_that_openvino_cannot_decode_goes_by_torch(
    tiny: Checkpoint, tmp_path: Path
) -> None:
    network = openvino_decoder(tiny, tmp_path, "openvino")
    assert network is not None
    square, wide = a_request(), a_request(width=72)
    by_torch = _drawn(Engine(tiny), square, wide)
    calls: list[int] = []

    def decode_squares(latents: Any, tile: bool) -> Any:
        calls.append(latents.shape[-1])
        if latents.shape[-1] != latents.shape[-2]:
            raise ShapeNotCompiled("only squares")
        return network(latents, tile)

    tiny.decoder.run_by(decode_squares)
    drawn = _drawn(Engine(tiny), square, wide, wide)
    assert np.array_equal(drawn[1], by_torch[1])
    assert np.array_equal(drawn[2], by_torch[1])
    assert calls.count(9) == 1  # it is asked for a size once
    assert calls.count(8) == 2
    assert np.abs(drawn[0].astype(int) - by_torch[0]).max() <= 1
