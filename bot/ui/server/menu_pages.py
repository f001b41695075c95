"""Menus with more lines than Discord shows at once: a last line turns to the next page. Pure."""

from collections.abc import Sequence
from typing import TypeVar

import discord

from bot.i18n.texts import say

Line = TypeVar("Line")

PAGE_LINES = 23
"""Values on one page of a menu: Discord allows 25 lines, and two of them are for turning pages and
for leaving the choice open."""


def page_of(lines: Sequence[Line], number: int) -> tuple[Sequence[Line], int | None]:
    """The lines of a page, and the number of the next one; None if there is only one page."""
    if len(lines) <= PAGE_LINES:
        return lines, None
    pages = -(-len(lines) // PAGE_LINES)
    number %= pages
    return lines[number * PAGE_LINES : (number + 1) * PAGE_LINES], (number + 1) % pages


def turning_line(page: int, count: int, locale: str) -> discord.SelectOption:
    """The line that turns to this page of a menu with so many lines; its value is `page:N`."""
    pages = -(-count // PAGE_LINES)
    label = say("defaults.more", locale, page=page + 1, pages=pages)
    return discord.SelectOption(label=label, value=f"page:{page}")
