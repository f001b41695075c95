"""Files as other programs write them: what they say of themselves is heard, or refused by name."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.loading.load import Checkpoint, CheckpointError, load
from diffusion.text.encoder import together
from tests.support.models.single_files import write_single_file
from tests.support.models.tiny_model import build_tiny_model

CPU = torch.device("cpu")
Weights = dict[str, torch.Tensor]
Change = Callable[[Weights], Any]

UNET = "model.diffusion_model."
CLIP = "cond_stage_model.transformer."
OPEN_CLIP = "cond_stage_model.model."


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    def written(family: str) -> Path:
        folder = tmp_path_factory.mktemp(family)
        build_tiny_model(folder, family=family, like_published=True)
        return write_single_file(folder, folder / "one.safetensors", family)

    return {family: written(family) for family in ("sd1", "sd2", "sdxl")}


def _denoised(model: Checkpoint) -> torch.Tensor:
    x = torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    heard = together(model.text.encode(["a photo of a red fox", ""]))
    with torch.inference_mode():
        predicted: torch.Tensor = model.denoiser(x, torch.tensor([3.0, 0.5]).double(), heard)
    return predicted


def _written(source: Path, target: Path, change: Change, **metadata: str) -> Path:
    weights = load_file(source)
    change(weights)
    save_file(weights, target, metadata)
    return target


def _keep(_weights: Weights) -> None:
    pass


def _rename(before: str, after: str) -> Change:
    def change(weights: Weights) -> None:
        for name in [name for name in weights if name.startswith(before)]:
            weights[name.replace(before, after, 1)] = weights.pop(name)

    return change


def _without(part: str) -> Change:
    def change(weights: Weights) -> None:
        for name in [name for name in weights if part in name]:
            del weights[name]

    return change


def _both(*changes: Change) -> Change:
    return lambda weights: [change(weights) for change in changes]


SAME_MODEL: dict[str, tuple[str, Change]] = {
    "NovelAI's names": ("sd1", _rename(f"{CLIP}text_model.", CLIP)),
    "SD 2.x without a projection or the spare layer": (
        "sd2",
        _both(_without("text_projection"), _without("resblocks.2.")),
    ),
}


@pytest.mark.parametrize("name", SAME_MODEL)
def test_it_is_the_same_model(files: dict[str, Path], tmp_path: Path, name: str) -> None:
    family, change = SAME_MODEL[name]
    path = _written(files[family], tmp_path / "m.safetensors", change)
    assert torch.equal(_denoised(load(path, CPU)), _denoised(load(files[family], CPU)))


def _scaled(by_row: bool, ending: str) -> Change:
    def change(weights: Weights) -> None:
        for name in [name for name in weights if name.endswith("to_k.weight")]:
            weight = weights[name]
            most = weight.abs().amax(dim=1, keepdim=True) if by_row else weight.abs().max()
            scale = most / torch.finfo(torch.float8_e4m3fn).max
            weights[name] = (weight / scale).to(torch.float8_e4m3fn)
            weights[name.replace(".weight", ending)] = scale
            weights[name.replace(".weight", ".scale_input")] = torch.ones(())
        weights["scaled_fp8"] = torch.empty(2, dtype=torch.float8_e4m3fn)

    return change


@pytest.mark.parametrize("by_row", [False, True])
@pytest.mark.parametrize("ending", [".scale_weight", ".weight_scale"])
def test_weights_in_8_bits_are_scaled(
    files: dict[str, Path], tmp_path: Path, ending: str, by_row: bool
) -> None:
    path = _written(files["sd1"], tmp_path / "m.safetensors", _scaled(by_row, ending))
    ours, original = (load(one, CPU).denoiser.unet.state_dict() for one in (path, files["sd1"]))
    key = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    assert torch.allclose(ours[key], original[key], rtol=0.07, atol=1e-3)
    assert not torch.equal(ours[key], original[key])


def _add(**weights: torch.Tensor) -> Change:
    return lambda held: held.update({name.replace("__", "."): one for name, one in weights.items()})


V, Z = _add(v_pred=torch.zeros(0)), _add(ztsnr=torch.zeros(0))
PREDICTIONS: list[tuple[str, Change, dict[str, str], str, bool]] = [
    ("sdxl", _keep, {}, "epsilon", False),
    ("sdxl", _both(V, Z), {}, "v_prediction", True),
    ("sdxl", V, {"modelspec.prediction_type": "epsilon"}, "v_prediction", False),
    ("sdxl", _keep, {"modelspec.prediction_type": "v"}, "v_prediction", False),
    ("sdxl", _keep, {"modelspec.predict_key": "v"}, "v_prediction", False),
    ("sdxl", _keep, {"ss_v_parameterization": "True"}, "v_prediction", False),
    (
        "sdxl",
        _keep,
        {"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"},
        "v_prediction",
        True,
    ),
    ("sd2", _keep, {"ss_v_parameterization": "False"}, "epsilon", False),
    ("sd2", _keep, {"modelspec.architecture": "stable-diffusion-v2-512"}, "epsilon", False),
    ("sd2", _keep, {}, "v_prediction", False),
]


@pytest.mark.parametrize(("family", "change", "metadata", "prediction", "zero"), PREDICTIONS)
def test_marks_of_what_a_model_predicts(
    files: dict[str, Path],
    tmp_path: Path,
    family: str,
    change: Change,
    metadata: dict[str, str],
    prediction: str,
    zero: bool,
) -> None:
    path = _written(files[family], tmp_path / "m.safetensors", change, **metadata)
    denoiser = load(path, CPU).denoiser
    assert denoiser.prediction_type == prediction
    assert (denoiser.levels.sigmas[-1].item() > 1000) == zero


def test_playground_and_cosxl(files: dict[str, Path], tmp_path: Path) -> None:
    mean, deviation = torch.tensor([-1.6, 1.1, 0.4, -0.2]), torch.tensor([8.4, 5.9, 5.3, 5.2])
    path = _written(
        files["sdxl"],
        tmp_path / "p.safetensors",
        lambda weights: weights.update({"edm_mean": mean, "edm_std": deviation}),
    )
    model = load(path, CPU)
    assert model.denoiser.prediction_type == "edm"
    assert model.denoiser.levels.sigmas[[0, -1]].tolist() == pytest.approx([0.002, 80])
    assert model.info.spacing == "karras"
    config = model.decoder.vae.config
    assert (config.latents_mean, config.scaling_factor) == (pytest.approx(mean.tolist()), 0.5)
    ends = {"edm_vpred.sigma_max": torch.tensor(120.0), "edm_vpred.sigma_min": torch.tensor(0.01)}
    path = _written(files["sdxl"], tmp_path / "c.safetensors", lambda w: w.update(ends))
    model = load(path, CPU)
    assert model.denoiser.prediction_type == "v_prediction"
    assert model.denoiser.levels.sigmas[[0, -1]].tolist() == pytest.approx([0.01, 120])
    assert model.info.spacing == "exponential"


def test_a_file_named_after_its_kind_brings_steps_and_guidance(
    files: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "sdxl_lightning_8step.safetensors"
    path.hardlink_to(files["sdxl"])
    info = load(path, CPU).info
    assert (info.steps, info.guidance_scale, info.sampler) == (8, 0.0, "euler")
    path.with_name("sdxl_lightning_8step.darkroom.json").write_text('{"steps": 12}')
    assert load(path, CPU).info.steps == 12


YAML = """
model:
  target: ldm.models.diffusion.ddpm.LatentDiffusion
  params:
    parameterization: "v"
    linear_start: 0.001
    linear_end: 0.013
    timesteps: 500
    scale_factor: 0.2
    unet_config: {target: x, params: {use_checkpoint: true}}
