"""Picture files: written whole or not at all, checked when written and when read."""

# ruff: noqa: ASYNC240 (a test may wait for its own small files)

import asyncio
import contextlib
import contextvars
import errno
import os
import resource
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Collection
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from storage import jobs, pictures
from storage.database import Database
from storage.pictures import Picture, PictureFolder, PictureMissing, PictureNotSaved, PictureStore
from storage.pictures.new_pictures import _has_all_pixels
from tests.support.stored_jobs import claim, queue

JOB = "0123456789abcdef" * 2


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "made" / "later"


@pytest.fixture
def folder(root: Path) -> PictureStore:
    return PictureStore(PictureFolder(root))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The PNGs whose pixels Pillow has decoded."""
    decoded: list[object] = []
    prepare = PngImageFile.load_prepare
    monkeypatch.setattr(
        PngImageFile, "load_prepare", lambda one: (decoded.append(one), prepare(one))[1]
    )
    return decoded


async def stored(folder: PictureStore, png: bytes) -> Picture:
    new = await folder.save(JOB, 1, 7, png)
    fields = {name: getattr(new, name) for name in new.__dataclass_fields__}
    return Picture(**fields, id="x", job_id=JOB)


async def test_what_is_begun_early_knows_for_which_job_it_is(
    folder: PictureStore, png: bytes
) -> None:
    at_work_for, begun_for = contextvars.ContextVar("at_work_for", default=""), list[str]()
    at_work_for.set(JOB)
    # Twice: the first makes the folder, and checks before.
    for _ in range(2):
        await folder.save_all(
            JOB, [(7, png)], on_sound=lambda _: begun_for.append(at_work_for.get())
        )
    assert begun_for == [JOB, JOB]


async def test_a_picture_comes_back_through_disk_and_database(
    database: Database, folder: PictureStore, root: Path, png: bytes
) -> None:
    (job,) = await queue(database)
    await claim(database)
    saved = [await folder.save(job.id, i, 2**32 - 1 - i, png) for i in range(2)]
    await jobs.finish(database, job.id, saved)
    first, second = await pictures.of_job(database, job.id)
    assert [await pictures.at(database, job.id, i) for i in range(3)] == [first, second, None]
    assert (first.width, first.height, first.bytes_size) == (24, 16, len(png))
    assert (first.seed, second.seed) == (2**32 - 1, 2**32 - 2)
    assert first.sha256 == sha256(png).hexdigest()
    assert first.file == f"{first.id}.png" == f"{job.id}_0.png"
    assert await folder.read(second) == png
    assert sorted(file.name for file in root.iterdir()) == [first.file, second.file]


async def test_saving_again_replaces(folder: PictureStore, root: Path, png: bytes) -> None:
    """As after a crash between file and row, which also leaves a file half written."""
    root.mkdir(parents=True)
    (root / f".{JOB}_1.png.unfinished").write_bytes(png[:20])
    await folder.save(JOB, 1, 7, png)
    picture = await stored(folder, png)
    assert await folder.read(picture) == png
    assert [file.name for file in root.iterdir()] == [picture.file]


def converted(format: str) -> Callable[[bytes], bytes]:
    def convert(png: bytes) -> bytes:
        stream = BytesIO()
        Image.open(BytesIO(png)).save(stream, format)
        return stream.getvalue()

    return convert


def with_other_pixels(png: bytes) -> bytes:
    """The same picture with pixels that cannot be unpacked, under a checksum that is right."""
    at = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[at - 4 : at])
    chunk = b"IDAT" + b"\xff" * length
    return png[:at] + chunk + struct.pack(">I", crc32(chunk)) + png[at + len(chunk) + 4 :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda png: b"",
        lambda png: b"<html>502 Bad Gateway</html>",
        lambda png: png[:8],
        lambda png: png[: len(png) // 2],
        lambda png: png[:50] + bytes([png[50] ^ 255]) + png[51:],
        lambda png: png[:-13] + bytes([png[-13] ^ 255]) + png[-12:],
        with_other_pixels,
        converted("JPEG"),
        converted("GIF"),
    ],
    ids=[
        "empty",
        "text",
        "signature only",
        "cut short",
        "bit rot",
        "checksum",
        "no pixels",
        "jpeg",
        "gif",
    ],
)
async def test_what_is_no_sound_png_is_not_saved(
    folder: PictureStore, root: Path, png: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(PictureNotSaved, match="not a sound PNG"):
        await folder.save(JOB, 0, 7, spoil(png))
    assert not root.exists()


async def test_of_what_is_refused_nothing_stays(
    folder: PictureStore, root: Path, png: bytes
) -> None:
    """It is written while it is checked."""
    kept = await stored(folder, png)
    with pytest.raises(PictureNotSaved):
        await folder.save_all(JOB, [(7, png), (8, with_other_pixels(png))])
    assert [file.name for file in root.iterdir()] == [kept.file]


def with_rows(png: bytes, change: Callable[[bytearray], None]) -> bytes:
    """The PNG with other rows, in a stream and under a checksum that are right."""
    at = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[at - 4 : at])
    rows = bytearray(zlib.decompress(png[at + 4 : at + 4 + length]))
    change(rows)
    chunk = b"IDAT" + zlib.compress(rows)
    head = png[: at - 4] + struct.pack(">I", len(chunk) - 4)
    return head + chunk + struct.pack(">I", crc32(chunk)) + png[at + 8 + length :]


def lose_a_byte(rows: bytearray) -> None:
    del rows[-1]


def gain_much(rows: bytearray) -> None:
    rows.extend(bytes(64 << 20))


def begin_with_no_filter(rows: bytearray) -> None:
    rows[0] = 5


@pytest.mark.parametrize("change", [lose_a_byte, gain_much, begin_with_no_filter])
async def test_pixels_that_are_not_those_of_the_header_are_left_to_pillow(
    folder: PictureStore, png: bytes, decoded: list[object], change: Callable[[bytearray], None]
) -> None:
    with contextlib.suppress(PictureNotSaved):
        await folder.save(JOB, 0, 7, with_rows(png, change))
    assert len(decoded) == 1


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc32(kind + content))
    )


def parts(png: bytes) -> tuple[bytes, bytes, bytes]:
    """Signature and header, the compressed pixels, and the end of a PNG with one chunk of them."""
    at = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[at - 4 : at])
    return png[:33], png[at + 4 : at + 4 + length], png[at + 8 + length :]


LARGE = struct.pack(">IIBBBBB", 500, 500, 8, 2, 0, 0, 0)


def with_a_header_before(png: bytes) -> bytes:
    return png[:33] + chunk(b"IHDR", LARGE) + png[33:]


def with_what_looks_like_its_header_before(png: bytes) -> bytes:
    head, pixels, end = parts(png)
    look = chunk(b"prIv", head[16:29])
    return head[:8] + look + chunk(b"IHDR", LARGE) + chunk(b"IDAT", pixels) + end


def with_a_gap(png: bytes) -> bytes:
    head, pixels, end = parts(png)
    pieces = chunk(b"IDAT", pixels[:20]), chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", pixels[20:])
    return head + b"".join(pieces) + end


def without_pixels(png: bytes) -> bytes:
    head, _, end = parts(png)
    return head + end


@pytest.mark.parametrize(
    "change",
    [
        with_a_header_before,
        with_what_looks_like_its_header_before,
        with_a_gap,
        without_pixels,
    ],
)
async def test_a_png_that_readers_take_differently_is_not_saved(
    folder: PictureStore, png: bytes, change: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(PictureNotSaved, match="not a sound PNG"):
        await folder.save(JOB, 0, 7, change(png))


def test_a_film_is_left_to_pillow(png: bytes) -> None:
    assert _has_all_pixels(png)
    assert not _has_all_pixels(png[:33] + chunk(b"acTL", struct.pack(">II", 2, 0)) + png[33:])


@pytest.mark.parametrize("count", [1, 7, 8, 12, 40])
async def test_what_is_behind_the_end_of_a_png_harms_nothing(
    folder: PictureStore, png: bytes, count: int
) -> None:
    saved = await folder.save(JOB, 0, 7, png + b"IDAT" * count)
    assert (saved.width, saved.height) == Image.open(BytesIO(png)).size


def test_what_follows_the_compressed_pixels_is_not_looked_at_piece_by_piece(
    png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """zlib would copy all of it for each piece."""
    head, pixels, end = parts(png)
    unpacked: list[bytes] = []

    begin = zlib.decompressobj

    class Unpacking:
        def __init__(self) -> None:
            self._zlib = begin()

        @property
        def eof(self) -> bool:
            return self._zlib.eof

        @property
        def unconsumed_tail(self) -> bytes:
            return self._zlib.unconsumed_tail

        def decompress(self, piece: bytes, most: int) -> bytes:
            unpacked.append(piece)
            return self._zlib.decompress(piece, most)

    monkeypatch.setattr(zlib, "decompressobj", Unpacking)
    assert not _has_all_pixels(head + chunk(b"IDAT", pixels) + chunk(b"IDAT", b"more") * 9 + end)
    assert len(unpacked) == 1


def test_never_more_is_unpacked_than_the_header_says(png: bytes) -> None:
    bomb = with_rows(png, gain_much)
    tracemalloc.start()
    try:
        assert not _has_all_pixels(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_large_picture_is_not_unpacked_as_a_whole() -> None:
    stream = BytesIO()
    Image.new("RGB", (4096, 4096)).save(stream, "PNG")
    tracemalloc.start()
    try:
        assert _has_all_pixels(stream.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "I;16"])
async def test_pngs_of_every_kind_are_saved(
    folder: PictureStore, decoded: list[object], mode: str
) -> None:
    stream = BytesIO()
    Image.new(mode, (300, 500)).save(stream, "PNG")
    new = await folder.save(JOB, 0, 7, stream.getvalue())
    assert (new.width, new.height) == (300, 500)
    assert len(decoded) == (mode in ("P", "1", "I;16"))


async def test_pixels_that_were_checked_are_not_looked_at_again(
    folder: PictureFolder, png: bytes
) -> None:
    spoilt = with_other_pixels(png)
    assert len(await folder.save_all(JOB, [(7, spoilt), (8, spoilt)], checked=True)) == 2
    with pytest.raises(PictureNotSaved):
        await folder.save_all(JOB, [(7, spoilt)])


async def test_the_checksums_of_a_checked_picture_are_checked(
    folder: PictureFolder, png: bytes
) -> None:
    at = png.index(b"IDAT") + 6
    with pytest.raises(PictureNotSaved):
        await folder.save(JOB, 0, 7, png[:at] + bytes((png[at] ^ 1,)) + png[at + 1 :], checked=True)


@pytest.mark.parametrize("job_id", ["../../etc/passwd", "", "A" * 32, JOB + "\n", JOB + "/x"])
async def test_no_name_but_an_id_becomes_a_path(
    folder: PictureStore, root: Path, png: bytes, job_id: str
) -> None:
    with pytest.raises(AssertionError):
        await folder.save(job_id, 0, 7, png)
    assert not root.exists()


async def test_a_file_in_the_place_of_the_folder(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "pictures").write_text("a file")
    with pytest.raises(PictureNotSaved, match="The folder for pictures cannot be used"):
        await PictureStore(PictureFolder(tmp_path / "pictures")).save(JOB, 0, 7, png)
    with pytest.raises(PictureNotSaved, match="The folder for pictures cannot be used"):
        await PictureStore(PictureFolder(tmp_path / "pictures" / "below")).save(JOB, 0, 7, png)


async def test_however_often_a_job_was_tried_few_files_are_looked_for(
    folder: PictureStore, root: Path, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that refuses for hours is asked each second."""
    tried: list[str] = []
    delete = folder.files.delete

    async def counted(names: Collection[str]) -> None:
        tried.extend(names)
        await delete(names)

    monkeypatch.setattr(folder.files, "delete", counted)
    for attempt in (1, 2, 9_999, 10_000):
        await folder.save(JOB, 3, 7, png, attempt=attempt)
    await folder.remove_of_jobs({JOB: 10_000})
    assert list(root.iterdir()) == []
    assert len(tried) == len(set(tried)) <= 256


