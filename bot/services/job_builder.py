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
    InvalidParameter,
    ModelCannot,
    NoModel,
    PromptTooLong,
    TooManyLinks,
    TooManyPermutations,
    TooManyPictures,
    TooManyTokens,
    UnknownVersion,
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
    presentation,
    queue_settings,
)
from bot.prompts.expand import expand
from bot.prompts.parser import MAX_LINKS, Prompt, parse_normalised
from bot.prompts.recipe import of_repetition, written_out
from bot.prompts.resolve import resolve, with_init_image
from bot.services.moderation.pictures import StartPictureCheck
from bot.services.unresolved_jobs import (
    as_unresolved,
    placeholder,
    with_request,
    with_start_picture,
)
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.engine import Engine
from diffusion.protocol.requests import MAX_PROMPT_CHARS, SEED_COUNT, ImageRequest
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
    and its settings, which have the image weight; None for a job that waits for its model.
    """

    prompts: tuple[str, ...]
    jobs: tuple[NewJob, ...]
    starts: tuple[tuple[Sources, EffectiveSettings | None], ...] = ()
    repeat: int = 1
    """The largest `--repeat` of the prompts."""

    @property
    def has_pictures(self) -> bool:
        """Whether a job starts from a picture, which has to be fetched."""
        return any(some for some, _ in self.starts)

    @property
    def has_uploads(self) -> bool:
        """Whether a job starts from a file that was attached, not linked to."""
        return any(not isinstance(source, str) for some, _ in self.starts for source in some)


@dataclass(frozen=True, slots=True)
class ResolvedPrompt:
    """One prompt, its settings, and its requests: one for each repetition.

    `text` is the prompt with all that its member and the server decide written out. Without
    `settings`, the requests are placeholders until the model is known.
    """

    text: str
    prompt: Prompt
    queue: QueueSettings
    settings: EffectiveSettings | None
    requests: tuple[ImageRequest, ...]

    def job(self, requester: Requester, repetition: int) -> NewJob:
        request = self.requests[repetition]
        if self.settings is None:
            new = new_job(requester, self.text, request)
            new = as_unresolved(new, repetition, requester.defaults)
        else:
            new = new_job(requester, of_repetition(self.text, request), request)
        return with_queue_settings(new, requester, self.queue)


class JobBuilder:
    """Builds jobs from prompts. Mistakes in a prompt are raised as `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        registry: ModelRegistry,
        inference: Engine,
        start_pictures: StartPictures,
        fetcher: PictureFetcher,
        start_check: StartPictureCheck,
    ) -> None:
        self._database = database
        self._registry = registry
        self._inference = inference
        self._start_pictures = start_pictures
        self._fetcher = fetcher
        self._start_check = start_check

    async def sources(
        self, requester: Requester, settings: ServerSettings, member: Preferences | None = None
    ) -> SettingsSources:
        """What decides where a prompt says nothing; `settings` are those of the server.

        `member` are the requester's preferences, if they were read already.
        """
        if member is None:
            member = await members.get_preferences(self._database, requester.member_id)
        options = await members.get_options(self._database, requester.member_id)
        return SettingsSources(member, options, settings, requester.defaults)

    async def read(
        self,
        requester: Requester,
        typed: str,
        sources: SettingsSources,
        images: Sequence[UploadedFile] = (),
        *,
        has_picture: bool = False,
        may_wait: bool = True,
    ) -> BuiltJobs:
        """The jobs of a typed prompt; `images` are the files that were attached to it.

        `has_picture` is whether it starts from a picture that is stored already. As long as
        inference has not said which models it has, the jobs of prompts that need to know wait for
        that; unless `may_wait` is False, which raises NoModel or the refusal.

        Fetches no pictures, so that limits are checked first. `with_pictures` fetches them.
        """
        versions = await self._versions(may_wait)
        # In a thread, so that a text that takes long to parse does not block the event loop.
        resolved = await asyncio.to_thread(
            resolve_all,
            typed,
            sources,
            versions,
            has_pictures=bool(images) or has_picture,
            may_wait=may_wait and not self._registry.is_fresh,
        )
        starts_from: list[Sources] = [(*images, *one.prompt.links) for one in resolved]
        _check_sources(starts_from)
        counted = [one.requests[0] for one in resolved if one.settings]
        await self._check_tokens(counted, requester.member_id)
        jobs, starts = [], []
        for one, some in zip(resolved, starts_from, strict=True):
            for repetition in range(len(one.requests)):
                jobs.append(one.job(requester, repetition))
                starts.append((some, one.settings))
        repeat = max((len(one.requests) for one in resolved), default=1)
        prompts = tuple(one.text for one in resolved)
        return BuiltJobs(prompts, tuple(jobs), tuple(starts), repeat)

    async def with_pictures(
        self, requester: Requester, asked: BuiltJobs, stored: str | None = None
    ) -> tuple[NewJob, ...]:
        """The jobs with their init images fetched and stored; each picture is fetched once.

        `stored` is the digest of a picture that jobs without a picture of their own start from.
        Call it within `StartPictures.holding`. Raises InvalidLink, InvalidUpload, PicturesBusy,
        ExplicitPicture, FilterAway, CannotKeep.
        """
        laid = dict.fromkeys(some for some, _ in asked.starts if some)
        wanted = list(dict.fromkeys(source for some in laid for source in some))
        kept: dict[Sources, str | None] = {(): stored}
        if wanted:
            fetched = await self._fetcher.fetch_all(wanted, requester.member_id)
            await self._start_check.check_for(requester, fetched)
            pictures = dict(zip(wanted, fetched, strict=True))
            for some in laid:
                kept[some] = await self._keep([pictures[source] for source in some])
        return tuple(
            _started(job, settings, kept[some])
            for job, (some, settings) in zip(asked.jobs, asked.starts, strict=True)
        )

    async def _versions(self, may_wait: bool) -> Versions | None:
        """The models; None if they are not known and the prompt may wait. Raises NoModel."""
        try:
            return await self._registry.versions()
        except NoModel:
            if not may_wait:
                raise
            return None

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


def resolve_all(
    typed: str,
    sources: SettingsSources,
    versions: Versions | None,
    *,
    has_pictures: bool,
    may_wait: bool = False,
) -> tuple[ResolvedPrompt, ...]:
    """Every prompt that a typed one stands for, resolved. Raises PromptError.

    With `may_wait`, the models may be old, and those that they do not fit get placeholders.
    """
    most = sources.server.permutations
    resolved = []
    count = 0
    sure = {"has_model": versions.has} if versions else {}
    texts = expand(
        typed,
        sources.options,
        sources.member.suffix,
        most,
        has_pictures=has_pictures,
        **sure,
    )
    for text in texts:
        prompt = parse_normalised(text)
        count += prompt.repeat or 1
        if count > most:
            raise TooManyPermutations(most)
        queue = queue_settings(prompt, sources)
        settings: EffectiveSettings | None = None
        requests = (placeholder(text, new_seed()),) * (prompt.repeat or 1)
        if versions is not None:
            try:
                settings = effective_settings(prompt, sources, versions, has_pictures=has_pictures)
                requests = resolve(prompt, settings, new_seed())
                text = written_out(text, prompt, settings, versions)
            except (UnknownVersion, ModelCannot, InvalidParameter):
                if not may_wait:
                    raise
                settings = None
        if len(text) > MAX_PROMPT_CHARS:
            raise PromptTooLong(len(text), MAX_PROMPT_CHARS, "written")
        resolved.append(ResolvedPrompt(text, prompt, queue, settings, requests))
    return tuple(resolved)


def _check_sources(sources: Sequence[Sources]) -> None:
    """Raises TooManyLinks, TooManyPictures."""
    if any(len(some) > MAX_LINKS for some in sources):
        raise TooManyLinks(MAX_LINKS)
    different = {source for some in sources for source in some}
    if len(different) > MAX_INIT_PICTURES:
        raise TooManyPictures(len(different), MAX_INIT_PICTURES)


def _started(job: NewJob, settings: EffectiveSettings | None, picture: str | None) -> NewJob:
    if picture is None:
        return job
    if settings is None:
        return with_start_picture(job, picture)
    request = with_init_image(ImageRequest.from_json(job.request), settings, picture)
    return replace(job, request=request.to_json())


def to_draft(jobs: Sequence[NewJob], repeat: int = 1) -> dict[str, Any]:
    """The jobs as JSON, without their requester; `from_draft` reads it.

    `repeat` is the largest `--repeat` of their prompts.
    """
    return {
        "repeat": repeat,
        "jobs": [
            {"prompt": job.prompt, "request": job.request, "mode": job.mode, "stealth": job.stealth}
            for job in jobs
        ],
    }


def from_draft(requester: Requester, content: Mapping[str, Any]) -> tuple[NewJob, ...]:
    """The jobs of a draft for the member who confirms it."""
    return tuple(
        with_visibility(
            replace(
                _read_job(requester, job["prompt"], job["request"]),
                mode=JobMode(job["mode"]),
            ),
            requester,
            job["stealth"],
        )
        for job in content["jobs"]
    )


def _read_job(requester: Requester, prompt: str, stored: Mapping[str, Any]) -> NewJob:
    """The job of a stored request, which may be a placeholder."""
    request = ImageRequest.from_json(stored)
    return with_request(replace(new_job(requester, prompt, request), request=stored), request)


def new_job(requester: Requester, prompt: str, request: ImageRequest) -> NewJob:
    """A new job without a parent, shown as the place of its requester wants it."""
    shown = presentation(requester.defaults)
    return NewJob(
        kind=JobKind.IMAGINE,
        prompt=prompt,
        request=request.to_json(),
        member_id=requester.member_id,
        member_name=requester.member_name,
        channel_id=requester.channel_id,
        server_id=requester.server_id,
        attachment_limit=requester.attachment_limit,
        locale=shown.language or requester.locale,
        file_format=shown.file_format,
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
