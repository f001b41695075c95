"""The user errors: what a person did or asked that cannot be, worded for that person.

    UserError
    ├── PromptError
    │   ├── EmptyPrompt
    │   ├── PromptTooLong
    │   ├── TooManyTokens
    │   ├── UnknownParameter
    │   ├── InvalidParameter
    │   ├── MissingValue
    │   ├── RepeatedParameter
    │   ├── ConflictingParameters
    │   ├── MistypedParameter
    │   ├── MisplacedText
    │   ├── MisplacedLink
    │   ├── TooManyLinks
    │   ├── TooManyPictures
    │   ├── InvalidLink
    │   ├── InvalidUpload
    │   ├── EmptyPart
    │   ├── TooManyParts
    │   ├── WeightsCancel
    │   ├── UnknownVersion
    │   ├── ModelCannot
    │   ├── UnbalancedBraces
    │   └── TooManyPermutations
    ├── ConfirmationExpired
    ├── TooManyOpenJobs
    ├── JobNotFound
    ├── JobNotReady
    ├── JobAlreadyEnded
    ├── NotYourJob
    ├── NotYourButtons
    ├── NotInItsServer
    ├── TooFast
    ├── ModelCannotDoThis
    ├── InvalidFactor
    ├── NoRoomToGrow
    ├── NoCellsChosen
    ├── PictureLost
    ├── PictureTakenAway
    ├── PicturesBusy
    ├── CannotKeep
    ├── NotPermitted
    ├── NotAMember
    ├── DirectMessagesOff
    ├── UserInstallsOff
    ├── CannotPostHere
    ├── InvalidOptionName
    ├── OptionIsParameter
    ├── NoSuchOption
    ├── TooManyOptions
    ├── SuffixHasWords
    ├── NotYoursToDelete
    ├── CannotDelete
    ├── OutOfReach
    ├── UnclearJob
    ├── NothingYet
    ├── SearchTooLong
    ├── CannotWriteToYou
    ├── NoJobHere
    ├── CannotDescribe
    ├── InferenceAway
    ├── NotAPicture
    ├── TooShort
    ├── TooManyGenerations
    ├── NoModel
    └── DatabaseAway

Each has a title, one sentence of what is wrong and one of what to do, which stand in
`bot.i18n.texts` under the error's name. Commands and buttons raise them; `bot.ui.responses` shows
them. Mistakes of our own are not here: they are bugs.
"""

import re

from bot.i18n.markdown import Markup
from bot.i18n.texts import Text, Value, say_unmarked


class UserError(Exception):
    """Something a person can put right. `title`, `problem` and `remedy` are shown to them."""

    def __init__(self, **values: Value) -> None:
        key = re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()
        self.title = Text(key, values)
        self.problem = self.title["problem"]
        self.remedy = self.title["remedy"]
        super().__init__(f"{say_unmarked(self.problem)} {say_unmarked(self.remedy)}")


class PromptError(UserError):
    """Something in what was typed cannot be used."""


class EmptyPrompt(PromptError):
    """There are no words to draw, only flags or nothing."""


class PromptTooLong(PromptError):
    def __init__(self, length: int, most: int, what: str = "prompt") -> None:
        super().__init__(what=Text(f"too-long-{what}"), length=length, most=most)


class TooManyTokens(PromptError):
    """A text that the model would not read to its end, though it has not too many characters."""

    def __init__(self, tokens: int, most: int) -> None:
        super().__init__(tokens=tokens, most=most)


class UnknownParameter(PromptError):
    def __init__(self, flag: str, suggestion: str | None, known: Markup) -> None:
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
    def __init__(self, flag: str, most: int = 1) -> None:
        super().__init__(flag=flag, most=most)


class ConflictingParameters(PromptError):
    """Two parameters decide the same."""

    def __init__(self, flag: str, other: str) -> None:
        super().__init__(flag=flag, other=other)


class MistypedParameter(PromptError):
    """Something that was meant as a parameter is not written as one."""

    def __init__(self, written: str, meant: str) -> None:
        super().__init__(written=written, meant=meant)


class MisplacedText(PromptError):
    def __init__(self, flag: str, text: str) -> None:
        super().__init__(flag=flag, text=text)


class MisplacedLink(PromptError):
    """A link stands elsewhere than at the beginning."""

    def __init__(self, link: str) -> None:
        super().__init__(link=link)


