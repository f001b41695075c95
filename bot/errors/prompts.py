"""Errors in a typed prompt."""

from collections.abc import Sequence

from bot.errors.base import PromptError
from bot.i18n.markdown import Markup, names
from bot.i18n.texts import Text

MAX_LINE_CHARS = 1000
"""Characters of a line to copy that a refusal shows."""


MAX_EXAMPLES = 3
"""Prompts that are proposed in place of one that cannot be drawn."""

MAX_EXAMPLE_CHARS = 80
"""Characters of such a prompt: it stands on a button, and Discord allows no more there."""


class EmptyPrompt(PromptError):
    """The prompt has no words, only parameters or nothing."""


class NoKnownWord(PromptError):
    """Nothing in the prompt is a thing that its model was taught to draw.

    `examples` are prompts that the model draws well.
    """

    def __init__(self, examples: Sequence[str]) -> None:
        short = [prompt for prompt in examples if len(prompt) <= MAX_EXAMPLE_CHARS]
        self.examples = tuple(short[:MAX_EXAMPLES])
        super().__init__(examples=names(self.examples) if self.examples else "none")


class PromptTooLong(PromptError):
    def __init__(self, length: int, most: int, what: str = "prompt") -> None:
        super().__init__(what=Text(f"too-long-{what}"), length=length, most=most)


class TooManyTokens(PromptError):
    """A text within the limit of characters has more tokens than the model reads."""

    def __init__(self, tokens: int, most: int) -> None:
        super().__init__(tokens=tokens, most=most)


class UnknownParameter(PromptError):
    def __init__(self, flag: str, suggestion: str | None, known: Markup) -> None:
        super().__init__(flag=flag, suggestion=suggestion or "none", known=known)


class RenamedParameter(PromptError):
    """The parameter is another tool's; `ours` means the same and takes what `allowed` says."""

    def __init__(self, flag: str, ours: str, allowed: Text) -> None:
        super().__init__(flag=flag, ours=ours, allowed=allowed)


class UnsupportedParameter(PromptError):
    """The parameter is another tool's, and none of ours is like it.

    `what` it does is a key under `lacks-` in the texts.
    """

    def __init__(self, flag: str, what: str) -> None:
        super().__init__(
            flag=flag, what=Text(f"lacks-{what}"), instead=Text(f"lacks-{what}.instead")
        )


class TrailingSign(PromptError):
    """A parameter is right but for the sign after it; `meant` is how it is written without.

    `sign` is `comma`, `semicolon` or `full-stop`.
    """

    def __init__(self, written: str, sign: str, meant: str) -> None:
        super().__init__(written=written, sign=sign, meant=meant)


class InvalidParameter(PromptError):
    """A parameter has a value that it does not take; `allowed` completes “It takes …”."""

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
    """Two parameters contradict each other, such as `--ar` and `--size`."""

    def __init__(self, flag: str, other: str) -> None:
        super().__init__(flag=flag, other=other)


class NoEffect(PromptError):
    """A parameter would change nothing in this prompt; `why` is `no-picture` or `one-picture`."""

    def __init__(self, flag: str, why: str) -> None:
        super().__init__(flag=flag, why=why)


class MistypedParameter(PromptError):
    """A word looks like a mistyped parameter; `meant` is the corrected spelling."""

    def __init__(self, written: str, meant: str) -> None:
        super().__init__(written=written, meant=meant)


class MisplacedText(PromptError):
    def __init__(self, flag: str, text: str) -> None:
        super().__init__(flag=flag, text=text)


class MisplacedLink(PromptError):
    """A link is not at the beginning of the prompt."""

    def __init__(self, link: str) -> None:
        super().__init__(link=link)


class TooManyLinks(PromptError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class TooManyPictures(PromptError):
    """The permutations of a prompt start from too many different pictures."""

    def __init__(self, pictures: int, most: int) -> None:
        super().__init__(pictures=pictures, most=most)


class EmptyPart(PromptError):
    """A part of a multi-prompt is empty."""


class TooManyParts(PromptError):
    def __init__(self, parts: int, most: int) -> None:
        super().__init__(parts=parts, most=most)


class WeightsCancel(PromptError):
    """The weights of a multi-prompt add up to zero or less, or to almost zero."""

    def __init__(self, total: float) -> None:
        super().__init__(total=f"{total:.6g}")


class AmbiguousName(PromptError):
    """A typed name could be several, apart from case and punctuation; `candidates` lists them."""

    def __init__(self, typed: str, candidates: Markup) -> None:
        super().__init__(typed=typed, candidates=candidates)


class UnknownVersion(PromptError):
    """No model has this name; `known` are the existing names."""

    def __init__(self, version: str, known: Markup) -> None:
        super().__init__(version=version, known=known)


class ModelCannot(PromptError):
    """The model does not support a parameter; `able` are the names of models that do."""

    def __init__(self, what: str, version: str, able: Markup) -> None:
        super().__init__(what=Text(f"cannot-{what}"), version=version, able=able or "none")


class ForeignSyntax(PromptError):
    """The prompt has another tool's syntax; `kind` is a key under `syntax-` in the texts."""

    def __init__(self, kind: str, written: str) -> None:
        what = Text(f"syntax-{kind}")
        super().__init__(written=written, what=what, instead=what["instead"])


class UntranslatedSettings(PromptError):
    """A pasted text has settings that no parameter can choose.

    `line` is what it becomes without them. One that is too long to be shown whole is not shown.
    """

    def __init__(self, settings: Markup, line: str) -> None:
        shown = line if len(line) <= MAX_LINE_CHARS else ""
        super().__init__(settings=settings, line=shown, fits="yes" if shown else "no")


class UnbalancedBraces(PromptError):
    """A brace is unmatched."""


class TooManyPermutations(PromptError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)
