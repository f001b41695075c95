"""Limits on model configs: the size of the JSON, and the size of the network it describes.

A config of a few bytes can ask for a billion layers. It is compared with the weights beside it
before anything is built. What exceeds a limit raises CheckpointError.
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
"""The largest number in a network's config; a vocabulary has a quarter of a million entries."""

MAX_LIST = 64
"""The most entries of a list in a network's config: one per block, or a few names."""

MAX_LAYERS = 4096
"""Blocks × layers per block × transformers per layer. SDXL has 120, the largest models 500."""

LAYERS = re.compile("layers|blocks|depth")
"""Part of the names of settings that are repetition counts."""

WEIGHTS_TOLERANCE_FACTOR = 2
"""A config may imply this many times the weights that are there. Loading finds the exact
differences; this check only protects memory."""

SPARE_WEIGHTS = 1 << 20


def check_network(kind: Any, folder: Path) -> None:
    """Raise CheckpointError if a config implies far more weights than the folder has."""
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
    if held and implied > WEIGHTS_TOLERANCE_FACTOR * held + SPARE_WEIGHTS:
        raise CheckpointError(
            f"The config in {folder} asks for {implied:,} weights, and there are {held:,}."
        )


def check_texts(folder: Path, pattern: str = "*") -> None:
    """Raise CheckpointError if a file beside the weights is too large or nested too deeply."""
    for path in sorted(folder.glob(pattern)):
        if path.suffix == ".json":
            read_json(path)
        elif path.is_file() and path.stat().st_size > MAX_CONFIG_FILE_BYTES:
            raise CheckpointError(f"{path} is larger than {MAX_CONFIG_FILE_BYTES >> 20} MiB.")


def _built(kind: Any, folder: Path) -> Any:
    """Build the network without weights, for diffusers and transformers classes."""
    if hasattr(kind, "load_config"):
        return kind.from_config(kind.load_config(folder, local_files_only=True))
    return kind(kind.config_class.from_pretrained(folder, local_files_only=True))


def _weights_in(path: Path) -> int:
    """The number of weights in a safetensors file, by its header."""
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
            written = json.dumps(value)
            shown = written if len(written) < 20 else "a number of many digits"
            raise CheckpointError(f"{path} has {shown} as {name}; no model is as large as that.")


def _check_layers(config: Mapping[str, Any], path: Path) -> None:
    """Repetitions can be nested in each other, so their product counts."""
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
    """All values and their names, also those inside lists and objects."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from _settings(value, str(key))
        return
    yield name, config
    if isinstance(config, list):
        for value in config:
            yield from _settings(value, name)
