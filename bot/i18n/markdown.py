r"""What others wrote, fit to be shown: nothing in it is a link, a mention or Markdown of ours.

visible     the text without what cannot be seen: for labels, alt texts and all without Markdown
plain       the text as it is, among Markdown: a backslash before each sign that Discord would read
code        the text in one line that can be copied as it is
code_block  the same in a box of its own
start_link  the link to a picture that a prompt starts from: it can be followed, without a preview

Discord reads a sign after a backslash as itself, and looks for links in what is not shown so:
`https:\/\/` is no link and has no preview. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, urlsplit

MAX_MARKS = 8
"""Accents and the like upon one letter: a hundred of them would cover other people's lines."""

_READ_FOR_EACH = 4
"""Characters that are read at the most for each that is shown: the others cannot be seen."""

MAX_NAMES_CHARS = 1000
"""Characters of a list of names."""

MAX_NAME_CHARS = 100
"""Characters of each of them."""

MAX_FIELD_CHARS = 1024
"""Characters of a field in an embed."""

_JOINERS = "\u200c\u200d"
_EMOJI_OR_TEXT = "\ufe0e\ufe0f"

# The flags of England, Scotland and Wales are a black flag with letters that cannot be seen.
_BLACK_FLAG = "\U0001f3f4"
_FIRST_TAG, _LAST_TAG = "\U000e0020", "\U000e007f"

# Unicode's property Default_Ignorable_Code_Point, and the two signs that only mark annotations.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# The kinds of signs that are not simply kept: controls, marks, and what separates lines.
_LOOKED_AT = frozenset(("Cc", "Cf", "Cs", "Mn", "Mc", "Me", "Zl", "Zp"))

_SIGNS = re.compile(r"[\\*_~`|<>\[\]/]|@(?=everyone|here)")
_LINE_START = re.compile(r"[#+-]|[0-9]+(?=[.)])")

_URL_SIGNS = ":/?#[]@!$&'()+,;=%-._~"


class Markup(str):
    """Text of our own that may hold Markdown: it is shown as it is."""

    __slots__ = ()


def visible(text: str, most: int | None = None) -> str:
    """The text in one line with single spaces, without what cannot be seen or turns others round.

    Of the signs without width, those stay that emoji and scripts are written with. Of a longer
    text, there are `most` characters, the last of them a `…`.
    """
    read = text if most is None else text[: _READ_FOR_EACH * most]
    if not read.isascii() or not read.isprintable():
        kinds = set(map(unicodedata.category, read))
        if not _LOOKED_AT.isdisjoint(kinds) or _INVISIBLE.search(read):
            read = _seen(read)
    shown = " ".join(read.split())
    if most is None or (len(shown) <= most and len(text) <= _READ_FOR_EACH * most):
        return shown
    return shown[: most - 1] + "…"


def plain(text: str, most: int | None = None, *, at_start: bool = True) -> str:
    """The text as it is, of which Markdown makes nothing; of a longer one, `most` characters.

    The result may be twice as long. `at_start` is whether it begins a line.
    """
    escaped = _SIGNS.sub(r"\\\g<0>", _shortened(text, most))
    if at_start and (match := _LINE_START.match(escaped)):
        place = match.end() if match[0].isdigit() else 0
        escaped = f"{escaped[:place]}\\{escaped[place:]}"
    return escaped


def code(text: str, most: int = MAX_FIELD_CHARS - 2) -> str:
    """The text in one line that Markdown leaves alone; nothing for nothing.

    The result has at most two characters more than `most`.
    """
    shown = _shortened(text, most)
    if "`" not in shown:
        return f"`{shown}`" if shown else ""
    runs = {len(run) for run in re.findall("`+", shown)}
    room = len(shown) + 4 <= most
    for fence in ("``", "`") if room else ():
        if len(fence) not in runs and max(runs) < 3:
            pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
            return f"{fence}{pad}{shown}{pad}{fence}"
    # What Discord has no way to write is shown with a sign that looks like it.
    return f"`{shown.replace('`', 'ˋ')}`"


def code_block(text: str, most: int) -> str:
    """The text in a box, with at most eight characters more than `most`; `unboxed` reads it."""
    shown = re.sub("`{3,}", lambda run: "ˋ" * len(run[0]), _shortened(text, most))
    return f"```\n{shown}\n```"


def unboxed(block: str) -> str:
    """The text in a box of `code_block`."""
    return block.removeprefix("```\n").removesuffix("\n```")


def start_link(link: str) -> str | None:
    """A link that can be followed and shows no preview; None for one that could mislead."""
    try:
        host = urlsplit(link).netloc
    except ValueError:
        return None
    if not host.isascii() or "@" in host or quote(host, _URL_SIGNS) != host:
        return None
    return f"<{quote(link, _URL_SIGNS)}>"


def names(some: Iterable[str], most: int = MAX_NAMES_CHARS) -> Markup:
    """The names that there are, each in code; of many, those that `most` characters hold."""
    shown: list[str] = []
    room = most
    for name in some:
        shown.append(code(name, MAX_NAME_CHARS))
        room -= len(shown[-1]) + 2
        if room < 0:
            shown[-1] = "…"
            break
    return Markup(", ".join(shown))


def _shortened(text: str, most: int | None) -> str:
    """What can be seen of the text, and a … where that is nothing."""
    return visible(text, most) or ("…" if text else "")


def _seen(text: str) -> str:
    seen: list[str] = []
    marks = 0
    for sign in text:
        kind = unicodedata.category(sign)
        if kind in ("Cc", "Zs", "Zl", "Zp"):
            sign = " "
        elif kind == "Cs" or (_INVISIBLE.match(sign) and not _belongs(sign, seen)):
            continue
        if kind[0] == "M" or _FIRST_TAG <= sign <= _LAST_TAG:
            marks += 1
        elif sign not in _JOINERS:
            marks = 0
        if marks <= MAX_MARKS:
            seen.append(sign)
    return "".join(_joined(seen))


def _belongs(sign: str, seen: Sequence[str]) -> bool:
    """Whether a sign without width may stay behind those before it; of joiners, see `_joined`."""
    before = seen[-1] if seen else " "
    if sign in _JOINERS:
        return True
    if sign in _EMOJI_OR_TEXT:
        among_signs = not before.isascii() and unicodedata.category(before)[0] in "SP"
        return among_signs or before in "#*0123456789"
    if _FIRST_TAG <= sign <= _LAST_TAG:
        return before == _BLACK_FLAG or _FIRST_TAG <= before < _LAST_TAG
    return "\u180b" <= sign <= "\u180d" and "\u1820" <= before <= "\u18aa"


def _joined(seen: Sequence[str]) -> Iterator[str]:
    """The signs, of joiners those alone that have something to join."""
    before = " "
    for sign, following in zip(seen, [*seen, " "][1:], strict=True):
        if sign not in _JOINERS or (_joins(before) and _joins(following)):
            yield sign
            before = sign


def _joins(sign: str) -> bool:
    """Whether a joiner may stand beside it: letters and marks beyond ASCII, and emoji."""
    return not sign.isascii() and unicodedata.category(sign)[0] in "LMS"
