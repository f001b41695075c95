r"""Permutations: `a {red, green} fox --ar {3:2, 1:1}` is four prompts. Pure; knows no parameters.

{a, b}         one after the other
{a, {b, c} d}  a set within a choice: a, b d, c d
{a} {b}        several sets multiply; the rightmost changes fastest
\, \{ \}       a comma or a brace that is meant as one
"""

import re
from dataclasses import dataclass, field

from bot.errors import TooManyPermutations, UnbalancedBraces

_SIGNS = re.compile(r"\\[,{}]|[,{}]|[^\\,{}]+|\\")


def expand_permutations(typed: str, most: int) -> tuple[str, ...]:
    """Every prompt that a typed one stands for, in its order; one where it has no sets.

    Raises UnbalancedBraces, and TooManyPermutations where they are more than `most`.
    """
    # Each set that is open, from the outermost; the first is the text around all sets.
    sets = [_Set(most)]
    for sign in _SIGNS.findall(typed):
        within = len(sets) > 1
        if sign == "{":
            sets.append(_Set(most))
        elif sign == "}":
            if not within:
                raise UnbalancedBraces
            choices = sets.pop().close()
            sets[-1].follow(choices)
        elif sign == "," and within:
            sets[-1].next_choice()
        else:
            sets[-1].tail.append(sign[1:] if len(sign) == 2 and sign[0] == "\\" else sign)
    if len(sets) > 1:
        raise UnbalancedBraces
    return tuple(sets[0].read())


@dataclass(slots=True)
class _Set:
    """A set of choices that is being read: those that are complete, and all ways to read the last.

    What follows upon these ways alike is in `tail`, and copied only where the ways part: so the
    work grows with the text and the number of prompts, whatever stands in the text.
    """

    most: int
    complete: list[str] = field(default_factory=list)
    ways: list[str] = field(default_factory=lambda: [""])
    tail: list[str] = field(default_factory=list)

    def read(self) -> list[str]:
        text = "".join(self.tail)
        return [way + text for way in self.ways]

    def follow(self, choices: list[str]) -> None:
        if len(choices) == 1:
            self.tail += choices
            return
        self._check(len(self.complete) + len(self.ways) * len(choices))
        self.ways = [before + choice for before in self.read() for choice in choices]
        self.tail = []

    def next_choice(self) -> None:
        self.complete += [choice.strip() for choice in self.read()]
        self.ways, self.tail = [""], []
        self._check(len(self.complete) + 1)

    def close(self) -> list[str]:
        return self.complete + [choice.strip() for choice in self.read()]

    def _check(self, count: int) -> None:
        if count > self.most:
            raise TooManyPermutations(self.most)
