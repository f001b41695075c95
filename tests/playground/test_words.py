"""Every word of the page, and every refusal that it shows, is there in German."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import playground
from playground.members.actions import NO_RESPONSE
from playground.state.limits import Limits
from playground.state.world import World

ROOM = Path(playground.__file__).parent
SCRIPTS = ROOM / "page" / "js"
HOLE = re.compile(r"\{(\w+)\}")
CALL = re.compile(r'\b(?:t|withNodes)\(\s*(?:[\w.]+ \|\| )?("(?:[^"\\]|\\.)*")')
ENTRY = re.compile(r'^  ("(?:[^"\\]|\\.)*"|\w+): ("(?:[^"\\]|\\.)*"),$', re.MULTILINE)


def table(name: str) -> dict[str, str]:
    """A table of german.js."""
    source = (SCRIPTS / "german.js").read_text(encoding="utf-8")
    body = source.split(f"export const {name} = {{")[1].split("\n};")[0]
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith("  //")]
    entries = ENTRY.findall("\n".join(lines))
    assert len(entries) == len(lines), "an entry of a shape that this test does not read"
    return {json.loads(key) if key[0] == '"' else key: json.loads(text) for key, text in entries}


GERMAN, REFUSALS = table("GERMAN"), table("GERMAN_REFUSALS")


def spoken() -> set[str]:
    """What the page says in its own words, the topics of its channels included."""
    scripts = (path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.js"))
    words = {json.loads(text) for script in scripts for text in CALL.findall(script)}
    return words | {channel.topic for channel in World(Limits()).channels.values() if channel.topic}


def refusals() -> Iterator[str]:
    """An example of every sentence that a member is refused with."""
    yield NO_RESPONSE
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refusal" and node.args:
                yield "".join(map(written, getattr(node.args[0], "values", [node.args[0]])))


def written(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "example"


def test_the_page_says_nothing_that_is_not_there_in_german() -> None:
    assert spoken() == set(GERMAN)


@pytest.mark.parametrize("sentence", sorted(set(refusals())))
def test_a_refusal_is_there_in_german(sentence: str) -> None:
    patterns = [HOLE.sub(".*", re.sub(r"([.*+?^$()|\[\]\\/])", r"\\\1", key)) for key in REFUSALS]
    assert any(re.fullmatch(pattern, sentence) for pattern in patterns)


@pytest.mark.parametrize("words", [GERMAN, REFUSALS], ids=["words", "refusals"])
def test_german_has_the_same_places_to_fill(words: dict[str, str]) -> None:
    for english, german in words.items():
        assert sorted(HOLE.findall(german)) == sorted(HOLE.findall(english)), english
