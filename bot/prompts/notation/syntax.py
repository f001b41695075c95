"""Recognises the prompt syntax of other tools, which would otherwise be drawn as words.

`<lora:ink:0.8>` is translated to `--lora ink:0.8`; the rest has no equivalent and is refused with
what to write instead. Emphasis in brackets is our own syntax too; `diffusion.text.emphasis` reads
it. The syntax is that of AUTOMATIC1111 (and SD.Next, Forge), ComfyUI, InvokeAI, NovelAI, SwarmUI
and Dynamic Prompts.

Ordinary prompts with brackets, smileys, times, ratios and capitals must pass. Pure, and linear in
the length of the text.
"""

import re
from collections.abc import Callable

from bot.errors import ForeignSyntax
from bot.prompts.lint import LINK
from bot.prompts.values import flag_name
from bot.prompts.words import quoted, split_words

MAX_SHOWN_CHARS = 80
"""Characters of the syntax that a refusal shows."""

_NUMBER = r"[0-9]{0,6}\.?[0-9]{1,6}"

_LORA = re.compile(r"<(?:lora|lyco|locon|loha):([^<>]*)>")
_LORA_WEIGHT = re.compile(rf"\+?(-?{_NUMBER})")

IN_CHOICES = {
    "json": re.compile(r'\{ ?"[^"{}]*" ?:'),
    "variants": re.compile(r"(?<!\\)\{[^{}|\\]*\||\|[^{}|\\]*\}"),
    "double-braces": re.compile(r"(?<!\\)\{\{[^{}]*\}\}"),
}
"""What stands where we have choices in braces: looked for before these are written out."""

IN_PROMPT = {
    # No digit before the colon: times, ratios and verses are ordinary. No space: so is a :3 face.
    "negative-weight": re.compile(rf"[^\s\d(:]: ?-{_NUMBER} ?\)"),
    "switch": re.compile(rf"[^\s\d\[](?:: ?| : ){_NUMBER} ?\]"),
    "alternation": re.compile(r"\[[^\[\]|]*\||\|[^\[\]|]*\]"),
    "break": re.compile(r"(?<![\w\"'“”’-])BREAK(?![\w\"'“”’-])"),
    "and": re.compile(r"(?<![\w\"'“”’-])AND(?![\w\"'“”’-])"),
    "embedding": re.compile(r"(?<!\w)embedding:\w"),
    "wildcard": re.compile(r"(?<!\w)__(?:[^\W_]\w*|[^\s_]+)__(?!\w)"),
    "weight": re.compile(
        rf"\)(?:[0-9]?\.[0-9]|\++(?![\w+]))|: ?\+{_NUMBER} ?\)|(?<![\w.])[a-z]{{3,20}}\+\+(?![\w+])"
    ),
    "weight-before": re.compile(rf"(?<!\S)-?{_NUMBER}::(?=[^\W\d])"),
    "blend": re.compile(r"\)\.(?:swap|blend|and)\("),
    "tag": re.compile(
        r"<(?:lora|lyco|locon|loha|hypernet|embed|embedding|ti|random|alternate|fromto|wildcard|"
        r"segment|object|region|preset|repeat|setvar|var|clear|base|refiner|video)[:\[][^<>]*>"
    ),
}
"""What is looked for in each prompt. Braces are written out by then."""


def check_choices(typed: str) -> None:
    """Raises ForeignSyntax for other tools' syntax with braces."""
    _check(IN_CHOICES, typed)


def translate(prompt: str) -> str:
    """The prompt in our own syntax; unchanged if it has none of another tool's.

    Raises ForeignSyntax for what has no equivalent.
    """
    if _LORA.search(prompt):
        prompt = _with_parameters(prompt)
    said, *flagged = split_words(prompt.split())
    _check(IN_PROMPT, " ".join(word for word in said if not LINK.fullmatch(word)))
    for flag, *value in flagged:
        # All other values are names or numbers: they are not drawn.
        if flag_name(flag) == "no":
            _check(IN_PROMPT, " ".join(value))
    return prompt


def _with_parameters(text: str) -> str:
    """The text with parameters at its end for the LoRA tags in it."""
    pieces, loras, start = [], [], 0
    for tag in _LORA.finditer(text):
        if (lora := _as_parameter(tag[1])) is None:
            raise ForeignSyntax("tag", tag[0][:MAX_SHOWN_CHARS])
        loras.append(lora)
        pieces.append(text[start : tag.start()].strip())
        start = tag.end()
    pieces.append(text[start:].strip())
    joined = " ".join(filter(None, pieces)).replace(" ,", ",")
    return " ".join([re.sub(",{2,}", ",", joined).strip(", "), *loras]).strip()


def _as_parameter(content: str) -> str | None:
    """`--lora` for what is in a tag: a name and a weight, or twice the same for both networks."""
    name, *weights = (part.strip() for part in content.split(":"))
    numbers = [match[1] for match in map(_LORA_WEIGHT.fullmatch, weights) if match]
    if not name or len(numbers) < len(weights) or len(set(map(float, numbers))) > 1:
        return None
    return f"--lora {quoted(name)}" + (f":{numbers[0]}" if numbers else "")


def _check(syntax: dict[str, re.Pattern[str]], text: str) -> None:
    for kind, pattern in syntax.items():
        is_ordinary = _ORDINARY.get(kind)
        for match in pattern.finditer(text):
            if is_ordinary is None or not is_ordinary(text, match):
                raise ForeignSyntax(kind, _shown(text, match))


def _is_unopened(sign: str) -> Callable[[str, re.Match[str]], bool]:
    """Whether there is no opening bracket before a match."""
    return lambda text, match: text.find(sign, 0, match.end()) < 0


def _is_in_capitals(text: str, match: re.Match[str]) -> bool:
    """Whether the word is one of several in capitals: `LOVE AND PEACE`, `COFFEE BREAK`."""
    start, end = match.span()
    before = text[text.rfind(" ", 0, max(0, start - 1)) + 1 : max(0, start - 1)]
    stop = text.find(" ", end + 1)
    after = text[end + 1 : stop if stop >= 0 else len(text)]
    if match[0] == "BREAK":
        # A comma parts it from what is before it.
        loud = [before.isupper() and before[-1] not in ",.;", after.isupper() and text[end] == " "]
        return any(loud) or not (before or after)
    return all(word.isupper() or not word for word in (before, after))


_ORDINARY: dict[str, Callable[[str, re.Match[str]], bool]] = {
    "negative-weight": _is_unopened("("),
    "switch": _is_unopened("["),
    "alternation": _is_unopened("["),
    "break": _is_in_capitals,
    "and": _is_in_capitals,
}
"""When a match is ordinary text after all."""


def _shown(text: str, match: re.Match[str]) -> str:
    """The match with the words around it that belong to it."""
    start = max(text.rfind(" ", 0, match.start() + 1) + 1, match.end() - MAX_SHOWN_CHARS)
    stop = text.find(" ", match.end())
    return text[start : stop if stop >= 0 else len(text)][:MAX_SHOWN_CHARS]
