"""Errors of jobs: finding them, queueing them, and making follow-ups."""

from bot.errors.base import UserError


class ConfirmationExpired(UserError):
    """The draft was confirmed or declined already, or is too old."""


class TypedTextLost(UserError):
    """The text that a refusal gives back cannot be read from its file; `name` is the file's."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class TooManyOpenJobs(UserError):
    def __init__(self, open_jobs: int, wanted: int, limit: int) -> None:
        fits = "yes" if wanted <= limit else "no"
        super().__init__(open=open_jobs, wanted=wanted, limit=limit, fits=fits)


class QuotaReached(UserError):
    """The member would use more than their roles may have.

    `what` is `pictures`, `gpu_seconds` or `cooldown_s`, `period` is `hour`, `day` or `month`.
    `renews_at` is a Unix time in seconds.
    """

    def __init__(
        self, what: str, period: str, *, used: int, wanted: int, limit: int, renews_at: int
    ) -> None:
        super().__init__(
            what=what,
            period=period,
            used=used,
            wanted=wanted,
            limit=limit,
            fits="yes" if wanted <= limit else "no",
            at=str(renews_at),
        )


class JobNotFound(UserError):
    """The job of a button or an id is not in the database, or may not be seen by this member."""


class JobNotReady(UserError):
    """The job has no pictures yet, or not that one."""


class JobAlreadyEnded(UserError):
    """The job has ended, so it cannot be cancelled."""


class NoJobHere(UserError):
    """The message shows no job."""


class UnclearJob(UserError):
    """The typed id belongs to no job of the member's, or to more than one."""

    def __init__(self, typed: str) -> None:
        super().__init__(typed=typed)


class NothingYet(UserError):
    """The member has no jobs yet."""


class SearchTooLong(UserError):
    """A search of the history has too many words or letters."""

    def __init__(self, words: int, letters: int) -> None:
        super().__init__(words=words, letters=letters)


class ModelCannotDoThis(UserError):
    """The picture's model cannot do what a button asks for, or is no longer there."""


class OneFollowupOnly(UserError):
    """A new prompt for a button stands for several jobs."""

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs=jobs)


class InvalidFactor(UserError):
    """The typed zoom factor is not valid."""

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class NoRoomToGrow(UserError):
    """The picture already has the largest size in that direction."""


class NoCellsChosen(UserError):
    """No cell of the picture was chosen to be redrawn."""


class TooManyGenerations(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)
