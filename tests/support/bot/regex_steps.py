"""How many steps a regular expression takes over a text: what the `re` module does, but counted.

`re` tries, gives back and tries again within one call, where nothing can be counted from outside.
This is the same search by the same tree that `re` parses its patterns into, without the shortcuts
that `re` has, so `re` is never slower.
"""

import re
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Callable
from typing import Any

_ONE_SIGN = (parser.LITERAL, parser.NOT_LITERAL, parser.ANY, parser.IN)

Then = Callable[[int], bool]


def count_steps(pattern: re.Pattern[str], method: str, text: str) -> int:
    """Steps of `pattern.fullmatch(text)`, `match`, or of all that `finditer` and `sub` find."""
    search = _Search(pattern, text)
    if method in ("match", "fullmatch"):
        search.matched(0, whole=method == "fullmatch")
        return search.steps
    place = 0
    while place <= len(text):
        end = search.matched(place, whole=False)
        place = place + 1 if end is None else max(end, place + 1)
    return search.steps


class _Search:
    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self.steps = 0
        self._tree = list(parser.parse(pattern.pattern, pattern.flags))
        self._flags = pattern.flags
        self._text = text
        self._signs: dict[int, re.Pattern[str]] = {}

    def matched(self, place: int, *, whole: bool) -> int | None:
        ends: list[int] = []

        def ended(end: int) -> bool:
            if whole and end < len(self._text):
                return False
            ends.append(end)
            return True

        self._walk(self._tree, place, ended)
        return ends[0] if ends else None

    def _walk(self, nodes: list[Any], place: int, then: Then) -> bool:
        self.steps += 1
        if not nodes:
            return then(place)
        (kind, value), rest = nodes[0], nodes[1:]

        def go_on(end: int) -> bool:
            return self._walk(rest, end, then)

        if kind in _ONE_SIGN:
            return self._is_one(nodes[0], place) and go_on(place + 1)
        if kind is parser.BRANCH:
            return any(self._walk(list(branch), place, go_on) for branch in value[1])
        if kind is parser.SUBPATTERN:
            return self._walk(list(value[-1]), place, go_on)
        if kind is parser.AT:
            at_end = "END" in str(value)
            return place == (len(self._text) if at_end else 0) and go_on(place)
        if kind in (parser.ASSERT, parser.ASSERT_NOT):
            direction, inside = value
            start = place if direction > 0 else place - inside.getwidth()[0]
            holds = start >= 0 and self._walk(list(inside), start, lambda _: True)
            return holds is (kind is parser.ASSERT) and go_on(place)
        if kind is parser.MAX_REPEAT:
            return self._repeat(value, place, go_on)
        raise NotImplementedError(kind)

    def _repeat(self, value: Any, place: int, go_on: Then) -> bool:
        least, most, inside = value
        inside = list(inside)
        if len(inside) == 1 and inside[0][0] in _ONE_SIGN:
            end = place
            while end - place < most and self._is_one(inside[0], end):
                self.steps += 1
                end += 1
            return any(go_on(back) for back in range(end, place + least - 1, -1))

        def again(count: int, here: int) -> bool:
            def once_more(end: int) -> bool:
                return end > here and again(count + 1, end)

            if count < most and self._walk(inside, here, once_more):
                return True
            return count >= least and go_on(here)

        return again(0, place)

    def _is_one(self, node: Any, place: int) -> bool:
        if place >= len(self._text):
            return False
        if id(node) not in self._signs:
            # `re` itself says which sign this is, by the same tree.
            tree = parser.SubPattern(parser.State(), [node])
            tree.state.str, tree.state.flags = "", self._flags
            self._signs[id(node)] = _compiled(tree, self._flags)
        return self._signs[id(node)].match(self._text, place) is not None


def _compiled(tree: Any, flags: int) -> re.Pattern[str]:
    import re._compiler as compiler  # type: ignore[import-not-found]

    compiled: re.Pattern[str] = compiler.compile(tree, flags)
    return compiled
