"""The user errors: what a person did or asked that cannot be, worded for that person.

    UserError
    ├── PromptError
    │   ├── EmptyPrompt
    │   ├── PromptTooLong
    │   ├── UnknownParameter
    │   ├── InvalidParameter
    │   ├── MissingValue
    │   ├── RepeatedParameter
    │   └── MisplacedText
    ├── TooManyOpenJobs
    ├── JobNotFound
    ├── JobNotReady
    ├── JobAlreadyEnded
    ├── NotYourJob
    ├── NotPermitted
    ├── CannotPostHere
    ├── TooManyGenerations
    ├── NoModel
    └── DatabaseAway

Each has a title, one sentence of what is wrong and one of what to do, which stand in `bot.texts`
under the error's name. Commands and buttons raise them; `bot.answers` shows them. Mistakes of our
own are not here: they are bugs.
"""

import re

from bot.texts import Text, Value, say


class UserError(Exception):
    """Something a person can put right. `title`, `problem` and `remedy` are shown to them."""

    def __init__(self, **values: Value) -> None:
        key = re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()
        self.title = Text(key, values)
        self.problem = self.title["problem"]
        self.remedy = self.title["remedy"]
        super().__init__(f"{say(self.problem)} {say(self.remedy)}")


class PromptError(UserError):
    """Something in what was typed cannot be used."""


class EmptyPrompt(PromptError):
    """There are no words to draw, only flags or nothing."""


class PromptTooLong(PromptError):
    def __init__(self, length: int, most: int, what: str = "prompt") -> None:
        super().__init__(what=Text(f"too-long-{what}"), length=length, most=most)


class UnknownParameter(PromptError):
    def __init__(self, flag: str, suggestion: str | None, known: str) -> None:
        super().__init__(flag=flag, suggestion=suggestion or "none", known=known)


class InvalidParameter(PromptError):
    """A known parameter has a value outside its range; `allowed` completes “It takes …”."""

    def __init__(self, flag: str, given: str, allowed: Text) -> None:
        super().__init__(flag=flag, given=given, allowed=allowed)


class MissingValue(PromptError):
    """A parameter that needs a value has none."""

    def __init__(self, flag: str, allowed: Text) -> None:
        super().__init__(flag=flag, allowed=allowed)


class RepeatedParameter(PromptError):
    def __init__(self, flag: str) -> None:
        super().__init__(flag=flag)


class MisplacedText(PromptError):
    def __init__(self, flag: str, text: str) -> None:
        super().__init__(flag=flag, text=text)


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


class NotYourJob(UserError):
    """Only its member, or a moderator, may do this to a job."""


class NotPermitted(UserError):
    """What belongs to the server needs the permission to manage it."""


class CannotPostHere(UserError):
    """The bot lacks a permission in the channel; `permission` is Discord's name of it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission=permission)


class TooManyGenerations(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class NoModel(UserError):
    """Inference has not said yet what model it has."""


class DatabaseAway(UserError):
    """The database does not answer."""
