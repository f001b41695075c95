"""The settings of a prompt: those of prompt, member, server and model, merged in one place.

The order, the strongest first: the prompt, its member, the server, the model, the table of
parameters. A member's own options and suffix belong to the prompt: `bot.prompts.expand` writes them
out before it is parsed. Of a prompt with `--exact`, only the prompt, the model and the table decide
what is drawn. Pure.

Each source is one layer: a mapping from names of fields to values, without the fields that the
source leaves open. Another source, such as a role or a channel, is one more layer in `_layers`.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bot.models.versions import Versions
from bot.prompts.parameters import DEFAULT_VALUES, RAW, STYLISED
from bot.prompts.parser import Prompt
from bot.prompts.values import Aspect, aspect
from diffusion.protocol.models import ModelInfo
from storage.members import Preferences
from storage.models import JobMode
from storage.servers import ServerSettings

Layer = dict[str, Any]
"""What one source decides, by the names of fields."""

BUILT_IN: Layer = {
    **DEFAULT_VALUES,
    "temperament": STYLISED,
    "mode": JobMode.FAST.value,
    "stealth": False,
}
"""The values if neither prompt, member, server nor model decides."""


@dataclass(frozen=True, slots=True)
class SettingsSources:
    """The sources of settings besides the prompt and the model.

    `options` are the member's own parameters: their text by their name.
    """

    member: Preferences = field(default_factory=Preferences)
    options: Mapping[str, str] = field(default_factory=dict)
    server: ServerSettings = field(default_factory=lambda: ServerSettings(server_id=0))


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How a job waits and who sees it."""

    mode: JobMode
    stealth: bool


@dataclass(frozen=True, slots=True)
class EffectiveSettings:
    """The decided value of every setting that more than the prompt can decide.

    `version` is the name of the model. `style` is None if none was chosen, and RAW if a prompt or
    member turned styles off.
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


def effective_settings(
    prompt: Prompt, sources: SettingsSources, versions: Versions, *, has_pictures: bool = False
) -> EffectiveSettings:
    """Decide the settings of one prompt.

    `has_pictures` is whether it starts from pictures other than those that it links to. Raises
    UnknownVersion, ModelCannot.
    """
    layers = _layers(prompt, sources)
    version = versions.choose(prompt.version, [layer.get("version") for layer in layers[1:]])
    model = versions.models[version]
    decided = ChainMap(*layers, _of_model(model), BUILT_IN)
    _check_model(prompt, versions, version, has_pictures or bool(prompt.links))
    chosen = {
        one.name: decided[one.name]
        for one in fields(EffectiveSettings)
        if one.name not in ("model", "version", "queue")
    }
    queue = queue_settings(prompt, sources)
    return EffectiveSettings(model=model, version=version, queue=queue, **chosen)


def queue_settings(prompt: Prompt | None, sources: SettingsSources) -> QueueSettings:
    """The same for a job that has its request already, such as a variation."""
    decided = ChainMap(_of_prompt(prompt), _of_member(sources.member), BUILT_IN)
    return QueueSettings(JobMode(decided["mode"]), decided["stealth"])


def _layers(prompt: Prompt, sources: SettingsSources) -> list[Layer]:
    """The layers above the model's, the strongest first."""
    if prompt.exact:
        return [_of_prompt(prompt)]
    return [_of_prompt(prompt), _of_member(sources.member), _of_server(sources.server)]


def _of_prompt(prompt: Prompt | None) -> Layer:
    if prompt is None:
        return {}
    return _decided({one.name: getattr(prompt, one.name) for one in fields(Prompt)})


def _of_member(member: Preferences) -> Layer:
    return _decided(
        {
            "version": member.model,
            "temperament": member.temperament or None,
            "stylize": member.stylize,
            "style": RAW if member.raw else None,
            "mode": member.mode,
            "stealth": member.stealth,
        }
    )


def _of_server(server: ServerSettings) -> Layer:
    return _decided(
        {
            "aspect": aspect(server.aspect) if server.aspect else None,
            "style": server.style or None,
            "stylize": server.stylize,
            "temperament": server.temperament or None,
        }
    )


def _of_model(model: ModelInfo) -> Layer:
    return {"steps": model.steps, "sampler": model.sampler}


def _decided(layer: Layer) -> Layer:
    return {name: value for name, value in layer.items() if value is not None}


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
