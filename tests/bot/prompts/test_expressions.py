"""No regular expression over what was typed takes more than so many steps for each letter."""

import ast
import itertools
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import bot
from bot.i18n import markdown, texts
from bot.messages import job_messages
from bot.models import names
from bot.prompts import expand, lint, multi_prompt, permutations, values, vocabulary, words
from bot.prompts.notation import pasted, syntax
from tests.support.bot.regex_steps import count_steps

ROOT = Path(bot.__file__).parent

MEANT = lint._patterns(frozenset(["ar", "no", "mine-2"]))

EXPRESSIONS: list[tuple[re.Pattern[str], str]] = [
    (words.FLAG, "fullmatch"),
    (words._BARE, "fullmatch"),
    (words._QUOTED, "fullmatch"),
    (words._SIGN, "search"),
    (names._PUNCTUATION, "sub"),
    (expand._OWN, "sub"),
    (lint.LINK, "fullmatch"),
    (lint._VALUE, "match"),
    (MEANT.hyphens, "fullmatch"),
    (MEANT.glued_after, "fullmatch"),
    (MEANT.glued_before, "fullmatch"),
    (multi_prompt.SEPARATOR, "finditer"),
    (permutations._SIGNS, "finditer"),
    (vocabulary._WORD, "finditer"),
    (vocabulary._WEIGHT, "sub"),
    (vocabulary._SIGN, "search"),
    (vocabulary._CLAUSE_END, "search"),
    (vocabulary._EMPTY_BRACKETS, "sub"),
    (vocabulary._SPACE_INSIDE, "sub"),
    (vocabulary._REPEATED_SIGN, "sub"),
    (values._NUMBER, "fullmatch"),
    (values._LORA_WEIGHT, "search"),
    (markdown._INVISIBLE, "match"),
    (markdown._SIGNS, "sub"),
    (markdown._LINE_START, "match"),
    (job_messages._FIRST_LINK, "match"),
    (texts._CODE_OR_HELD, "sub"),
]
"""Those over what was typed, and how each is used."""

NOTATION: list[tuple[re.Pattern[str], str]] = [
    *((pattern, "finditer") for pattern in syntax.IN_CHOICES.values()),
    *((pattern, "finditer") for pattern in syntax.IN_PROMPT.values()),
    (syntax._LORA, "finditer"),
    (syntax._LORA_WEIGHT, "fullmatch"),
    (pasted._COMMAND, "match"),
    (pasted._NEGATIVE, "finditer"),
    (pasted._SETTINGS, "finditer"),
    (pasted._TOKEN, "finditer"),
    (pasted._LABEL, "fullmatch"),
    (pasted._PART, "sub"),
]
"""Those that recognise other tools' notation."""

WRITTEN_OUT = [
    (r"[\s,]+", "split"),
    (r"(\d{1,6})\s*([mhdw])", "fullmatch"),
    (r"[1-9][0-9]{0,18}", "fullmatch"),
    (r"\s*([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([MGT]i?B)\s*", "fullmatch"),
    (r"([0-9]{1,5})d?", "fullmatch"),
    (r"[{},]", "split"),
    (r"[{}]|(?<=\\),", "sub"),
    (r"[a-z0-9]+", "findall"),
    (r"[^a-z0-9]+", "sub"),
    ("`+", "findall"),
    ("`{3,}", "sub"),
    (r"/channels/[^/]+/[0-9]+/([0-9]{1,20})", "search"),
    (r"[0-9a-f]{32}", "search"),
    (r"[0-9a-f]{8,31}", "fullmatch"),
    (r"[0-9a-f]{8,32}", "fullmatch"),
    (r"[a-z][a-z0-9_-]{0,31}", "fullmatch"),
    (r"[\w.-]{1,40}", "fullmatch"),
    (r"(?:edit:)?job:([0-9a-f]{32}):", "match"),
    (r"([0-9]{1,5})x([0-9]{1,5})", "fullmatch"),
    (r"[1-9][0-9]?", "fullmatch"),
    (r"[^\w.-]+", "sub"),
    (r"\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$", "sub"),
    (r"-?[0-9]{1,6}(?:\.[0-9]{1,20})?", "fullmatch"),
    (r"\d+|0[xX][0-9a-fA-F]*", "fullmatch"),
    (r"[;:.] ", "split"),
    (",{2,}", "sub"),
    (r"0?\.[0-9]{1,6}|1", "fullmatch"),
    (r"(?<!^)(?=[A-Z])", "sub"),
]
"""Those that stand where they are used."""

PUMPS = [
    "a", "1", " ", "-", "--", "—", ":", "::", "=", ".", ",", "/", "<", "`", "{", "\\", "@",
    "--ar", " --ar", " --style", "https://", "/channels/", "f" * 8,
]  # fmt: skip


NOTATION_PUMPS = [
    "|", "[", "]", "(", ")", "{", "}", ":", ".", "-", "+", "_", "a", "1", " ", "\"", "\\", ",",
    "__", "AND ", "<lora:", ">", "Steps: 1, ", "Negative prompt:",
]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "method"),
    [*EXPRESSIONS, *((re.compile(written), method) for written, method in WRITTEN_OUT)],
)
def test_no_expression_takes_more_than_so_many_steps_for_each_letter(
    pattern: re.Pattern[str], method: str
) -> None:
    check_steps(pattern, method, itertools.product(PUMPS, ["", *PUMPS[:12]]))


@pytest.mark.parametrize(("pattern", "method"), NOTATION)
def test_no_notation_takes_more_than_so_many_steps_for_each_letter(
    pattern: re.Pattern[str], method: str
) -> None:
    check_steps(pattern, method, itertools.product(NOTATION_PUMPS, ["", *NOTATION_PUMPS[::3]]))


def check_steps(pattern: re.Pattern[str], method: str, pumps: Iterable[tuple[str, str]]) -> None:
    """Four times as long a text takes hardly more than four times as many steps."""
    for first, second in pumps:
        for start, end in (("", "!"), (" --ar", "\n"), ("::", "")):
            counts = []
            for times in (16, 64):
                typed = start + (first + second) * times + end
                counts.append(count_steps(pattern, method, typed))
            assert counts[1] <= 6 * counts[0] + 500, (first, second, start, end, counts)


def test_a_slow_expression_would_be_found() -> None:
    slow = re.compile(r"(a+)+b")
    assert count_steps(slow, "match", "a" * 14) > 10_000
    twice = re.compile(r"a*a*b")
    assert count_steps(twice, "match", "a" * 48) > 10 * count_steps(twice, "match", "a" * 12)


def test_every_expression_of_the_bot_is_known_here() -> None:
    written = set()
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr != "escape":
                    pattern = node.args[0]
                    if isinstance(pattern, ast.Constant) and node.func.attr != "compile":
                        written.add(pattern.value)
    assert written == {one for one, _ in WRITTEN_OUT}
