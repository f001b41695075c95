"""Load LoRA files: match their weights to the layers of a model.

Two naming schemes are in use: kohya's, without dots (for SDXL with the original layer names), and
that of diffusers and peft. Loading is strict: weights that belong to no layer, or do not fit it,
are an error, because such a LoRA is for another model.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from torch import Tensor, nn

from diffusion.nn.lora_layers import LoraDelta
from diffusion.nn.model_files import CheckpointError, first_line, parse_json

NETWORK_PREFIXES = {
    "lora_unet_": "unet",
    "lora_te_": "text_encoder",
    "lora_te1_": "text_encoder",
    "lora_te2_": "text_encoder_2",
    "unet.": "unet",
    "text_encoder.": "text_encoder",
    "text_encoder_2.": "text_encoder_2",
}
"""The network of each name prefix; the longest matching prefix counts."""

_ENDING = re.compile(
    r"(?P<name>.+?)(?:[._]lora(?:_linear_layer)?)?"
    r"(?:\.(?P<alpha>alpha)|[._](?P<part>down|up|A|B)(?:\.default)?\.weight)"
)
_RELATIVES = ("dora_scale", "lora_magnitude_vector", "hada_", "lokr_", "lora_mid", "oft_")


def read_lora(path: Path, networks: Mapping[str, nn.Module]) -> dict[nn.Module, LoraDelta]:
    """The delta that the LoRA in a file adds to each layer. Raises CheckpointError."""
    weights, metadata = _read(path)
    if any(relative in name for name in weights for relative in _RELATIVES):
        raise CheckpointError(f"{path} is a relative of LoRA that is not supported.")
    settings = _settings(metadata, path)
    per_block = int(networks["unet"].config.layers_per_block)  # type: ignore
    tables = {network: _layers(module) for network, module in networks.items()}
    found: dict[tuple[str, str], dict[str, Tensor]] = {}
    for name, weight in weights.items():
        network, layer, part = _place(name, per_block)
        if layer not in tables.get(network, {}):
            raise CheckpointError(
                f"The LoRA {path} belongs to another model: this one has no layer for {name}."
            )
        found.setdefault((network, layer), {})[part] = weight
    additions = {}
    for (network, layer), parts in found.items():
        module = tables[network][layer]
        try:
            additions[module] = _addition(module, parts, settings.get(f"{network}.lora_alpha"))
        except (KeyError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"The LoRA {path} does not fit {layer} of the {network}: {first_line(error)}."
            ) from error
    return additions


def _read(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    try:
        with safe_open(path, "pt") as file:
            names: list[str] = file.keys()
            weights = {name: file.get_tensor(name) for name in names}
            metadata: Mapping[str, str] = file.metadata() or {}
    except Exception as error:
        raise CheckpointError(f"The LoRA {path} cannot be read: {first_line(error)}") from error
    if not weights:
        raise CheckpointError(f"The LoRA {path} is empty.")
    return weights, metadata


def _settings(metadata: Mapping[str, str], path: Path) -> Mapping[str, float]:
    """peft's metadata: the `lora_alpha` of each network. Raises CheckpointError."""
    metadata_json = parse_json(
        metadata.get("lora_adapter_metadata", "{}").encode(), f"The metadata of the LoRA {path}"
    )
    for name, value in metadata_json.items():
        if value and name.endswith(("alpha_pattern", "use_rslora", "use_dora")):
            raise CheckpointError(f"The LoRA {path} sets {name}, which is not supported.")
    return {name: value for name, value in metadata_json.items() if name.endswith(".lora_alpha")}


def _place(name: str, per_block: int) -> tuple[str, str, str]:
    """Parse a weight's name: its network, the flat name of its layer, and down, up or alpha."""
    ending = _ENDING.fullmatch(name)
    if ending is None:
        return "", name, ""
    layer = ending["name"]
    beginning = max((one for one in NETWORK_PREFIXES if layer.startswith(one)), key=len, default="")
    flat = flat_name(layer.removeprefix(beginning).replace(".processor", ""))
    network = NETWORK_PREFIXES.get(beginning, "unet")
    if network == "unet":
        flat = re.sub(r"to_out$", "to_out_0", from_original(flat, per_block))
    else:
        flat = re.sub(r"self_attn_to_(q|k|v|out)$", r"self_attn_\1_proj", flat)
    part = ending["alpha"] or {"A": "down", "B": "up"}.get(ending["part"], ending["part"])
    return network, flat, part


def _layers(network: nn.Module) -> dict[str, nn.Module]:
    """The linear and convolution layers by their flat names."""
    return {
        flat_name(name): layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }


def flat_name(name: str) -> str:
    """A layer's name with underscores for dots, as in kohya's files."""
    return name.replace(".", "_").removeprefix("text_model_")


def _addition(layer: nn.Module, parts: Mapping[str, Tensor], alpha: float | None) -> LoraDelta:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    down, up = parts["down"].to(weight), parts["up"].to(weight)
    rank = len(down)
    strength = parts["alpha"].item() if "alpha" in parts else rank if alpha is None else alpha
    if isinstance(layer, nn.Linear):
        down, up = down.reshape(rank, layer.in_features), up.reshape(layer.out_features, rank)
    else:
        down = down.reshape(rank, *weight.shape[1:])
        up = up.reshape(len(weight), rank, 1, 1)
    return LoraDelta(down, up * (strength / rank))


# The original names of the U-Net's layers, which LoRAs for SDXL use.

_RESNET = {
    "in_layers_2": "conv1",
    "out_layers_3": "conv2",
    "emb_layers_1": "time_emb_proj",
    "skip_connection": "conv_shortcut",
}
_WHOLE = {
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
    "input_blocks_0_0": "conv_in",
    "out_2": "conv_out",
}
_MIDDLE = ("resnets_0", "attentions_0", "resnets_1")


def from_original(flat: str, per_block: int) -> str:
    """Convert a layer's original flat name to diffusers'; other names are returned unchanged.

    The original numbers the parts of all blocks consecutively. A down block has `per_block` layers,
    an up block one more.
    """
    if flat in _WHOLE:
        return _WHOLE[flat]
    block = re.fullmatch(r"(input_blocks|middle_block|output_blocks)_(\d+)_(?:(\d+)_)?(.+)", flat)
    if block is None:
        return flat
    direction, number, part, rest = block[1], int(block[2]), block[3], block[4]
    rest = _RESNET.get(rest, rest)
    if direction == "middle_block":
        return f"mid_block_{_MIDDLE[min(number, 2)]}_{rest}"
    if direction == "input_blocks":
        level, layer = divmod(number - 1, per_block + 1)
        if layer == per_block:
            return f"down_blocks_{level}_downsamplers_0_conv"
        return f"down_blocks_{level}_{_kind(part)}_{layer}_{rest}"
    level, layer = divmod(number, per_block + 1)
    if rest == "conv":
        return f"up_blocks_{level}_upsamplers_0_conv"
    return f"up_blocks_{level}_{_kind(part)}_{layer}_{rest}"


def _kind(part: str) -> str:
    return "attentions" if part == "1" else "resnets"
