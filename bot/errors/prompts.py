"""Errors in a typed prompt."""

from bot.errors.base import PromptError
from bot.i18n.markdown import Markup
from bot.i18n.texts import Text


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
