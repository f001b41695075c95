"""A model in diffusers' folder layout, written as one file in the layout of the original programs.

The names are those of CompVis' latent diffusion, OpenCLIP and Stability's generative models; the
tables are what people use who publish a model they trained with diffusers.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

Weights = dict[str, Tensor]

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
UNET = {
    r"^conv_in\.": "input_blocks.0.0.",
    r"^time_embedding\.linear_1\.": "time_embed.0.",
    r"^time_embedding\.linear_2\.": "time_embed.2.",
    r"^add_embedding\.linear_1\.": "label_emb.0.0.",
    r"^add_embedding\.linear_2\.": "label_emb.0.2.",
    r"^conv_norm_out\.": "out.0.",
    r"^conv_out\.": "out.2.",
    r"^mid_block\.resnets\.0\.": "middle_block.0.",
    r"^mid_block\.attentions\.0\.": "middle_block.1.",
    r"^mid_block\.resnets\.1\.": "middle_block.2.",
}
VAE = {
    r"\.mid_block\.resnets\.0\.": ".mid.block_1.",
    r"\.mid_block\.resnets\.1\.": ".mid.block_2.",
    r"\.mid_block\.attentions\.0\.": ".mid.attn_1.",
    r"\.conv_shortcut\.": ".nin_shortcut.",
    r"\.conv_norm_out\.": ".norm_out.",
    r"\.group_norm\.": ".norm.",
    r"\.to_([qkv])\.": r".\1.",
    r"\.to_out\.0\.": ".proj_out.",
    r"\.down_blocks\.(\d)\.resnets\.(\d)\.": r".down.\1.block.\2.",
    r"\.down_blocks\.(\d)\.downsamplers\.0\.": r".down.\1.downsample.",
}
OPEN_CLIP = {
    r"^embeddings\.token_embedding\.": "token_embedding.",
    r"^embeddings\.position_embedding\.weight": "positional_embedding",
    r"^final_layer_norm\.": "ln_final.",
    r"^encoder\.layers\.": "transformer.resblocks.",
    r"\.layer_norm1\.": ".ln_1.",
    r"\.layer_norm2\.": ".ln_2.",
    r"\.fc1\.": ".c_fc.",
    r"\.fc2\.": ".c_proj.",
    r"\.self_attn\.": ".attn.",
}


def write_single_file(folder: Path, path: Path, family: str, **metadata: str) -> Path:
    """Write the model in `folder` into the file `path`."""
    network = "diffusion_pytorch_model.safetensors"
    unet, vae = load_file(folder / "unet" / network), load_file(folder / "vae" / network)
    text = load_file(folder / "text_encoder" / "model.safetensors")
    weights = _under("model.diffusion_model.", original_unet(unet))
    weights |= _under("first_stage_model.", original_vae(vae))
    if family == "sd1":
        weights |= _under("cond_stage_model.transformer.text_model.", _plain(text))
    elif family == "sd2":
        weights |= _under("cond_stage_model.model.", _open_clip(_one_more_layer(_plain(text))))
    else:
        second = load_file(folder / "text_encoder_2" / "model.safetensors")
        weights |= _under("conditioner.embedders.0.transformer.text_model.", _plain(text))
        weights |= _under("conditioner.embedders.1.model.", _open_clip(_plain(second)))
    save_file({name: one.contiguous().clone() for name, one in weights.items()}, path, metadata)
    return path


def _under(prefix: str, weights: Weights) -> Weights:
    return {prefix + name: weight for name, weight in weights.items()}


def _plain(text: Weights) -> Weights:
    return {name.removeprefix("text_model."): weight for name, weight in text.items()}


def _renamed(name: str, table: dict[str, str]) -> str:
    for pattern, replacement in table.items():
        name = re.sub(pattern, replacement, name)
    return name


def original_unet(weights: Weights) -> Weights:
    """The U-Net's weights as the original program calls them."""
    return {original_name(name, list(weights)): weight for name, weight in weights.items()}


def original_name(name: str, names: Sequence[str]) -> str:
    """What a weight of the U-Net is called in the original program; `names` are all there are.

    The parts of all blocks are numbered through: on the way down, each block's layers and what
    shrinks; on the way up, one layer more, of which the last also enlarges.
    """
    place = re.fullmatch(r"(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.*)", _inside(name))
    if place is None:
        return _renamed(_inside(name), UNET)
    direction, block, kind, layer, rest = place.groups()
    layers = 1 + max(int(n.split(".")[3]) for n in names if n.startswith("down_blocks.0.resnets."))
    number = (layers + 1) * int(block) + int(layer)
    if direction == "down":
        if kind == "downsamplers":
            return f"input_blocks.{number + layers + 1}.0.{rest.replace('conv', 'op')}"
        return f"input_blocks.{number + 1}.{int(kind == 'attentions')}.{rest}"
    if kind == "upsamplers":
        attends = any(other.startswith(f"up_blocks.{block}.attentions") for other in names)
        return f"output_blocks.{number + layers}.{1 + attends}.{rest}"
    return f"output_blocks.{number}.{int(kind == 'attentions')}.{rest}"


def _inside(name: str) -> str:
    """The name with what is inside a residual block renamed."""
    found = re.fullmatch(r"(.*resnets\.\d\.)(\w+)(\..*)", name)
    return f"{found[1]}{RESNET[found[2]]}{found[3]}" if found else name


def original_vae(weights: Weights) -> Weights:
    """The autoencoder's weights as the original program calls them."""
    levels = 1 + max(int(n.split(".")[2]) for n in weights if n.startswith("decoder.up_blocks"))
    renamed: Weights = {}
    for name, weight in weights.items():
        found = re.match(r"decoder\.up_blocks\.(\d)\.(resnets|upsamplers)\.(\d)\.(.*)", name)
        if found:
            level, rest = levels - 1 - int(found[1]), found[4]
            part = f"block.{found[3]}" if found[2] == "resnets" else "upsample"
            name = f"decoder.up.{level}.{part}.{rest}"
        matrix = ".attentions." in name and weight.ndim == 2
        renamed[_renamed(name, VAE)] = weight[:, :, None, None] if matrix else weight
    return renamed


def _one_more_layer(text: Weights) -> Weights:
    """What SD 2.x's file has and its folder has not: a last layer that is never used."""
    last = max(int(name.split(".")[2]) for name in text if name.startswith("encoder.layers."))
    added = {
        name.replace(f"layers.{last}.", f"layers.{last + 1}."): torch.randn_like(weight)
        for name, weight in text.items()
        if f"layers.{last}." in name
    }
    width = len(text["final_layer_norm.weight"])
    return text | added | {"text_projection.weight": torch.eye(width)}


def _open_clip(text: Weights) -> Weights:
    renamed: Weights = {"text_projection": text.pop("text_projection.weight").T}
    for name, weight in text.items():
        if ".q_proj." in name:
            parts = [text[name.replace(".q_proj.", f".{part}_proj.")] for part in "qkv"]
            layer = _renamed(name.split("q_proj.")[0], OPEN_CLIP)
            renamed[f"{layer}in_proj_{name.rpartition('.')[2]}"] = torch.cat(parts)
        elif ".k_proj." not in name and ".v_proj." not in name:
            renamed[_renamed(name, OPEN_CLIP)] = weight
    return renamed
