"""Read a LoRA file: match its weights to the layers of a model.

Reading is strict: weights that belong to no layer, or do not fit it, are an error. The names are
read by `diffusion.loading.lora_names`. Whether a file fits is seen by the names and shapes alone.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import safe_open
from torch import Tensor, nn

from diffusion.loading.lora_names import (
    DIFFERENCES,
    EMBEDDINGS,
    RELATIVES,
    WeightPlace,
    flat_name,
    place_of,
)
from diffusion.nn.lora_layers import LoraDelta
from diffusion.nn.model_files import CheckpointError, first_line, parse_json, read_json

ADAPTER_STEM, ADAPTER_CONFIG = "adapter_model", "adapter_config.json"
"""The names that peft gives to a LoRA and to the file of its settings beside it."""

MAX_NAME_CHARS = 1000
"""Characters of a weight's name; those in use have about 150."""

NOT_FINITE = "it has infinite weights, or some that are no numbers"

log = logging.getLogger(__name__)


class UnusableLora(Exception):
    """A LoRA cannot be used; `reason` is the sentence that begins with “The LoRA …”, without it.

    `name` is the LoRA's, where a request named it.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name


Places = Mapping[str, WeightPlace]
Parts = Mapping[str, Tensor]
"""The weights for one layer, by what they are: `down`, `up` and perhaps `alpha`."""

Made = TypeVar("Made")
ReadWeight = Callable[[Any, str], Tensor]
"""Reads a weight by its name from a file of safetensors."""


def read_lora(path: Path, networks: Mapping[str, nn.Module]) -> dict[nn.Module, LoraDelta]:
    """The delta that the LoRA in a file adds to each layer. Raises UnusableLora."""
    weights, metadata = _read(path, _weight)
    return dict(_each(weights, metadata, path, networks, _addition))


def check_lora(path: Path, networks: Mapping[str, nn.Module]) -> frozenset[nn.Module]:
    """The layers that the LoRA in a file adds to. Raises UnusableLora where it does not fit.

    Reads names, shapes and single numbers. So a file of weights that are no numbers passes.
    """
    weights, metadata = _read(path, _shape)
    return frozenset(layer for layer, _ in _each(weights, metadata, path, networks, _halves))


def _each(
    weights: Parts,
    metadata: Mapping[str, str],
    path: Path,
    networks: Mapping[str, nn.Module],
    make: Callable[[nn.Module, Parts, float | None], Made],
) -> Iterator[tuple[nn.Module, Made]]:
    """What `make` makes of the weights for each layer and their alpha. Raises UnusableLora."""
    _check_kind(weights)
    settings = _settings(metadata, path)
    tables = {network: _layers(module) for network, module in networks.items()}
    places = _places(weights, tables, int(networks["unet"].config.layers_per_block))  # type: ignore
    found: dict[tuple[str, str], dict[str, Tensor]] = {}
    # Names of diffusers last: where a file has both, the names of the original are for others.
    for name, place in sorted(places.items(), key=lambda item: not item[1].original):
        found.setdefault((place.network, place.layer), {})[place.part] = weights[name]
    for (network, layer), parts in found.items():
        module = tables[network][layer]
        alpha = settings.get(f"{network}.lora_alpha", settings.get("lora_alpha"))
        try:
            yield module, make(module, parts, alpha)
        except (KeyError, ValueError, RuntimeError, TypeError) as error:
            reason = f"does not fit {layer} of the {network}: {first_line(error)}."
            raise UnusableLora(reason) from error


def _read(path: Path, read: ReadWeight) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    try:
        with safe_open(path, "pt") as file:
            names: list[str] = file.keys()
            bundled = {name for name in names if name.startswith(EMBEDDINGS)}
            weights = {name: read(file, name) for name in names if name not in bundled}
            metadata: Mapping[str, str] = file.metadata() or {}
    except Exception as error:
        raise UnusableLora(f"cannot be read: {first_line(error)}") from error
    if not weights:
        raise UnusableLora("is empty.")
    if bundled:
        log.warning("The embeddings in %s are left out: only its LoRA is used.", path)
    return weights, metadata


def _weight(file: Any, name: str) -> Tensor:
    weight: Tensor = file.get_tensor(name)
    return weight


def _shape(file: Any, name: str) -> Tensor:
    """A weight without its numbers; a single number is read."""
    shape = file.get_slice(name).get_shape()
    return _weight(file, name) if math.prod(shape) == 1 else torch.empty(shape, device="meta")


def _check_kind(weights: Mapping[str, Tensor]) -> None:
    """Raise UnusableLora for relatives of LoRA, and for files that are something else."""
    if max(map(len, weights)) > MAX_NAME_CHARS:
        raise UnusableLora(f"has names of weights with more than {MAX_NAME_CHARS} characters.")
    for part, relative in RELATIVES.items():
        if any(part in name for name in weights):
            raise UnusableLora(f"is a {relative}, a relative of LoRA that is not supported.")
    for name in weights:
        if name.endswith(DIFFERENCES):
            raise UnusableLora(
                f"also has whole differences of weights ({name}), which are not supported."
            )


def _settings(metadata: Mapping[str, str], path: Path) -> Mapping[str, float]:
    """peft's settings: the `lora_alpha` of each network, or of all. Raises UnusableLora."""
    try:
        settings = parse_json(metadata.get("lora_adapter_metadata", "{}").encode(), "its metadata")
        beside = path.with_name(ADAPTER_CONFIG)
        if not settings and path.stem == ADAPTER_STEM and beside.is_file():
            settings = read_json(beside)
    except CheckpointError as error:
        raise UnusableLora(f"cannot be read: {error}") from error
    for name, value in settings.items():
        if value and name.endswith(("alpha_pattern", "use_rslora", "use_dora", "lora_bias")):
            raise UnusableLora(f"sets {name}, which is not supported.")
    return {name: value for name, value in settings.items() if name.endswith("lora_alpha")}


