"""LoRAs: rows with different ones in one pass, and the files they come from."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFailed, GenerationFinished
from diffusion.loading import lora_folder
from diffusion.loading.load import Checkpoint, load
from diffusion.nn import lora_layers
from diffusion.protocol.requests import ImageRequest, Lora, Noise
from diffusion.text.encoder import together
from diffusion.vision.image_files import Pixels
from tests.support.engine.inference_requests import EightRows, a_request
from tests.support.models.tiny_loras import (
    ALPHA,
    LAYOUTS,
    RANK,
    networks_of,
    tiny_factors,
    write_tiny_lora,
)
from tests.support.models.tiny_model import build_tiny_model

CPU = torch.device("cpu")
NONE: tuple[Lora, ...] = ()
INK, OIL = Lora("ink", 1.0), Lora("oil", -0.7)


@pytest.fixture(scope="module")
def loras(tiny: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loras")
    write_tiny_lora(tiny_factors(tiny, 1), folder / "ink.safetensors", "kohya")
    write_tiny_lora(tiny_factors(tiny, 2), folder / "oil.safetensors", "peft")
    return folder


@pytest.fixture(scope="module")
def model(tiny_folder: Path, loras: Path) -> Checkpoint:
    return load(tiny_folder, CPU, loras=loras)


def _denoised(model: Checkpoint, *rows: tuple[Lora, ...]) -> Tensor:
    """One pass of a row for each choice of LoRAs, all of the same latents and prompt."""
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    heard = together([model.text.encode(["a red fox"], loras)[0] for loras in rows])
    sigma = torch.full((len(rows),), 3.0, dtype=torch.float64)
    with torch.inference_mode():
        predicted: Tensor = model.denoiser(x.expand(len(rows), -1, -1, -1), sigma, heard)
    return predicted


def _drawn(model: Checkpoint, requests: list[ImageRequest]) -> list[tuple[Pixels, ...]]:
    engine = Engine(model, costs=EightRows())
    keys = [engine.add(request).key for request in requests]
    pictures: dict[int, tuple[Pixels, ...]] = {}
    while len(engine):
        for event in engine.step():
            if isinstance(event, GenerationFinished):
                pictures[event.key] = event.pictures
    return [pictures[key] for key in keys]


def _requests() -> list[ImageRequest]:
    choices = [(INK,), NONE, (OIL,), (OIL, INK), (Lora("ink", 0.4),)]
    return [
        a_request(noises=(Noise(3),), loras=loras, guidance_scale=1.0 + 2 * (place % 2))
        for place, loras in enumerate(choices)
    ]


def test_a_model_says_which_loras_it_has(model: Checkpoint, tiny: Checkpoint) -> None:
    assert model.info.loras == ("ink", "oil")
    assert tiny.info.loras == ()


def test_each_changes_the_picture_in_its_own_way(model: Checkpoint) -> None:
    pictures = [pictures[0] for pictures in _drawn(model, _requests())]
    for place, one in enumerate(pictures):
        assert not any(np.array_equal(one, other) for other in pictures[place + 1 :])


def test_the_same_bytes_beside_rows_with_other_loras(model: Checkpoint) -> None:
    requests = _requests()
    together = _drawn(model, requests)
    for request, pictures in zip(requests, together, strict=True):
        (alone,) = _drawn(model, [request])
        assert np.array_equal(pictures[0], alone[0]), request.loras


def test_without_any_nothing_changes(model: Checkpoint, tiny: Checkpoint) -> None:
    request = a_request()
    (with_files,), (without) = _drawn(model, [request]), _drawn(tiny, [request])[0]
    assert all(map(np.array_equal, with_files, without))
    assert torch.equal(_denoised(model, (Lora("ink", 0.0),)), _denoised(tiny, NONE))


def test_a_lora_is_its_product_added_to_the_weights(
    model: Checkpoint, tiny: Checkpoint, tiny_folder: Path
) -> None:
    merged = load(tiny_folder, CPU)
    for lora, seed in ((INK, 1), (OIL, 2)):
        for (network, name), (down, up) in tiny_factors(tiny, seed).items():
            weight = networks_of(merged)[network].get_submodule(name).weight
            product = (up.flatten(1) @ down.flatten(1)).view_as(weight)
            weight += lora.weight * (ALPHA / RANK) * product
    ours, theirs = _denoised(model, (INK, OIL)), _denoised(merged, NONE)
    assert (ours - _denoised(tiny, NONE)).abs().max() > 0.1
    assert (ours - theirs).abs().max() / theirs.abs().max() < 1e-5
    states = model.text.encode(["a red fox"], (INK, OIL))[0].states
    assert torch.allclose(states, merged.text.encode(["a red fox"])[0].states, atol=1e-5)


# Reading when needed.


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose weights are read, in order."""
    names: list[str] = []
    read = lora_folder.read_lora

    def noted(path: Path, networks: Any) -> Any:
        names.append(path.stem)
        return read(path, networks)

    monkeypatch.setattr(lora_folder, "read_lora", noted)
    return names


