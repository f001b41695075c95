"""Follow-up jobs of pictures whose files are gone: the picture is drawn again first.

Such a job waits in the queue with what its member wants of the picture. When its turn comes, the
picture is drawn again from its recipe, and the job's own request is made from it.
"""

from dataclasses import replace
from typing import Any

from bot.errors import JobNotFound, PictureLost
from bot.messages.job_actions import JobAction
from bot.policy.actors import Requester
from bot.services.followup_jobs import FollowupJobs, FollowupRequest, FollowupSource
from bot.services.job_builder import new_job
from bot.services.unresolved_jobs import LATER_KEY
from diffusion.protocol.requests import ImageRequest
from storage import jobs
from storage.database import Database
from storage.jobs import Job, NewJob
from storage.members import Preferences
from storage.models import JobKind

_KINDS = {
    **dict.fromkeys((JobAction.UPSCALE_CREATIVE, JobAction.REDO_CREATIVE), JobKind.ENLARGE),
    **dict.fromkeys((JobAction.VARY, JobAction.VARY_SUBTLE, JobAction.VARY_STRONG), JobKind.VARY),
    **dict.fromkeys((JobAction.ZOOM, JobAction.ZOOM_CUSTOM), JobKind.ZOOM),
    JobAction.PAN_LEFT: JobKind.PAN,
    JobAction.PAN_RIGHT: JobKind.PAN,
    JobAction.PAN_UP: JobKind.PAN,
    JobAction.PAN_DOWN: JobKind.PAN,
    JobAction.SQUARE: JobKind.SQUARE,
    JobAction.REGION: JobKind.REGION,
}
"""What becomes of the actions that need a picture."""


class LaterFollowups:
    """Builds follow-up jobs, at once or when their picture is drawn again."""

    def __init__(self, database: Database, followups: FollowupJobs) -> None:
        self._database = database
        self._followups = followups

    async def build(self, source: FollowupSource) -> NewJob:
        """The follow-up job; one that waits for its picture where the file is gone."""
        try:
            return await self._followups.build(source)
        except PictureLost:
            return await self._later(source)

    async def complete(self, job: Job) -> NewJob:
        """The follow-up job that a later one stands for. Raises PictureLost, other UserErrors."""
        parent = await jobs.parent_of(self._database, job)
        if parent is None:
            raise JobNotFound
        return await self._followups.build(_source(job, parent))

    async def _later(self, source: FollowupSource) -> NewJob:
        wanted, typed = source.wanted, source.typed
        parent = await self._followups.request_of(source.job)
        request = self._followups.outline(source, parent).to_json()
        prompt = source.job.prompt
        if typed is not None:
            prompt = typed.prompt
            # A start picture is kept as long as the request names it.
            request = {**request, "start": typed.request.get("start") or request.get("start")}
        later: dict[str, Any] = {
            "action": wanted.action.value,
            "index": wanted.index,
            "factor": wanted.factor,
            "grid_size": wanted.grid_size,
            "cells": list(wanted.cells),
            "variability": source.preferences.variability,
            "typed": typed and {"prompt": typed.prompt, "request": dict(typed.request)},
        }
        kind = _KINDS[wanted.action]
        details = {JobKind.ENLARGE: "creative", JobKind.ZOOM: f"{wanted.factor:g}"}
        detail = details.get(kind, wanted.action.detail)
        if kind is JobKind.VARY:
            detail = detail or source.preferences.variability
        new = source.child(kind, prompt, ImageRequest.from_json(request), detail)
        return replace(new, request={**new.request, LATER_KEY: later})


def _source(job: Job, parent: Job) -> FollowupSource:
    """What the builder of a later job is given."""
    later = job.request[LATER_KEY]
    requester = Requester(
        member_id=job.member_id,
        member_name=job.member_name,
        server_id=job.server_id,
        channel_id=job.channel_id,
        attachment_limit=job.attachment_limit,
        locale=job.locale,
    )
    typed = None
    if later["typed"] is not None:
        request = ImageRequest.from_json(later["typed"]["request"])
        typed = new_job(requester, later["typed"]["prompt"], request)
    wanted = FollowupRequest(
        job_id=parent.id,
        action=JobAction(later["action"]),
        index=later["index"],
        factor=later["factor"],
        grid_size=later["grid_size"],
        cells=tuple(later["cells"]),
    )
    preferences = Preferences(variability=later["variability"])
    return FollowupSource(requester, parent, wanted, typed, preferences)
