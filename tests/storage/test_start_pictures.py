"""Start pictures exist as long as something names them, on both databases, in every race."""

import asyncio
import os
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import update

from storage import drafts, jobs
from storage.database import Database
from storage.models import DraftRow
from storage.pictures import KEPT_FOLDER, PictureFolder, PictureStore
from storage.start_pictures import MIN_AGE_S, StartPictures
from tests.support.object_store import Request, bucket_at, faulty_connections, use
from tests.support.stored_jobs import REQUEST, new_job

PICTURES = [f"picture {number}".encode() for number in range(6)]
NAMES = [sha256(picture).hexdigest() for picture in PICTURES]


@pytest.fixture
def folder(tmp_path: Path) -> PictureStore:
    return PictureStore(PictureFolder(tmp_path / "pictures"))


@pytest.fixture
def start_pictures(database: Database, folder: PictureStore) -> StartPictures:
    return StartPictures(database, folder)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "pictures" / KEPT_FOLDER


def there(place: Path) -> set[str]:
    return {file.name for file in place.iterdir()} if place.is_dir() else set()


def aged(place: Path) -> None:
    long_ago = time.time() - MIN_AGE_S - 10
    for file in place.iterdir():
        os.utime(file, (long_ago, long_ago))


def starting(image: str, mask: str | None = None) -> dict[str, object]:
    return {**REQUEST, "start": {"image": image, "strength": 0.5, "mask": mask}}


async def kept(folder: PictureStore, numbers: Collection[int]) -> None:
    for number in numbers:
        await folder.keep(PICTURES[number])


async def test_a_sweep_leaves_what_jobs_and_drafts_name(
    database: Database, folder: PictureStore, start_pictures: StartPictures, place: Path
) -> None:
    await kept(folder, range(6))
    await jobs.add(
        database,
        [
            new_job(),
            new_job(request={**REQUEST, "start": None}),
            new_job(request=starting(NAMES[0], NAMES[1])),
            new_job(request=starting(NAMES[2])),
        ],
        limit=None,
    )
    draft_id = await drafts.keep(database, 7, {"jobs": [{"request": starting(NAMES[3])}]})
    assert await start_pictures.sweep() == 0  # all were kept a moment ago
    aged(place)
    assert await start_pictures.sweep() == 2
    assert there(place) == set(NAMES[:4])
    await drafts.forget(database, draft_id)
    assert await start_pictures.sweep() == 1
    assert there(place) == set(NAMES[:3])


async def test_ended_jobs_still_name_theirs(
    database: Database, folder: PictureStore, start_pictures: StartPictures, place: Path
) -> None:
    await kept(folder, [0])
    (job,) = await jobs.add(database, [new_job(request=starting(NAMES[0]))], limit=None)
    await jobs.cancel(database, job.id)
    aged(place)
    assert await start_pictures.sweep() == 0
    assert await start_pictures.drop(NAMES) == 0
    assert there(place) == {NAMES[0]}


async def test_a_sweep_ends_drafts_that_are_too_old_with_their_pictures(
    database: Database, folder: PictureStore, start_pictures: StartPictures, place: Path
) -> None:
    await kept(folder, [0])
    await drafts.keep(database, 7, {"jobs": [{"request": starting(NAMES[0])}]})
    aged(place)
    assert await start_pictures.sweep() == 0
    async with database.transaction() as session:
        yesterday = datetime.now(UTC) - drafts.LIFETIME - timedelta(seconds=1)
        await session.execute(update(DraftRow).values(created_at=yesterday))
    assert await start_pictures.sweep() == 1
    assert not there(place)


async def test_a_members_oldest_drafts_give_way(database: Database) -> None:
    mine = [
        await drafts.keep(database, 7, {"n": n}) for n in range(drafts.MAX_DRAFTS_PER_MEMBER + 1)
    ]
    theirs = await drafts.keep(database, 8, {})
    gone = await drafts.make_room(database, 7)
    assert sorted(draft.content["n"] for draft in gone) == [0, 1]
    assert [await drafts.get(database, one) is None for one in mine[:3]] == [True, True, False]
    assert await drafts.get(database, theirs)


async def refused(start_pictures: StartPictures, number: int = 0) -> None:
    """Somebody keeps a picture and is refused then."""
    async with start_pictures.holding():
        assert await start_pictures.keep(PICTURES[number]) == NAMES[number]
        raise ZeroDivisionError


