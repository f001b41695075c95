"""Pictures: a file each in one folder, and for a finished one a row beside its job."""

from storage.pictures.folder import (
    KEPT_FOLDER,
    PictureFolder,
    PictureMissing,
    PictureNotRemoved,
    PictureNotSaved,
)
from storage.pictures.records import (
    NewPicture,
    Picture,
    at,
    drawn_again,
    of_job,
    picture_id,
    to_row,
)

__all__ = [
    "KEPT_FOLDER",
    "NewPicture",
    "Picture",
    "PictureFolder",
    "PictureMissing",
    "PictureNotRemoved",
    "PictureNotSaved",
    "at",
    "drawn_again",
    "of_job",
    "picture_id",
    "to_row",
]
