"""What a prompt asks for, without what it wants to avoid. Pure."""

from bot.prompts.multi_prompt import SEPARATOR
from bot.prompts.parameters import BY_FLAG
from bot.prompts.values import flag_name
from bot.prompts.words import split_words


def wanted(text: str) -> str:
    """The text without `--no`, and without the parts of a multi-prompt with a negative weight.

    Also of a text that is no valid prompt.
    """
    said, *flagged = split_words(text.split())
    kept = [group for group in flagged if not _avoids(group[0])]
    rest = " ".join(word for group in kept for word in group)
    return f"{_without_negative_parts(' '.join(said))} {rest}".strip()


def _avoids(flag: str) -> bool:
    parameter = BY_FLAG.get(flag_name(flag))
    return parameter is not None and parameter.decides == "negative"


def _without_negative_parts(said: str) -> str:
    parts, start = [], 0
    for border in SEPARATOR.finditer(said):
        if float(border[1] or 1) >= 0:
            parts.append(said[start : border.end()])
        start = border.end()
    return "".join([*parts, said[start:]])