class TooManyLinks(PromptError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class TooManyPictures(PromptError):
    """The prompts that one stands for start from more different pictures than can be fetched."""

    def __init__(self, pictures: int, most: int) -> None:
        super().__init__(pictures=pictures, most=most)


class InvalidLink(PromptError):
    """A link does not lead to a picture that can be used; `reason` is a key under `link-`."""

    def __init__(self, link: str, reason: str) -> None:
        shown = link if len(link) <= 100 else f"{link[:99]}…"
        super().__init__(link=shown, reason=Text(f"link-{reason}"))


class InvalidUpload(PromptError):
    """A file that came along is no picture that can be used; `reason` is a key under `upload-`."""

    def __init__(self, name: str, reason: str) -> None:
        shown = name if len(name) <= 100 else f"{name[:99]}…"
        super().__init__(name=shown, reason=Text(f"upload-{reason}"))


class EmptyPart(PromptError):
    """A part of a multi-prompt has no words."""


class TooManyParts(PromptError):
    def __init__(self, parts: int, most: int) -> None:
        super().__init__(parts=parts, most=most)


class WeightsCancel(PromptError):
    """The weights of a multi-prompt add up to nothing, to less, or to next to nothing."""

    def __init__(self, total: float) -> None:
        super().__init__(total=f"{total:.6g}")


class UnknownVersion(PromptError):
    """No model has this name; `known` are the names that there are."""

    def __init__(self, version: str, known: Markup) -> None:
        super().__init__(version=version, known=known)


class ModelCannot(PromptError):
    """The model lacks what a parameter needs; `able` are the names of those that have it."""

    def __init__(self, what: str, version: str, able: Markup) -> None:
        super().__init__(what=Text(f"cannot-{what}"), version=version, able=able or "none")


class UnbalancedBraces(PromptError):
    """A brace has no partner."""


class TooManyPermutations(PromptError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


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


class NotYourJob(UserError):
    """Only its member, or a moderator, may do this to a job."""


class NotYourButtons(UserError):
    """The server lets only a job's member use its buttons."""


class NotInItsServer(UserError):
    """Only in a job's own server can it be shown among the highlights."""


class TooFast(UserError):
    """The member presses or types faster than the bot can do what that asks for."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds
        """How long to wait before the next."""


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


class PictureLost(UserError):
    """A picture's file is gone from the disk, or damaged there."""


class PictureTakenAway(UserError):
    """A moderator had a picture taken away, with its file."""


class PicturesBusy(UserError):
    """Too many pictures wait to be read, of all members or of this one."""


class CannotKeep(UserError):
    """A picture to start from cannot be put on the disk; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class NotPermitted(UserError):
    """What belongs to the server needs the permission to manage it."""


class NotAMember(UserError):
    """Who asks does not belong any more to the server that this comes from."""


class DirectMessagesOff(UserError):
    """Whoever runs the bot has switched conversations with it off."""


class UserInstallsOff(UserError):
    """Whoever runs the bot does not let members bring it along."""


class CannotPostHere(UserError):
    """The bot lacks a permission in the channel; `permission` is Discord's name of it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission=permission)


class InvalidOptionName(UserError):
    """The name of a member's own parameter is not one."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class OptionIsParameter(UserError):
    """A member's own parameter would hide one that there is."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NoSuchOption(UserError):
    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class TooManyOptions(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class SuffixHasWords(UserError):
    """What every prompt ends with is parameters only; `text` is not."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class NotYoursToDelete(UserError):
    """Only the member who asked for a job, and moderators, may take its message away."""


class CannotDelete(UserError):
    """A picture's file cannot be taken away; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class OutOfReach(UserError):
    """A message can be neither edited nor taken away by the bot, or no longer."""


class UnclearJob(UserError):
    """What was typed names no job of the member's, or more than one."""

    def __init__(self, typed: str) -> None:
        super().__init__(typed=typed)


class SearchTooLong(UserError):
    """A search of one's jobs has too many words or letters."""

    def __init__(self, words: int, letters: int) -> None:
        super().__init__(words=words, letters=letters)


class NothingYet(UserError):
    """The member has no job that could be meant."""


class CannotWriteToYou(UserError):
    """The member takes no direct messages from the bot."""


class NoJobHere(UserError):
    """The message shows no job."""


class CannotDescribe(UserError):
    """No model here puts pictures into words, or weighs words."""


class InferenceAway(UserError):
    """Inference does not answer what only it can."""


class NotAPicture(UserError):
    """There is no picture to describe: neither a file nor a link."""


class TooShort(UserError):
    """There is nothing to leave out of the prompt."""


class TooManyGenerations(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class NoModel(UserError):
    """Inference has not said yet what model it has."""


class DatabaseAway(UserError):
    """The database does not answer."""
