"""Rows of a busy bot's database: always the same for the same number, in the order of time.

A few members ask for most, as it is: the busiest of 20,000 has 2.4 % of all jobs. Values are as
columns have them, but moments are given as seconds of Unix time.
"""

import hashlib
import json
import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from storage.models import JobKind, JobMode, JobState

MEMBERS = 20_000
SERVERS = 300
WAITING = 2_000
RUNNING = 8
FIRST_ID = 1_100_000_000_000_000_000
"""About as long as Discord's ids are."""
START_S = 1_700_000_000.0
SECONDS = 700 * 86_400
"""The time in which all was asked for."""
NEWEST_S = START_S + SECONDS
LEASED_UNTIL_S = 4_000_000_000.0
"""After whenever this is measured: a bot has the running jobs."""

ADJECTIVES = [
    "red",
    "blue",
    "tiny",
    "huge",
    "ancient",
    "misty",
    "golden",
    "quiet",
    "wild",
    "frozen",
    "burning",
    "hidden",
]
NOUNS = [
    "fox",
    "castle",
    "harbour",
    "forest",
    "robot",
    "whale",
    "lantern",
    "dragon",
    "garden",
    "city",
    "portrait",
    "ship",
]
STYLES = ["watercolour", "oil painting", "35mm photo", "isometric", "studio light", "art nouveau"]

KINDS = (
    *([JobKind.IMAGINE] * 10),
    *([JobKind.VARY] * 3),
    *([JobKind.UPSCALE] * 4),
    *([JobKind.REROLL] * 2),
    JobKind.ZOOM,
)
MODES = (*([JobMode.FAST] * 7), *([JobMode.RELAX] * 2), JobMode.TURBO)
MODELS = ("darkroom-mini", "sdxl-base", "flux-schnell", "sd15")


