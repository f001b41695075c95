"""The account at the end: what the database, the folder and the channels say, held together. Pure.

What must be true: every accepted job is done, failed with a reason or cancelled, and shown exactly
once; nobody was pinged twice; the ledger of quotas is what was drawn; every picture has its row
and its file.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.trial.audience import Seen
from storage.models import JobRow, JobState, PictureRow, UsageRow
from storage.rules.quotas import Period

ENDS = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
PARTIAL_SUFFIX = ".unfinished"
"""How files end that were being written; the bot deletes old ones."""


@dataclass(frozen=True, slots=True)
class Books:
    """All that is compared. `files` are the SHA-256 of the files of pictures by their names.

    `asked` are the jobs that members got as answers.
    """

    jobs: Sequence[JobRow]
    pictures: Sequence[PictureRow]
    usage: Sequence[UsageRow]
    files: Mapping[str, str]
    messages: Sequence[Seen]
    asked: Collection[str]


@dataclass(slots=True)
class Account:
    """What was counted, and what is wrong."""

    ended: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why jobs failed, as their members were told."""
    wrong: list[str] = field(default_factory=list)
    first_answers_left: list[str] = field(default_factory=list)
    """Answers that Discord took only after the bot had looked for them: they stay as they are."""
    pinged: int = 0

    @property
    def balances(self) -> bool:
        return not self.wrong


def balance(books: Books) -> Account:
    """Compare the books."""
    account = Account()
    account.ended.update(str(job.state) for job in books.jobs)
    account.reasons.update(str(one.reason) for one in books.jobs if one.state is JobState.FAILED)
    if not account.ended[JobState.DONE]:
        account.wrong.append("no job was done, so nothing is shown by this trial")
    known = {job.id for job in books.jobs}
    account.wrong += [f"job {lost} was promised and is lost" for lost in set(books.asked) - known]
    account.wrong += _ends(books.jobs)
    _messages(books, account)
    account.wrong += _pictures(books)
    account.wrong += _ledger(books)
    return account


def _ends(jobs: Sequence[JobRow]) -> Iterator[str]:
    for job in jobs:
        if job.state not in ENDS:
            yield f"job {job.id} is still {job.state}"
        elif job.state is JobState.FAILED and not job.reason:
            yield f"job {job.id} failed without a reason"
        elif job.shown_at is None:
            yield f"job {job.id} is {job.state} and not shown"
        elif job.progress_id is not None:
            yield f"the progress message of job {job.id} is left over"


def _messages(books: Books, account: Account) -> None:
    by_job: dict[str, list[Seen]] = defaultdict(list)
    by_id = {message.id: message for message in books.messages}
    for message in books.messages:
        for job_id in message.jobs:
            by_job[job_id].append(message)
    for job in books.jobs:
        named = by_job[job.id]
        pings = {message.id for message in named if message.pinged}
        account.pinged += len(pings)
        if len(pings) > 1:
            account.wrong.append(f"job {job.id} pinged {len(pings)} times")
        shown = by_id.get(str(job.message_id))
        if job.removed_by is not None:
            continue
        if shown is None or shown.deleted:
            account.wrong.append(f"job {job.id} ({job.state}) is shown nowhere")
            continue
        if shown.may_cancel or (job.state is JobState.DONE and not shown.files):
            account.wrong.append(f"job {job.id} is {job.state}, which its message does not show")
        for other in named:
            if other.deleted or other.id == shown.id:
                continue
            if other.answers is not None and not other.pinged:
                account.first_answers_left.append(f"{other} beside {shown}")
            else:
                account.wrong.append(f"job {job.id} ({job.kind}) is shown twice: {shown}, {other}")


def _pictures(books: Books) -> Iterator[str]:
    done = {job.id for job in books.jobs if job.state is JobState.DONE}
    having = {picture.job_id for picture in books.pictures}
    for job_id in done - having:
        yield f"job {job_id} is done without a picture"
    for job_id in having - done:
        yield f"job {job_id} has a picture and is not done"
    for picture in books.pictures:
        digest = books.files.get(picture.file)
        if digest is None and picture.expired_at is None:
            yield f"picture {picture.id} has no file"
        elif digest is not None and digest != picture.sha256:
            yield f"the file of picture {picture.id} has other bytes"
    rows = {picture.file for picture in books.pictures}
    for name in sorted(set(books.files) - rows):
        if not name.endswith(PARTIAL_SUFFIX):
            yield f"the file {name} has no row"


def _ledger(books: Books) -> Iterator[str]:
    """The row of each period has what was drawn in it."""
    charged: dict[tuple[int, int], list[JobRow]] = defaultdict(list)
    for job in books.jobs:
        if job.state is JobState.DONE and job.counted_pictures and job.server_id is not None:
            charged[job.server_id, job.member_id].append(job)
    for row in books.usage:
        jobs, period = charged[row.server_id, row.member_id], Period(row.period)
        drawn = sum(
            job.counted_pictures for job in jobs if _is_in(job.created_at, period, row.starts_at)
        )
        gpu_ms = sum(_ran_ms(job) for job in jobs if _is_in(job.finished_at, period, row.starts_at))
        who = f"member {row.member_id}, {row.period}"
        if row.pictures != drawn:
            yield f"the ledger of {who} has {row.pictures} pictures, and {drawn} were drawn"
        if row.gpu_ms != gpu_ms:
            yield f"the ledger of {who} has {row.gpu_ms} ms, and {gpu_ms} ms were used"


def _is_in(moment: datetime | None, period: Period, starts_at: datetime) -> bool:
    return moment is not None and period.start(moment) == starts_at


def _ran_ms(job: JobRow) -> int:
    if job.started_at is None or job.finished_at is None:
        return 0
    return max(0, (job.finished_at - job.started_at) // timedelta(milliseconds=1))
