"""Models by the names that members type after `--v`, and what each model can do. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import ModelCannot, NoModel, UnknownVersion
from bot.i18n.markdown import names
from bot.models.names import candidates, check_text_after, find_name
from bot.models.sizes import drafts
from diffusion.protocol.models import ModelInfo

VERSION_NAME = re.compile(r"[\w.-]{1,40}")
"""What a name for `--v` is made of."""

ABILITIES: Mapping[str, Callable[[ModelInfo], object]] = {
    "tile": lambda model: model.tiles,
    "edit": lambda model: model.edits,
    "lora": lambda model: model.loras,
    "negative": lambda model: model.negative_prompts,
    "guidance": lambda model: model.guidance != "none",
    "steps": lambda model: not model.fixed_steps,
    "draft": drafts,
    "seed": lambda model: model.seeds,
    "blend": lambda model: model.seed_blends,
    "sampler": lambda model: model.samplers,
    "stop": lambda model: model.stops,
    "weird": lambda model: model.weirdness,
    "strength": lambda model: model.strengths,
}
"""Whether a model can do a thing, by the key of the thing under `cannot-` in the texts."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The models by name; `default` is the name of the model for prompts that name none."""

    models: Mapping[str, ModelInfo]
    default: str

    def find(self, wanted: str) -> str:
        """The name for what somebody typed: a name, or a model's id.

        Raises UnknownVersion, AmbiguousName, MisplacedText.
        """
        meant = self._meant(wanted)
        if len(meant) == 1:
            return meant.pop()
        known = tuple(self._by_name())
        find_name(wanted, known)
        check_text_after("v", wanted, known)
        raise UnknownVersion(wanted, names(self.models))

    def has(self, wanted: str) -> bool:
        """Whether `find` finds a model."""
        return len(self._meant(wanted)) == 1

    def choose(self, typed: str | None, preferred: Iterable[str | None] = ()) -> str:
        """The name of the model for a prompt: the typed one, else the first preferred one that
        exists, else the default. Raises UnknownVersion for a typed one that does not exist.
        """
        if typed is not None:
            return self.find(typed)
        there = (name for name in preferred if name is not None and name in self.models)
        return next(there, self.default)

    def _meant(self, wanted: str) -> set[str]:
        """The names of the models that may be meant; a name and an id of one may be alike."""
        by_name = self._by_name()
        return {by_name[one] for one in candidates(wanted, tuple(by_name))}

    def _by_name(self) -> Mapping[str, str]:
        """The names of the models by all that may be typed: the names, then the ids."""
        by_name = {name: name for name in self.models}
        for name, model in self.models.items():
            by_name.setdefault(model.id, name)
        return by_name

    def check(self, name: str, ability: str) -> None:
        """Raises ModelCannot, which names the models that can, if this one lacks an ability."""
        can = ABILITIES[ability]
        if not can(self.models[name]):
            able = names(f"--v {other}" for other, model in self.models.items() if can(model))
            raise ModelCannot(ability, name, able)


def name_models(
    models: Sequence[ModelInfo], named: Mapping[str, str], chosen: str | None
) -> Versions:
    """Name the models: as the admin did, or else 1, 2, 3 in their order.

    `named` are model ids by name; names of missing models are left out. `chosen` is the id of the
    default model; if it is missing, the first one is the default. Raises NoModel.
    """
    by_id = {model.id: model for model in models}
    versions = {name: by_id[model_id] for name, model_id in named.items() if model_id in by_id}
    versions = versions or {str(place): model for place, model in enumerate(models, start=1)}
    if not versions:
        raise NoModel
    default = next((name for name, model in versions.items() if model.id == chosen), None)
    return Versions(versions, default or next(iter(versions)))
