"""Pictures in an object store: whole or not at all, checked on reading, never taken for lost.

Most of it also runs on a real S3 server: `make objects`.
"""

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore
from PIL import Image

from diffusion.protocol.requests import MAX_PICTURES
from storage.pictures import (
    Picture,
    PictureBucket,
    PictureMissing,
    PictureNotRemoved,
    PictureNotSaved,
    PictureStore,
    PicturesUnavailable,
    picture_id,
)
from storage.pictures.bucket import MAX_REQUESTS, HttpProxy, Patience
from storage.pictures.files import MAX_LISTED
from storage.pictures.store import MAX_PICTURES_OF_JOB
from tests.support.object_store import (
    HASTY,
    READER,
    Request,
    bucket_at,
    faulty_connections,
    use,
)
from tests.support.object_store import s3_server as s3_server
from tests.support.proxy import CountingProxy, proxying

JOB, OTHER = "1" * 32, "2" * 32


def png(colour: str = "red") -> bytes:
    stream = BytesIO()
    Image.new("RGB", (16, 8), colour).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(params=["memory", "local", pytest.param("s3", marks=pytest.mark.objects)])
def bucket(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> PictureBucket:
    """The library's stores: one in memory, one that says no to deleting what is missing, as
    Google's and Azure's do, and the real server."""
    if request.param == "memory":
        return PictureBucket(MemoryStore())
    if request.param == "local":
        return PictureBucket(LocalStore(tmp_path))
    use(monkeypatch, request.getfixturevalue("s3_server"))
    return bucket_at(uuid.uuid4().hex)


@pytest.fixture
def pictures(bucket: PictureBucket) -> PictureStore:
    return PictureStore(bucket)


@pytest.fixture
def real(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], PictureBucket]:
    """A bucket on the real server behind an address, with one and the same prefix."""
    prefix = uuid.uuid4().hex

    def opened(address: str = s3_server) -> PictureBucket:
        use(monkeypatch, address)
        return bucket_at(prefix)

    return opened


async def names(bucket: PictureBucket, folder: str = "") -> set[str]:
    return {file.name async for files in bucket.all(folder) for file in files}


async def stored(pictures: PictureStore, job_id: str = JOB, count: int = 1) -> list[Picture]:
    saved = await pictures.save_all(job_id, [(7, png())] * count)
    return [
        Picture(
            id=picture_id(job_id, new.index),
            job_id=job_id,
            **{name: getattr(new, name) for name in type(new).__dataclass_fields__},
        )
        for new in saved
    ]


async def test_what_is_saved_is_read_as_it_was(
    pictures: PictureStore, bucket: PictureBucket
) -> None:
    first, second = await stored(pictures, count=2)
    assert (first.sha256, first.bytes_size) == (sha256(png()).hexdigest(), len(png()))
    assert (first.width, first.height) == (16, 8)
    assert await pictures.read(second) == png()
    assert await names(bucket) == {f"{JOB}_0.png", f"{JOB}_1.png"}
    # Saving it again replaces it; it takes no room on the disk of this machine.
    again = await pictures.save(JOB, 1, 7, png("blue"))
    assert await bucket.get(again.file) == png("blue")
    assert pictures.written_bytes == 0


async def test_what_is_no_picture_is_not_saved(
    pictures: PictureStore, bucket: PictureBucket
) -> None:
    with pytest.raises(PictureNotSaved, match="not a sound PNG"):
        await pictures.save_all(JOB, [(7, png()), (8, png()[:-20])])
    assert await names(bucket) == set()


async def test_what_is_gone_or_another_is_said(
    pictures: PictureStore, bucket: PictureBucket
) -> None:
    (picture,) = await stored(pictures)
    await bucket.put({picture.file: png("blue")})
    with pytest.raises(PictureMissing, match="Picture 1 of this job is damaged in the object"):
        await pictures.read(picture)
    await bucket.delete([picture.file])
    with pytest.raises(PictureMissing, match="no longer in the object store"):
        await pictures.read(picture)
    digest = await pictures.keep(png())
    await bucket.put({f"kept/{digest}": png()[:-1]})
    with pytest.raises(PictureMissing, match="damaged"):
        await pictures.kept(digest)


