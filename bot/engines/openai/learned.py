"""What a server has told about its models: by listing them, and by refusing calls."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.engines.openai.calls import without
from bot.engines.openai.known_models import STREAM, KnownModel, known_model

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Learned:
    """What refusals told of one model."""

    dropped: frozenset[str] = frozenset()
    sizes: tuple[str, ...] = ()


class LearnedModels:
    """The models of one server, as they are known by now."""

    def __init__(self) -> None:
        self._listed: dict[str, KnownModel] = {}
        self._learned: dict[str, _Learned] = {}

    def list_models(self, owners: Mapping[str, str]) -> tuple[str, ...]:
        """Take up the server's list: the owner of each model. Returns their ids."""
        self._listed = {model: known_model(model, owner) for model, owner in owners.items()}
        return tuple(self._listed)

    def model(self, model_id: str) -> KnownModel:
        """A model, without what its server does not know."""
        known = self._listed.get(model_id) or known_model(model_id, "")
        learned = self._learned.get(model_id)
        if learned is None:
            return known
        info = without(known.info, learned.dropped)
        if learned.sizes:
            info = replace(info, sizes=learned.sizes)
        return replace(known, info=info, parameters=known.parameters - learned.dropped)

    def drop(self, model_id: str, names: frozenset[str]) -> None:
        """Send these parameters no more."""
        learned = self._learned.setdefault(model_id, _Learned())
        if "stream" in names:
            names |= STREAM
        if names - learned.dropped:
            log.warning("%s does not know %s.", model_id, ", ".join(sorted(names)))
        learned.dropped |= names

    def learn_sizes(self, model_id: str, sizes: tuple[str, ...]) -> bool:
        """Take up the only sizes that a model draws. False if they were known already."""
        learned = self._learned.setdefault(model_id, _Learned())
        if learned.sizes == sizes:
            return False
        learned.sizes = sizes
        return True
