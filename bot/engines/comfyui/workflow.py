"""Workflows in ComfyUI's API format, each with a table that names its places.

`NAME.json` is what ComfyUI exports by “Export (API)”. `NAME.toml` beside it says where in it the
prompt goes, the seed, the size and so on; docs/comfyui.md lists all its entries. A place is the id
of a node and the name of one of its inputs, such as `6.text`. An output is the id of a node and a
number, such as `4.0`.
"""

import json
import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from diffusion.protocol.models import MAX_NATIVE_SIDE_PX, MAX_SIZES
from diffusion.protocol.requests import (
    MAX_GUIDANCE,
    MAX_STEPS,
    SAMPLER_NAMES,
    SIZE,
    SPACING_NAMES,
)

log = logging.getLogger(__name__)

SHIPPED_FOLDER = Path(__file__).parent / "workflows"

MAX_WORKFLOW_BYTES = 1 << 22

Graph = dict[str, dict[str, Any]]
"""A workflow in ComfyUI's API format: nodes by their ids."""

Side = Annotated[int, Field(ge=8, le=MAX_NATIVE_SIDE_PX)]
Size = Annotated[str, Field(pattern=rf"^{SIZE.pattern}$")]
Place = Annotated[str, Field(pattern=r"^[^.]+\..+$")]
Output = Annotated[str, Field(pattern=r"^[^.]+\.\d+$")]
Places = Annotated[
    tuple[Place, ...],
    BeforeValidator(lambda typed: (typed,) if isinstance(typed, str) else typed),
]
"""One place or several that get the same value."""

Patterns = Annotated[tuple[str, ...], Field(min_length=1)]
"""Names of files with `*` for any characters; upper and lower case are the same."""


class InvalidWorkflow(Exception):
    """A workflow or its table cannot be used; the message says why, and what to do."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestPlaces(_Section):
    """Where in the workflow the parts of a request go. A model cannot do what has no place."""

    prompt: Places
    negative_prompt: Places = ()
    seed: Places = ()
    width: Places = ()
    height: Places = ()
    steps: Places = ()
    guidance_scale: Places = ()
    sampler: Places = ()


class PicturePlaces(_Section):
    """Where a picture goes, and what is linked otherwise where there is one.

    `strength` is the share of noise that is put upon it. `links` are outputs by the places that
    they are linked to.
    """

    image: Places
    strength: Places = ()
    width: Places = ()
    height: Places = ()
    links: Mapping[Place, Output] = Field(default_factory=dict)


class LoraPlaces(_Section):
    """The outputs that LoRAs come behind; without `clip` the text encoder stays as it is."""

    model: Output
    clip: Output | None = None


class Checkpoints(_Section):
    """The place of a model file. Each file that the server has there is a model by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    place: Place
    files: Patterns
    exceptions: tuple[str, ...] = Field(default=(), alias="except")


class Table(_Section):
    """What the table beside a workflow says.

    `spacing` is our name of the workflow's scheduler. `output` is the id of the node whose picture
    is taken. `emphasis` says whether the model reads weights such as `(fox:1.2)`. `files` are
    places of files; the first file that the server has is taken, in the order of the patterns.
    `references` is for models that look at a picture and change it as the prompt says,
    `init_image` for those that start from its pixels.
    """

    title: str
    native_size: Side = 1024
    min_size: Side = 256
    max_size: Side = 2048
    multiple: Annotated[int, Field(ge=8, le=256)] = 8
    sizes: Annotated[tuple[Size, ...], Field(max_length=MAX_SIZES)] = ()
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)] = 30
    guidance_scale: Annotated[float, Field(ge=0, le=MAX_GUIDANCE)] = 5.0
    guidance: Literal["cfg", "distilled"] = "cfg"
    sampler: Literal[SAMPLER_NAMES] = "euler"  # type: ignore[valid-type]
    spacing: Literal[SPACING_NAMES] = "trailing"  # type: ignore[valid-type]
    emphasis: bool = False
    output: str
    places: RequestPlaces
    checkpoints: Checkpoints | None = None
    files: Mapping[Place, Patterns] = Field(default_factory=dict)
    loras: LoraPlaces | None = None
    init_image: PicturePlaces | None = None
    references: PicturePlaces | None = None
    mask: PicturePlaces | None = None

    @property
    def start(self) -> PicturePlaces | None:
        """Where the picture goes that a request starts from."""
        return self.init_image or self.references


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow with its table. `name` is that of its files."""

    name: str
    graph: Graph
    table: Table


def split_place(place: str) -> tuple[str, str]:
    """The node's id and the input's name of a place."""
    node, _, name = place.partition(".")
    return node, name


def split_output(output: str) -> tuple[str, int]:
    """The node's id and the number of an output."""
    node, _, number = output.partition(".")
    return node, int(number)


def read_workflows(own: Path | None) -> tuple[Workflow, ...]:
    """The admin's own workflows and those that are shipped; the own ones count more.

    An own one that cannot be used is logged and left out.
    """
    found: dict[str, Workflow] = {}
    for file in sorted(own.glob("*.json")) if own else ():
        try:
            found[file.stem] = read_workflow(file)
        except InvalidWorkflow as error:
            log.warning("The workflow %s is left out: %s", file, error)
    for file in sorted(SHIPPED_FOLDER.glob("*.json")):
        found.setdefault(file.stem, read_workflow(file))
    return tuple(found.values())


def read_workflow(file: Path) -> Workflow:
    """A workflow and the table beside it. Raises InvalidWorkflow."""
    graph = _graph(file)
    try:
        table = Table(**tomllib.loads(_text(file.with_suffix(".toml"))))
    except tomllib.TOMLDecodeError as error:
        raise InvalidWorkflow(f"{file.stem}.toml is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidWorkflow(f"{file.stem}.toml, “{where}”: {first['msg']}") from error
    for node in _nodes_of(table):
        if node not in graph:
            raise InvalidWorkflow(f"{file.stem}.toml names the node {node}, which is not there.")
    return Workflow(file.stem, graph, table)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_WORKFLOW_BYTES:
            raise InvalidWorkflow(f"{file.name} is too large.")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise InvalidWorkflow(f"{file.name} cannot be read: {error}") from error


def _graph(file: Path) -> Graph:
    try:
        graph = json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise InvalidWorkflow(f"{file.name} is no JSON.") from error
    if isinstance(graph, dict) and isinstance(graph.get("nodes"), list):
        raise InvalidWorkflow(
            f"{file.name} is in the format of ComfyUI's editor. Export it by “Export (API)”."
        )
    if not isinstance(graph, dict) or not all(map(_is_node, graph.values())):
        raise InvalidWorkflow(f"{file.name} is no workflow in ComfyUI's API format.")
    return graph


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def _nodes_of(table: Table) -> set[str]:
    """The ids of all nodes that a table names."""
    places = [place for _, some in table.places for place in some]
    named = [table.output, *table.files]
    for picture in (table.init_image, table.references, table.mask):
        if picture is not None:
            places += [*picture.image, *picture.strength, *picture.width, *picture.height]
            places += [*picture.links, *picture.links.values()]
    if table.loras is not None:
        places += filter(None, [table.loras.model, table.loras.clip])
    if table.checkpoints is not None:
        places.append(table.checkpoints.place)
    return {place.partition(".")[0] for place in [*named, *places]}
