"""Models by the names that members know them by, and which of them can do what. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import ModelCannot, NoModel, UnknownVersion
from bot.i18n.markdown import names
from bot.prompts.parser import Prompt
from diffusion.protocol.models import ModelInfo


@dataclass(frozen=True, slots=True)
class Versions:
    """The models by name, and the name of the one that draws where nobody says which."""

    models: Mapping[str, ModelInfo]
    default: str

    def find(self, wanted: str) -> str:
        """The name for what somebody typed: a name, or a model's id. Raises UnknownVersion."""
        if wanted in self.models:
            return wanted
        for name, model in self.models.items():
            if model.id.lower() == wanted:
                return name
        raise UnknownVersion(wanted, names(self.models))

    def choose(self, prompt: Prompt, preferred: str | None, starts: bool = False) -> ModelInfo:
        """The model that a prompt asks for, else the member's, else the default.

        `starts` is whether there are pictures to start from. Raises UnknownVersion, ModelCannot.
        """
        name = preferred if preferred and preferred in self.models else self.default
        if prompt.version is not None:
            name = self.find(prompt.version)
        for what, is_wanted, can in (
            ("tile", prompt.tile, lambda model: model.tiles),
            ("edit", starts or prompt.links, lambda model: model.edits),
            ("lora", prompt.loras, lambda model: model.loras),
        ):
            if is_wanted:
                self._check(name, what, can)
        return self.models[name]

    def _check(self, name: str, what: str, can: Callable[[ModelInfo], object]) -> None:
        if not can(self.models[name]):
            able = names(f"--v {other}" for other, model in self.models.items() if can(model))
            raise ModelCannot(what, name, able)


def name_models(
    models: Sequence[ModelInfo], named: Mapping[str, str], chosen: str | None
) -> Versions:
    """Names for the models: the admin's, or else 1, 2, 3 in their order.

    `named` are model ids by name; names of models that are not there are left out. `chosen` is
    the id of the default, if it is there, else the first is. Raises NoModel.
    """
    by_id = {model.id: model for model in models}
    versions = {name: by_id[model_id] for name, model_id in named.items() if model_id in by_id}
    versions = versions or {str(place): model for place, model in enumerate(models, start=1)}
    if not versions:
        raise NoModel
    default = next((name for name, model in versions.items() if model.id == chosen), None)
    return Versions(versions, default or next(iter(versions)))