async def test_what_is_too_large_for_a_picture_is_not_read(
    pictures: PictureStore, bucket: PictureBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    (picture,) = await stored(pictures)
    monkeypatch.setattr("storage.pictures.bucket.MAX_OBJECT_BYTES", len(png()) - 1)
    with pytest.raises(PictureMissing, match="damaged"):
        await pictures.read(picture)


async def test_start_pictures_are_kept_and_forgotten(
    pictures: PictureStore, bucket: PictureBucket
) -> None:
    red, blue = await asyncio.gather(pictures.keep(png()), pictures.keep(png("blue")))
    assert await pictures.keep(png()) == red
    assert await pictures.kept(blue) == png("blue")
    (picture,) = await stored(pictures)
    await bucket.put({"kept/notes.txt": b"somebody's own"})
    assert {file.name for file in await pictures.all_kept(older_than_s=-60)} == {red, blue}
    assert await pictures.all_kept(older_than_s=3600) == ()
    assert await pictures.forget([red, "0" * 64]) == 1
    assert await names(bucket, "kept") == {f"kept/{blue}", "kept/notes.txt"}
    assert await names(bucket) == {picture.file}


async def test_a_late_worker_does_not_overwrite_what_the_next_try_made(
    pictures: PictureStore, bucket: PictureBucket
) -> None:
    won = await pictures.save(JOB, 0, 7, png("blue"), attempt=2)
    late = await pictures.save(JOB, 0, 7, png("red"), attempt=1)
    assert await bucket.get(won.file) == png("blue")
    # What a third try left would come after these.
    third = await pictures.save(JOB, 0, 7, png(), attempt=3)
    await pictures.remove_of_jobs({JOB: 2})
    assert await names(bucket) == {third.file}
    assert late.file == f"{JOB}_0.png", "as all files were named before"


@pytest.mark.parametrize("pages", [1, 3])
async def test_a_list_that_goes_round_in_a_circle_ends_with_a_word(
    pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken server gives the same pages again and again, each with the word that more follow."""

    def page(request: Request) -> str:
        number = len(connections.requests) % pages
        objects = "".join(
            f"<Contents><Key>p/{number}_{one}.png</Key><Size>1</Size><ETag>x</ETag>"
            "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            for one in range(MAX_LISTED)
        )
        return (
            f"<ListBucketResult>{objects}<IsTruncated>true</IsTruncated>"
            "<NextContinuationToken>on</NextContinuationToken></ListBucketResult>"
        )

    async with faulty_connections() as connections:
        connections.fault = page
        use(monkeypatch, connections.url)
        with pytest.raises(PicturesUnavailable, match="repeats itself"):
            await names(bucket_at("p"))
        # One or two more may have been asked for ahead.
        assert pages < len(connections.requests) <= 4 * pages


async def test_all_of_a_job_goes_and_nothing_of_others(
    pictures: PictureStore, bucket: PictureBucket
) -> None:
    await stored(pictures, JOB, 4)
    (other,) = await stored(pictures, OTHER)
    await pictures.remove_of_jobs({JOB: 1, "3" * 32: 1})
    assert await names(bucket) == {other.file}
    await pictures.remove_of_jobs({JOB: 1})
    await pictures.remove([other, other])
    assert await names(bucket) == set()


def test_no_job_has_more_pictures_than_are_looked_for() -> None:
    assert MAX_PICTURES_OF_JOB == MAX_PICTURES


async def test_only_what_is_old_expires(pictures: PictureStore, bucket: PictureBucket) -> None:
    young, gone = await stored(pictures, count=2)
    await pictures.remove([gone])
    now = datetime.now(UTC)
    assert await pictures.expire([young, gone], now - timedelta(hours=1)) == (gone.id,)
    assert await pictures.expire([young], now + timedelta(hours=1)) == (young.id,)
    assert await names(bucket) == set()


async def test_many_are_listed_some_at_a_time(
    bucket: PictureBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.pictures.bucket.MAX_LISTED", 3)
    await bucket.put({f"{number}.png": b"x" for number in range(8)})
    listed = [[file.name for file in files] async for files in bucket.all()]
    assert sorted(name for some in listed for name in some) == [f"{n}.png" for n in range(8)]
    assert max(map(len, listed)) <= 3


# What goes wrong, without a server: each request ends, and after so many tries.


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "http://127.0.0.1:1")


async def failures(bucket: PictureBucket, error: type[Exception]) -> list[str]:
    """What each kind of request says."""
    pictures, said = PictureStore(bucket), []
    removed = PictureNotRemoved if error is PicturesUnavailable else error
    for call, expected in (
        (lambda: pictures.save(JOB, 0, 7, png()), error),
        (lambda: pictures.keep(png()), error),
        (lambda: bucket.get("a.png"), PicturesUnavailable),
        (lambda: pictures.all_kept(older_than_s=0), PicturesUnavailable),
        (lambda: bucket.look(["a.png"]), PicturesUnavailable),
        (lambda: pictures.remove_of_jobs({JOB: 1}), removed),
    ):
        with pytest.raises(expected) as raised:
            await call()
        said.append(str(raised.value))
    return said


async def test_a_server_that_is_away_loses_no_picture(keys: None) -> None:
    patience = Patience(connect_s=1, request_s=1, retry_s=1, retries=1)
    for said in await failures(bucket_at("x", patience), PicturesUnavailable):
        assert said.startswith("The object store for pictures cannot be used: ")
        assert "secret" not in said


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("fault", ["503", "500", "429"])
async def test_a_busy_server_is_asked_so_often_and_no_oftener(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with faulty_connections() as connections:
        connections.fault = lambda _: fault
        use(monkeypatch, connections.url)
        bucket = bucket_at("x")
        with pytest.raises(PicturesUnavailable):
            await bucket.put({"a.png": b"x"})
        assert len(connections.requests) == 1 + HASTY.retries


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty_connections() as connections:
        connections.fault = lambda _: "hold"
        use(monkeypatch, connections.url)
        hasty = Patience(connect_s=1, request_s=0.2, retry_s=5, retries=2)
        with pytest.raises(PicturesUnavailable):
            await bucket_at("x", hasty).get("a.png")
        assert len(connections.requests) <= 3


async def test_so_many_pictures_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty_connections() as connections:
        connections.fault = lambda _: "404"
        use(monkeypatch, connections.url)
        bucket = bucket_at("x")
        found = await asyncio.gather(*(bucket.get(f"{n}.png") for n in range(3 * MAX_REQUESTS)))
        assert found == [None] * 3 * MAX_REQUESTS
        assert 1 < connections.most_at_once <= MAX_REQUESTS


async def test_one_that_fails_leaves_none_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written of the same job goes again, and the reason is the one that stays."""

    def refuse(request: Request) -> str:
        return "403" if request.path.endswith("_2.png") else "200"

    async with faulty_connections() as connections:
        connections.fault = refuse
        use(monkeypatch, connections.url)
        with pytest.raises(PictureNotSaved, match="denies access"):
            await stored(PictureStore(bucket_at("x")), count=4)
        sent = [request for request in connections.requests if request.method == "POST"]
        assert len(sent) == 1  # one request deletes all


async def test_the_store_is_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty_connections() as connections:
        connections.fault = lambda _: "404"
        proxy = CountingProxy({"store.example": connections.port}, login="ada:proxy-password")
        async with proxying(proxy):
            use(monkeypatch, "http://store.example:9000")
            ways = HttpProxy(proxy.url, "localhost,127.0.0.1")
            bucket = PictureBucket.at("s3://b/x", ways, allow_http=True, patience=HASTY)
            assert await bucket.get("a.png") is None
            assert proxy.forwarded["store.example:9000"] == 1
            # This machine itself is not asked through it, and the login is told nobody.
            use(monkeypatch, connections.url)
            bucket = PictureBucket.at("s3://b/x", ways, allow_http=True, patience=HASTY)
            assert await bucket.get("a.png") is None
            assert sum(proxy.forwarded.values()) == 1
            use(monkeypatch, "http://elsewhere.example:9000")
            bucket = PictureBucket.at(
                "s3://b/x", ways, allow_http=True, patience=Patience(1, 1, 1, 0)
            )
            with pytest.raises(PicturesUnavailable) as raised:
                await bucket.get("a.png")
            assert "proxy-password" not in str(raised.value)


@pytest.mark.parametrize("address", ["s3:///x", "gs://", "az://container"])
def test_an_address_without_what_it_needs_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=r"\w"):
        PictureBucket.at(address)


# What goes wrong with a real server.


@pytest.mark.objects
async def test_a_server_that_slows_down_is_asked_again(
    s3_server: str, real: Callable[..., PictureBucket]
) -> None:
    async with faulty_connections(s3_server) as connections:
        connections.fault = lambda _: "503" if len(connections.requests) < 3 else "pass"
        bucket = real(connections.url)
        await bucket.put({"a.png": png()})
        assert [request.method for request in connections.requests] == ["PUT"] * 3
        assert await bucket.get("a.png") == png()


@pytest.mark.objects
async def test_a_connection_that_is_cut_gives_no_half_picture(
    s3_server: str, real: Callable[..., PictureBucket]
) -> None:
    """Each answer breaks off: it is read again, to its end or not at all."""
    content = bytes(range(256)) * 4096
    await real().put({"a.png": content})
    async with faulty_connections(s3_server) as connections:
        connections.fault = lambda _: "cut" if len(connections.requests) == 1 else "pass"
        assert await real(connections.url).get("a.png") == content
        assert len(connections.requests) == 2
        connections.fault = lambda _: "cut"
        with pytest.raises(PicturesUnavailable):
            await real(connections.url).get("a.png")


@pytest.mark.objects
async def test_a_bucket_that_is_missing_is_no_missing_picture(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all pictures would be drawn again because of a name that was mistyped."""
    use(monkeypatch, s3_server)
    bucket = bucket_at("x", bucket="elsewhere")
    with pytest.raises(PicturesUnavailable):
        await bucket.get("a.png")
    with pytest.raises(PictureNotRemoved):
        await bucket.delete(["a.png"])
    with pytest.raises(PictureNotSaved):
        await bucket.put({"a.png": b"x"})


@pytest.mark.objects
async def test_who_may_only_read_is_told_so(
    s3_server: str, real: Callable[..., PictureBucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    await real().put({"a.png": png()})
    bucket = real()
    use(monkeypatch, s3_server, READER)
    reader = bucket_at("readable")
    with pytest.raises(PictureNotSaved, match="The object store for pictures denies access"):
        await reader.put({"a.png": png()})
    with pytest.raises(PictureNotRemoved, match="denies access"):
        await reader.delete(["a.png"])
    assert await reader.get("a.png") is None
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret-key")
    with pytest.raises(PicturesUnavailable, match="denies access") as raised:
        await bucket_at("readable").get("a.png")
    assert "wrong-secret-key" not in str(raised.value)
    assert await bucket.get("a.png") == png()


@pytest.mark.objects
async def test_a_picture_that_is_half_sent_is_not_there(
    s3_server: str, real: Callable[..., PictureBucket]
) -> None:
    """A client that dies in the middle of a picture leaves nothing of it."""
    async with faulty_connections(s3_server) as connections:
        connections.fault = lambda _: "hold"
        sending = asyncio.create_task(real(connections.url).put({"a.png": png()}))
        await connections.held.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert await real().get("a.png") is None
