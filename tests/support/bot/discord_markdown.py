r"""A description of what Discord makes of a text: what can be seen, which marks it reads, what it
shows a preview of.

After the rules of its clients: those of simple-markdown, and of what Discord put beside them. A
rule is tried at the place where reading stands, the first that fits wins.
"""

import re
from dataclasses import dataclass

_LINE_RULES = (
    ("heading", re.compile(r"#{1,3} +(?=\S)")),
    ("subtext", re.compile(r"-# +(?=\S)")),
    ("quote", re.compile(r">(?:>>)? ")),
    ("list", re.compile(r" *(?:[-*+]|\d+\.) +(?=\S)")),
)

_RULES = (
    ("code block", re.compile(r"```(?:[\w+.#-]+\n)?\n*(?P<seen>[^\n][\s\S]*?)\n*```")),
    ("escape", re.compile(r"\\(?P<seen>[^0-9A-Za-z\s])")),
    ("code", re.compile(r"(?P<fence>`+)(?P<seen>[\s\S]*?[^`])(?P=fence)(?!`)")),
    ("mention", re.compile(r"<(?:@[!&]?|#)\d+>|<id:\w+>|@everyone|@here")),
    ("command", re.compile(r"</[^:>]+:\d+>")),
    ("time", re.compile(r"<t:-?\d+(?::\w)?>")),
    ("emoji", re.compile(r"<a?:\w+:\d+>")),
    ("masked link", re.compile(r"\[(?:\\.|[^\\\]])+\]\(\s*<?\w+:[^)\s]+>?[^)]*\)")),
    ("link", re.compile(r"<(?P<seen>[^: >]+:/[^ >]+)>|<(?:mailto:|tel:|sms:)?[^\s<>]*@[^\s<>]+>")),
    ("link", re.compile(r"(?:https?|steam|discord)://[^\s<]+", re.IGNORECASE)),
    ("strong", re.compile(r"\*\*(?P<inside>(?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__(?P<inside>(?:\\[\s\S]|[^\\])+?)__(?!_)")),
    ("struck", re.compile(r"~~(?P<inside>[\s\S]+?)~~(?!_)")),
    ("spoiler", re.compile(r"\|\|(?P<inside>[\s\S]+?)\|\|")),
    ("emphasis", re.compile(r"_(?P<inside>(?:__|\\[\s\S]|[^\\_])+?)_\b")),
    ("emphasis", re.compile(r"\*(?=\S)(?P<inside>(?:\*\*|\\[\s\S]|[^*\\])+?)\*(?!\*)")),
)

_CODE = re.compile(r"```[\s\S]*?```|``[\s\S]*?``|`[^`\n]*`")
_WITHOUT_PREVIEW = re.compile(r"<https?://[^\s<>]+>", re.IGNORECASE)
_PREVIEWED = re.compile(
    r"https?://\S+|(?:discord(?:app)?\.(?:gg|com|gift|new|me)|dis\.gd)/\w\S*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What can be seen of a text, and the kinds of marks that were read in it, in their order."""

    seen: str
    marks: tuple[str, ...]


def read(text: str) -> Reading:
    seen: list[str] = []
    marks: list[str] = []
    place = 0
    while place < len(text):
        found = _found(text, place)
        if found is None:
            seen.append(text[place])
            place += 1
            continue
        kind, match = found
        groups = match.groupdict()
        if kind != "escape":
            marks.append(kind)
        if "inside" in groups:
            inside = read(groups["inside"])
            seen.append(inside.seen)
            marks += inside.marks
        elif kind == "code":
            seen.append(re.sub(r"^ (?=`)|(?<=`) $", "", groups["seen"]))
        else:
            seen.append(groups.get("seen") or match[0])
        place = match.end()
    return Reading("".join(seen), tuple(marks))


def _found(text: str, place: int) -> tuple[str, re.Match[str]] | None:
    if place == 0 or text[place - 1] == "\n":
        for kind, rule in _LINE_RULES:
            if match := rule.match(text, place):
                return kind, match
    for kind, rule in _RULES:
        if match := rule.match(text, place):
            return kind, match
    return None


def previews(text: str) -> list[str]:
    """The links of a text that Discord would show a preview of."""
    return _PREVIEWED.findall(_WITHOUT_PREVIEW.sub(" ", _CODE.sub(" ", text)))
