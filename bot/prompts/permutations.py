r"""Permutations: `a {red, green} fox --ar {3:2, 1:1}` is four prompts. Pure; knows no parameters.

{a, b}         one prompt for each choice
{a, {b, c} d}  a set within a choice: a, b d, c d
{a} {b}        several sets multiply; the rightmost changes fastest
\, \{ \}       a literal comma or brace
"""

import re
from dataclasses import dataclass, field

from bot.errors import TooManyPermutations, UnbalancedBraces

_SIGNS = re.compile(r"\\[,{}]|[,{}]|[^\\,{}]+|\\")


def expand_permutations(typed: str, most: int) -> tuple[str, ...]:
    """All prompts that a typed one stands for, in order; just one if it has no braces.

    Raises UnbalancedBraces, and TooManyPermutations if there are more than `most`.
    """
    # The stack of open sets, the outermost first. The first entry is the text around all sets.
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
    """A set of choices while it is read: the complete choices, and the variants of the current one.

    Text that follows all variants alike is collected in `tail` and copied only when the variants
    split again. So the work grows only with the length of the text and the number of prompts.
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
