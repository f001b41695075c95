"""Loading models: what a folder says of itself, and every way in which it can be refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.loading.load import CheckpointError, load
from diffusion.protocol.models import ModelInfo, Vocabulary
from tests.support.models.tiny_model import build_tiny_model

CPU = torch.device("cpu")


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model to break."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "broken"))


def _change(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | changes))


def _without(path: Path, key: str) -> None:
    tensors = load_file(path)
    del tensors[key]
    save_file(tensors, path, {"format": "pt"})


def test_a_model_says_what_its_sidecar_says(tiny_folder: Path) -> None:
    info = load(tiny_folder, CPU).info
    assert (info.id, info.native_size, info.steps, info.guidance_scale) == ("tiny", 64, 4, 3.0)
    assert info.guidance_rescale == 0.0
    assert (info.multiple, info.min_size, info.max_size) == (8, 16, 256)
    assert dict(info.styles) == {"sketch": "{prompt}, sketch style"}
    assert info.examples == ("a red fox",)


def test_a_model_may_ask_for_its_guidance_to_be_rescaled(folder: Path) -> None:
    _change(folder / "darkroom.json", guidance_rescale=0.7)
    assert load(folder, CPU).info.guidance_rescale == 0.7
    _change(folder / "darkroom.json", guidance_rescale=7)
    with pytest.raises(CheckpointError, match=r"“guidance_rescale” must be a number from 0 to 1"):
        load(folder, CPU)


def test_a_model_may_say_which_words_it_was_taught(folder: Path) -> None:
    assert "vocabulary" not in load(folder, CPU).info.to_json()
    words = {"things": ["fox", "ice cream"], "articles": ["a"]}
    (folder / "darkroom_vocabulary.json").write_text(json.dumps(words))
    info = load(folder, CPU).info
    assert info.vocabulary == Vocabulary(things=("fox", "ice cream"), articles=("a",))
    assert ModelInfo.from_json(json.loads(json.dumps(info.to_json()))) == info
    (folder / "darkroom_vocabulary.json").write_text('{"things": "fox"}')
    with pytest.raises(CheckpointError, match="“things” must be a list"):
        load(folder, CPU)


def test_without_a_sidecar_the_parts_and_the_folder_speak(folder: Path) -> None:
    (folder / "darkroom.json").unlink()
    info = load(folder, CPU).info
    assert (info.id, info.native_size, info.steps, info.guidance_scale) == ("broken", 64, 25, 7.0)


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("schedule", ["linear", "scaled_linear", "squaredcos_cap_v2"])
def test_schedule_and_prediction_are_read(
    folder: Path, prediction_type: str, schedule: str
) -> None:
    _change(
        folder / "scheduler" / "scheduler_config.json",
        prediction_type=prediction_type,
        beta_schedule=schedule,
    )
    denoiser = load(folder, CPU).denoiser
    assert denoiser.prediction_type == prediction_type
    last = {"linear": 0.63, "scaled_linear": 14.6, "squaredcos_cap_v2": 20_000}
    if schedule != "linear":  # the tiny model's betas are meant for the scaled one
        assert denoiser.levels.sigmas[-1].item() == pytest.approx(last[schedule], rel=0.02)
    assert denoiser.levels.offset == 1


def test_weights_in_half_precision_load_and_are_used_in_single(folder: Path) -> None:
    for part in ("unet", "vae"):
        path = folder / part / "diffusion_pytorch_model.safetensors"
        halves = {name: tensor.half() for name, tensor in load_file(path).items()}
        save_file(halves, path.with_suffix(".fp16.safetensors"), {"format": "pt"})
        path.unlink()
    assert next(load(folder, CPU).denoiser.parameters()).dtype == torch.float32


WEIGHTS = "diffusion_pytorch_model.safetensors"
SCHEDULER = "scheduler/scheduler_config.json"

BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "There is no model in"),
    "no unet": (lambda f: shutil.rmtree(f / "unet"), "There is no model in"),
    "no vae": (lambda f: shutil.rmtree(f / "vae"), "vae"),
    "no text encoder": (lambda f: shutil.rmtree(f / "text_encoder"), "text_encoder"),
    "no tokenizer": (lambda f: shutil.rmtree(f / "tokenizer"), "tokenizer"),
    "no scheduler": (lambda f: shutil.rmtree(f / "scheduler"), "scheduler_config.json"),
    "a weight of the U-Net missing": (
        lambda f: _without(f / "unet" / WEIGHTS, "conv_in.weight"),
        "conv_in.weight",
    ),
    "a weight of the autoencoder missing": (
        lambda f: _without(f / "vae" / WEIGHTS, "decoder.conv_out.bias"),
        "decoder.conv_out.bias",
    ),
    "a weight of the text encoder missing": (
        lambda f: _without(
            f / "text_encoder" / "model.safetensors",
            next(k for k in load_file(f / "text_encoder" / "model.safetensors") if "fc1" in k),
        ),
        "fc1",
    ),
    "weights of another shape": (
        lambda f: _change(f / "unet" / "config.json", block_out_channels=[32, 32]),
        "unet",
    ),
    "truncated weights": (
        lambda f: (f / "unet" / WEIGHTS).write_bytes((f / "unet" / WEIGHTS).read_bytes()[:5000]),
        "unet",
    ),
    "only a pickle": (
        lambda f: (f / "unet" / WEIGHTS).rename(f / "unet" / "diffusion_pytorch_model.bin"),
        "unet",
    ),
    "config of garbage": (lambda f: (f / "unet/config.json").write_text("{"), "unet"),
    "scheduler of garbage": (lambda f: (f / SCHEDULER).write_text("[]"), SCHEDULER),
    "unknown schedule": (lambda f: _change(f / SCHEDULER, beta_schedule="sigmoid"), "sigmoid"),
    "unknown prediction": (lambda f: _change(f / SCHEDULER, prediction_type="flow"), "flow"),
    "betas of its own": (lambda f: _change(f / SCHEDULER, trained_betas=[0.1]), "trained_betas"),
    "few timesteps": (lambda f: _change(f / SCHEDULER, num_train_timesteps=9), "timesteps"),
    "betas that are none": (lambda f: _change(f / SCHEDULER, beta_end="x"), SCHEDULER),
    "noise that falls": (
        lambda f: _change(f / SCHEDULER, beta_start=-0.1, beta_schedule="linear"),
        "rises",
    ),
    "another text width": (
        lambda f: build_other_text_encoder(f),
        "width",
    ),
    "sidecar of garbage": (lambda f: (f / "darkroom.json").write_text("no"), "darkroom.json"),
    "sidecar's subject": (
        lambda f: _change(f / "darkroom.json", single_subject="yes"),
        "single_subject",
    ),
    "sidecar's size": (lambda f: _change(f / "darkroom.json", native_size=60), "native_size"),
    "sidecar's steps": (lambda f: _change(f / "darkroom.json", steps=0), "num_inference_steps"),
    "sidecar's sampler": (lambda f: _change(f / "darkroom.json", sampler="x"), "sampler"),
    "sidecar's style": (lambda f: _change(f / "darkroom.json", styles={"a": "b"}), "{prompt}"),
    "sidecar's name": (lambda f: _change(f / "darkroom.json", name=5), "id"),
}


def build_other_text_encoder(folder: Path) -> None:
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig.from_pretrained(folder / "text_encoder")
    config.hidden_size, config.intermediate_size = 16, 16
    CLIPTextModel(config).save_pretrained(folder / "text_encoder")


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_folder_is_refused_in_one_sentence(folder: Path, name: str) -> None:
    break_it, hint = BREAKS[name]
    break_it(folder)
    with pytest.raises(CheckpointError) as refusal:
        load(folder, CPU)
    assert hint in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_tiny_model_is_the_same_each_time(tiny_folder: Path, tmp_path: Path) -> None:
    again = build_tiny_model(tmp_path)
    for path in tiny_folder.rglob("*.safetensors"):
        assert path.read_bytes() == (again / path.relative_to(tiny_folder)).read_bytes()
