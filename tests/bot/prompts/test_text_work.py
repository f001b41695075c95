"""Whatever is typed, reading it takes a bounded number of steps, and none that others wait for."""

import contextlib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import bot
from bot.client import DarkroomBot
from bot.errors import PromptTooLong, SearchTooLong, TooManyPermutations, UserError
from bot.i18n import markdown
from bot.messages import job_messages
from bot.policy.actors import MemberIdentity, Requester
from bot.prompts import parser, permutations
from bot.prompts.expand import MAX_EXPANDED_CHARS, expand
from bot.prompts.parser import parse
from bot.prompts.permutations import expand_permutations
from diffusion.protocol.requests import MAX_PROMPT_CHARS
from playground.testing.member import Member
from storage import history
from storage.database import Database
from storage.jobs import fold
from tests.support.bot.job_messages import told
from tests.support.stored_jobs import JOB

ROOT = Path(bot.__file__).parent

STILL = 300_000
"""Lines of ours that may run while others wait; at some 50 ns each, a third of 50 ms."""

COMMAS = "x," * 499 + "x"
BRACES = "{1,2,3,4,5,6,7,8,9,10}"


class Steps:
    """Counts the lines that run in this thread in the bot's own files."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "Steps":
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._ran if frame.f_code.co_filename.startswith(str(ROOT)) else None

    def _ran(self, frame: FrameType, event: str, arg: Any) -> Any:
        self.count += event == "line"
        return self._ran


class Copied:
    """Counts the characters that choices in braces are written out with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        read = permutations._Set.read

        def counted(choices: permutations._Set) -> list[str]:
            written = read(choices)
            self.count += sum(map(len, written))
            return written

        monkeypatch.setattr(permutations._Set, "read", counted)


OPTIONS = {"x": COMMAS, "b": BRACES, "o": "{a, {b, {c, d}}}"}

