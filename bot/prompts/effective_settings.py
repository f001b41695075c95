"""The settings of a prompt: those of everybody who decides some of them, merged in one place.

The order, the strongest first: the prompt, its member, their roles, the channel, its category, the
server, the model, the table of parameters. Of several roles, the highest comes first. A member's
own options and suffix belong to the prompt: `bot.prompts.expand` writes them out before it is
parsed. Of a prompt with `--exact`, only the prompt, the model and the table decide what is drawn.
Pure.

Each source is one layer: a mapping from names of fields to values, without the fields that the
source leaves open. Another source is one more layer in `_layers`.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from bot.models.versions import Versions
from bot.prompts.parameters import DEFAULT_VALUES, RAW, STYLISED
from bot.prompts.parser import Prompt
from bot.prompts.values import Aspect, aspect
from diffusion.protocol.models import ModelInfo
from storage.members import Preferences
from storage.models import JobMode, Scope
from storage.rules.defaults import Defaults, ScopedDefaults
from storage.servers import ServerSettings

SCOPES = (Scope.ROLE, Scope.CHANNEL, Scope.CATEGORY, Scope.SERVER)
"""The order of what admins chose, the strongest first."""

BUILT_IN: Mapping[str, Any] = {
    **DEFAULT_VALUES,
    "temperament": STYLISED,
    "mode": JobMode.FAST.value,
    "stealth": False,
    "file_format": None,
    "language": None,
}
"""The values if nobody decides: neither prompt, member, admin nor model."""


class Source(StrEnum):
    """Who decides a setting."""

    PROMPT = "prompt"
    MEMBER = "member"
    ROLE = "role"
    CHANNEL = "channel"
    CATEGORY = "category"
    SERVER = "server"
    NOBODY = "nobody"
    """The model's own value, or that of the table of parameters."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source decides, by the names of fields; `source_id` is that of a role or channel."""

    source: Source
    values: Mapping[str, Any]
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The value of one setting, and the layer that decides it."""

    name: str
    value: Any
    source: Source
    source_id: int | None = None


DECISIONS = (
    "version",
    "aspect",
    "style",
    "stylize",
    "temperament",
    "mode",
    "stealth",
    "file_format",
    "language",
)
"""The settings that others than the prompt can decide, as they are listed."""


@dataclass(frozen=True, slots=True)
class SettingsSources:
    """The sources of settings besides the prompt and the model.

    `options` are the member's own parameters: their text by their name. `defaults` are those that
    hold for the member in the channel; of their roles, the highest first.
    """

    member: Preferences = field(default_factory=Preferences)
    options: Mapping[str, str] = field(default_factory=dict)
    server: ServerSettings = field(default_factory=lambda: ServerSettings(server_id=0))
    defaults: tuple[ScopedDefaults, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How a job waits and who sees it."""

    mode: JobMode
    stealth: bool


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a job is shown; None is the usual format, and the language of the server."""

    file_format: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class EffectiveSettings:
    """The decided value of every setting that more than the prompt can decide.

    `version` is the name of the model. `style` is None if none was chosen, and RAW if somebody
    turned styles off. `overriding` are the names of those that a weaker source decides otherwise.
    """

    model: ModelInfo
    version: str
    queue: QueueSettings
    aspect: Aspect
    chaos: int
    draft: bool
    image_weight: float
    pictures: int
    quality: float
    repeat: int
    sampler: str
    steps: int
    stop: int
    style: str | None
    stylize: int
    temperament: str
    tile: bool
    weird: int
    overriding: frozenset[str] = frozenset()


def effective_settings(
    prompt: Prompt, sources: SettingsSources, versions: Versions, *, has_pictures: bool = False
) -> EffectiveSettings:
    """Decide the settings of one prompt.

    `has_pictures` is whether it starts from pictures other than those that it links to. Raises
    UnknownVersion, ModelCannot.
    """
    layers, version = _usable(_layers(prompt, sources), versions)
    model = versions.models[version]
    decided = ChainMap(*(dict(layer.values) for layer in layers), _of_model(model), {**BUILT_IN})
    _check_model(prompt, versions, version, has_pictures or bool(prompt.links))
    chosen = {
        one.name: decided[one.name]
        for one in fields(EffectiveSettings)
        if one.name not in ("model", "version", "queue", "overriding")
    }
    return EffectiveSettings(
        model=model,
        version=version,
        queue=queue_settings(prompt, sources),
        overriding=_overriding(layers),
        **chosen,
    )


def queue_settings(prompt: Prompt | None, sources: SettingsSources) -> QueueSettings:
    """The same for a job that has its request already, such as a variation.

    Also of a prompt with `--exact`: it is about what is drawn.
    """
    layers = _all_layers(prompt, sources)
    decided = ChainMap(*(dict(layer.values) for layer in layers), {**BUILT_IN})
    return QueueSettings(JobMode(decided["mode"]), decided["stealth"])


def presentation(defaults: Sequence[ScopedDefaults]) -> Presentation:
    """How jobs are shown where these defaults hold."""
    decided = ChainMap(*(dict(layer.values) for layer in _of_admins(defaults)), {**BUILT_IN})
    return Presentation(decided["file_format"], decided["language"])


def decisions(
    prompt: Prompt | None, sources: SettingsSources, versions: Versions
) -> tuple[Decision, ...]:
    """All DECISIONS, each with who decides it."""
    layers, version = _usable(_all_layers(prompt, sources), versions)
    nobody = Layer(Source.NOBODY, {**BUILT_IN, "version": version})
    found = []
    for name in DECISIONS:
        layer = next(one for one in (*layers, nobody) if name in one.values)
        found.append(Decision(name, layer.values[name], layer.source, layer.source_id))
    return tuple(found)


def _layers(prompt: Prompt, sources: SettingsSources) -> list[Layer]:
    """The layers that decide what is drawn, above the model's, the strongest first."""
    every = _all_layers(prompt, sources)
    return every[:1] if prompt.exact else every


