"""A member's own things: defaults until stored, exactly what was stored, and nobody else's."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from storage import jobs, members
from storage.database import Database
from storage.members import OptionLimitReached, Preferences
from storage.pictures import NewPicture, of_job
from tests.support.stored_jobs import claim, favourites, new_job, queue

ADA, BEN = 11, 12


async def finished(database: Database, count: int) -> list[str]:
    """The ids of the pictures of a job of Ada's."""
    (job,) = await queue(database, ADA)
    await claim(database)
    pictures = [NewPicture(i, i, 64, 64, "ab" * 32, f"{i}.png", 400) for i in range(count)]
    await jobs.finish(database, job.id, pictures)
    return [picture.id for picture in await of_job(database, job.id)]


async def test_preferences_are_the_defaults_until_stored(database: Database) -> None:
    assert await members.get_preferences(database, ADA) == Preferences()
    chosen = Preferences(model="photo", stylize=0, raw=True, mode="relax", suffix="--ar 3:2")
    await members.save_preferences(database, ADA, "Ada", chosen)
    assert await members.get_preferences(database, ADA) == chosen
    assert await members.get_preferences(database, BEN) == Preferences()
    await members.save_preferences(database, ADA, "Ada", replace(chosen, raw=False))
    assert not (await members.get_preferences(database, ADA)).raw


async def test_preferences_and_jobs_of_one_member_do_not_disturb_each_other(
    database: Database,
) -> None:
    await members.save_preferences(database, ADA, "Ada", Preferences(remix=True))
    await jobs.add(database, [new_job(ADA)], limit=1)
    assert (await members.get_preferences(database, ADA)).remix


async def test_two_changes_at_once_both_hold(database: Database) -> None:
    async def change(**changes: Any) -> None:
        await members.change_preferences(database, ADA, "Ada", lambda now: replace(now, **changes))

    await asyncio.gather(
        change(raw=True), change(remix=True), change(stylize=3), change(mode="turbo")
    )
    chosen = Preferences(raw=True, remix=True, stylize=3, mode="turbo")
    assert await members.get_preferences(database, ADA) == chosen


async def test_options_are_set_replaced_and_forgotten(database: Database) -> None:
    async def set_option(name: str, value: str) -> None:
        await members.set_option(database, ADA, "Ada", name, value, limit=2)

    assert await members.get_options(database, ADA) == {}
    await set_option("mine", "--ar 3:2")
    await set_option("art", "in oil")
    await set_option("mine", "--ar 2:3")
    with pytest.raises(OptionLimitReached):
        await set_option("third", "--raw")
    assert await members.get_options(database, ADA) == {"art": "in oil", "mine": "--ar 2:3"}
    assert await members.forget_option(database, ADA, "mine")
    assert not await members.forget_option(database, ADA, "mine")
    assert not await members.forget_option(database, BEN, "art")
    assert await members.get_options(database, ADA) == {"art": "in oil"}
    assert await members.get_options(database, BEN) == {}


async def test_a_favourite_is_marked_and_unmarked(database: Database) -> None:
    first, second = await finished(database, 2)
    assert await members.toggle_favourite(database, BEN, "Ben", first)
    assert await members.toggle_favourite(database, BEN, "Ben", second)
    assert await favourites(database, BEN) == {first, second}
    assert not await members.toggle_favourite(database, BEN, "Ben", second)
    assert await favourites(database, BEN) == {first}
    assert await favourites(database, ADA) == set()


async def test_the_same_heart_twice_at_once_ends_in_order(database: Database) -> None:
    (picture,) = await finished(database, 1)
    marks = [members.toggle_favourite(database, ADA, "Ada", picture) for _ in range(4)]
    assert sorted(await asyncio.gather(*marks)) == [False, False, True, True]
    assert await favourites(database, ADA) == set()
