"""From what a member typed to the jobs it comes to, with all that they and their server chose.

Knows the database and the catalogue of models; queues nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.catalogue import Catalogue
from bot.errors import PromptTooLong, TooManyPermutations
from bot.habits import write_out
from bot.prompt import Prompt, parse
from bot.resolve import defaults_of, resolve
from bot.versions import Versions
from diffusion.protocol import MAX_PROMPT, SEEDS, ImageRequest
from storage import members
from storage.database import Database
from storage.jobs import NewJob
from storage.members import Preferences
from storage.models import JobKind, JobMode
from storage.servers import ServerSettings


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where the answer goes.

    `attachment_limit` is in bytes; `locale` is the language of all who read the answer.
    `reply_token` reaches what this member alone sees, for a while.
    """

    member_id: int
    member_name: str
    server_id: int | None
    channel_id: int
    attachment_limit: int
    locale: str = "en-US"
    reply_token: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The prompts that were typed, several where there were permutations, and all their jobs."""

    prompts: tuple[str, ...]
    jobs: tuple[NewJob, ...]


class Asking:
    """Reads prompts for members. Refusals are `bot.errors.UserError`s."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def read(self, asker: Asker, typed: str, settings: ServerSettings) -> Asked:
        """What a typed prompt comes to."""
        if len(typed) > MAX_PROMPT:
            raise PromptTooLong(len(typed), MAX_PROMPT)
        member = await members.get_preferences(self._database, asker.member_id)
        options = await members.get_options(self._database, asker.member_id)
        versions = await self._catalogue.versions()
        prompts = write_out(typed, options, member.suffix, settings.permutations)
        jobs: list[NewJob] = []
        for text in prompts:
            jobs += self._jobs(asker, text, settings, member, versions)
        if len(prompts) > 1 and len(jobs) > settings.permutations:
            raise TooManyPermutations(settings.permutations)
        return Asked(prompts, tuple(jobs))

    def _jobs(
        self,
        asker: Asker,
        text: str,
        settings: ServerSettings,
        member: Preferences,
        versions: Versions,
    ) -> list[NewJob]:
        """The jobs of one prompt: one, or several where it says `--repeat`."""
        prompt = parse(text)
        model = versions.choose(prompt, member.model)
        requests = resolve(prompt, model, defaults_of(settings, member), new_seed())
        return [
            _hurried(imagined(asker, text, request), asker, prompt, member) for request in requests
        ]


def to_draft(asked: Asked) -> dict[str, Any]:
    """The jobs as JSON, without who asks for them; `from_draft` reads it back."""
    return {
        "jobs": [
            {"prompt": job.prompt, "request": job.request, "mode": job.mode, "stealth": job.stealth}
            for job in asked.jobs
        ]
    }


def from_draft(asker: Asker, content: Mapping[str, Any]) -> tuple[NewJob, ...]:
    """The jobs of a draft, asked for here and now."""
    return tuple(
        shown_to(
            replace(
                imagined(asker, job["prompt"], ImageRequest.from_json(job["request"])),
                mode=JobMode(job["mode"]),
            ),
            asker,
            job["stealth"],
        )
        for job in content["jobs"]
    )


def imagined(asker: Asker, prompt: str, request: ImageRequest) -> NewJob:
    """A job that has no parent."""
    return NewJob(
        kind=JobKind.IMAGINE,
        prompt=prompt,
        request=request.to_json(),
        member_id=asker.member_id,
        member_name=asker.member_name,
        channel_id=asker.channel_id,
        server_id=asker.server_id,
        attachment_limit=asker.attachment_limit,
        locale=asker.locale,
    )


def new_seed() -> int:
    return secrets.randbelow(SEEDS)


def shown_to(job: NewJob, asker: Asker, stealth: bool) -> NewJob:
    """The job shown to all, or in `stealth` to its member alone.

    In a conversation with the bot there is nobody else, so nothing has to be hidden.
    """
    token = asker.reply_token if stealth and asker.server_id is not None else None
    return replace(job, stealth=stealth, reply_token=token)


def _hurried(job: NewJob, asker: Asker, prompt: Prompt, member: Preferences) -> NewJob:
    """The job in the mode and the visibility that the prompt says, or else the member."""
    stealth = member.stealth if prompt.stealth is None else prompt.stealth
    return shown_to(replace(job, mode=JobMode(prompt.mode or member.mode)), asker, stealth)
