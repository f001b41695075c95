"""Errors with jobs: finding them, queueing them, and what a button makes of them."""

from bot.errors.base import UserError


class ConfirmationExpired(UserError):
    """What is confirmed was confirmed already, or refused, or is too old."""


class TooManyOpenJobs(UserError):
    def __init__(self, open_jobs: int, wanted: int, limit: int) -> None:
        fits = "yes" if wanted <= limit else "no"
        super().__init__(open=open_jobs, wanted=wanted, limit=limit, fits=fits)


class JobNotFound(UserError):
    """The job behind a button or an id is not in the database."""


class JobNotReady(UserError):
    """The job has no pictures, or not that one."""


class JobAlreadyEnded(UserError):
    """There is nothing left to stop."""


class NoJobHere(UserError):
    """The message shows no job."""


class UnclearJob(UserError):
    """What was typed names no job of the member's, or more than one."""

    def __init__(self, typed: str) -> None:
        super().__init__(typed=typed)


class NothingYet(UserError):
    """The member has no job that could be meant."""


class SearchTooLong(UserError):
    """A search of one's jobs has too many words or letters."""

    def __init__(self, words: int, letters: int) -> None:
        super().__init__(words=words, letters=letters)


class ModelCannotDoThis(UserError):
    """The model behind a picture lacks what a button needs, or is gone."""


class InvalidFactor(UserError):
    """What was typed is not how far one can zoom out."""

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class NoRoomToGrow(UserError):
    """The model draws nothing larger to that side."""


class NoCellsChosen(UserError):
    """Nothing of a picture was chosen to be drawn anew."""


class TooManyGenerations(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)