"""
SGM = """
model:
  params:
    denoiser_config:
      params:
        scaling_config: {target: sgm.modules.diffusionmodules.denoiser_scaling.NAME}
"""


def test_a_yaml_beside_a_file_is_heard(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.hardlink_to(files["sd1"])
    path.with_suffix(".yaml").write_text(YAML)
    model = load(path, CPU)
    assert model.denoiser.prediction_type == "v_prediction"
    assert len(model.denoiser.levels.sigmas) == 500
    assert model.denoiser.levels.sigmas[0].item() == pytest.approx(0.001**0.5, rel=0.01)
    assert model.decoder.vae.config.scaling_factor == 0.2
    for scaling, prediction in (("VScaling", "v_prediction"), ("EDMScaling", "edm")):
        path.with_suffix(".yaml").write_text(SGM.replace("NAME", scaling))
        assert load(path, CPU).denoiser.prediction_type == prediction
    sidecar = path.with_name("m.darkroom.json")
    sidecar.write_text('{"prediction_type": "sample"}')
    path.with_suffix(".yaml").write_text(YAML)
    assert load(path, CPU).denoiser.prediction_type == "sample"


BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{depth}: &a{depth} [{', '.join([f'*a{depth - 1}'] * 10)}]\n" for depth in range(1, 20)
)
BOMB += "model: {params: {parameterization: *a19}}"
"""A small text that is endless when it is written out."""


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (SGM.replace("NAME", "OddScaling"), "OddScaling"),
        (YAML.replace('"v"', '"flow"'), "parameterization 'flow'"),
        (YAML.replace("timesteps: 500", "beta_schedule: sqrt"), "beta_schedule 'sqrt'"),
        ("model: [", "m.yaml"),
        ("[" * 5000, "m.yaml"),
        ("a: b", "m.yaml"),
        ("#" * (1 << 17), "larger than 64 KiB"),
        ("!!python/object/apply:os.system [echo]", "m.yaml"),
        ("model: {params: []}", "no parameters"),
        ("model: {params: {timesteps: .inf}}", "m.yaml"),
        ("model: {params: {linear_start: 1%s}}" % ("0" * 4000), "m.yaml"),
        ("model: {params: {timesteps: 1%s}}" % (":1" * 30_000), "4300 digits"),
        (BOMB, "aliases"),
    ],
)
def test_a_yaml_that_is_not_understood_is_refused(
    files: dict[str, Path], tmp_path: Path, text: str, hint: str
) -> None:
    path = tmp_path / "m.safetensors"
    path.hardlink_to(files["sd1"])
    path.with_suffix(".yaml").write_text(text)
    with pytest.raises(CheckpointError, match=hint) as refusal:
        load(path, CPU)
    assert "\n" not in str(refusal.value)


ONE = torch.zeros(1)
LAYER = f"{UNET}middle_block.1.transformer_blocks.0.attn2.to_k"
REFUSED: dict[str, tuple[Change, dict[str, str], str]] = {
    "another prediction": (_keep, {"modelspec.prediction_type": "velocity"}, "velocity"),
    "a scale of nothing": (_add(odd__scale_weight=ONE), {}, "odd.scale_weight"),
    "weights in whole numbers": (
        lambda w: w.update({f"{LAYER}.weight": w[f"{LAYER}.weight"].to(torch.int8)}),
        {},
        "quantised to torch.int8",
    ),
    "a layer that no U-Net has": (
        lambda w: w.update({f"{UNET}extra.weight": ONE}),
        {},
        "extra.weight",
    ),
    "marks that are no numbers": (
        _add(edm_mean=torch.tensor([torch.nan]), edm_std=ONE),
        {},
        "no numbers",
    ),
    "marks for other channels": (_add(edm_mean=ONE, edm_std=ONE + 1), {}, "latents_mean"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused_by_name(
    files: dict[str, Path], tmp_path: Path, name: str
) -> None:
    change, metadata, hint = REFUSED[name]
    path = _written(files["sd1"], tmp_path / "m.safetensors", change, **metadata)
    with pytest.raises(CheckpointError, match=hint) as refusal:
        load(path, CPU)
    assert str(path) in str(refusal.value)


FOREIGN: dict[str, str] = {
    "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight": "DARKROOM_LORAS",
    "lora_te_text_model_encoder_layers_0_mlp_fc1.alpha": "DARKROOM_LORAS",
    "unet.down_blocks.0.attentions.0.to_q.lora_A.weight": "DARKROOM_LORAS",
    "diffusion_model.double_blocks.0.img_attn.proj.lora_B.weight": "DARKROOM_LORAS",
    "lora_unet_input_blocks_1_1_proj_in.hada_w1_a": "DARKROOM_LORAS",
    "control_model.input_blocks.0.0.weight": "a ControlNet",
    "controlnet_cond_embedding.conv_in.weight": "a ControlNet",
    "input_hint_block.0.weight": "a ControlNet",
    "body.0.in_conv.weight": "a T2I adapter",
    "ip_adapter.1.to_k_ip.weight": "an IP-Adapter",
    "conditioner.embedders.0.model.ln_final.weight": "SDXL's refiner",
    "double_blocks.0.img_attn.norm.key_norm.scale": "FLUX: not supported yet",
    "model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale": "FLUX: not supported",
    "single_stream_modulation.lin.weight": "FLUX.2: not supported",
    "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": "Stable Diffusion 3: not",
    "transformer_blocks.0.img_mlp.net.0.proj.weight": "Qwen-Image: not supported",
    "model.diffusion_model.cap_embedder.0.weight": "Z-Image or Lumina",
    "cond_stage_model.roberta.embeddings.word_embeddings.weight": "AltDiffusion",
    "clip_txt_mapper.weight": "Stable Cascade",
    "head.modulation": "films",
    "down_blocks.0.motion_modules.0.temporal_transformer.norm.bias": "AnimateDiff",
    "emb_params": "a textual inversion",
    "clip_g": "a textual inversion",
    "model.1.sub.0.RDB1.conv1.0.weight": "an upscaler",
    "conv_first.weight": "an upscaler",
    "decoder.conv_in.weight": "a VAE alone",
    "first_stage_model.encoder.conv_in.weight": "a VAE alone",
    "decoder.layers.0.weight": "preview_vae",
    "text_model.encoder.layers.0.mlp.fc1.weight": "a text encoder alone",
    "vision_model.embeddings.class_embedding": "an image encoder",
    "down_blocks.0.resnets.0.conv1.weight": "a U-Net alone",
    "model.diffusion_model.input_blocks.0.0.weight": "a U-Net without a text encoder",
    "something.else": "does not know",
}
"""A weight that a file has, and what the file is then."""


@pytest.mark.parametrize("weight", FOREIGN)
def test_what_is_no_model_is_named(tmp_path: Path, weight: str) -> None:
    path = tmp_path / "m.safetensors"
    save_file({weight: torch.zeros(1)}, path)
    with pytest.raises(CheckpointError) as refusal:
        load(path, CPU)
    assert FOREIGN[weight] in str(refusal.value)
    assert str(path) in str(refusal.value)


def _index(folder: Path, name: str, content: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))


FOLDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "FLUX: not supported yet": ("model_index.json", {"_class_name": "FluxPipeline"}),
    "FLUX.2": ("model_index.json", {"_class_name": "Flux2Pipeline"}),
    "Stable Diffusion 3": ("model_index.json", {"_class_name": "StableDiffusion3Pipeline"}),
    "SanaPipeline: not supported yet": ("model_index.json", {"_class_name": "SanaPipeline"}),
    "a ControlNet": ("config.json", {"_class_name": "ControlNetModel"}),
    "a T2I adapter": ("config.json", {"_class_name": "T2IAdapter"}),
    "a VAE alone": ("config.json", {"_class_name": "AutoencoderKL"}),
    "a U-Net alone": ("config.json", {"_class_name": "UNet2DConditionModel"}),
    "a text encoder alone": ("config.json", {"architectures": ["CLIPTextModel"]}),
    "DARKROOM_LORAS": ("adapter_config.json", {"peft_type": "LORA"}),
}


@pytest.mark.parametrize("hint", FOLDERS)
def test_a_folder_that_is_no_model_is_named(tmp_path: Path, hint: str) -> None:
    _index(tmp_path / "m", *FOLDERS[hint])
    with pytest.raises(CheckpointError, match=hint):
        load(tmp_path / "m", CPU)


def test_a_folder_with_one_file_says_to_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").touch()
    with pytest.raises(CheckpointError, match=r"name .*m\.safetensors instead"):
        load(tmp_path, CPU)


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model to change."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "changed"))


def _change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _shard(folder: Path, stem: str, variant: str) -> None:
    """Two files and an index, as both libraries write large models."""
    path = folder / f"{stem}.safetensors"
    weights = {name: one.half() for name, one in load_file(path).items()}
    path.unlink()
    names, placed = sorted(weights), {}
    for number, part in enumerate((names[::2], names[1::2]), 1):
        shard = f"{stem}.{variant}-0000{number}-of-00002.safetensors"
        save_file({name: weights[name] for name in part}, folder / shard, {"format": "pt"})
        placed |= dict.fromkeys(part, shard)
    index = {"metadata": {"total_size": 1}, "weight_map": placed}
    (folder / f"{stem}.safetensors.index.{variant}.json").write_text(json.dumps(index))


@pytest.mark.parametrize("variant", ["fp16", "bf16"])
def test_shards_in_half_precision(folder: Path, tiny_folder: Path, variant: str) -> None:
    for part in ("unet", "vae"):
        _shard(folder / part, "diffusion_pytorch_model", variant)
    _shard(folder / "text_encoder", "model", variant)
    ours, whole = _denoised(load(folder, CPU)), _denoised(load(tiny_folder, CPU))
    assert torch.allclose(ours, whole, atol=0.05)


def test_a_model_in_pickles_gets_the_right_advice(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    with pytest.raises(CheckpointError, match=r"\.bin, which can contain code.*convert") as said:
        load(folder, CPU)
    assert "\n" not in str(said.value)


NETWORKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "another U-Net": ("unet", {"_class_name": "UNetMotionModel"}, "UNetMotionModel"),
    "another VAE": ("vae", {"_class_name": "AsymmetricAutoencoderKL"}, "AsymmetricAutoencoderKL"),
    "another text encoder": ("text_encoder", {"architectures": ["XLMRoberta"]}, "XLMRoberta"),
    "classes": ("unet", {"num_class_embeds": 5}, "num_class_embeds|more conditions|class_embedd"),
    "a tiny embedding": ("unet", {"time_cond_proj_dim": 2}, "time_cond_proj_dim|cond_proj"),
    "a mean of two": ("vae", {"latents_mean": [1, 2]}, "latents_mean"),
    "a mean of words": ("vae", {"latents_mean": ["a", "b", "c", "d"]}, "latents_mean"),
    "no deviation": ("vae", {"latents_std": [1, 1, 1, 0]}, "latents_std"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_another_kind_is_named(folder: Path, name: str) -> None:
    part, changes, hint = NETWORKS[name]
    _change(folder / part / "config.json", **changes)
    with pytest.raises(CheckpointError, match=hint):
        load(folder, CPU)


def test_a_weight_that_a_network_has_no_place_for_is_named(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file(load_file(path) | {"conv_in.scale_weight": torch.ones(1)}, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match=r"conv_in\.scale_weight"):
        load(folder, CPU)


def test_the_refiner_is_named(folder: Path) -> None:
    (folder / "text_encoder").rename(folder / "text_encoder_2")
    with pytest.raises(CheckpointError, match="SDXL's refiner"):
        load(folder, CPU)


def test_a_turbo_model_says_so_in_its_scheduler(folder: Path) -> None:
    (folder / "darkroom.json").unlink()
    _change(
        folder / "scheduler" / "scheduler_config.json",
        _class_name="EulerAncestralDiscreteScheduler",
        timestep_spacing="trailing",
    )
    told = load(folder, CPU).info.to_json()
    assert told["num_inference_steps"] == 4
    assert told["guidance_scale"] == 0.0
    assert (told["sampler"], told["spacing"]) == ("euler_ancestral", "trailing")
