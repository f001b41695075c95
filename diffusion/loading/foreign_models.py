"""Tell what a file or folder holds that is no model of ours, so that the refusal can say it."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from diffusion.nn.model_files import CheckpointError, read_json_if_there

CONVERT = (
    "Use a copy of the model in safetensors; for one on the hub, "
    "https://huggingface.co/spaces/safetensors/convert makes one."
)

LORA = "a LoRA: put it into the folder that DARKROOM_LORAS names"
NOT_YET = "not supported yet"

BY_WEIGHT: Mapping[str, str] = {
    r"lora_(unet|te\d?|transformer)_|.*[._](lora_(down|up|A|B)|hada_w1_a|lokr_w1|oft_blocks)": LORA,
    r".*\.lora\.(down|up)\.|.*\.lora_linear_layer\.": LORA,
    r"ip_adapter\.|image_proj\.": "an IP-Adapter",
    r"control_model\.|controlnet_|lllite_|(control_)?input_hint_block\.": "a ControlNet",
    r"(adapter\.)?body\.\d+\.(in_conv|block1|resnets)": "a T2I adapter",
    r".*\.?motion_modules\.": "AnimateDiff's motion module",
    r"conditioner\.embedders\.0\.model\.": "SDXL's refiner, which only redraws pictures of SDXL",
    r"cond_stage_model\.roberta\.": f"AltDiffusion: {NOT_YET}",
    r"embedder\.model\.visual\.|cc_projection\.": "a model that draws from pictures",
    r".*time_stack\.": f"Stable Video Diffusion: {NOT_YET}",
    r".*distilled_guidance_layer\.": f"Chroma: {NOT_YET}",
    r".*double_stream_modulation_|.*single_stream_modulation\.": f"FLUX.2: {NOT_YET}",
    r".*double_blocks\.\d+\.img_attn\.": f"FLUX: {NOT_YET}",
    r".*single_transformer_blocks\.": f"FLUX: {NOT_YET}",
    r".*joint_blocks\.": f"Stable Diffusion 3: {NOT_YET}",
    r".*double_stream_blocks\.": f"HiDream: {NOT_YET}",
    r".*double_layers\.\d+\.attn\.w1q": f"AuraFlow: {NOT_YET}",
    r".*transformer_blocks\.\d+\.(img_mod|img_mlp)\.": f"Qwen-Image: {NOT_YET}",
    r".*cap_embedder\.": f"Z-Image or Lumina: {NOT_YET}",
    r".*clip_txt_mapper\.|.*down_blocks\.\d+\.\d+\.channelwise\.": f"Stable Cascade: {NOT_YET}",
    r".*head\.modulation|.*individual_token_refiner\.|.*patchify_proj\.": "a model of films",
    r".*adaln_single\.|.*cross_attn\.kv_linear\.": f"PixArt or Sana: {NOT_YET}",
    r"emb_params|string_to_param|clip_[lg]$|<.*>$": "a textual inversion (an embedding)",
    r"model\.1\.sub\.|conv_first\.|params(_ema)?\.|body\.0\.rdb1\.": "an upscaler",
    r"(encoder|decoder)\.(layers\.)?\d+\.": "a small VAE for previews: name it as preview_vae",
    r"(first_stage_model\.)?(encoder|decoder)\.(conv_in|down|up|mid)": "a VAE alone",
    r"vision_model\.|visual\.": "an image encoder",
    r"text_model\.|transformer\.resblocks\.|encoder\.block\.\d|shared\.": "a text encoder alone",
    r"(down|up|mid)_blocks?\.": "a U-Net alone, in diffusers' layout: name its whole folder",
    r"model\.diffusion_model\.": "a U-Net without a text encoder that is known",
}
"""What a file is, by the beginning of a weight's name. The first pattern that is found counts."""

BY_CLASS: Mapping[str, str] = {
    r"Flux2": f"FLUX.2: {NOT_YET}",
    r"Flux": f"FLUX: {NOT_YET}",
    r"StableDiffusion3|SD3": f"Stable Diffusion 3: {NOT_YET}",
    r"QwenImage": f"Qwen-Image: {NOT_YET}",
    r"ZImage": f"Z-Image: {NOT_YET}",
    r".*ControlNet": "a ControlNet",
    r"T2IAdapter|MultiAdapter": "a T2I adapter",
    r"MotionAdapter": "AnimateDiff's motion module",
    r"Autoencoder|.*VAE": "a VAE alone",
    r"UNet2DConditionModel": "a U-Net alone: name the folder that it is in",
    r"CLIPText|T5": "a text encoder alone",
    r"CLIPVision": "an image encoder",
}
"""What a folder is, by the beginning of the class that it names."""


OURS = r"StableDiffusion(?!3)|LatentConsistency"
"""The beginning of the pipelines whose networks are those of SD 1.x, SD 2.x and SDXL."""


def what_file_holds(names: Iterable[str]) -> str:
    """What a file with weights of these names is."""
    names = list(names)
    for pattern, what in BY_WEIGHT.items():
        if any(re.match(pattern, name) for name in names):
            return what
    return "weights that Darkroom does not know"


def check_index(folder: Path, certain: bool = False) -> None:
    """Raise CheckpointError if the folder says that it is no model of ours; say what it is.

    With `certain` a class that is not known might still be one.
    """
    named = str(read_json_if_there(folder / "model_index.json").get("_class_name", ""))
    what = _by_class(named or _class_of(folder / "config.json"))
    if what and not re.match(OURS, named) and not (certain and named in what):
        raise CheckpointError(f"There is no model in {folder}: it holds {what}.")


def check_folder(folder: Path) -> None:
    """Raise CheckpointError if there is no model of ours in the folder; say what it holds."""
    if (folder / "unet").is_dir():
        if not (folder / "text_encoder").is_dir() and (folder / "text_encoder_2").is_dir():
            raise CheckpointError(
                f"{folder} holds SDXL's refiner, which only redraws pictures of SDXL."
            )
        return
    check_index(folder)
    if _is_lora(folder):
        raise CheckpointError(f"There is no model in {folder}: it holds {LORA}.")
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if len(files) == 1:
        raise CheckpointError(
            f"There is no model in {folder}, but a file: name {files[0]} instead."
        )
    raise CheckpointError(
        f"There is no model in {folder}: expected a folder with unet, vae, text_encoder, "
        "tokenizer and scheduler in it."
    )


def _class_of(path: Path) -> str:
    config = read_json_if_there(path)
    architectures = config.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else ""
    return str(config.get("_class_name", first))


def _by_class(named: str) -> str:
    if not named:
        return ""
    known = (what for pattern, what in BY_CLASS.items() if re.match(pattern, named))
    return next(known, f"{named}: {NOT_YET}")


def _is_lora(folder: Path) -> bool:
    names = ("adapter_config.json", "pytorch_lora_weights.safetensors")
    return any((folder / name).is_file() for name in names)


def check_class(folder: Path, expected: tuple[str, ...]) -> None:
    """Raise CheckpointError if the network in the folder is of a class that we do not run."""
    named = _class_of(folder / "config.json")
    if named and named not in expected:
        raise CheckpointError(
            f"{folder} holds the network {named}, which is not supported; only {expected[0]} is."
        )