def _places(
    weights: Mapping[str, Tensor], tables: Mapping[str, Mapping[str, nn.Module]], per_block: int
) -> Places:
    """The place of each weight. Raises UnusableLora if one has none in this model."""
    places = {}
    for name in weights:
        place = place_of(name, per_block)
        if place is None:
            raise UnusableLora(f"has “{name}”, which is not a weight of a LoRA.")
        if place.layer not in tables.get(place.network, {}):
            if place.is_known_layer:
                raise UnusableLora(f"belongs to another model: this one has no layer for {name}.")
            raise UnusableLora(f"names its layers in a way that is not known, such as “{name}”.")
        places[name] = place
    adapters = {place.adapter for place in places.values()}
    if len(adapters - {None}) > 1:
        named = ", ".join(sorted(filter(None, adapters)))
        raise UnusableLora(f"holds several LoRAs: {named}. Save each to a file of its own.")
    return places


def _layers(network: nn.Module) -> dict[str, nn.Module]:
    """The linear and convolution layers by their flat names."""
    return {
        flat_name(name): layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }


def _halves(layer: nn.Module, parts: Parts, alpha: float | None) -> tuple[Tensor, Tensor, float]:
    """`down` and `up` in the layer's shape, and what the latter is multiplied with."""
    down, up = parts["down"], parts["up"]
    if not down.numel():
        raise ValueError("it has no weights")
    rank = len(down)
    strength = parts["alpha"].item() if "alpha" in parts else rank if alpha is None else alpha
    if not math.isfinite(strength):
        raise ValueError(NOT_FINITE)
    if isinstance(layer, nn.Linear):
        down, up = down.reshape(rank, layer.in_features), up.reshape(layer.out_features, rank)
    else:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        down = down.reshape(rank, *weight.shape[1:])
        up = up.reshape(len(weight), rank, 1, 1)
    return down, up, strength / rank


def _addition(layer: nn.Module, parts: Parts, alpha: float | None) -> LoraDelta:
    down, up, scale = _halves(layer, parts, alpha)
    weight = layer.weight
    assert isinstance(weight, Tensor)
    down, up = down.to(weight), up.to(weight) * scale
    if not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        raise ValueError(NOT_FINITE)
    return LoraDelta(down, up)