HOSTILE: dict[str, Callable[[int], str]] = {
    "options": lambda n: f"a {BRACES}" + " --x" * (n // 4),
    "braces in options": lambda n: "a" + " --b" * (n // 4),
    "nests in options": lambda n: "a" + " --o" * (n // 4),
    "sets of one": lambda n: f"{BRACES}" + "{a}" * (n // 3),
    "commas behind a set": lambda n: f"{BRACES}" + "a," * (n // 2),
    "commas": lambda n: "{" + "a," * (n // 2) + "}",
    "opened": lambda n: "{" * n,
    "opened with choices": lambda n: "{a,{b,c}" * (n // 8),
    "nested": lambda n: "{" * (n // 2) + "}" * (n // 2),
    "nested around much": lambda n: "{ " * (n // 6) + "a" * (n // 3) + " }" * (n // 6),
    "doubled": lambda n: "{a,b}" * (n // 5),
    "one by one": lambda n: "{a,{b,{c,d}}}" * (n // 13),
    "backslashes": lambda n: "\\" * n,
    "commas escaped": lambda n: f"{BRACES}" + "\\," * (n // 2),
    "flags": lambda n: "a" + " --x-" * (n // 5),
    "glued": lambda n: "a--ar" * (n // 5),
    "dashes": lambda n: "-" * n,
    "dashes and letters": lambda n: "a--" * (n // 3),
    "long dashes": lambda n: "a—" * (n // 2),
    "equals": lambda n: "a --ar" + "=" * n,
    "parts": lambda n: "a::" * (n // 3),
    "parts with weights": lambda n: "a::.5 " * (n // 6),
    "colons": lambda n: ":" * n,
    "things": lambda n: "a --no " + "b," * (n // 2),
    "words behind": lambda n: "a --ar 1:1 " + "b " * (n // 2),
    "links": lambda n: "https://a.b " * (n // 12),
    "half links": lambda n: "<https://" * (n // 9),
    "accents": lambda n: "a" + "\u0301\u0316" * (n // 2),
    "joiners": lambda n: "\u200d\ufe0f" * (n // 2),
    "tags": lambda n: "\U0001f3f4" + "\U000e0041" * n,
    "ligatures": lambda n: "\ufdfa" * n,
    "spaces": lambda n: "a\u3000" * (n // 2),
    "backticks": lambda n: "`" * n,
    "brackets": lambda n: "[" * n,
    "lora": lambda n: "a" + " --lora x" * (n // 9),
    "names in quotes": lambda n: "a" + ' --lora "x' * (n // 10),
    "names in quotes with spaces": lambda n: "a" + ' --lora "x y' * (n // 12),
    "lora tags": lambda n: "a" + "<lora:x:1>" * (n // 10),
    "half tags": lambda n: "a" + "<lora:" * (n // 6),
    "tags in choices": lambda n: BRACES + "<lora:x:1>" * (n // 10),
    "brackets in choices": lambda n: BRACES + "[a:" * (n // 3),
    "weights outside": lambda n: "(a)" * (n // 3),
    "shouted": lambda n: "AND " * (n // 4),
    "shouted in choices": lambda n: BRACES + " AND" * (n // 4),
    "wildcards": lambda n: "__a" * (n // 3),
    "bars": lambda n: "[" + "|" * n,
    "pasted": lambda n: "a Negative prompt: " * (n // 20) + "Steps: 1, Seed: 1, Size: 64x64",
    "settings": lambda n: "a Steps: 1, Seed: 1, Size: 64x64, " + "x: 1, " * (n // 6),
    "settings again and again": lambda n: "a " + "Steps: 1, Seed: 1, Size: 1x1, " * (n // 30),
    "quotes in settings": lambda n: 'a Steps: 1, Seed: 1, Size: 64x64, x: "' + '\\"' * (n // 2),
    "braces in settings": lambda n: "{" * (n // 2) + " Steps: 1, Seed: 1, Size: 64x64",
}  # fmt: skip


def read(typed: str, options: Mapping[str, str] = OPTIONS) -> tuple[str, ...]:
    """All that happens to a typed text before it is a request; nothing for what is refused."""
    try:
        written = expand(typed, options, "--ar 3:2 --no " + COMMAS[:900], 40)
        for text in written:
            parse(text)
    except UserError:
        return ()
    return written


@pytest.mark.parametrize("name", HOSTILE)
def test_reading_takes_steps_by_the_length_of_a_text_and_copies_it_seldom(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied, counts = Copied(monkeypatch), []
    for length in (MAX_PROMPT_CHARS // 4, MAX_PROMPT_CHARS // 2, MAX_PROMPT_CHARS):
        with Steps() as steps:
            written = read(HOSTILE[name](length)[:MAX_PROMPT_CHARS])
        counts.append(steps.count)
        assert sum(map(len, written)) <= MAX_EXPANDED_CHARS
        assert all(len(text) <= MAX_PROMPT_CHARS for text in written)
    # A few dozen lines for each letter, at the most, however many prompts it stands for.
    assert counts[2] < 60 * MAX_PROMPT_CHARS
    assert counts[2] < 3 * max(counts[1], STILL)
    assert copied.count < 50 * 40 * MAX_PROMPT_CHARS


def test_own_options_are_refused_before_they_are_written_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied = Copied(monkeypatch)
    with Steps() as steps, pytest.raises(PromptTooLong, match="with your options") as refusal:
        expand(f"a {BRACES}" + " --x" * 400, OPTIONS, "", 40)
    assert "400,024 characters" in str(refusal.value)
    assert copied.count == 0
    assert steps.count < STILL


def test_what_a_prompt_stands_for_has_an_end() -> None:
    with pytest.raises(PromptTooLong, match="expands to has"):
        expand("{1,2,3,4}" + BRACES + "a" * 5000, {}, "", 40)
    with pytest.raises(PromptTooLong, match="your suffix"):
        expand("a" * 5990, {}, "--no " + "b" * 900, 40)
    assert len(expand(BRACES + "a" * 5000, {}, "", 40)) == 10


def test_choices_are_copied_where_they_part_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied = Copied(monkeypatch)
    assert len(expand_permutations(BRACES + "{a}" * 1900, 40)) == 10
    assert copied.count < 3 * 10 * 1900
    with pytest.raises(TooManyPermutations):
        expand_permutations(f"{BRACES}" * 2, 40)
    assert copied.count < 4 * 10 * 1900


async def test_nobody_waits_for_a_text_to_be_read(bot: DarkroomBot) -> None:
    member, requester = MemberIdentity(7, "Ada"), Requester(7, "Ada", None, 1, 10**7)
    for option in ("x", "b", "o"):
        await bot.services.preferences.set_option(member, option, OPTIONS[option])
    for name, made in HOSTILE.items():
        typed = made(MAX_PROMPT_CHARS)[:MAX_PROMPT_CHARS]
        with Steps() as steps:
            with contextlib.suppress(UserError):
                await bot.services.generation.imagine(requester, typed)
            await bot.services.completion.suggest(requester, typed)
            await bot.services.history.latest(7, typed)
            job = replace(JOB, prompt=typed, reason=typed, member_name=typed)
            shown = job_messages.ended(job, None)
            job_messages.alt_text(job)
            job_messages.file_name(job, "png")
        assert steps.count < STILL, name
        assert len(shown.content) <= 2000


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_searched_in_is_folded_in_linear_time(name: str) -> None:
    # Unicode sorts the accents upon a letter by a slow way: there are never many.
    folded = fold(parser.normalise(HOSTILE[name](MAX_PROMPT_CHARS)))
    runs = re.findall("[\u0300-\u036f]+", folded)
    assert all(len(run) <= 2 * markdown.MAX_MARKS for run in runs)


async def test_a_search_has_so_many_words_and_no_more(bot: DarkroomBot, database: Database) -> None:
    many = [f"w{number}" for number in range(1200)]
    with pytest.raises(SearchTooLong, match="50 different words"):
        await bot.services.history.search(7, " ".join(many), 0)
    with pytest.raises(SearchTooLong):
        await bot.services.history.search(7, "\ufdfa" * 60, 0)
    with pytest.raises(history.TooManyWords):
        await history.past_prompts(database, 7, many, 25)
    # The same word is looked for once.
    assert not (await bot.services.history.search(7, "fox " * 1200, 0)).found.jobs


async def test_completing_a_text_of_many_words_answers_with_nothing(
    bot: DarkroomBot, ada: Member
) -> None:
    many = " ".join(f"w{number}" for number in range(1200))[:MAX_PROMPT_CHARS]
    assert await ada.autocomplete("darkroom", "imagine", "prompt", many) == []
    assert await ada.autocomplete("darkroom", "show", "id", many) == []


async def test_an_option_that_makes_a_prompt_too_long_is_refused_in_words(
    bot: DarkroomBot, ada: Member
) -> None:
    await ada.slash("darkroom", "prefer option set", option="x", value=COMMAS)
    refusal = await ada.slash("darkroom", "imagine", prompt=f"a {BRACES}" + " --x" * 400)
    assert "with your options" in await told(ada, refusal)