async def test_a_full_disk(folder: PictureStore, root: Path, png: bytes) -> None:
    """/dev/full takes nothing: the write reaches a real "no space left on device"."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    root.mkdir(parents=True)
    (root / f".{JOB}_0.png.unfinished").symlink_to("/dev/full")
    with pytest.raises(PictureNotSaved, match="The disk for pictures is full"):
        await folder.save(JOB, 0, 7, png)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EACCES, "is not writable"),
        (errno.EROFS, "is not writable"),
        (errno.EIO, "cannot be used: Input/output error"),
    ],
)
async def test_a_disk_that_fails_late_leaves_the_old_picture(
    folder: PictureStore,
    root: Path,
    png: bytes,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    told: str,
) -> None:
    picture = await stored(folder, png)

    def fail(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    stream = BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG")
    with pytest.raises(PictureNotSaved, match=told):
        await folder.save(JOB, 1, 7, stream.getvalue())
    assert await folder.read(picture) == png
    assert [file.name for file in root.iterdir()] == [picture.file]


async def test_a_file_that_is_gone_is_said(folder: PictureStore, root: Path, png: bytes) -> None:
    picture = await stored(folder, png)
    (root / picture.file).unlink()
    with pytest.raises(PictureMissing, match="Picture 2 of this job is no longer on the disk"):
        await folder.read(picture)


async def test_a_file_that_changed_is_said(folder: PictureStore, root: Path, png: bytes) -> None:
    picture = await stored(folder, png)
    (root / picture.file).write_bytes(png + b"\0")
    with pytest.raises(PictureMissing, match="Picture 2 of this job is damaged"):
        await folder.read(picture)


async def test_what_is_kept_has_its_digest_as_its_name(
    folder: PictureStore, root: Path, png: bytes
) -> None:
    digests = await asyncio.gather(*(folder.keep(png) for _ in range(8)))
    assert set(digests) == {sha256(png).hexdigest()}
    assert await folder.kept(digests[0]) == png
    assert [file.name for file in (root / "kept").iterdir()] == [digests[0]]


async def test_what_was_kept_and_is_gone_or_damaged_is_missed(
    folder: PictureStore, root: Path, png: bytes
) -> None:
    digest = await folder.keep(png)
    (root / "kept" / digest).write_bytes(png[:-1])
    with pytest.raises(PictureMissing, match="damaged"):
        await folder.kept(digest)
    (root / "kept" / digest).unlink()
    with pytest.raises(PictureMissing, match="no longer on the disk"):
        await folder.kept(digest)


async def test_what_cannot_be_kept_says_why(folder: PictureStore, root: Path, png: bytes) -> None:
    root.parent.mkdir(parents=True)
    root.write_text("not a folder")
    with pytest.raises(PictureNotSaved, match="cannot be used"):
        await folder.keep(png)


@pytest.mark.parametrize("name", ["../secret", "A" * 64, "a" * 63, "a" * 64 + "/../x"])
async def test_only_a_digest_is_a_name_of_what_was_kept(folder: PictureStore, name: str) -> None:
    with pytest.raises(AssertionError):
        await folder.kept(name)


async def test_a_disk_that_takes_no_more_leaves_nothing_half_written(
    tmp_path: Path, png: bytes
) -> None:
    """The limit of a file's size stands in for a disk that fills up while it is written."""
    folder = PictureStore(PictureFolder(tmp_path / "pictures"))
    whole = await folder.save("a" * 32, 0, 7, png)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(png) // 2, hard))
    try:
        with pytest.raises(PictureNotSaved, match="A file may not become that large here"):
            await folder.save("b" * 32, 0, 7, png)
        with pytest.raises(PictureNotSaved):
            await folder.keep(png)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    left = [file.name for file in (tmp_path / "pictures").rglob("*") if file.is_file()]
    assert left == [whole.file]
    assert folder.written_bytes == len(png)
    await folder.save("b" * 32, 0, 7, png)