def _all_layers(prompt: Prompt | None, sources: SettingsSources) -> list[Layer]:
    return [
        Layer(Source.PROMPT, _of_prompt(prompt)),
        Layer(Source.MEMBER, _of_member(sources.member)),
        *_of_admins(sources.defaults),
        Layer(Source.SERVER, _of_server(sources.server)),
    ]


def _of_admins(defaults: Sequence[ScopedDefaults]) -> list[Layer]:
    """What admins chose, the strongest first; roles stay in their order."""
    return [
        Layer(Source(each.scope.value), _of_defaults(each.chosen), each.scope_id)
        for scope in SCOPES
        for each in defaults
        if each.scope is scope
    ]


def _usable(layers: Sequence[Layer], versions: Versions) -> tuple[list[Layer], str]:
    """The layers without models and styles that are gone, and the name of the model.

    What is typed is not left out: whoever resolves it says that it is gone. Raises UnknownVersion.
    """
    typed, *others = layers
    preferred = [layer.values.get("version") for layer in others]
    version = versions.choose(typed.values.get("version"), preferred)
    styles = {RAW, *versions.models[version].styles}
    usable = [replace(typed, values={**typed.values})]
    if "version" in typed.values:
        usable = [replace(typed, values={**typed.values, "version": version})]
    for layer in others:
        values = dict(layer.values)
        if values.get("version", version) not in versions.models:
            del values["version"]
        if values.get("style", RAW) not in styles:
            del values["style"]
        usable.append(replace(layer, values=values))
    return usable, version


def _overriding(layers: Sequence[Layer]) -> frozenset[str]:
    """The names of the fields that a weaker layer decides otherwise than a stronger one."""
    decided: dict[str, Any] = {}
    overriding = set()
    for layer in layers:
        for name, value in layer.values.items():
            if decided.setdefault(name, value) != value:
                overriding.add(name)
    return frozenset(overriding)


def _of_prompt(prompt: Prompt | None) -> dict[str, Any]:
    if prompt is None:
        return {}
    return _decided({one.name: getattr(prompt, one.name) for one in fields(Prompt)})


def _of_member(member: Preferences) -> dict[str, Any]:
    return _decided(
        {
            "version": member.model,
            "temperament": member.temperament or None,
            "stylize": member.stylize,
            "style": RAW if member.raw else None,
            "mode": member.mode,
            # Who did not choose stealth leaves it to the place.
            "stealth": member.stealth or None,
        }
    )


def _of_server(server: ServerSettings) -> dict[str, Any]:
    return _decided(
        {
            "aspect": aspect(server.aspect) if server.aspect else None,
            "style": server.style or None,
            "stylize": server.stylize,
            "temperament": server.temperament or None,
        }
    )


def _of_defaults(chosen: Defaults) -> dict[str, Any]:
    values = asdict(chosen)
    version = values.pop("model")
    return _decided(
        {
            **values,
            "version": version,
            "aspect": aspect(chosen.aspect) if chosen.aspect else None,
        }
    )


def _of_model(model: ModelInfo) -> dict[str, Any]:
    return {"steps": model.steps, "sampler": model.sampler}


def _decided(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _check_model(prompt: Prompt, versions: Versions, version: str, has_pictures: bool) -> None:
    """Raises ModelCannot for the first thing that the model lacks."""
    for ability, is_needed in (
        ("tile", prompt.tile),
        ("edit", has_pictures),
        ("lora", prompt.loras),
        ("negative", prompt.negative or any(part.weight < 0 for part in prompt.parts)),
        ("guidance", prompt.guidance is not None),
        ("steps", prompt.steps is not None or prompt.quality not in (None, 1.0)),
        ("draft", prompt.draft),
        ("blend", prompt.chaos or prompt.sameseed is not None),
        ("seed", prompt.seed is not None or prompt.sameseed is not None),
        ("sampler", prompt.sampler is not None),
        ("stop", prompt.stop not in (None, DEFAULT_VALUES["stop"])),
        ("weird", prompt.weird),
        # Without a picture it is refused as a parameter without one, if at all.
        ("strength", has_pictures and prompt.image_weight is not None),
    ):
        if is_needed:
            versions.check(version, ability)
