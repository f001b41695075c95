"""Which models a ComfyUI server offers: workflows whose nodes and files it has. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.engines.comfyui.choices import Nodes, first_match, matches, same_choice, typeable_names
from bot.engines.comfyui.graph import LORA_NODE, MODEL_LORA_NODE, branch
from bot.engines.comfyui.workflow import Graph, Table, Workflow, split_place
from diffusion.protocol.models import MAX_MODEL_LORAS, ModelInfo


@dataclass(frozen=True, slots=True)
class Offer:
    """A model: its workflow, the server's files by their places, and its LoRAs' files by name."""

    info: ModelInfo
    workflow: Workflow
    files: Mapping[str, str]
    lora_files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Offers:
    """The models by their ids, and why the other workflows are left out."""

    by_id: Mapping[str, Offer]
    left_out: tuple[str, ...] = ()


class _Lacks(Exception):
    """The server lacks something that a workflow needs; the message says what."""


def node_classes(workflows: Iterable[Workflow]) -> frozenset[str]:
    """The classes of all nodes that these workflows may need."""
    used = {node["class_type"] for one in workflows for node in one.graph.values()}
    return frozenset({*used, LORA_NODE, MODEL_LORA_NODE})


def offers(workflows: Sequence[Workflow], nodes: Nodes) -> Offers:
    """What can be drawn with these nodes."""
    by_id: dict[str, Offer] = {}
    left_out = []
    for workflow in workflows:
        try:
            for offer in _offers_of(workflow, nodes):
                by_id.setdefault(offer.info.id, offer)
        except _Lacks as error:
            left_out.append(f"{workflow.name}: {error}")
    return Offers(by_id, tuple(left_out))


def _offers_of(workflow: Workflow, nodes: Nodes) -> list[Offer]:
    table = workflow.table
    files = _files(workflow, nodes)
    lora_files = _lora_files(table, nodes)
    info = _info(workflow, nodes, tuple(lora_files)[:MAX_MODEL_LORAS])
    if table.checkpoints is None:
        return [Offer(info, workflow, files, lora_files)]
    place, wanted = table.checkpoints.place, table.checkpoints
    found = [
        file
        for file in _choices(workflow, nodes, place)
        if any(matches(pattern, file) for pattern in wanted.files)
        and not any(matches(pattern, file) for pattern in wanted.exceptions)
    ]
    if not found:
        raise _Lacks(f"there is no file {' or '.join(wanted.files)}")
    return [
        Offer(
            replace(info, id=name, title=f"{name} ({table.title})"),
            workflow,
            {**files, place: file},
            lora_files,
        )
        for name, file in typeable_names(found).items()
    ]


def _info(workflow: Workflow, nodes: Nodes, loras: tuple[str, ...]) -> ModelInfo:
    """The model as its table describes it. It cannot do what has no place in the workflow."""
    table, places = workflow.table, workflow.table.places
    guided = bool(places.guidance_scale)
    edits = table.start is not None and _has_all(nodes, branch(workflow, table.start))
    masks = edits and table.mask is not None
    masks = masks and _has_all(nodes, branch(workflow, table.start, table.mask))
    return ModelInfo(
        id=workflow.name,
        title=table.title,
        native_size=table.native_size,
        min_size=table.min_size,
        max_size=table.max_size,
        multiple=table.multiple,
        sizes=table.sizes,
        steps=table.steps,
        fixed_steps=not places.steps,
        guidance=table.guidance if guided else "none",
        guidance_scale=table.guidance_scale if guided else 1.0,
        negative_prompts=bool(places.negative_prompt),
        sampler=table.sampler,
        spacing=table.spacing,
        seeds=bool(places.seed),
        seed_blends=False,
        samplers=bool(places.sampler),
        stops=False,
        weirdness=False,
        strengths=table.start is not None and bool(table.start.strength),
        loras=loras,
        edits=edits,
        masks=masks,
        outpaints=masks,
    )


def _files(workflow: Workflow, nodes: Nodes) -> dict[str, str]:
    """The server's files by their places. Raises _Lacks for the first that is missing."""
    plain = branch(workflow)
    for class_type in (node["class_type"] for node in plain.values()):
        if class_type not in nodes:
            raise _Lacks(f"there is no node {class_type}")
    files = {}
    for place, patterns in workflow.table.files.items():
        file = first_match(patterns, _choices(workflow, nodes, place))
        if file is None:
            raise _Lacks(f"there is no file {' or '.join(patterns)}")
        files[place] = file
    return {**_written(workflow, nodes, plain), **files}


def _written(workflow: Workflow, nodes: Nodes, plain: Graph) -> dict[str, str]:
    """What is written in the workflow as a choice, as the server writes it."""
    table = workflow.table
    chosen_later = {*table.files, *table.places.sampler}
    if table.checkpoints is not None:
        chosen_later.add(table.checkpoints.place)
    written = {}
    for node_id, node in plain.items():
        for name, value in node["inputs"].items():
            place = f"{node_id}.{name}"
            choices = nodes.choices(node["class_type"], name)
            if choices is None or not isinstance(value, str) or place in chosen_later:
                continue
            choice = same_choice(value, choices)
            if choice is None:
                raise _Lacks(f"there is no “{value}” to choose as {name} in {node['class_type']}")
            written[place] = choice
    return written


def _lora_files(table: Table, nodes: Nodes) -> dict[str, str]:
    if table.loras is None:
        return {}
    node = MODEL_LORA_NODE if table.loras.clip is None else LORA_NODE
    return typeable_names(nodes.choices(node, "lora_name") or ())


def _choices(workflow: Workflow, nodes: Nodes, place: str) -> tuple[str, ...]:
    node, name = split_place(place)
    return nodes.choices(workflow.graph[node]["class_type"], name) or ()


def _has_all(nodes: Nodes, graph: Graph) -> bool:
    return all(node["class_type"] in nodes for node in graph.values())
