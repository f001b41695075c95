"""Loading a model from one file: the same networks as from a folder, and every refusal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.loading.clip_tokenizer import clip_tokenizer
from diffusion.loading.load import Checkpoint, CheckpointError, load
from diffusion.text.encoder import together
from tests.support.models.single_files import write_single_file
from tests.support.models.tiny_model import PIPELINES, build_tiny_model

CPU = torch.device("cpu")
PREDICTIONS = {"sd1": "epsilon", "sd2": "v_prediction", "sdxl": "epsilon"}
SIZES = {"sd1": 512, "sd2": 768, "sdxl": 1024}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        family: build_tiny_model(
            tmp_path_factory.mktemp(family), PREDICTIONS[family], family=family, like_published=True
        )
        for family in PIPELINES
    }


@pytest.fixture(scope="module")
def files(folders: dict[str, Path]) -> dict[str, Path]:
    return {
        family: write_single_file(folder, folder / "all-in-one.safetensors", family)
        for family, folder in folders.items()
    }


def _networks(model: Checkpoint) -> list[Any]:
    return [model.denoiser.unet, model.decoder.vae, *(clip.model for clip in model.text.clips)]


def _denoised(model: Checkpoint) -> torch.Tensor:
    x = torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    heard = together(model.text.encode(["a photo of a red fox", ""]))
    with torch.inference_mode():
        predicted: torch.Tensor = model.denoiser(x, torch.tensor([3.0, 0.5]).double(), heard)
    return predicted


@pytest.mark.parametrize("family", PIPELINES)
def test_a_file_is_the_same_model_as_its_folder(
    folders: dict[str, Path], files: dict[str, Path], family: str
) -> None:
    whole, parts = load(files[family], CPU), load(folders[family], CPU)
    for ours, theirs in zip(_networks(whole), _networks(parts), strict=True):
        one, two = ours.state_dict(), theirs.state_dict()
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)
    assert torch.equal(_denoised(whole), _denoised(parts))
    assert whole.denoiser.prediction_type == parts.denoiser.prediction_type
    assert torch.equal(whole.denoiser.levels.sigmas, parts.denoiser.levels.sigmas)
    assert (whole.info.id, whole.info.native_size) == ("all-in-one", SIZES[family])


def test_clips_tokenizer_is_the_one_everybody_knows() -> None:
    tokenizer = clip_tokenizer("!")
    assert len(tokenizer) == 49408
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert tokenizer("Über 🦊!").input_ids[1:-1] == tokenizer("über 🦊 !").input_ids[1:-1]
    assert tokenizer.pad_token_id == 0
    assert clip_tokenizer("<|endoftext|>").pad_token_id == 49407


def _changed(
    path: Path, target: Path, change: Callable[[dict[str, Any]], Any], **metadata: str
) -> Path:
    weights = load_file(path)
    change(weights)
    save_file(weights, target, metadata)
    return target


def _same(_weights: dict[str, Any]) -> None:
    pass


def test_a_file_may_say_what_it_predicts(files: dict[str, Path], tmp_path: Path) -> None:
    marks = {"v_pred": torch.zeros(1), "ztsnr": torch.zeros(1)}
    marked = _changed(files["sd1"], tmp_path / "1.safetensors", lambda w: w.update(marks))
    spec = {"modelspec.prediction_type": "v"}
    specified = _changed(files["sd1"], tmp_path / "2.safetensors", _same, **spec)
    for path in (marked, specified):
        denoiser = load(path, CPU).denoiser
        assert denoiser.prediction_type == "v_prediction"
        assert denoiser.levels.sigmas[-1].item() == pytest.approx(
            4096 if path == marked else 14.6, rel=0.01
        )


def test_a_sidecar_has_the_last_word(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.hardlink_to(files["sd1"])
    said = {"name": "two", "native_size": 768, "prediction_type": "v_prediction"}
    (tmp_path / "m.darkroom.json").write_text(json.dumps(said))
    model = load(path, CPU)
    assert (model.info.id, model.info.native_size) == ("two", 768)
    assert model.denoiser.prediction_type == "v_prediction"


def _without(prefix: str) -> Callable[[dict[str, Any]], Any]:
    def remove(weights: dict[str, Any]) -> None:
        for name in [name for name in weights if name.startswith(prefix)]:
            del weights[name]

    return remove


UNET = "model.diffusion_model."
BREAKS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no text encoder": (_without("cond_stage_model."), "no SD 1.x, SD 2.x or SDXL model"),
    "half a text encoder": (_without("cond_stage_model.transformer.text_model.e"), "not whole"),
    "no autoencoder": (_without("first_stage_model."), "no autoencoder"),
    "no U-Net": (_without(UNET), "no U-Net"),
    "a weight of the U-Net missing": (_without(f"{UNET}time_embed.0.bias"), "lacks 1 weights"),
    "a weight of the autoencoder missing": (
        _without("first_stage_model.decoder.norm_out.bias"),
        "decoder.conv_norm_out.bias",
    ),
    "a weight of another shape": (
        lambda w: w.update({f"{UNET}time_embed.0.bias": torch.zeros(3)}),
        "cannot be used",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_file_is_refused_in_one_sentence(
    files: dict[str, Path], tmp_path: Path, name: str
) -> None:
    change, hint = BREAKS[name]
    path = _changed(files["sd1"], tmp_path / "broken.safetensors", change)
    with pytest.raises(CheckpointError) as refusal:
        load(path, CPU)
    assert hint in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_is_no_safetensors_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(files["sd1"].read_bytes()[:10_000])
    with pytest.raises(CheckpointError, match="cannot be read"):
        load(cut, CPU)
    pickled = tmp_path / "model.ckpt"
    pickled.write_bytes(b"\x80")
    with pytest.raises(CheckpointError, match=r"not a \.safetensors file"):
        load(pickled, CPU)
    with pytest.raises(CheckpointError, match="There is no model in"):
        load(tmp_path / "missing.safetensors", CPU)
