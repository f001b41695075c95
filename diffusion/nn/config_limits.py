"""What a model's files may claim: how large and deep their JSON is, and what their configs imply.

A config of a few bytes can ask for a billion layers. It is compared with the weights beside it
before anything is built. Whatever goes beyond raises CheckpointError, one sentence for a person.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from diffusion.nn.model_files import MAX_CONFIG_FILE_BYTES, CheckpointError, first_line, read_json

MAX_NUMBER = 1 << 24
"""The largest whole number in a network's config; a vocabulary is a quarter of a million."""

MAX_LIST = 64
"""Entries of a list in a network's config: one for each block, or a few names."""

MAX_LAYERS = 4096
"""Blocks times layers in each times transformers in each; SDXL has 120, the largest models 500."""

LAYERS = re.compile("layers|blocks|depth")
"""What is in the names of settings that say how often something is repeated."""

SLACK = 2
"""Times the weights of a file that its config may imply. Where it implies other weights than there
are, loading says which; here it only matters that they could be held at all."""

SPARE_WEIGHTS = 1 << 20


def check_network(kind: Any, folder: Path) -> None:
    """Refuse a config that implies far more weights than there are beside it."""
    check_texts(folder, "*.json")
    config = read_json(folder / "config.json")
    _check_numbers(config, folder / "config.json")
    _check_layers(config, folder / "config.json")
    held = sum(_weights_in(path) for path in sorted(folder.glob("*.safetensors")))
    try:
        with torch.device("meta"):
            implied = sum(weight.numel() for weight in _built(kind, folder).parameters())
    except Exception as error:
        raise CheckpointError(f"The weights in {folder}: {first_line(error)}") from error
    if held and implied > SLACK * held + SPARE_WEIGHTS:
        raise CheckpointError(
            f"The config in {folder} asks for {implied:,} weights, and there are {held:,}."
        )


def check_texts(folder: Path, pattern: str = "*") -> None:
    """Refuse files beside the weights that are too large or too deep to be read."""
    for path in sorted(folder.glob(pattern)):
        if path.suffix == ".json":
            read_json(path)
        elif path.is_file() and path.stat().st_size > MAX_CONFIG_FILE_BYTES:
            raise CheckpointError(f"{path} is larger than {MAX_CONFIG_FILE_BYTES >> 20} MiB.")


def _built(kind: Any, folder: Path) -> Any:
    """The network on a device that holds nothing: diffusers' way, or that of transformers."""
    if hasattr(kind, "load_config"):
        return kind.from_config(kind.load_config(folder, local_files_only=True))
    return kind(kind.config_class.from_pretrained(folder, local_files_only=True))


def _weights_in(path: Path) -> int:
    """How many numbers a file holds, by its header."""
    try:
        with safe_open(path, "pt") as file:
            names: list[str] = file.keys()
            return sum(math.prod(file.get_slice(name).get_shape()) for name in names)
    except Exception as error:
        raise CheckpointError(f"The weights in {path}: {first_line(error)}") from error


def _check_numbers(config: Mapping[str, Any], path: Path) -> None:
    for name, value in _settings(config):
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value) > MAX_LIST:
            raise CheckpointError(f"{path} has {len(value)} entries in {name}; {MAX_LIST} is most.")
        if isinstance(value, int | float) and not -MAX_NUMBER <= value <= MAX_NUMBER:
            said = json.dumps(value)
            shown = said if len(said) < 20 else "a number of many digits"
            raise CheckpointError(f"{path} has {shown} as {name}; no model is as large as that.")


def _check_layers(config: Mapping[str, Any], path: Path) -> None:
    """Each repetition may stand inside each other, so their product counts."""
    most: dict[str, int] = {}
    blocks = 1
    for name, value in _settings(config):
        if isinstance(value, Sequence) and not isinstance(value, str):
            blocks = max(blocks, len(value))
        elif isinstance(value, int) and LAYERS.search(name):
            most[name] = max(most.get(name, 1), value)
    layers = blocks * math.prod(most.values())
    if layers > MAX_LAYERS:
        raise CheckpointError(f"{path} implies {layers:,} layers; {MAX_LAYERS:,} is most.")


def _settings(config: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """All values with the names that they stand under, those inside of lists and objects too."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from _settings(value, str(key))
        return
    yield name, config
    if isinstance(config, list):
        for value in config:
            yield from _settings(value, name)
