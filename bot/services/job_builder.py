"""Builds the jobs of a typed prompt, with the settings of its member, server and model.

Reads the database and the models, and stores pictures to start from. Queues nothing.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import (
    CannotKeep,
    TooManyLinks,
    TooManyPermutations,
    TooManyPictures,
    TooManyTokens,
)
from bot.images.fetch import PictureFetcher
from bot.images.sanitize import UploadedFile, blend
from bot.models.registry import ModelRegistry
from bot.models.versions import Versions
from bot.policy.actors import Requester
from bot.prompts.effective_settings import (
    EffectiveSettings,
    QueueSettings,
    SettingsSources,
    effective_settings,
)
from bot.prompts.expand import expand
from bot.prompts.parser import MAX_LINKS, Prompt, parse_normalised
from bot.prompts.resolve import resolve, with_init_image
from diffusion.protocol.client import InferenceClient, InferenceRefused, InferenceUnavailable
from diffusion.protocol.requests import SEED_COUNT, ImageRequest
from storage import members
from storage.database import Database
from storage.jobs import NewJob
from storage.members import Preferences
from storage.models import JobKind, JobMode
from storage.pictures import PictureNotSaved
from storage.servers import ServerSettings
from storage.start_pictures import StartPictures

ALWAYS_FITS_BYTES = 300
"""Bytes of a text that fits every model: a token has at least one. Longer texts are counted."""

COUNT_TOKENS_TIMEOUT_S = 2.0
"""Seconds that inference has to count the tokens of all texts of a prompt."""

MAX_INIT_PICTURES = 10
"""Different pictures that all permutations of a prompt together may start from."""

Sources = tuple[str | UploadedFile, ...]
"""Links and uploads whose pictures are blended into one init image."""


@dataclass(frozen=True, slots=True)
class BuiltJobs:
    """All prompts of a typed text, several if it has permutations, and all their jobs.

    `starts` has an entry for each job: the sources of its init image, which are not fetched yet,
    and its settings, which have the image weight.
    """

    prompts: tuple[str, ...]
    jobs: tuple[NewJob, ...]
    starts: tuple[tuple[Sources, EffectiveSettings], ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedPrompt:
    """One prompt, its settings, and its requests: one for each repetition.

    `text` is the prompt with the member's own options and suffix written out.
    """

    text: str
    prompt: Prompt
    settings: EffectiveSettings
    requests: tuple[ImageRequest, ...]


class JobBuilder:
    """Builds jobs from prompts. Mistakes in a prompt are raised as `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        registry: ModelRegistry,
        inference: InferenceClient,
        start_pictures: StartPictures,
        fetcher: PictureFetcher,
    ) -> None:
        self._database = database
        self._registry = registry
        self._inference = inference
        self._start_pictures = start_pictures
        self._fetcher = fetcher

    async def read(
        self,
        requester: Requester,
        typed: str,
        settings: ServerSettings,
        images: Sequence[UploadedFile] = (),
        *,
        member: Preferences | None = None,
    ) -> BuiltJobs:
        """The jobs of a typed prompt; `images` are the files that were attached to it.

        `member` are the requester's preferences, if they were read already.

        Fetches no pictures, so that limits are checked first. `with_pictures` fetches them.
        """
        if member is None:
            member = await members.get_preferences(self._database, requester.member_id)
        options = await members.get_options(self._database, requester.member_id)
        versions = await self._registry.versions()
        chosen = SettingsSources(member, options, settings)
        # In a thread, so that a text that takes long to parse does not block the event loop.
        resolved = await asyncio.to_thread(
            _resolved, typed, chosen, versions, has_pictures=bool(images)
        )
        sources: list[Sources] = [(*images, *one.prompt.links) for one in resolved]
        _check_sources(sources)
        await self._check_tokens([one.requests[0] for one in resolved], requester.member_id)
        jobs, starts = [], []
        for one, some in zip(resolved, sources, strict=True):
            for request in one.requests:
                job = new_job(requester, one.text, request)
                jobs.append(with_queue_settings(job, requester, one.settings.queue))
                starts.append((some, one.settings))
        return BuiltJobs(tuple(one.text for one in resolved), tuple(jobs), tuple(starts))

    async def with_pictures(self, requester: Requester, asked: BuiltJobs) -> tuple[NewJob, ...]:
        """The jobs with their init images fetched and stored; each picture is fetched once.

        Call it within `StartPictures.holding`. Raises InvalidLink, InvalidUpload, PicturesBusy,
        CannotKeep.
        """
        laid = dict.fromkeys(some for some, _ in asked.starts if some)
        wanted = list(dict.fromkeys(source for some in laid for source in some))
        if not wanted:
            return asked.jobs
        fetched = await self._fetcher.fetch_all(wanted, requester.member_id)
        pictures = dict(zip(wanted, fetched, strict=True))
        kept = {some: await self._keep([pictures[source] for source in some]) for some in laid}
        return tuple(
            _started(job, settings, kept[some]) if some else job
            for job, (some, settings) in zip(asked.jobs, asked.starts, strict=True)
        )

    async def _check_tokens(self, requests: Sequence[ImageRequest], member_id: int) -> None:
        """Raises TooManyTokens for a text that its model would cut off.

        Checks nothing if inference is down or cannot count tokens; such a job may fail later.
        """
        long: dict[str, set[str]] = {}
        for request in requests:
            texts = (request.prompt, request.negative_prompt, *(p.text for p in request.parts))
            long.setdefault(request.model, set()).update(
                text for text in texts if len(text.encode()) > ALWAYS_FITS_BYTES
            )
        with contextlib.suppress(InferenceUnavailable, InferenceRefused, TimeoutError):
            async with asyncio.timeout(COUNT_TOKENS_TIMEOUT_S):
                for model, texts_of_model in long.items():
                    for text in texts_of_model:
                        tokens, most = await self._inference.count_tokens(
                            text, model, str(member_id)
                        )
                        if tokens > most:
                            raise TooManyTokens(tokens, most)

    async def _keep(self, pictures: Sequence[bytes]) -> str:
        try:
            return await self._start_pictures.keep(await asyncio.to_thread(blend, pictures))
        except PictureNotSaved as error:
            raise CannotKeep(str(error)) from error


def _resolved(
    typed: str, sources: SettingsSources, versions: Versions, *, has_pictures: bool
) -> tuple[ResolvedPrompt, ...]:
    """Every prompt that a typed one stands for, resolved. Raises PromptError."""
    most = sources.server.permutations
    resolved = []
    count = 0
    written = expand(typed, sources.options, sources.member.suffix, most, versions.has)
    for text in written:
        prompt = parse_normalised(text)
        count += prompt.repeat or 1
        if count > most:
            raise TooManyPermutations(most)
        settings = effective_settings(prompt, sources, versions, has_pictures=has_pictures)
        requests = resolve(prompt, settings, new_seed())
        resolved.append(ResolvedPrompt(text, prompt, settings, requests))
    return tuple(resolved)


def _check_sources(sources: Sequence[Sources]) -> None:
    """Raises TooManyLinks, TooManyPictures."""
    if any(len(some) > MAX_LINKS for some in sources):
        raise TooManyLinks(MAX_LINKS)
    different = {source for some in sources for source in some}
    if len(different) > MAX_INIT_PICTURES:
        raise TooManyPictures(len(different), MAX_INIT_PICTURES)


def _started(job: NewJob, settings: EffectiveSettings, picture: str) -> NewJob:
    request = with_init_image(ImageRequest.from_json(job.request), settings, picture)
    return replace(job, request=request.to_json())


def to_draft(jobs: Sequence[NewJob]) -> dict[str, Any]:
    """The jobs as JSON, without their requester; `from_draft` reads it."""
    return {
        "jobs": [
            {"prompt": job.prompt, "request": job.request, "mode": job.mode, "stealth": job.stealth}
            for job in jobs
        ]
    }


def from_draft(requester: Requester, content: Mapping[str, Any]) -> tuple[NewJob, ...]:
    """The jobs of a draft for the member who confirms it."""
    return tuple(
        with_visibility(
            replace(
                new_job(requester, job["prompt"], ImageRequest.from_json(job["request"])),
                mode=JobMode(job["mode"]),
            ),
            requester,
            job["stealth"],
        )
        for job in content["jobs"]
    )


def new_job(requester: Requester, prompt: str, request: ImageRequest) -> NewJob:
    """A new job without a parent."""
    return NewJob(
        kind=JobKind.IMAGINE,
        prompt=prompt,
        request=request.to_json(),
        member_id=requester.member_id,
        member_name=requester.member_name,
        channel_id=requester.channel_id,
        server_id=requester.server_id,
        attachment_limit=requester.attachment_limit,
        locale=requester.locale,
    )


def new_seed() -> int:
    return secrets.randbelow(SEED_COUNT)


def with_visibility(job: NewJob, requester: Requester, stealth: bool) -> NewJob:
    """The job, shown to everybody, or with `stealth` to its member only.

    Only the member sees direct messages with the bot, so there it needs no ephemeral answer.
    """
    with_others = requester.server_id is not None or requester.guest
    by_token = requester.guest or (stealth and with_others)
    token = requester.reply_token if by_token else None
    return replace(job, stealth=stealth, reply_token=token)


def with_queue_settings(job: NewJob, requester: Requester, queue: QueueSettings) -> NewJob:
    """The job in the decided mode and visibility."""
    return with_visibility(replace(job, mode=queue.mode), requester, queue.stealth)
