"""Which models a server offers, by its nodes and files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.engines.comfyui import ComfyUIEngine
from bot.engines.comfyui.choices import Nodes, first_match, matches, typeable_names
from bot.prompts.values import lora
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.stream_parser import InferenceRefused
from tests.support.engines.comfyui import StandInComfyUI
from tests.support.engines.comfyui_nodes import EVERYTHING, ModelFiles


async def offered(server: StandInComfyUI, workflows: Path | None = None) -> dict[str, ModelInfo]:
    async with server.serving() as url, ComfyUIEngine(url, None, workflows=workflows) as engine:
        return {model.id: model for model in await engine.models()}


def test_choices_are_read_in_both_shapes() -> None:
    nodes = Nodes(
        {
            "Old": {"input": {"required": {"name": [["a", "b"], {"tooltip": "t"}]}}},
            "Bare": {"input": {"required": {"name": [["a"]]}}},
            "New": {"input": {"optional": {"name": ["COMBO", {"options": ["c"]}]}}},
            "Number": {"input": {"required": {"name": ["INT", {"default": 1}]}}},
            "Odd": {"input": None},
        }
    )
    kinds = ("Old", "Bare", "New", "Number", "Odd", "None")
    assert [nodes.choices(kind, "name") for kind in kinds] == [
        ("a", "b"),
        ("a",),
        ("c",),
        None,
        None,
        None,
    ]


def test_patterns_look_at_names_in_folders_with_either_slash() -> None:
    assert matches("*xl*", "SDXL_base.safetensors")
    assert matches("ae.*", "flux\\ae.safetensors")
    assert matches("flux/ae.*", "flux\\ae.safetensors")
    assert not matches("ae.*", "vae.safetensors")
    assert first_match(["b*", "a*"], ["a1", "b2", "b1"]) == "b2"


def test_names_can_be_typed_and_are_unique() -> None:
    files = ["ink.safetensors", "styles\\oil paint.safetensors", "old/ink.safetensors"]
    named = typeable_names(files)
    assert named == {"ink": files[0], "oil_paint": files[1], "old_ink": files[2]}
    assert [lora(name).name for name in named] == list(named)


async def test_everything_is_offered_where_everything_is_there() -> None:
    models = await offered(StandInComfyUI())
    assert set(models) == {
        "sd_xl_base_1.0",
        "v1-5-pruned-emaonly-fp16",
        "flux1",
        "flux2-klein",
        "z-image-turbo",
        "qwen-image",
        "qwen-image-edit",
    }
    assert all(model.edits and model.masks and model.outpaints for model in models.values())
    assert all(model.loras == ("ink", "oil_paint") for model in models.values())


async def test_what_a_model_cannot_do_is_said() -> None:
    models = await offered(StandInComfyUI())
    said = {
        name: (one.guidance, one.negative_prompts, one.fixed_steps, one.steps, one.native_size)
        for name, one in models.items()
    }
    assert said["sd_xl_base_1.0"] == ("cfg", True, False, 30, 1024)
    assert said["v1-5-pruned-emaonly-fp16"] == ("cfg", True, False, 25, 512)
    assert said["flux1"] == ("distilled", False, False, 20, 1024)
    assert said["flux2-klein"] == ("none", False, True, 4, 1024)
    assert said["z-image-turbo"] == ("none", False, True, 8, 1024)
    assert said["qwen-image"] == ("cfg", True, False, 20, 1328)


async def test_a_server_on_windows_gets_its_own_names_back() -> None:
    files = ModelFiles(
        checkpoints=["SDXL\\juggernautXL.safetensors"], loras=["styles\\ink.safetensors"]
    )
    server = StandInComfyUI(files)
    models = await offered(server)
    assert list(models) == ["juggernautXL"]
    assert models["juggernautXL"].loras == ("ink",)


async def test_each_checkpoint_is_a_model_and_refiners_are_none() -> None:
    files = replace(
        EVERYTHING,
        checkpoints=["sd_xl_base_1.0.safetensors", "sd_xl_refiner_1.0.safetensors", "my-XL.ckpt"],
    )
    models = await offered(StandInComfyUI(files))
    assert {"sd_xl_base_1.0", "my-XL"} <= set(models)
    assert "sd_xl_refiner_1.0" not in models
    assert models["my-XL"].title == "my-XL (Stable Diffusion XL)"


async def test_a_model_without_its_files_or_nodes_is_not_offered() -> None:
    server = StandInComfyUI(replace(EVERYTHING, vae=["flux2-vae.safetensors"]))
    server.missing_nodes = {"Flux2Scheduler"}
    assert set(await offered(server)) == {"sd_xl_base_1.0", "v1-5-pruned-emaonly-fp16"}


async def test_without_the_nodes_for_masks_there_are_none() -> None:
    server = StandInComfyUI()
    server.missing_nodes = {"SetLatentNoiseMask"}
    model = (await offered(server))["flux1"]
    assert (model.edits, model.masks, model.outpaints) == (True, False, False)
    server.missing_nodes = {"VAEEncode"}
    assert not (await offered(server))["flux1"].edits


async def test_a_server_with_nothing_that_can_be_used_says_what_it_lacks() -> None:
    with pytest.raises(InferenceRefused, match=r"flux1: there is no file flux1-dev\*"):
        await offered(StandInComfyUI(ModelFiles()))


async def test_an_own_workflow_may_name_files_with_other_slashes(tmp_path: Path) -> None:
    graph = {
        "1": {
            "class_type": "UNETLoader",
            "inputs": {"unet_name": "x/mine.gguf", "weight_dtype": "default"},
        },
        "9": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    (tmp_path / "mine.json").write_text(json.dumps(graph))
    (tmp_path / "mine.toml").write_text(
        'title = "Mine"\noutput = "9"\n[places]\nprompt = "9.text"\n'
    )
    server = StandInComfyUI(replace(EVERYTHING, diffusion_models=["x\\mine.gguf"]))
    server.custom_nodes["My Loader/2"] = server.nodes["UNETLoader"]
    async with server.serving() as url, ComfyUIEngine(url, None, workflows=tmp_path) as engine:
        await engine.models()
        assert engine._offers.by_id["mine"].files["1.unet_name"] == "x\\mine.gguf"
