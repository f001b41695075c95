"""`darkroom migrate-pictures`: copy all pictures to another folder or object store.

It copies what is not there yet, so it may be run again and again, and beside the bot.
"""

from dataclasses import dataclass

from bot.cli.errors import CannotStart
from bot.config import Settings
from bot.picture_store import WrongPicturePlace, open_pictures
from storage.database import Database, StorageUnavailable, migrate
from storage.permissions import close_folder
from storage.picture_place import PicturePlace
from storage.pictures import PictureNotRemoved, PictureNotSaved
from storage.pictures.copying import Counts, PictureCopy, SamePlace
from storage.pictures.files import PictureFiles
from storage.start_pictures import MIN_AGE_S

_CHECK = (
    "Check its address, the bucket, and the keys and their rights (docs/object-store.md), or the "
    "disk if it is a folder. "
)


@dataclass(frozen=True, slots=True)
class PictureMigration:
    """From where to where; `source` None is where the settings say."""

    target: PicturePlace
    source: PicturePlace | None
    is_deleting: bool


async def migrate_pictures(settings: Settings, wanted: PictureMigration) -> None:
    """Copy, and print how far it is. Raises CannotStart, StorageUnavailable, OSError."""
    source = wanted.source or settings.picture_place
    if source.is_same(wanted.target):
        raise _there_already(source)
    if wanted.is_deleting and source.is_same(settings.picture_place):
        raise CannotStart(
            f"DARKROOM_PICTURES still names {source}. Set it to {wanted.target}, start the bot "
            f"again, and then delete with --from {source} --delete."
        )
    if wanted.target.folder is not None:
        close_folder(wanted.target.folder)
    await migrate(settings.database)
    counts = await _copied(settings, source, wanted)
    print(_summary(counts))
    if counts.damaged:
        print("What is damaged is drawn again when somebody needs it.")
    if not wanted.is_deleting:
        print(f"Nothing was deleted. {_next_step(settings, source, wanted.target)}")


def _next_step(settings: Settings, source: PicturePlace, target: PicturePlace) -> str:
    command = f"darkroom migrate-pictures --from {source} --to {target}"
    if source.is_same(settings.picture_place):
        return (
            f"Set DARKROOM_PICTURES={target} and start the bot again. Then run `{command}`, for "
            "what was drawn meanwhile."
        )
    return f"If all is right, `{command} --delete` deletes what lies at {source}."


async def _copied(settings: Settings, source: PicturePlace, wanted: PictureMigration) -> Counts:
    try:
        files = _files_at(settings, source)
        target = _files_at(settings, wanted.target)
        async with Database(settings.database) as database:
            copy = PictureCopy(
                database,
                files,
                target,
                delete=wanted.is_deleting,
                min_age_s=MIN_AGE_S,
                tell=lambda counts: print(f"So far: {_summary(counts)}", flush=True),
            )
            return await copy.run()
    except WrongPicturePlace as error:
        raise CannotStart(str(error)) from error
    except SamePlace as error:
        raise _there_already(source) from error
    except (PictureNotSaved, PictureNotRemoved, StorageUnavailable) as error:
        check = "" if type(error) is StorageUnavailable else _CHECK
        raise CannotStart(
            f"{error} {check}Run the same command again: it goes on where it was cut off."
        ) from error


def _there_already(source: PicturePlace) -> CannotStart:
    return CannotStart(f"The pictures are at {source} already.")


def _files_at(settings: Settings, place: PicturePlace) -> PictureFiles:
    return open_pictures(settings, place).files


def _summary(counts: Counts) -> str:
    return (
        f"{counts.copied} copied ({counts.copied_bytes / 10**6:,.1f} MB), "
        f"{counts.there_already} there already, {counts.damaged} damaged, "
        f"{counts.unnamed} that nothing names, {counts.deleted} deleted."
    )
