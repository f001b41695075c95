"""Where pictures are: what DARKROOM_PICTURES says. Pure."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SCHEMES = ("s3", "gs", "az")
"""Amazon's S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage."""


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """Either a folder or the address of a bucket, with a prefix or without."""

    folder: Path | None = None
    bucket: str | None = None

    @classmethod
    def read(cls, typed: str) -> "PicturePlace":
        """Read a path or an address. Raises ValueError."""
        if "://" not in typed and typed.partition(":")[0] not in SCHEMES:
            return cls(folder=Path(typed))
        parts = urlsplit(typed)
        folders = [one for one in parts.path.split("/") if one]
        if (
            parts.scheme not in SCHEMES
            or not {".", ".."}.isdisjoint(folders)
            or not parts.hostname
            or parts.netloc != parts.hostname
            or parts.query
            or parts.fragment
        ):
            # What was typed is not repeated: it may hold a password.
            raise ValueError(
                "pictures are kept in a folder or at an address like s3://bucket/prefix, "
                "gs://bucket/prefix or az://container/prefix; keys have variables of their own"
            )
        # However it was typed, one place has one address.
        return cls(bucket="/".join([f"{parts.scheme}://{parts.netloc}", *folders]))

    @property
    def scheme(self) -> str:
        """Of the bucket's address; empty for a folder."""
        return urlsplit(self.bucket).scheme if self.bucket else ""

    def is_same(self, other: "PicturePlace") -> bool:
        """Whether both are the same place, however it was typed."""
        if self.folder and other.folder:
            return self.folder.resolve() == other.folder.resolve()
        return self == other

    def __str__(self) -> str:
        return self.bucket or str(self.folder)