def test_a_lora_is_read_when_a_request_has_it_and_then_kept(
    tiny_folder: Path, loras: Path, readings: list[str]
) -> None:
    model = load(tiny_folder, CPU, loras=loras)
    assert model.info.loras == ("ink", "oil")
    assert set(model.info.lora_hashes) == {"ink", "oil"}
    _drawn(model, [a_request()])
    assert readings == []
    for _ in range(2):
        _drawn(model, [a_request(loras=(OIL,))])
    assert readings == ["oil"]


def test_what_was_not_used_longest_is_forgotten_and_read_again(
    tiny_folder: Path,
    loras: Path,
    model: Checkpoint,
    readings: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lora_layers, "MAX_KEPT_BYTES", 0)
    small = load(tiny_folder, CPU, loras=loras)
    requests = _requests()
    for request in requests[:3]:
        assert all(map(np.array_equal, _drawn(small, [request])[0], _drawn(model, [request])[0]))
    readings.clear()
    _drawn(small, [requests[2]])  # oil, which was the last one
    assert readings == []
    _drawn(small, [requests[0]])
    assert readings == ["ink"]
    # Those of one pass stay together, whatever their size.
    together = _drawn(small, requests)
    assert all(
        np.array_equal(one[0], other[0])
        for one, other in zip(together, _drawn(model, requests), strict=True)
    )


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_a_lora_that_changed_since_fails_its_own_requests_alone(
    tiny_folder: Path, loras: Path, tmp_path: Path, change: str
) -> None:
    folder = Path(shutil.copytree(loras, tmp_path / "loras"))
    model = load(tiny_folder, CPU, loras=folder)
    file = folder / "ink.safetensors"
    file.unlink()
    if change == "changed":
        shutil.copy(folder / "oil.safetensors", file)
    engine = Engine(model, costs=EightRows())
    broken, whole = (engine.add(a_request(loras=loras)).key for loras in ((INK,), (OIL,)))
    ends = []
    while len(engine):
        ends += [
            one for one in engine.step() if isinstance(one, GenerationFailed | GenerationFinished)
        ]
    assert {type(end): end.key for end in ends} == {
        GenerationFailed: broken,
        GenerationFinished: whole,
    }
    reason = next(end.reason for end in ends if isinstance(end, GenerationFailed))
    assert "“ink”" in reason
    assert ("cannot be read" if change == "gone" else "has changed") in reason
    assert str(folder) not in reason


def test_a_lora_that_is_lost_between_two_steps_leaves_the_others_at_work(
    tiny_folder: Path, loras: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora_layers, "MAX_KEPT_BYTES", 0)
    folder = Path(shutil.copytree(loras, tmp_path / "loras"))
    model = load(tiny_folder, CPU, loras=folder)
    engine = Engine(model, costs=EightRows())
    broken, whole = (engine.add(a_request(loras=loras)).key for loras in ((INK,), (OIL,)))
    engine.step()
    (folder / "ink.safetensors").unlink()
    model.text.encode(["another text"], (OIL,))  # ink is forgotten for it
    ends = []
    while len(engine):
        ends += [
            one for one in engine.step() if isinstance(one, GenerationFailed | GenerationFinished)
        ]
    assert {type(end): end.key for end in ends} == {
        GenerationFailed: broken,
        GenerationFinished: whole,
    }


# Files.


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_a_file_says_the_same(
    tiny_folder: Path, tiny: Checkpoint, model: Checkpoint, tmp_path: Path, layout: str
) -> None:
    write_tiny_lora(tiny_factors(tiny, 1), tmp_path / "ink.safetensors", layout)
    other = load(tiny_folder, CPU, loras=tmp_path)
    assert torch.allclose(_denoised(other, (INK,)), _denoised(model, (INK,)), atol=1e-5)


def test_sdxls_loras_are_named_as_the_original_program_names_layers(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "xl", family="sdxl")
    factors = tiny_factors(load(folder, CPU), 4)
    assert {network for network, _ in factors} == {"unet", "text_encoder", "text_encoder_2"}
    (tmp_path / "loras").mkdir()
    write_tiny_lora(factors, tmp_path / "loras" / "a.safetensors", "kohya", original=True)
    write_tiny_lora(factors, tmp_path / "loras" / "b.safetensors", "peft")
    model = load(folder, CPU, loras=tmp_path / "loras")
    one, two, none = _denoised(model, (Lora("a", 1.0),), (Lora("b", 1.0),), NONE)
    assert torch.allclose(one, two, atol=1e-5)
    assert not torch.allclose(one, none, atol=1e-2)


def test_a_model_may_name_its_loras_itself(
    tiny_folder: Path, loras: Path, tmp_path: Path, model: Checkpoint
) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    shutil.copy(loras / "ink.safetensors", folder / "file.safetensors")
    said = json.loads((folder / "darkroom.json").read_text())
    (folder / "darkroom.json").write_text(json.dumps(said | {"loras": {"ink": "file.safetensors"}}))
    own = load(folder, CPU)
    assert own.info.loras == ("ink",)
    assert torch.allclose(_denoised(own, (INK,)), _denoised(model, (INK,)), atol=1e-5)
