"""Models whose files claim too much: refused in a sentence, before anything is built or held."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.loading.load import EMBEDDED, load
from diffusion.loading.lora import UnusableLora, read_lora
from diffusion.nn import config_limits
from diffusion.nn.config_limits import MAX_LAYERS, check_network
from diffusion.nn.model_files import (
    MAX_CONFIG_FILE_BYTES,
    MAX_JSON_DEPTH,
    CheckpointError,
    parse_json,
    read_json,
)
from diffusion.vision import interrogator

CPU = torch.device("cpu")
DEEP = "[" * 10_000 + "]" * 10_000


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model to inflate."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "large"))


def _change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _deep(path: Path) -> None:
    """The same content with one more entry, which has no bottom."""
    path.write_text(path.read_text().rstrip().removesuffix("}") + f', "deep": {DEEP}}}')


def _stretch(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b" " * (MAX_CONFIG_FILE_BYTES + 1 - path.stat().st_size))


UNET, VAE, TEXT = "unet/config.json", "vae/config.json", "text_encoder/config.json"
EYE, SCHEDULER = "image_encoder/config.json", "scheduler/scheduler_config.json"
MANY = "no model is as large"

CLAIMS: dict[str, tuple[Callable[[Path], object], str]] = {
    **{
        f"{name} deep": (lambda f, name=name: _deep(f / name), f"{name} is nested")
        for name in (
            "darkroom.json",
            "model_index.json",
            UNET,
            VAE,
            TEXT,
            EYE,
            SCHEDULER,
            "tokenizer/tokenizer_config.json",
            "tokenizer/tokenizer.json",
            "image_encoder/preprocessor_config.json",
            "image_encoder/phrases.json",
            "upscaler/config.json",
        )
    },
    **{
        f"{name} long": (lambda f, name=name: _stretch(f / name), f"{name} is larger than 16 MiB")
        for name in (
            "darkroom.json",
            UNET,
            SCHEDULER,
            "tokenizer/vocab.json",
            "tokenizer/merges.txt",
        )
    },
    "an index without end": (
        lambda f: _write(f / "unet" / "x.safetensors.index.json", '{"a": ' + DEEP + "}"),
        "index.json is nested",
    ),
    "as many values as fit": (
        lambda f: _write(f / "darkroom.json", '{"a": [' + "[]," * 3_000_000 + "[]]}"),
        "values",
    ),
    "layers of text": (lambda f: _change(f / TEXT, num_hidden_layers=10**9), MANY),
    "some layers of text": (lambda f: _change(f / TEXT, num_hidden_layers=10**5), "100,000 layers"),
    "more layers than weights": (lambda f: _change(f / TEXT, num_hidden_layers=4000), "asks for"),
    "words": (lambda f: _change(f / TEXT, vocab_size=10**7), "asks for"),
    "a vocabulary of many digits": (lambda f: _change(f / TEXT, vocab_size=10**900), MANY),
    "channels": (lambda f: _change(f / UNET, block_out_channels=[32, 10**9]), MANY),
    "some channels": (lambda f: _change(f / UNET, block_out_channels=[32, 32_768]), "asks for"),
    "blocks": (lambda f: _change(f / UNET, block_out_channels=[32] * 65), "65 entries"),
    "layers in blocks": (
        lambda f: _change(f / UNET, layers_per_block=100, transformer_layers_per_block=100),
        "20,000 layers",
    ),
    "classes": (
        lambda f: _change(f / UNET, class_embed_type=None, num_class_embeds=10**7),
        "asks for",
    ),
    "channels of the autoencoder": (
        lambda f: _change(f / VAE, latent_channels=10**7),
        "asks for",
    ),
    "an eye of many patches": (lambda f: _change(f / EYE, image_size=10**6), "asks for"),
    "no number": (lambda f: _change(f / UNET, norm_eps=float("inf")), MANY),
    "timesteps": (lambda f: _change(f / SCHEDULER, num_train_timesteps=10**9), "timesteps"),
    "timesteps without end": (
        lambda f: _change(f / SCHEDULER, num_train_timesteps=float("inf")),
        "infinity",
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.timeout(60)
def test_a_model_that_claims_too_much_is_refused_in_one_sentence(folder: Path, name: str) -> None:
    claim, hint = CLAIMS[name]
    claim(folder)
    with pytest.raises(CheckpointError) as refusal:
        load(folder, CPU)
    assert hint in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_nothing_is_built_that_the_weights_could_not_fill(folder: Path) -> None:
    """The network is counted where it holds nothing, and never asked for where it would."""

    class Kind:
        built: ClassVar[list[str]] = []

        @staticmethod
        def load_config(_folder: Path, **_: object) -> dict[str, Any]:
            return {}

        @classmethod
        def from_config(cls, _config: object) -> torch.nn.Module:
            network = torch.nn.Linear(1 << 20, 1 << 20)
            cls.built.append(network.weight.device.type)
            return network

    with pytest.raises(CheckpointError, match=r"asks for 1,099,512,676,352 weights, and there are"):
        check_network(Kind, folder / "unet")
    assert Kind.built == ["meta"]


def test_the_largest_models_stay_below_the_bounds(tmp_path: Path) -> None:
    """SDXL's U-Net, CLIP's largest tower, and transformers of sixty layers."""
    for config in (
        {
            "block_out_channels": [320, 640, 1280],
            "layers_per_block": 2,
            "transformer_layers_per_block": [1, 2, 10],
            "attention_head_dim": [5, 10, 20],
        },
        {"num_hidden_layers": 48, "hidden_size": 1664, "vocab_size": 49408},
        {"num_layers": 60, "num_attention_heads": 24},
        {"num_layers": 19, "num_single_layers": 38, "axes_dims_rope": [16, 56, 56]},
        {"num_encoder_blocks": [1, 3, 3, 3], "num_decoder_blocks": [3, 3, 3, 1]},
    ):
        config_limits._check_numbers(config, tmp_path)
        config_limits._check_layers(config, tmp_path)
    assert MAX_LAYERS > 19 * 38 * 3
    for path in EMBEDDED.rglob("*.json"):
        assert read_json(path)


def test_depth_is_bounded_where_the_parser_goes_deeper() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert parse_json(nested(MAX_JSON_DEPTH), "it")
    with pytest.raises(CheckpointError, match="it is nested more than 32 deep"):
        parse_json(nested(MAX_JSON_DEPTH + 1), "it")


def test_a_bank_of_phrases_has_an_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrogator, "MAX_PHRASES", 3)
    with pytest.raises(CheckpointError, match=r"phrases\.json has more than 3 phrases"):
        load(folder, CPU)


def test_a_lora_whose_metadata_has_no_bottom_is_refused(folder: Path, tmp_path: Path) -> None:
    networks = {"unet": load(folder, CPU).denoiser.unet}
    path = tmp_path / "deep.safetensors"
    save_file({"x": torch.zeros(1)}, path, {"lora_adapter_metadata": '{"a": ' + DEEP + "}"})
    assert load_file(path)
    with pytest.raises(UnusableLora, match="nested"):
        read_lora(path, networks)
