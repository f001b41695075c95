r"""Escapes untrusted text for Discord: no link, mention or Markdown in it takes effect.

visible     removes invisible characters: for labels, alt texts and other places without Markdown
plain       escapes the text for use in Markdown, with a backslash before each special character
code        the text as inline code, which can be copied unchanged
code_block  the text as a code block
start_link  a clickable link to a picture that a prompt starts from, without a preview

Discord shows a character after a backslash literally and finds no links in escaped text:
`https:\/\/` is no link and has no preview. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, urlsplit

MAX_MARKS = 8
"""Combining marks on one letter. A hundred of them would cover the lines above and below."""

_READ_FOR_EACH = 4
"""Characters that are read for each one that is shown; any more are invisible ones."""

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

# Unicode's property Default_Ignorable_Code_Point, and the interlinear annotation characters.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# The Unicode categories that need a closer look: controls, marks and line separators.
_LOOKED_AT = frozenset(("Cc", "Cf", "Cs", "Mn", "Mc", "Me", "Zl", "Zp"))

_SIGNS = re.compile(r"[\\*_~`|<>\[\]/]|@(?=everyone|here)")
_LINE_START = re.compile(r"[#+-]|[0-9]+(?=[.)])")

_URL_SIGNS = ":/?#[]@!$&'()+,;=%-._~"


class Markup(str):
    """Trusted text that may contain Markdown; it is not escaped."""

    __slots__ = ()


def visible(text: str, most: int | None = None) -> str:
    """The text in one line with single spaces, without invisible and direction characters.

    Zero-width characters that emoji and scripts need are kept. A text longer than `most` characters
    is cut to `most`, with a `…` as the last one.
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
    """The text escaped for Markdown, first cut to `most` characters.

    Escaping may double the length. `at_start` is whether the text begins a line.
    """
    escaped = _SIGNS.sub(r"\\\g<0>", _shortened(text, most))
    if at_start and (match := _LINE_START.match(escaped)):
        place = match.end() if match[0].isdigit() else 0
        escaped = f"{escaped[:place]}\\{escaped[place:]}"
    return escaped


def code(text: str, most: int = MAX_FIELD_CHARS - 2) -> str:
    """The text as inline code; empty for an empty text.

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
    # Discord cannot show these backticks in inline code; use a character that looks alike.
    return f"`{shown.replace('`', 'ˋ')}`"


def code_block(text: str, most: int) -> str:
    """The text as a code block of at most `most` + 8 characters; `unboxed` reads it."""
    shown = re.sub("`{3,}", lambda run: "ˋ" * len(run[0]), _shortened(text, most))
    return f"```\n{shown}\n```"


def unboxed(block: str) -> str:
    """The text in a block that `code_block` made."""
    return block.removeprefix("```\n").removesuffix("\n```")


def start_link(link: str) -> str | None:
    """A clickable link without a preview, or None if its host could mislead."""
    try:
        host = urlsplit(link).netloc
    except ValueError:
        return None
    if not host.isascii() or "@" in host or quote(host, _URL_SIGNS) != host:
        return None
    return f"<{quote(link, _URL_SIGNS)}>"


def names(some: Iterable[str], most: int = MAX_NAMES_CHARS) -> Markup:
    """A list of names as inline code, cut with a `…` after `most` characters."""
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
    """The visible text, or a … if nothing of it is visible."""
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
    """Whether a zero-width character may stay after those before it; see `_joined` for joiners."""
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
    """The characters, without joiners that have nothing to join."""
    before = " "
    for sign, following in zip(seen, [*seen, " "][1:], strict=True):
        if sign not in _JOINERS or (_joins(before) and _joins(following)):
            yield sign
            before = sign


def _joins(sign: str) -> bool:
    """Whether a joiner may be next to it: letters and marks beyond ASCII, and emoji."""
    return not sign.isascii() and unicodedata.category(sign)[0] in "LMS"