async def test_what_is_refused_is_not_kept(start_pictures: StartPictures, place: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        await refused(start_pictures)
    assert not there(place)


async def test_what_is_refused_here_and_needed_there_stays(
    database: Database, start_pictures: StartPictures, place: Path
) -> None:
    """Between the moment when a picture is kept and that when something names it, too."""
    kept_here, looked = asyncio.Event(), asyncio.Event()

    async def accepted() -> None:
        async with start_pictures.holding():
            await start_pictures.keep(PICTURES[0])
            kept_here.set()
            await looked.wait()
            await jobs.add(database, [new_job(request=starting(NAMES[0]))], limit=None)

    other = asyncio.create_task(accepted())
    await kept_here.wait()
    with pytest.raises(ZeroDivisionError):
        await refused(start_pictures)
    assert there(place) == {NAMES[0]}
    aged(place)
    assert await start_pictures.sweep() == 0
    assert there(place) == {NAMES[0]}
    looked.set()
    await other
    with pytest.raises(ZeroDivisionError):
        await refused(start_pictures)
    assert there(place) == {NAMES[0]}


async def test_a_sweep_takes_nothing_away_that_is_just_being_queued(
    database: Database, folder: PictureStore, start_pictures: StartPictures, place: Path
) -> None:
    """However the steps of a sweep and of members who start from the same few pictures meet."""
    await kept(folder, range(6))
    wrong = []

    async def member(member_id: int) -> None:
        for number in range(6):
            try:
                async with start_pictures.holding():
                    name = await start_pictures.keep(PICTURES[number])
                    aged_now(place / name)
                    if (member_id + number) % 3 == 0:
                        raise ZeroDivisionError
                    await jobs.add(
                        database, [new_job(member_id, request=starting(name))], limit=None
                    )
            except ZeroDivisionError:
                continue
            if name not in there(place):
                wrong.append((member_id, number))

    async def sweeping() -> None:
        while True:
            await start_pictures.sweep()

    sweeps = asyncio.create_task(sweeping())
    await asyncio.gather(*(member(member_id) for member_id in range(1, 5)))
    sweeps.cancel()
    await asyncio.gather(sweeps, return_exceptions=True)
    assert not wrong
    assert there(place) == set(NAMES)


def aged_now(file: Path) -> None:
    long_ago = time.time() - MIN_AGE_S - 10
    os.utime(file, (long_ago, long_ago))


async def test_what_a_crash_left_half_written_goes_and_nothing_else(
    folder: PictureStore, start_pictures: StartPictures, place: Path
) -> None:
    await kept(folder, [0])
    (place / f".{NAMES[1]}.unfinished").write_bytes(b"half")
    (place / "notes.txt").write_bytes(b"somebody's own")
    assert await start_pictures.sweep() == 0
    aged(place)
    (place / f".{NAMES[2]}.unfinished").write_bytes(b"just now")
    assert await start_pictures.sweep() == 1
    assert there(place) == {"notes.txt", f".{NAMES[2]}.unfinished"}


async def test_nothing_is_taken_away_while_the_database_is_away(
    database: Database, folder: PictureStore, start_pictures: StartPictures, place: Path
) -> None:
    await kept(folder, [0])
    await database.close()
    assert await start_pictures.drop(NAMES) == 0
    assert there(place) == {NAMES[0]}


async def test_a_slow_store_keeps_only_those_waiting_who_use_the_same_picture(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One picture hangs on its way to an object store; others are kept and dropped meanwhile."""

    def fault(request: Request) -> str:
        return "hold" if request.path.endswith(NAMES[0]) else "200"

    async with faulty_connections() as connections:
        connections.fault = fault
        use(monkeypatch, connections.url)
        start_pictures = StartPictures(database, PictureStore(bucket_at("x")))

        async def keep(number: int) -> str:
            async with start_pictures.holding():
                return await start_pictures.keep(PICTURES[number])

        hanging = asyncio.create_task(keep(0))
        await connections.held.wait()
        assert await keep(1) == NAMES[1]
        await start_pictures.drop([NAMES[1]])
        assert await keep(1) == NAMES[1]
        assert not hanging.done()
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)


class SlowFolder(PictureFolder):
    """Deletes nothing before it is told to go on."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.deleting, self.go_on = asyncio.Event(), asyncio.Event()

    async def delete(self, names: Collection[str]) -> None:
        self.deleting.set()
        await self.go_on.wait()
        await super().delete(names)


async def test_what_is_just_being_deleted_is_kept_again_after_it(
    database: Database, tmp_path: Path, place: Path
) -> None:
    slow = SlowFolder(tmp_path / "pictures")
    start_pictures = StartPictures(database, PictureStore(slow))
    await PictureStore(slow).keep(PICTURES[0])
    dropping = asyncio.create_task(start_pictures.drop([NAMES[0]]))
    await slow.deleting.wait()
    async with start_pictures.holding():
        keeping = asyncio.create_task(start_pictures.keep(PICTURES[0]))
        # Time enough for one that does not wait.
        await asyncio.wait([keeping], timeout=0.3)
        slow.go_on.set()
        await asyncio.gather(dropping, keeping)
        assert there(place) == {NAMES[0]}
