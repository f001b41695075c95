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
from storage.pictures.copying import Counts, PictureCopy
from storage.pictures.files import PictureFiles
from storage.start_pictures import MIN_AGE_S


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
        raise CannotStart(f"The pictures are at {source} already.")
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
        print(
            f"Nothing was deleted. Set DARKROOM_PICTURES={wanted.target} and start the bot again; "
            "then run this once more with --from, for what was drawn meanwhile."
        )


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
                tell=lambda counts: print(_summary(counts), flush=True),
            )
            return await copy.run()
    except WrongPicturePlace as error:
        raise CannotStart(str(error)) from error
    except (PictureNotSaved, PictureNotRemoved, StorageUnavailable) as error:
        raise CannotStart(
            f"{error} Run the same command again: it goes on where it was cut off."
        ) from error


def _files_at(settings: Settings, place: PicturePlace) -> PictureFiles:
    return open_pictures(settings, place).files


def _summary(counts: Counts) -> str:
    return (
        f"{counts.copied} copied ({counts.copied_bytes / 10**6:,.1f} MB), "
        f"{counts.there_already} there already, {counts.damaged} damaged, "
        f"{counts.unnamed} that nothing names, {counts.deleted} deleted."
    )