@dataclass
class Rows:
    """Makes the rows of a database with so many jobs."""

    jobs: int
    members: int = MEMBERS
    servers: int = SERVERS
    waiting: int = WAITING
    _chance: random.Random = field(default_factory=lambda: random.Random(20))
    member_ids: list[int] = field(default_factory=list)
    samples: list[tuple[str, int, int, int | None]] = field(default_factory=list)
    """Some finished jobs: their ids, messages, members and servers."""

    def __post_init__(self) -> None:
        self.member_ids = [FIRST_ID + 7 * number for number in range(1, self.members + 1)]
        self.server_ids = [FIRST_ID - 11 * number for number in range(1, self.servers + 1)]
        self._member_weights = list(accumulate(1 / (rank + 5) for rank in range(self.members)))
        self._server_weights = list(accumulate(1 / (rank + 3) for rank in range(self.servers)))
        self._homes = [self._server() for _ in range(self.members)]
        self._done = [0] * self.members
        self._failed = [0] * self.members
        self._cancelled = [0] * self.members
        self._pictures = [0] * self.members
        self._requests = {
            model: [_request(model, self._chance, begun) for begun in [False] * 19 + [True]]
            for model in MODELS
        }

    def member(self) -> int:
        """The number of a member, the busier the likelier."""
        return bisect(self._member_weights, self._chance.random() * self._member_weights[-1])

    def _server(self) -> int:
        number = bisect(self._server_weights, self._chance.random() * self._server_weights[-1])
        return self.server_ids[number]

    def job_rows(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Each job, the oldest first, and how many pictures it has."""
        chance, latest = self._chance, dict[int, str]()
        queued = min(self.waiting, self.jobs // 5)
        every = max(20, self.jobs // 2_000)
        for number in range(self.jobs):
            left = self.jobs - number
            state = (
                JobState.QUEUED
                if left <= queued
                else JobState.RUNNING
                if left <= queued + RUNNING
                else _ended(chance.random())
            )
            who = self.member()
            if state is JobState.QUEUED:  # no member has more than some waiting
                who = (17 * left) % min(self.members, 900)
            job_id = hashlib.md5(number.to_bytes(8, "big")).hexdigest()
            kind = KINDS[chance.randrange(len(KINDS))]
            parent = latest.get(who)
            if parent is None:
                kind = JobKind.IMAGINE
            at = START_S + SECONDS * number / self.jobs
            row = self._job(job_id, kind, state, who, at, number, parent)
            pictures = 0
            if state is JobState.DONE:
                latest[who] = job_id
                pictures = 1 if kind is JobKind.UPSCALE else 4 if chance.random() < 0.4 else 2
                self._done[who] += 1
                self._pictures[who] += pictures
                if number % every == 0:
                    sample = (job_id, row["message_id"], row["member_id"], row["server_id"])
                    self.samples.append(sample)
            elif state is JobState.FAILED:
                self._failed[who] += 1
            elif state is JobState.CANCELLED:
                self._cancelled[who] += 1
            yield row, pictures

    def _job(
        self,
        job_id: str,
        kind: JobKind,
        state: JobState,
        who: int,
        at: float,
        number: int,
        parent: str | None,
    ) -> dict[str, Any]:
        chance = self._chance
        model = MODELS[chance.randrange(len(MODELS))]
        prompt = (
            f"a {ADJECTIVES[number % 12]} {NOUNS[chance.randrange(12)]} and a "
            f"{ADJECTIVES[chance.randrange(12)]} {NOUNS[(number // 12) % 12]}, "
            f"{STYLES[chance.randrange(6)]}, no. {chance.randrange(5_000)} --ar 3:2"
        )
        ended = state not in (JobState.QUEUED, JobState.RUNNING)
        begun = ended or state is JobState.RUNNING
        direct, mode = chance.random() < 0.05, MODES[chance.randrange(len(MODES))]
        draws = kind is not JobKind.UPSCALE
        requests = self._requests[model]
        return {
            "id": job_id,
            "kind": kind.value,
            "state": state.value,
            "prompt": prompt,
            "folded_prompt": prompt,
            "request": requests[number % len(requests)],
            "model": model,
            "member_id": self.member_ids[who],
            "member_name": f"member {who}",
            "channel_id": FIRST_ID + 13 * (who % 997),
            "server_id": None if direct else self._homes[who],
            "message_id": FIRST_ID * 1 + 10**15 + number,
            "parent_id": None if kind is JobKind.IMAGINE else parent,
            "parent_index": None if kind is JobKind.IMAGINE else 0,
            "attachment_limit": 10 * 2**20,
            "detail": None,
            "mode": mode.value,
            "locale": "en-US",
            "stealth": number % 40 == 0,
            "reply_token": f"token-{number // 5}" if number % 50 < 2 else None,
            "reason": "The engine broke off." if state is JobState.FAILED else None,
            "attempts": int(begun),
            "lease": int(begun),
            # One that ended was shown, and one that waits has its message: nobody has to have them.
            "leased_until": LEASED_UNTIL_S if state is JobState.RUNNING else None,
            "turn": number if draws and begun else None,
            "created_at": at,
            "started_at": at + 20 if begun else None,
            "finished_at": at + 40 if ended else None,
            "shown_at": at + 41 if ended and self.jobs - number > self.waiting + 20 else None,
            "end_tried_at": None,
            "progress_id": FIRST_ID + number if number % (self.jobs // 20 or 1) == 7 else None,
            "highlighted": number % 100 == 0,
            "removed_by": "member" if number % 90 == 0 and ended else None,
            "verdict": 0,
            "verdict_reason": None,
            "approved_by": None,
            "counted_pictures": 4 if draws else 0,
            "weight": 1 + (who % 50 == 0),
            "at_a_time": 3 if who % 4 == 0 else None,
            "file_format": None,
            "held_back": 1 if number % (self.jobs // 20 or 1) == 3 and ended else None,
        }

    def picture_rows(self, job: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
        """The pictures of a job."""
        job_id, at = job["id"], job["created_at"]
        expired = NEWEST_S - at > 90 * 86_400 and job["server_id"] in self.server_ids[::10]
        for index in range(count):
            yield {
                "id": f"{job_id}_{index}",
                "job_id": job_id,
                "index": index,
                "seed": index,
                "width": 1024,
                "height": 1024,
                "sha256": job_id + job_id,
                "file": f"{job_id}_{index}.png",
                "bytes_size": 1_500_000,
                "expired_at": at + 90 * 86_400 if expired else None,
                "explicit_score": None,
            }

    def member_rows(self) -> Iterator[dict[str, Any]]:
        """The members, with what their jobs came to: after `job_rows`."""
        for number, member_id in enumerate(self.member_ids):
            yield {
                "id": member_id,
                "name": f"member {number}",
                "first_seen": START_S,
                "served_at": NEWEST_S - 60 - number,
                "asked_at": NEWEST_S - 50 - number,
                "preferences": json.dumps({"mode": "fast"}),
            }

    def other_rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rows of the smaller tables, with the table's name: after `job_rows`."""
        yield from self._rules()
        yield from self._of_members()
        yield from self._of_jobs()

    def _rules(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for number, server_id in enumerate(self.server_ids):
            yield (
                "servers",
                {
                    "server_id": server_id,
                    "jobs_per_member": 20,
                    "permutations": 10,
                    "buttons_for": "everyone",
                    "pictures_carry": "recipe",
                    "finished": "notify",
                    "keep_days": 90 if number % 10 == 0 else 0,
                    "review_channel": server_id + 1 if number % 3 else None,
                    "greeted": True,
                },
            )
            key = {"server_id": server_id}
            for rule in range(20):
                pattern = f"word {rule}"
                values = {"place_id": server_id, "pattern": pattern, "action": "refuse"}
                yield "word_rules", {"id": 20 * number + rule + 1, **key, **values}
            yield "quotas", {**key, "role_id": server_id, "quota": json.dumps({"jobs": 20})}
            chosen = json.dumps({"style": "raw"})
            yield (
                "defaults",
                {**key, "scope": "server", "scope_id": server_id, "chosen": chosen},
            )
            policy = {"place_id": server_id, "action": "spoiler", "threshold_percent": 80}
            yield "picture_policies", {**key, **policy}

    def _of_members(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for number, member_id in enumerate(self.member_ids):
            key = {"member_id": member_id}
            yield (
                "member_totals",
                {
                    **key,
                    "done": self._done[number],
                    "failed": self._failed[number],
                    "cancelled": self._cancelled[number],
                    "pictures": self._pictures[number],
                },
            )
            for mode in JobMode:
                start = 2520 * (self.jobs // self.members)
                share = {"mode": mode.value, "start": start - number, "finish": start + 2520}
                yield "queue_shares", {**key, **share}
            for period in ("hour", "day", "month"):
                used = {"starts_at": NEWEST_S - 86_400, "pictures": 9, "gpu_ms": 9_000}
                where = {"server_id": self._homes[number], "period": period}
                yield "quota_usage", {**key, **where, **used}
            if number % 5 == 0:
                yield "options", {**key, "name": "mine", "value": "--ar 3:2"}
            if number % 40 == 0:
                block = {"blocked_by": 1, "created_at": START_S, "until": START_S + 86_400}
                yield "blocks", {**key, "server_id": self._homes[number], **block}
                draft = {"id": f"{number:032x}", "content": "{}", "created_at": NEWEST_S}
                yield "drafts", {**key, **draft}
        for number in range(50):
            message = {"message_id": FIRST_ID + number, "channel_id": FIRST_ID}
            yield "unwanted_messages", message
        yield "erasures", {"member_id": FIRST_ID, "asked_at": NEWEST_S}

    def _of_jobs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        many = max(1, self.jobs // 50 // max(1, len(self.samples)))
        for number, (job_id, message_id, member_id, server_id) in enumerate(self.samples):
            copy = {"channel_id": FIRST_ID, "job_id": job_id, "direct": False}
            yield "copies", {"message_id": message_id + 10**15, **copy}
            mark = {"picture_id": f"{job_id}_0", "created_at": NEWEST_S}
            yield "favourites", {"member_id": member_id, **mark}
            where = {"server_id": server_id or self.server_ids[0], "created_at": NEWEST_S}
            for entry in range(many):
                yield (
                    "moderation_log",
                    {
                        "id": number * many + entry + 1,
                        **where,
                        "kind": "words.refuse",
                        "member_id": member_id,
                        "channel_id": FIRST_ID,
                        "text": "A word was refused.",
                    },
                )
            is_open = number % 20 == 0
            yield (
                "reviews",
                {
                    **where,
                    "id": job_id,
                    "kind": "job",
                    "channel_id": FIRST_ID,
                    "member_id": member_id,
                    "job_id": job_id,
                    "prompt_key": job_id,
                    "reason": "Somebody should look.",
                    "locale": "en-US",
                    "open_key": job_id if is_open else None,
                    "decision": None if is_open else "approve",
                    "decided_at": None if is_open else NEWEST_S,
                    "settled_at": None if is_open else NEWEST_S,
                },
            )
            report = {"member_id": member_id, "reason": "No.", "created_at": NEWEST_S}
            yield "reports", {"job_id": job_id, **report}


def _ended(number: float) -> JobState:
    if number < 0.93:
        return JobState.DONE
    return JobState.FAILED if number < 0.97 else JobState.CANCELLED


def _request(model: str, chance: random.Random, begun: bool) -> str:
    """A request as JSON, of the usual size; a few begin with a picture."""
    digest = hashlib.sha256(chance.randbytes(8)).hexdigest()
    start = {"start": {"image": digest, "mask": None, "strength": 0.6}} if begun else {}
    return json.dumps(
        {
            "model": model,
            "prompt": "a red fox and a castle, oil painting",
            "negative_prompt": "text, watermark, signature",
            "noises": [{"seed": chance.getrandbits(32)} for _ in range(4)],
            "width": 1216,
            "height": 832,
            "steps": 24,
            "guidance_scale": 6.5,
            "sampler": "dpmpp_2m",
            **start,
        }
    )
