"""From a request to the graph that ComfyUI runs for one of its pictures. Pure."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.engines.comfyui.workflow import (
    Graph,
    PicturePlaces,
    Table,
    Workflow,
    split_output,
    split_place,
)
from diffusion.protocol.requests import ImageRequest, Lora, WeightedPrompt

LORA_NODE = "LoraLoader"
MODEL_LORA_NODE = "LoraLoaderModelOnly"
"""ComfyUI's node for a LoRA that leaves the text encoder as it is."""

SAMPLERS: Mapping[str, str] = {
    "ddpm": "ddpm",
    "ddim": "ddim",
    "euler": "euler",
    "euler_ancestral": "euler_ancestral",
    "dpmpp_2m": "dpmpp_2m",
}
"""ComfyUI's names of our samplers."""


@dataclass(frozen=True, slots=True)
class StartFiles:
    """The names under which the server has the start picture and its mask."""

    image: str
    mask: str | None = None


def fill(
    workflow: Workflow,
    files: Mapping[str, str],
    request: ImageRequest,
    seed: int,
    start: StartFiles | None = None,
    lora_files: Mapping[str, str] | None = None,
) -> Graph:
    """The graph of one picture, with only the nodes that it needs.

    `files` are the server's files by their places, `lora_files` those of the request's LoRAs by
    their names.
    """
    graph, table = copy.deepcopy(workflow.graph), workflow.table
    for place, file in files.items():
        _put(graph, (place,), file)
    for places, value in _values(table, request, seed):
        _put(graph, places, value)
    if start is not None:
        assert table.start is not None, "asked for only where the model edits"
        _put_picture(graph, table.start, start.image, request)
        if start.mask is not None:
            assert table.mask is not None, "asked for only where the model takes masks"
            _put_picture(graph, table.mask, start.mask, request)
    if request.loras:
        _chain(graph, table, request.loras, lora_files or {})
    return _needed(graph, table.output)


def branch(workflow: Workflow, *pictures: PicturePlaces | None) -> Graph:
    """The nodes that are needed with these pictures; without any, those for words alone."""
    graph = copy.deepcopy(workflow.graph)
    for picture in pictures:
        if picture is not None:
            _link(graph, picture)
    return _needed(graph, workflow.table.output)


def _values(
    table: Table, request: ImageRequest, seed: int
) -> tuple[tuple[tuple[str, ...], Any], ...]:
    places = table.places
    prompt, negative = texts(request, table.emphasis)
    return (
        (places.prompt, prompt),
        (places.negative_prompt, negative),
        (places.seed, seed),
        (places.width, request.width),
        (places.height, request.height),
        (places.steps, request.steps),
        (places.guidance_scale, request.guidance_scale),
        (places.sampler, SAMPLERS[request.sampler]),
    )


def texts(request: ImageRequest, emphasis: bool) -> tuple[str, str]:
    """The prompt and the negative prompt. Of parts with weights, the negative ones are avoided."""
    if not request.parts:
        return request.prompt, request.negative_prompt
    wanted = [part for part in request.parts if part.weight > 0]
    avoided = [part for part in request.parts if part.weight < 0]
    mean = sum(part.weight for part in wanted) / len(wanted)
    joined = ", ".join(_weighted(part, mean, emphasis) for part in wanted)
    negative = [request.negative_prompt, *(part.text for part in avoided)]
    return joined, ", ".join(filter(None, negative))


def _weighted(part: WeightedPrompt, mean: float, emphasis: bool) -> str:
    weight = round(part.weight / mean, 2)
    return f"({part.text}:{weight:g})" if emphasis and weight != 1 else part.text


def _put(graph: Graph, places: tuple[str, ...], value: Any) -> None:
    for place in places:
        node, name = split_place(place)
        graph[node]["inputs"][name] = value


def _put_picture(graph: Graph, places: PicturePlaces, file: str, request: ImageRequest) -> None:
    _link(graph, places)
    _put(graph, places.image, file)
    _put(graph, places.width, request.width)
    _put(graph, places.height, request.height)
    if request.start is not None:
        _put(graph, places.strength, request.start.strength)


def _link(graph: Graph, places: PicturePlaces) -> None:
    for place, output in places.links.items():
        _put(graph, (place,), list(split_output(output)))


def _chain(graph: Graph, table: Table, loras: tuple[Lora, ...], files: Mapping[str, str]) -> None:
    """Put the LoRAs one behind the other, between the model and all that uses it."""
    assert table.loras is not None, "asked for only where the model has LoRAs"
    model = list(split_output(table.loras.model))
    clip = list(split_output(table.loras.clip)) if table.loras.clip else None
    users = [
        (node["inputs"], name, value)
        for node in graph.values()
        for name, value in node["inputs"].items()
        if value == model or (clip and value == clip)
    ]
    last_model, last_clip = model, clip
    for number, lora in enumerate(loras, start=1):
        inputs = {
            "model": last_model,
            "lora_name": files[lora.name],
            "strength_model": lora.weight,
        }
        if last_clip is not None:
            inputs |= {"clip": last_clip, "strength_clip": lora.weight}
        name = f"lora-{number}"
        kind = MODEL_LORA_NODE if clip is None else LORA_NODE
        graph[name] = {"class_type": kind, "inputs": inputs}
        last_model = [name, 0]
        last_clip = None if clip is None else [name, 1]
    for node_inputs, input_name, value in users:
        node_inputs[input_name] = last_model if value == model else last_clip


def _needed(graph: Graph, output: str) -> Graph:
    """The nodes that the output depends on: ComfyUI refuses a graph for any unknown node in it."""
    needed: dict[str, None] = {}
    waiting = [output]
    while waiting:
        node = waiting.pop()
        if node in needed or node not in graph:
            continue
        needed[node] = None
        waiting += [
            value[0]
            for value in graph[node]["inputs"].values()
            if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
        ]
    return {node: graph[node] for node in graph if node in needed}
