"""LoRA files: names of all writers, files that cannot be used, and where files are found."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from diffusion.loading import lora_folder
from diffusion.loading.load import Checkpoint, CheckpointError, load
from diffusion.loading.lora import UnusableLora, read_lora
from tests.support.models.tiny_loras import (
    ALPHA,
    RANK,
    WRITERS,
    networks_of,
    tiny_factors,
    write_as,
    write_tiny_lora,
)
from tests.support.models.tiny_model import build_tiny_model

CPU = torch.device("cpu")


@pytest.fixture
def ink(tiny: Checkpoint, tmp_path: Path) -> Path:
    """A good LoRA file, alone in its folder."""
    folder = tmp_path / "loras"
    folder.mkdir()
    return write_tiny_lora(tiny_factors(tiny, 1), folder / "ink.safetensors", "kohya")


def _products(model: Checkpoint, path: Path) -> dict[tuple[str, str], Tensor]:
    """What a LoRA file adds to the weight of each layer."""
    networks = networks_of(model)
    names = {
        layer: (network, name)
        for network, module in networks.items()
        for name, layer in module.named_modules()
    }
    return {
        names[layer]: delta.up.flatten(1) @ delta.down.flatten(1)
        for layer, delta in read_lora(path, networks).items()
    }


def _plain_products(model: Checkpoint, seed: int) -> dict[tuple[str, str], Tensor]:
    return {
        place: (ALPHA / RANK) * (up.flatten(1) @ down.flatten(1))
        for place, (down, up) in tiny_factors(model, seed).items()
    }


def _assert_same(one: dict[Any, Tensor], other: dict[Any, Tensor]) -> None:
    assert one.keys() == other.keys()
    for place, product in one.items():
        assert torch.allclose(product, other[place], atol=1e-6), place


@pytest.mark.parametrize("writer", WRITERS)
def test_the_names_of_every_writer_are_understood(
    tiny: Checkpoint, tmp_path: Path, writer: str
) -> None:
    path = write_as(tiny_factors(tiny, 1), tmp_path / "ink.safetensors", writer)
    _assert_same(_products(tiny, path), _plain_products(tiny, 1))


def test_comfys_names_of_two_text_encoders_are_understood(tmp_path: Path) -> None:
    model = load(build_tiny_model(tmp_path / "xl", family="sdxl"), CPU)
    path = write_tiny_lora(tiny_factors(model, 1), tmp_path / "a.safetensors", "diffusers")
    weights = load_file(path)
    for old, clip in (("text_encoder.", "clip_l"), ("text_encoder_2.", "clip_g")):
        for name in [name for name in weights if name.startswith(old)]:
            layer = name.removeprefix(old).removeprefix("text_model.")
            new = f"text_encoders.{clip}.transformer.text_model.{layer}"
            weights[new] = weights.pop(name)
    save_file(weights, path)
    _assert_same(_products(model, path), _plain_products(model, 1))


def test_embeddings_that_come_along_are_left_out_with_a_word(
    tiny: Checkpoint, ink: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_file(load_file(ink) | {"bundle_emb.me.string_to_param.*": torch.ones(2, 32)}, ink)
    _assert_same(_products(tiny, ink), _plain_products(tiny, 1))
    assert "embeddings" in caplog.text


def test_of_two_names_for_one_layer_that_of_diffusers_counts(tiny: Checkpoint, ink: Path) -> None:
    other = ink.with_name("other.safetensors")
    write_tiny_lora(tiny_factors(tiny, 2), other, "kohya", original=True)
    for_others = {n: t for n, t in load_file(other).items() if n.startswith("lora_unet_")}
    save_file(for_others | load_file(ink), ink)
    _assert_same(_products(tiny, ink), _plain_products(tiny, 1))


def test_pefts_folder_has_its_name_and_its_strength(
    tiny_folder: Path, tiny: Checkpoint, ink: Path
) -> None:
    folder = ink.parent / "people" / "ada"
    folder.mkdir(parents=True)
    factors = {
        place: (down, up * (RANK / ALPHA)) for place, (down, up) in tiny_factors(tiny, 1).items()
    }
    path = write_as(factors, folder / "adapter_model.safetensors", "a U-Net saved by peft")
    (folder / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}))
    _assert_same(_products(tiny, path), _plain_products(tiny, 1))
    assert load(tiny_folder, CPU, loras=ink.parent).info.loras == ("ink", "people/ada")


# Files that cannot be used.


def _renamed(old: str, new: str) -> Callable[[dict[str, Tensor]], Any]:
    def rename(weights: dict[str, Tensor]) -> None:
        for name in [name for name in weights if old in name]:
            weights[name.replace(old, new)] = weights.pop(name)

    return rename


def _with(name: str, weight: Tensor) -> Callable[[dict[str, Tensor]], Any]:
    return lambda weights: weights.update({name: weight})


NOT_A_NUMBER = torch.full((), float("nan"))

BREAKS: dict[str, tuple[Callable[[dict[str, Tensor]], Any], str]] = {
    "another model's layers": (_renamed("down_blocks_1", "down_blocks_7"), "no layer for"),
    "an encoder that is not there": (_renamed("lora_te_", "lora_te2_"), "no layer for"),
    "FLUX": (
        _with("transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight", torch.ones(2, 2)),
        "belongs to another model",
    ),
    "Stable Cascade": (
        _with("lora_prior_unet_down_blocks_0_1_mapper.lora_up.weight", torch.ones(2, 2)),
        "belongs to another model",
    ),
    "another model's widths": (
        lambda w: w.update({n: t[:, :5].clone() for n, t in w.items() if "q.lora_down" in n}),
        "does not fit",
    ),
    "only one half": (lambda w: [w.pop(n) for n in list(w) if "q.lora_up" in n], "does not fit"),
    "no rank": (
        lambda w: w.update({n: t[:0].clone() for n, t in w.items() if "q.lora_down" in n}),
        "does not fit",
    ),
    "no numbers": (
        lambda w: w.update({n: NOT_A_NUMBER.clone() for n in w if n.endswith("alpha")}),
        "no numbers",
    ),
    "DoRA": (_with("lora_unet_x.dora_scale", torch.ones(1)), "DoRA, a relative of LoRA"),
    "LoKr": (_with("lora_unet_conv_in.lokr_w1", torch.ones(1)), "LoKr, a relative of LoRA"),
    "whole differences": (_with("lora_unet_conv_in.diff_b", torch.ones(4)), "whole differences"),
    "no LoRA at all": (_with("conv_in.weight", torch.ones(1)), "not a weight of a LoRA"),
    "names nobody knows": (_renamed("lora_unet_", "my_own_"), "names its layers in a way"),
    "two at once": (
        lambda w: w.update(
            {f"unet.conv_in.lora_A.{a}.weight": torch.ones(2, 4, 3, 3) for a in ("one", "two")}
        ),
        "several LoRAs: one, two",
    ),
    "nothing": (lambda w: w.clear(), "empty"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_file_that_cannot_be_used_is_skipped_and_told(
    tiny_folder: Path, ink: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    change, hint = BREAKS[name]
    weights = load_file(ink)
    change(weights)
    save_file(weights, ink.with_name("broken.safetensors"))
    info = load(tiny_folder, CPU, loras=ink.parent).info
    assert info.loras == ("ink",)
    assert list(info.skipped_loras) == ["broken.safetensors"]
    reason = info.skipped_loras["broken.safetensors"]
    assert hint in reason
    assert "\n" not in reason
    assert str(ink.parent) not in reason
    assert ("another model" in reason) == (hint in ("no layer for", "belongs to another model"))
    assert "broken.safetensors" in caplog.text


@pytest.mark.parametrize("name", BREAKS)
def test_a_file_that_the_model_names_must_work(
    tiny_folder: Path, ink: Path, tmp_path: Path, name: str
) -> None:
    change, hint = BREAKS[name]
    weights = load_file(ink)
    change(weights)
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    save_file(weights, folder / "broken.safetensors")
    said = json.loads((folder / "darkroom.json").read_text())
    said["loras"] = {"ink": "broken.safetensors"}
    (folder / "darkroom.json").write_text(json.dumps(said))
    with pytest.raises(CheckpointError, match=hint) as refusal:
        load(folder, CPU)
    assert str(folder / "broken.safetensors") in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("said", "hint"),
    [("{", "metadata"), ('{"unet.use_rslora": true}', "use_rslora"), ("[" * 99, "metadata")],
)
def test_settings_that_are_not_understood_are_told(
    tiny: Checkpoint, ink: Path, said: str, hint: str
) -> None:
    save_file(load_file(ink), ink, {"lora_adapter_metadata": said})
    with pytest.raises(UnusableLora, match=hint):
        read_lora(ink, networks_of(tiny))


def test_what_the_operator_names_explicitly_must_be_there(
    tiny_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="There is no folder"):
        load(tiny_folder, CPU, loras=tmp_path / "nowhere")
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    (folder / "darkroom.json").write_text('{"loras": ["a"]}')
    with pytest.raises(CheckpointError, match="a file for each name"):
        load(folder, CPU)


# Where files are found.


def test_odd_files_in_the_folder_stop_nothing(tiny_folder: Path, ink: Path) -> None:
    folder = ink.parent
    (folder / "text.safetensors").write_bytes(b"no")
    (folder / "old.pt").write_bytes(b"no")
    (folder / "away.safetensors").symlink_to(folder / "nowhere")
    (folder / "folder.safetensors").mkdir()
    (folder / "._ink.safetensors").write_bytes(b"written by macOS")
    shutil.copy(ink, folder / "line\nbreak.safetensors")
    info = load(tiny_folder, CPU, loras=folder).info
    assert info.loras == ("ink",)
    told = {file: reason for file, reason in info.skipped_loras.items() if file != "old.pt"}
    assert set(told) == {"text.safetensors", "away.safetensors", "line\\nbreak.safetensors"}
    assert "cannot be read" in told["text.safetensors"]
    assert "can contain code" in info.skipped_loras["old.pt"]
    assert type(info).from_json(json.loads(json.dumps(info.to_json()))) == info


def test_a_pipe_in_the_folder_is_not_waited_for(tiny_folder: Path, ink: Path) -> None:
    os.mkfifo(ink.with_name("pipe.safetensors"))
    info = load(tiny_folder, CPU, loras=ink.parent).info
    assert info.loras == ("ink",)
    assert info.skipped_loras == {"pipe.safetensors": "It is no ordinary file."}


def test_endless_names_of_weights_are_not_read(tiny: Checkpoint, tmp_path: Path) -> None:
    """Each prefix in a name is looked for again, so a name of megabytes would take hours."""
    path = tmp_path / "long.safetensors"
    save_file({"unet." * 1000 + "proj_in.lora_down.weight": torch.zeros(1)}, path)
    with pytest.raises(UnusableLora, match="more than 1000 characters"):
        read_lora(path, networks_of(tiny))


def test_files_are_found_in_subfolders_and_with_loud_suffixes(tiny_folder: Path, ink: Path) -> None:
    folder = ink.parent
    inner = folder / "styles" / "old"
    inner.mkdir(parents=True)
    shutil.copy(ink, inner / "Oil v1.5.SAFETENSORS")
    shutil.copy(ink, folder / "ink.SafeTensors")
    (inner / "round").symlink_to(folder)
    info = load(tiny_folder, CPU, loras=folder).info
    assert info.loras == ("ink", "styles/old/Oil v1.5")
    assert info.skipped_loras == {
        "ink.safetensors": "It has the name of another one. Rename the file."
    }


def test_more_files_than_a_model_may_list_stop_nothing(
    tiny_folder: Path,
    ink: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(lora_folder, "MAX_MODEL_LORAS", 1)
    monkeypatch.setattr(lora_folder, "MAX_SKIPPED_LORAS", 2)
    for name in ("oil", "pen", "wax"):
        shutil.copy(ink, ink.with_name(f"{name}.safetensors"))
    with caplog.at_level(logging.WARNING):
        info = load(tiny_folder, CPU, loras=ink.parent).info
    assert info.loras == ("ink",)
    assert list(info.skipped_loras) == ["oil.safetensors", "pen.safetensors"]
    assert "wax.safetensors" in caplog.text
