"""The user errors: what a person did or asked that cannot be, worded for that person.

    UserError
    ├── PromptError
    │   ├── EmptyPrompt
    │   ├── PromptTooLong
    │   ├── UnknownParameter
    │   ├── InvalidParameter
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

Each has a title, one sentence of what is wrong and one of what to do. Commands and buttons
raise them; `bot.answers` shows them. Mistakes of our own are not here: they are bugs.
"""


class UserError(Exception):
    """Something a person can put right. `title`, `problem` and `remedy` are shown to them."""

    title = "That did not work"

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class PromptError(UserError):
    title = "Invalid prompt"


class EmptyPrompt(PromptError):
    """There are no words to draw, only flags or nothing."""

    def __init__(self) -> None:
        super().__init__(
            "The prompt has no words in it.",
            "Say what to draw first, then the parameters: `a red fox --ar 3:2`.",
        )


class PromptTooLong(PromptError):
    def __init__(self, length: int, most: int, what: str = "The prompt") -> None:
        super().__init__(f"{what} has {length:,} characters; {most:,} is the most.", "Shorten it.")


class UnknownParameter(PromptError):
    title = "Invalid parameter"

    def __init__(self, flag: str, suggestion: str | None, known: str) -> None:
        super().__init__(
            f"There is no parameter `--{flag}`.",
            f"Did you mean `--{suggestion}`?" if suggestion else f"There are: {known}.",
        )


class InvalidParameter(PromptError):
    """A known parameter has a value outside its range, or none."""

    title = "Invalid parameter"

    def __init__(self, flag: str, given: str, allowed: str) -> None:
        problem = f"`--{flag}` cannot be `{given}`." if given else f"`--{flag}` needs a value."
        super().__init__(problem, f"It takes {allowed}.")


class RepeatedParameter(PromptError):
    title = "Invalid parameter"

    def __init__(self, flag: str) -> None:
        super().__init__(f"`--{flag}` is there more than once.", "Keep one of them.")


class MisplacedText(PromptError):
    title = "Invalid parameter"

    def __init__(self, flag: str, text: str) -> None:
        super().__init__(
            f"After `--{flag}` comes text that does not belong to it: “{text}”.",
            "Put all words before the parameters.",
        )


class TooManyOpenJobs(UserError):
    title = "Queue full"

    def __init__(self, open_jobs: int, wanted: int, limit: int) -> None:
        super().__init__(
            f"You may have {limit} waiting or running at a time on this server; now it is "
            f"{open_jobs}, and this would add {wanted}.",
            "Wait for one to finish, or cancel one."
            if wanted <= limit
            else f"Say a smaller `--repeat`, {limit} at the most.",
        )


class JobNotFound(UserError):
    title = "No such job"

    def __init__(self) -> None:
        super().__init__(
            "The job behind this button is not in the database.",
            "Start a new one with `/imagine`.",
        )


class JobNotReady(UserError):
    title = "Not finished yet"

    def __init__(self) -> None:
        super().__init__("This job has no pictures.", "Try again when it has finished.")


class JobAlreadyEnded(UserError):
    title = "Nothing to cancel"

    def __init__(self) -> None:
        super().__init__("This job has ended already.", "There is nothing left to stop.")


class NotYourJob(UserError):
    title = "Not your job"

    def __init__(self) -> None:
        super().__init__(
            "Only the member who asked for it can cancel a job.",
            "Ask them, or a moderator who may manage messages.",
        )


class NotPermitted(UserError):
    title = "Not permitted"

    def __init__(self) -> None:
        super().__init__(
            "These settings belong to the server, and you may not manage it.",
            "Ask somebody with the permission “Manage Server”.",
        )


class CannotPostHere(UserError):
    title = "No place for a picture"

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"In this channel I lack the permission “{missing}”, so a picture could not be shown.",
            "Try another channel, or ask a server admin to grant it.",
        )


class TooManyGenerations(UserError):
    title = "Too long a line of descent"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"This picture is a variation of a variation, {most} times over; that is the most.",
            "Start again from its prompt with `/imagine`.",
        )


class NoModel(UserError):
    title = "The model is not there yet"

    def __init__(self) -> None:
        super().__init__(
            "Inference has not said yet what model it has to draw with.",
            "Try again in a minute; if it goes on, tell the person who runs this bot.",
        )


class DatabaseAway(UserError):
    title = "The database is away"

    def __init__(self) -> None:
        super().__init__(
            "The database does not answer, so nothing can be remembered or looked up.",
            "Try again in a minute.",
        )
