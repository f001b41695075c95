"""What one member may ask for on one server, by its rules for roles and by the operator's models.

Knows nothing of Discord's API.
"""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import NoModel, UserError
from bot.models.registry import ModelRegistry
from bot.models.versions import Versions
from bot.policy.bounds import (
    Asked,
    Bounds,
    ModelAudience,
    bounds_of,
    check_bounds,
    check_model,
    check_number,
)
from bot.prompts.parameters import DEFAULT_VALUES, PARAMETERS
from bot.prompts.parser import Prompt, parse_normalised
from diffusion.protocol.requests import ImageRequest
from storage import servers
from storage.database import Database
from storage.jobs import NewJob
from storage.models import JobKind, JobMode
from storage.rules import access
from storage.rules.defaults import Defaults, ScopedDefaults
from storage.servers import ServerSettings

DECIDED_BY_ADMINS = {
    "version": "model",
    **{name: name for name in ("aspect", "style", "stylize", "temperament")},
}
"""Fields of parameters that admins can set for others, and what they are called in defaults. What
admins set is nobody's own parameter."""

RESHAPED_KINDS = frozenset({JobKind.ZOOM, JobKind.PAN, JobKind.SQUARE, JobKind.REGION})
"""Kinds of jobs whose text says their shape without that somebody typed it."""

DRAWS_NOTHING = frozenset({JobKind.UPSCALE})
"""Kinds of jobs that show a stored picture: only who sees it is checked."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one member may ask for. `models` are the ids of those that they may use, by name.

    `models` is None if they may use all, and while no model is known.
    """

    bounds: Bounds
    models: Mapping[str, str] | None
    server: ServerSettings
    defaults: tuple[ScopedDefaults, ...] = ()

    def check_jobs(self, new: Sequence[NewJob], *, repeat: int = 1, uploads: bool = False) -> None:
        """Raise the refusal of the first thing that this member may not have. Pure, but parses.

        `repeat` is the largest `--repeat` of the prompt that these are the jobs of, `uploads`
        whether a file was attached to it.
        """
        if all(job.kind in DRAWS_NOTHING for job in new):
            for job in new:
                check_bounds(self.bounds, Asked(stealth=job.stealth))
            return
        check_number("repeat", repeat, self.bounds.repeat)
        check_number("jobs", len(new), self.bounds.jobs)
        for job in new:
            asked = _asked(job, (self.server, *(one.chosen for one in self.defaults)), uploads)
            if self.models is not None:
                check_model(asked.model, self.models)
            check_bounds(self.bounds, asked)

    def offers(self, version: str) -> bool:
        """Whether this member may use the model with this name."""
        return self.models is None or version in self.models


class AccessReader:
    """Reads what members may ask for."""

    def __init__(
        self, database: Database, registry: ModelRegistry, audiences: Mapping[str, ModelAudience]
    ) -> None:
        self._database = database
        self._registry = registry
        self._audiences = audiences

    async def of(
        self,
        member_id: int,
        server_id: int | None,
        roles: Collection[int],
        defaults: tuple[ScopedDefaults, ...] = (),
    ) -> Access:
        """In direct messages, and on servers without rules, only the operator's rules hold.

        `defaults` are those that hold for the member in the channel.
        """
        bounds, server = Bounds(), ServerSettings(server_id=0)
        if server_id is not None:
            rules = await access.get_rules(self._database, server_id)
            bounds = bounds_of(rules.bounds, server_id, roles)
            server = await servers.get_settings(self._database, server_id)
        models = await self._models(bounds, member_id, server_id, roles)
        return Access(bounds, models, server, defaults)

    async def _models(
        self, bounds: Bounds, member_id: int, server_id: int | None, roles: Collection[int]
    ) -> Mapping[str, str] | None:
        """Ids of the models that a member may use, by name; None if all, or none is known."""
        if bounds.models is None and not self._audiences:
            return None
        try:
            versions: Versions = await self._registry.versions()
        except NoModel:
            return None
        return {
            name: model.id
            for name, model in versions.models.items()
            if (bounds.models is None or model.id in bounds.models)
            and self._audiences.get(model.id, ModelAudience()).has(member_id, roles, server_id)
        }


def _asked(job: NewJob, chosen: Sequence[ServerSettings | Defaults], uploads: bool) -> Asked:
    """What a job asks for: its request if it has one already, and what its text says besides."""
    prompt: Prompt | None = None
    # A text of an earlier version may not be read any more; its request counts all the same.
    with contextlib.suppress(UserError):
        prompt = parse_normalised(job.prompt)
    request = None if job.is_unresolved else ImageRequest.from_json(job.request)
    start = ImageRequest.from_json(job.request).start
    links = bool(prompt and prompt.links)
    is_copy = job.kind is JobKind.ENLARGE and job.detail == "subtle"
    common: dict[str, Any] = {
        "turbo": job.mode is JobMode.TURBO,
        "stealth": job.stealth,
        "links": links,
        "uploads": uploads or (job.kind is JobKind.IMAGINE and start is not None and not links),
    }
    if is_copy:
        # Nothing is drawn: the stored picture is made larger.
        return Asked(**common, model=request.model if request else None)
    if prompt is not None:
        common |= {"quality": prompt.quality, "parameters": _own(prompt, job, chosen)}
    if request is None:
        if prompt is None:
            return Asked(**common)
        size = (prompt.size.width, prompt.size.height) if prompt.size else None
        loras = tuple(lora.name for lora in prompt.loras)
        return Asked(**common, steps=prompt.steps, size=size, pictures=prompt.pictures, loras=loras)
    return Asked(
        **common,
        steps=request.steps,
        size=(request.width, request.height),
        pictures=len(request.noises),
        model=request.model,
        loras=tuple(lora.name for lora in request.loras),
    )


def _own(
    prompt: Prompt, job: NewJob, chosen: Sequence[ServerSettings | Defaults]
) -> dict[str, str]:
    """The parameters in a job's text by their fields, but for those that admins have chosen."""
    found: dict[str, str] = {}
    for parameter in PARAMETERS:
        field = parameter.field
        value = getattr(prompt, field)
        name = DECIDED_BY_ADMINS.get(field, "")
        is_default = any(_same(value, getattr(one, name, None)) for one in chosen)
        is_shape = field == "aspect" and job.kind in RESHAPED_KINDS
        is_set = value is not None and value is not False and value != DEFAULT_VALUES.get(field)
        if is_set and not is_default and not is_shape:
            found.setdefault(field, parameter.flags[0])
    return found


def _same(value: object, setting: object) -> bool:
    return setting is not None and str(value) == str(setting)
