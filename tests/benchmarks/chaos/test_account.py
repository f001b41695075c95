"""The account of a chaos trial: right books balance, and each kind of wrong is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.chaos.account import Books, balance
from benchmarks.trial.audience import Seen
from storage.models import JobKind, JobRow, JobState, PictureRow, UsageRow
from storage.rules.quotas import Period

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


def job(number: int, state: JobState = JobState.DONE, **more: object) -> JobRow:
    values = {
        "id": f"{number:032x}",
        "kind": JobKind.IMAGINE,
        "state": state,
        "member_id": 7,
        "server_id": 1,
        "channel_id": 2,
        "message_id": 100 + number,
        "counted_pictures": 4,
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": NOW + timedelta(milliseconds=1500),
        "shown_at": NOW,
        **more,
    }
    return JobRow(**values)


def message(number: int, identity: int | None = None, **more: object) -> Seen:
    shown = Seen(
        id=str(100 + number if identity is None else identity),
        channel_id="2",
        content="a fox",
        buttons=(f"job:{number:032x}:upscale:1",),
        files=1,
        pinged=frozenset({"7"}),
        answers=None,
    )
    return replace(shown, **more)  # type: ignore[arg-type]


def picture(number: int) -> PictureRow:
    name = f"{number:032x}_0"
    return PictureRow(id=name, job_id=f"{number:032x}", index=0, file=f"{name}.png", sha256="ab")


def usage(pictures: int, gpu_ms: int) -> list[UsageRow]:
    return [
        UsageRow(
            server_id=1,
            member_id=7,
            period=period.value,
            starts_at=period.start(NOW),
            pictures=pictures,
            gpu_ms=gpu_ms,
        )
        for period in Period
    ]


def books() -> Books:
    """One job that is done, one that failed, one that was cancelled; all in order."""
    return Books(
        jobs=[
            job(1),
            job(2, JobState.FAILED, reason="no disk"),
            job(3, JobState.CANCELLED),
        ],
        pictures=[picture(1)],
        usage=usage(4, 1500),
        files={f"{1:032x}_0.png": "ab", "half.png.unfinished": "cd"},
        messages=[
            message(1),
            message(1, 50, deleted=True, pinged=frozenset()),
            message(2, files=0),
            message(3, files=0, pinged=frozenset()),
        ],
        asked=[f"{1:032x}"],
    )


def test_right_books_balance() -> None:
    account = balance(books())
    assert account.wrong == []
    assert account.ended == {"done": 1, "failed": 1, "cancelled": 1}
    assert account.pinged == 2


WRONG: dict[str, tuple[Callable[[Books], Books], str]] = {
    "a lost job": (lambda b: replace(b, asked=["f" * 32]), "is lost"),
    "running": (lambda b: replace(b, jobs=[*b.jobs, job(4, JobState.RUNNING)]), "still running"),
    "no reason": (lambda b: replace(b, jobs=[job(1), job(2, JobState.FAILED)]), "without a reason"),
    "not shown": (lambda b: replace(b, jobs=[job(1, shown_at=None)]), "not shown"),
    "progress": (lambda b: replace(b, jobs=[job(1, progress_id=5)]), "left over"),
    "nowhere": (lambda b: replace(b, messages=b.messages[2:]), "shown nowhere"),
    "no picture": (
        lambda b: replace(b, messages=[message(1, files=0), *b.messages[1:]]),
        "does not show",
    ),
    "twice": (
        lambda b: replace(b, messages=[*b.messages, message(1, 60, pinged=frozenset())]),
        "shown twice",
    ),
    "pinged": (lambda b: replace(b, messages=[*b.messages, message(1, 60)]), "pinged 2 times"),
    "no row": (lambda b: replace(b, pictures=[]), "without a picture"),
    "other bytes": (lambda b: replace(b, files={f"{1:032x}_0.png": "cd"}), "other bytes"),
    "no file": (lambda b: replace(b, files={}), "has no file"),
    "a stray file": (lambda b: replace(b, files={**b.files, "stray.png": "ab"}), "has no row"),
    "pictures": (lambda b: replace(b, usage=usage(8, 1500)), "8 pictures, and 4"),
    "time": (lambda b: replace(b, usage=usage(4, 9)), "9 ms, and 1500"),
    "nothing done": (lambda b: replace(b, jobs=b.jobs[1:]), "no job was done"),
}


@pytest.mark.parametrize(("spoil", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found(spoil: Callable[[Books], Books], words: str) -> None:
    account = balance(spoil(books()))
    assert any(words in one for one in account.wrong), account.wrong
    assert not account.balances


def test_of_a_period_before_nothing_counts() -> None:
    before = job(1, created_at=NOW - timedelta(hours=2), finished_at=NOW - timedelta(hours=1))
    hour = usage(0, 0)[0]
    made = replace(books(), jobs=[before], usage=[hour], messages=[message(1)], asked=[])
    assert balance(made).wrong == []
