"""Jobs that were queued before their model was known, and their requests once it is.

A prompt can be typed while inference still loads for the first time. Its job has a placeholder for
its request, with the seed and the start picture, and waits in the queue like any other. When the
models are known and its turn comes, the request is made from the prompt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.models.registry import ModelRegistry
from bot.models.versions import Versions
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.parser import parse_normalised
from bot.prompts.recipe import of_repetition, written_out
from bot.prompts.resolve import resolve, with_init_image
from bot.retry import until_stored
from diffusion.protocol.requests import ImageRequest, InitImage, Noise
from storage import jobs, members, servers
from storage.database import Database
from storage.jobs import UNRESOLVED_KEY, Job, NewJob
from storage.models import JobKind, Scope
from storage.rules.defaults import ScopedDefaults, from_json, to_json
from storage.servers import ServerSettings

LATER_KEY = "later"
"""The key in the request of a follow-up job that is made when its picture is drawn again; see
`bot.services.later_followups`."""


def placeholder(text: str, seed: int) -> ImageRequest:
    """What stands in for the request of a prompt whose model is not known yet."""
    return ImageRequest(
        model="",
        prompt=text,
        noises=(Noise(seed),),
        width=64,
        height=64,
        steps=1,
        guidance_scale=1.0,
    )


def as_unresolved(job: NewJob, repetition: int, defaults: Sequence[ScopedDefaults] = ()) -> NewJob:
    """The job of a placeholder, as one that waits for its model.

    `repetition` counts the jobs of a prompt with `--repeat` from 0. `defaults` are those that hold
    where it was asked for: they depend on roles, which nobody knows later.
    """
    waiting: dict[str, Any] = {"repetition": repetition}
    if defaults:
        waiting["defaults"] = [
            {"scope": one.scope.value, "id": one.scope_id, "chosen": to_json(one.chosen)}
            for one in defaults
        ]
    return replace(job, request={**job.request, UNRESOLVED_KEY: waiting})


def with_request(job: NewJob, request: ImageRequest) -> NewJob:
    """The job with another request, which waits for its model if the old one does."""
    waiting = {key: job.request[key] for key in (UNRESOLVED_KEY,) if key in job.request}
    return replace(job, request={**request.to_json(), **waiting})


def with_start_picture(job: NewJob, picture: str) -> NewJob:
    """An unresolved job that starts from the picture with this digest."""
    request = ImageRequest.from_json(job.request)
    return with_request(job, replace(request, start=InitImage(picture, 1.0)))


class JobResolver:
    """Makes the requests of jobs whose model was not known, or is no longer there."""

    def __init__(
        self,
        database: Database,
        registry: ModelRegistry,
        check: Callable[[Job], Awaitable[None]],
    ) -> None:
        """`check` refuses a resolved job that its member may not have, by a UserError."""
        self._database = database
        self._registry = registry
        self._check = check

    async def resolve(self, job: Job) -> Job:
        """The claimed job with a request for a model that inference has; most have one already.

        Raises NoModel, or another UserError for a prompt that no model can draw, or that its member
        may not have.
        """
        if not self._is_for_missing_model(job):
            return job
        versions = await self._registry.versions()
        member = await members.get_preferences(self._database, job.member_id)
        server = ServerSettings(server_id=0)
        if job.server_id is not None:
            server = await servers.get_settings(self._database, job.server_id)
        # A member's own options are written out in the prompt already. So are the defaults of a
        # prompt that was resolved before.
        sources = SettingsSources(member, {}, server, _defaults_of(job))
        text, request = await asyncio.to_thread(_resolved, job, sources, versions)
        pictures = len(ImageRequest.from_json(request).noises)
        resolved = replace(job, prompt=text, request=request)
        await self._check(resolved)
        await until_stored(
            lambda: jobs.set_request(
                self._database, job.id, request, text, pictures, lease=job.lease
            )
        )
        return resolved

    def _is_for_missing_model(self, job: Job) -> bool:
        """Whether the job waited for its model, or its prompt was typed for one that has gone.

        Follow-ups are of their parent's model, and stay so.
        """
        if job.is_unresolved or not self._registry.is_complete:
            return job.is_unresolved
        gone = self._registry.of_id(job.request["model"]) is None
        return gone and job.kind is JobKind.IMAGINE


def _defaults_of(job: Job) -> tuple[ScopedDefaults, ...]:
    """The defaults that held where the job was asked for, if it still waits for its model."""
    waiting = job.request.get(UNRESOLVED_KEY, {})
    return tuple(
        ScopedDefaults(Scope(one["scope"]), one["id"], from_json(one["chosen"]))
        for one in waiting.get("defaults", ())
    )


def _resolved(
    job: Job, sources: SettingsSources, versions: Versions
) -> tuple[str, Mapping[str, Any]]:
    """A job's prompt with all that took effect written out, and its request. Raises PromptError."""
    old = ImageRequest.from_json(job.request)
    image = old.start.image if old.start else None
    prompt = parse_normalised(job.prompt)
    settings = effective_settings(prompt, sources, versions, has_pictures=image is not None)
    requests = resolve(prompt, settings, old.noises[0].seed)
    if job.is_unresolved:
        request = requests[job.request[UNRESOLVED_KEY]["repetition"]]
    else:
        request = replace(requests[0], noises=old.noises)
    text = of_repetition(written_out(job.prompt, prompt, settings, versions), request)
    return text, with_init_image(request, settings, image).to_json()
