"""The names of weights in LoRA files, as the programs that write them have them.

| Writer | A name |
|---|---|
| kohya, OneTrainer | `lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight` |
| kohya for SDXL | `lora_unet_input_blocks_4_1_proj_in.lora_down.weight` |
| diffusers, peft | `unet.down_blocks.0.attentions.0.proj_in.lora_A.weight` |
| diffusers before peft | `unet.….attn2.processor.to_q_lora.down.weight` |
| a model saved by peft | `base_model.model.down_blocks.….lora_A.default_0.weight` |
| ComfyUI | `diffusion_model.input_blocks.4.1.proj_in.lora_up.weight` |
| SimpleTuner (LyCORIS) | `lycoris_down_blocks_0_….lora_down.weight` |
"""

import re
from dataclasses import dataclass

NETWORK_PREFIXES = {
    "lora_unet_": "unet",
    "lora_te_": "text_encoder",
    "lora_te1_": "text_encoder",
    "lora_te2_": "text_encoder_2",
    "lycoris_": "unet",
    "unet.": "unet",
    "diffusion_model.": "unet",
    "model.diffusion_model.": "unet",
    "text_encoder.": "text_encoder",
    "text_encoder_2.": "text_encoder_2",
    "clip_l.": "text_encoder",
    "clip_h.": "text_encoder",
    "clip_g.": "text_encoder_2",
    "text_encoders.clip_l.": "text_encoder",
    "text_encoders.clip_h.": "text_encoder",
    "text_encoders.clip_g.": "text_encoder_2",
    "cond_stage_model.": "text_encoder",
    "conditioner.embedders.0.": "text_encoder",
}
"""The network of each name prefix; the longest matching prefix counts."""

WRAPPERS = ("base_model.model.", "transformer.text_model.")
"""Prefixes inside or around those of the networks, which say nothing."""

RELATIVES = {
    "dora_scale": "DoRA",
    "lora_magnitude_vector": "DoRA",
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "oft_": "OFT",
    "lora_mid": "LoCon with Tucker decomposition",
    "lora_B.bias": "LoRA with biases",
}
"""Relatives of LoRA that are not supported, by a part of their weights' names."""

DIFFERENCES = (".diff", ".diff_b", ".w_norm", ".b_norm", ".set_weight")
"""Endings of whole differences of weights, which some files have beside their LoRA."""

EMBEDDINGS = ("bundle_emb.",)
"""Prefixes of textual inversion embeddings that a LoRA brings along."""

_ENDING = re.compile(
    r"(?P<name>.+?)(?:"
    r"(?:[._]lora(?:_linear_layer)?)?\.(?P<alpha>alpha)"
    r"|[._]lora(?:_linear_layer)?[._](?P<part>down|up|A|B)(?:(?:\.(?P<adapter>[^.]+))?\.weight)?"
    r")"
)

_KNOWN_LAYER = re.compile(
    r"(?:lora_)?(?:unet_|prior_unet_|transformer_|te\d_|text_encoder_\d_|text_encoders_\w+?_)*"
    r"(?:(?:down|up|input|output|double|single|joint|transformer|single_transformer)_blocks?_\d"
    r"|mid_block|middle_block|conv_in|conv_out|time_embed|add_embedding|label_emb|out_2$"
    r"|(?:blocks|layers)_\d|context_refiner|noise_refiner"
    r"|encoder_layers_|encoder_block_|embeddings_|text_projection|final_layer)"
)
"""How layers begin in the networks of this model and of others; flat names."""


@dataclass(frozen=True, slots=True)
class WeightPlace:
    """Where a weight of a LoRA belongs.

    `layer` is the layer's flat name, `part` is `down`, `up` or `alpha`. `adapter` is peft's name of
    the LoRA, if the file has one. `original` is whether the name was one of the original program.
    """

    network: str
    layer: str
    part: str
    adapter: str | None
    original: bool

    @property
    def is_known_layer(self) -> bool:
        """Whether some model has layers of such a name."""
        return _KNOWN_LAYER.match(self.layer) is not None


def place_of(name: str, per_block: int) -> WeightPlace | None:
    """Parse a weight's name; None if it is not a LoRA's. `per_block` is layers per down block."""
    ending = _ENDING.fullmatch(name)
    if ending is None:
        return None
    network, layer = _network_of(ending["name"])
    flat = re.sub(r"_processor(?=_)", "", layer.replace(".", "_"))
    if network is None:
        network = "text_encoder" if flat.startswith("text_model_") else "unet"
    flat = flat.removeprefix("text_model_")
    original = False
    if network == "unet":
        converted = from_original(flat, per_block)
        original = converted != flat
        flat = re.sub(r"to_out$", "to_out_0", converted)
    else:
        flat = re.sub(r"self_attn_to_(q|k|v|out)$", r"self_attn_\1_proj", flat)
    part = ending["alpha"] or {"A": "down", "B": "up"}.get(ending["part"], ending["part"])
    return WeightPlace(network, flat, part, ending["adapter"], original)


def _network_of(layer: str) -> tuple[str | None, str]:
    """The network that a prefix names, None if there is none, and the rest of the name."""
    network = None
    while True:
        layer = _unwrapped(layer)
        prefix = max(
            (one for one in NETWORK_PREFIXES if layer.startswith(one)), key=len, default=""
        )
        if not prefix:
            return network, layer
        # SimpleTuner's prefix is the same for all networks.
        network = None if prefix == "lycoris_" else NETWORK_PREFIXES[prefix]
        layer = layer.removeprefix(prefix)


def _unwrapped(layer: str) -> str:
    for wrapper in WRAPPERS:
        layer = layer.removeprefix(wrapper)
    return layer


def flat_name(name: str) -> str:
    """A layer's name with underscores for dots, as in kohya's files."""
    return name.replace(".", "_").removeprefix("text_model_")


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
