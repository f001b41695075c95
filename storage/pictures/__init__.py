"""Pictures: a file each, and for a finished one a row beside its job.

Files are in a folder (`PictureFolder`) or in an object store (`PictureBucket`); `PictureStore` is
the same for both.
"""

from storage.pictures.bucket import PictureBucket
from storage.pictures.files import (
    KEPT_FOLDER,
    PictureMissing,
    PictureNotRemoved,
    PictureNotSaved,
    PicturesUnavailable,
    StoredFile,
)
from storage.pictures.folder import PictureFolder
from storage.pictures.new_pictures import digest
from storage.pictures.records import (
    NewPicture,
    Picture,
    at,
    drawn_again,
    of_job,
    picture_id,
    set_scores,
    to_row,
)
from storage.pictures.store import PictureStore

__all__ = [
    "KEPT_FOLDER",
    "NewPicture",
    "Picture",
    "PictureBucket",
    "PictureFolder",
    "PictureMissing",
    "PictureNotRemoved",
    "PictureNotSaved",
    "PictureStore",
    "PicturesUnavailable",
    "StoredFile",
    "at",
    "digest",
    "drawn_again",
    "of_job",
    "picture_id",
    "set_scores",
    "to_row",
]
