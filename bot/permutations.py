r"""Permutations: `a {red, green} fox --ar {3:2, 1:1}` is four prompts. Pure; knows no parameters.

{a, b}         one after the other
{a, {b, c} d}  a set within a choice: a, b d, c d
{a} {b}        several sets multiply; the rightmost changes fastest
\, \{ \}       a comma or a brace that is meant as one
"""

import re

from bot.errors import TooManyPermutations, UnbalancedBraces

_SIGNS = re.compile(r"\\[,{}]|[,{}]|[^\\,{}]+|\\")


def expand(typed: str, most: int) -> tuple[str, ...]:
    """Every prompt that a typed one stands for, in its order; one where it has no sets.

    Raises UnbalancedBraces, and TooManyPermutations where they are more than `most`.
    """
    # Of each set that is open, from the outermost: the choices that are complete, and all ways
    # of reading the one that is being read. The text around all sets is the first.
    complete: list[list[str]] = [[]]
    reading: list[list[str]] = [[""]]
    for sign in _SIGNS.findall(typed):
        within = len(reading) > 1
        if sign == "{":
            complete.append([])
            reading.append([""])
        elif sign == "}":
            if not within:
                raise UnbalancedBraces
            choices = complete.pop() + [choice.strip() for choice in reading.pop()]
            reading[-1] = [before + choice for before in reading[-1] for choice in choices]
        elif sign == "," and within:
            complete[-1] += [choice.strip() for choice in reading[-1]]
            reading[-1] = [""]
        else:
            text = sign[1:] if len(sign) == 2 and sign[0] == "\\" else sign
            reading[-1] = [before + text for before in reading[-1]]
        if len(reading[-1]) + len(complete[-1]) > most:
            raise TooManyPermutations(most)
    if len(reading) > 1:
        raise UnbalancedBraces
    return tuple(reading[0])
