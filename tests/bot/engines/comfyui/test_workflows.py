"""Workflows and their tables, and the graphs that are made of them."""

import json
import logging
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.engines.comfyui.graph import StartFiles, branch, fill, texts
from bot.engines.comfyui.workflow import (
    InvalidWorkflow,
    Table,
    Workflow,
    read_workflow,
    read_workflows,
)
from diffusion.protocol.requests import ImageRequest, InitImage, Noise, WeightedPrompt
from tests.support.engines.comfyui import StandInComfyUI

SHIPPED = {one.name: one for one in read_workflows(None)}

GRAPH: dict[str, Any] = {
    "1": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["2", 0]}},
    "2": {"class_type": "CLIPLoader", "inputs": {"clip_name": "a.safetensors"}},
    "3": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
}
TABLE = """
title = "Mine"
output = "3"
[places]
prompt = "1.text"
"""


def request(**changes: Any) -> ImageRequest:
    about: dict[str, Any] = {
        "model": "any",
        "prompt": "a fox",
        "negative_prompt": "blur",
        "noises": (Noise(1),),
        "width": 512,
        "height": 768,
        "steps": 9,
        "guidance_scale": 4.5,
        "sampler": "euler_ancestral",
    }
    return ImageRequest(**{**about, **changes})


def written(folder: Path, graph: object = None, table: str = TABLE, name: str = "mine") -> Path:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(GRAPH if graph is None else graph))
    file.with_suffix(".toml").write_text(table)
    return file


@pytest.mark.parametrize("name", SHIPPED)
def test_every_place_of_a_shipped_workflow_is_an_input_of_its_node(name: str) -> None:
    workflow, nodes = SHIPPED[name], StandInComfyUI().nodes
    table = workflow.table
    places = [place for _, some in table.places for place in some]
    for picture in filter(None, (table.init_image, table.references, table.mask)):
        places += [*picture.image, *picture.strength, *picture.width, *picture.height]
        places += picture.links
    places += [*table.files, *([table.checkpoints.place] if table.checkpoints else [])]
    for place in places:
        node, _, name_of_input = place.partition(".")
        described = nodes[workflow.graph[node]["class_type"]]
        assert name_of_input in {**described.required, **described.optional}, place


@pytest.mark.parametrize("name", SHIPPED)
def test_what_was_asked_for_stands_in_the_graph(name: str) -> None:
    workflow = SHIPPED[name]
    graph = fill(workflow, {}, request(), 77)
    places = workflow.table.places

    def at(some: tuple[str, ...]) -> set[object]:
        return {graph[one.partition(".")[0]]["inputs"][one.partition(".")[2]] for one in some}

    assert at(places.prompt) == {"a fox"}
    assert at(places.seed) == {77}
    assert (at(places.width), at(places.height)) == ({512}, {768})
    assert at(places.steps) <= {9}
    assert at(places.guidance_scale) <= {4.5}
    assert at(places.sampler) <= {"euler_ancestral"}
    assert at(places.negative_prompt) <= {"blur"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_graph_has_only_the_nodes_that_it_needs(name: str) -> None:
    workflow = SHIPPED[name]
    kinds = {node["class_type"] for node in fill(workflow, {}, request(), 1).values()}
    assert not kinds & {"LoadImage", "LoadImageMask", "VAEEncode"}
    start = StartFiles("a.png", "m.png")
    asked = request(start=InitImage("a" * 64, 0.5, "b" * 64))
    kinds = {node["class_type"] for node in fill(workflow, {}, asked, 1, start).values()}
    assert kinds >= {"LoadImage", "LoadImageMask", "VAEEncode", "ImageCompositeMasked"}
    assert (
        workflow.graph
        == read_workflow(Path("bot/engines/comfyui/workflows") / f"{name}.json").graph
    )


def test_models_that_look_at_a_picture_get_it_as_a_reference() -> None:
    for name in ("flux2-klein", "qwen-image-edit"):
        table = SHIPPED[name].table
        assert table.references is not None
        assert table.init_image is None
    graph = branch(SHIPPED["flux2-klein"], SHIPPED["flux2-klein"].table.references)
    assert {node["class_type"] for node in graph.values()} >= {"ReferenceLatent", "VAEEncode"}


def test_parts_are_weighted_where_the_model_reads_weights() -> None:
    parts = (
        WeightedPrompt("hot", 0.9),
        WeightedPrompt("dog", 0.3),
        WeightedPrompt("bun", -0.2),
    )
    asked = request(parts=parts)
    assert texts(asked, emphasis=True) == ("(hot:1.5), (dog:0.5)", "blur, bun")
    assert texts(asked, emphasis=False) == ("hot, dog", "blur, bun")


def test_the_editors_format_is_told_from_the_apis(tmp_path: Path) -> None:
    file = written(tmp_path, {"nodes": [], "links": []})
    with pytest.raises(InvalidWorkflow, match=r"Export it by “Export \(API\)”"):
        read_workflow(file)


@pytest.mark.parametrize(
    ("graph", "table", "words"),
    [
        ([], TABLE, "no workflow in ComfyUI's API format"),
        ({"1": {"inputs": {}}}, TABLE, "no workflow in ComfyUI's API format"),
        (None, "title = ", "no TOML"),
        (None, TABLE + 'seed = "9.seed"', "the node 9, which is not there"),
        (None, TABLE + 'sed = "1.text"', "places.sed"),
        (None, TABLE + 'seed = "text"', "places.seed"),
        (None, TABLE.replace("title", "titel"), "title"),
    ],
)
def test_a_mistake_is_said_with_its_place(
    tmp_path: Path, graph: object, table: str, words: str
) -> None:
    with pytest.raises(InvalidWorkflow, match=words):
        read_workflow(written(tmp_path, graph, table))


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    written(tmp_path).with_suffix(".toml").unlink()
    with pytest.raises(InvalidWorkflow, match=r"mine\.toml cannot be read"):
        read_workflow(tmp_path / "mine.json")


def test_own_workflows_count_more_and_a_broken_one_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path)
    written(tmp_path, name="sdxl")
    written(tmp_path, {"nodes": []}, name="broken")
    with caplog.at_level(logging.WARNING):
        found: dict[str, Workflow] = {one.name: one for one in read_workflows(tmp_path)}
    assert found.keys() == {*SHIPPED, "mine"}
    assert found["sdxl"].table.title == "Mine"
    assert "broken.json is left out" in caplog.text


def test_the_table_in_the_documentation_can_be_read() -> None:
    text = Path("docs/comfyui.md").read_text()
    (table,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    read = Table(**tomllib.loads(table))
    assert {name for name, value in read if value} >= {"files", "checkpoints", "loras", "mask"}
    for workflow in SHIPPED.values():
        assert f"| `{workflow.name}` |" in text
