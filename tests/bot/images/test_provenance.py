"""Signed pictures, read by C2PA's own library: what they say, their size, their thread."""

import asyncio
import hashlib
import io
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import c2pa
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from bot.images import provenance
from bot.images.credentials import UnusableCertificate, own_credentials, read_credentials
from bot.images.grid import PictureFile, compose_grid, fit
from bot.images.provenance import MAX_MARK_BYTES, Origin, Parent, PictureMarker
from diffusion.protocol.source_type import AI_SOURCE_TYPE, XMP
from tests.support.bot.certificates import Authority, to_pem
from tests.support.bot.manifests import actions_in, actions_of, manifest_in, manifests_in
from tests.support.pictures import noisy_picture, opened, picture

LABEL = "a secret fox\nSteps: 4, Seed: 7, Size: 64x32"
PNG = compose_grid([picture("red", label=LABEL)])
GRANDPARENT = Parent("0_0", "0" * 64)


def webp(png: bytes) -> bytes:
    buffer = io.BytesIO()
    opened(png).save(buffer, "WEBP", lossless=True, xmp=XMP.encode())
    return buffer.getvalue()


FILES = {
    "png": PictureFile(PNG, "png"),
    "jpg": fit(compose_grid([noisy_picture(256)]), 20_000),
    "webp": PictureFile(webp(PNG), "webp"),
}


def parent_of(png: bytes) -> Parent:
    return Parent("1_2", hashlib.sha256(png).hexdigest(), png, Origin("1_2", "mini", GRANDPARENT))


@pytest.fixture
async def marker(tmp_path: Path) -> AsyncIterator[PictureMarker]:
    marker = PictureMarker(own_credentials(tmp_path / "c2pa.pem"))
    yield marker
    marker.close()


@pytest.mark.parametrize("suffix", FILES)
async def test_a_file_says_that_ai_made_it_and_with_what(
    marker: PictureMarker, suffix: str
) -> None:
    file = FILES[suffix]
    marked = await marker.mark(file, Origin("the job", "darkroom-mini"))
    manifest = manifest_in(marked.encoded)
    assert actions_of(manifest) == ["c2pa.created"]
    (action,) = manifest["assertions"][0]["data"]["actions"]
    assert action["softwareAgent"] == {
        "name": "Darkroom",
        "version": "0.1.0",
        "model": "darkroom-mini",
    }
    assert manifest["title"] == "the job"
    # It is a mark, not the recipe; and no thumbnail.
    assert "secret" not in str(manifests_in(marked.encoded))
    assert "thumbnail" not in str(manifests_in(marked.encoded))
    assert 0 < len(marked.encoded) - len(file.encoded) <= MAX_MARK_BYTES
    before, after = opened(file.encoded), opened(marked.encoded)
    assert (after.format, after.tobytes()) == (before.format, before.tobytes())
    xmp = after.info["xmp"]
    assert AI_SOURCE_TYPE in (xmp if isinstance(xmp, str) else xmp.decode())


@pytest.mark.parametrize("suffix", FILES)
async def test_an_edit_has_its_parent_inside(marker: PictureMarker, suffix: str) -> None:
    parent = parent_of(PNG)
    marked = await marker.mark(FILES[suffix], Origin("the job", "mini", parent))
    assert len(marked.encoded) - len(FILES[suffix].encoded) <= MAX_MARK_BYTES
    said = manifests_in(marked.encoded)
    manifest = said["manifests"][said["active_manifest"]]
    assert actions_of(manifest) == ["c2pa.opened", "c2pa.edited"]
    (ingredient,) = manifest["ingredients"]
    assert ingredient["relationship"] == "parentOf"
    assert ingredient["title"] == "1_2"
    assert ingredient["instance_id"] == f"urn:sha256:{parent.sha256}"
    # The parent says what it is itself: an edit of a picture that is only named.
    inside = said["manifests"][ingredient["active_manifest"]]
    assert actions_of(inside) == ["c2pa.opened", "c2pa.edited"]
    (before,) = inside["ingredients"]
    assert before["title"] == "0_0"
    assert "active_manifest" not in before
    # The picture by itself is no edit.
    alone = await marker.mark(FILES[suffix], Origin("the job", "mini", parent, is_edit=False))
    assert actions_in(alone.encoded) == ["c2pa.opened"]


async def test_a_parent_without_a_file_is_named(marker: PictureMarker) -> None:
    origin = Origin("the job", "mini", Parent("start picture", "a" * 64))
    said = manifests_in((await marker.mark(FILES["png"], origin)).encoded)
    assert len(said["manifests"]) == 1
    (ingredient,) = said["manifests"][said["active_manifest"]]["ingredients"]
    assert ingredient["title"] == "start picture"


async def test_long_certificates_leave_out_the_parents_manifest(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    chain, secret = tmp_path / "chain.pem", tmp_path / "key.pem"
    secret.write_bytes(to_pem(key))
    chain.write_bytes(Authority().chain(key, padding=10_000))
    marker = PictureMarker(read_credentials(chain, secret))
    marked = await marker.mark(FILES["png"], Origin("the job", "mini", parent_of(PNG)))
    marker.close()
    assert len(marked.encoded) - len(PNG) <= MAX_MARK_BYTES
    assert len(manifests_in(marked.encoded)["manifests"]) == 1
    assert actions_in(marked.encoded) == ["c2pa.opened", "c2pa.edited"]
    chain.write_bytes(Authority().chain(key, padding=30_000))
    with pytest.raises(UnusableCertificate, match="too large"):
        PictureMarker(read_credentials(chain, secret))


async def test_pictures_are_signed_one_by_one_beside_the_event_loop(
    marker: PictureMarker, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    build = c2pa.Builder

    def builder(*given: object, **more: object) -> c2pa.Builder:
        threads.add(threading.get_ident())
        return build(*given, **more)

    monkeypatch.setattr(provenance.c2pa, "Builder", builder)
    origins = [Origin(str(number), "mini") for number in range(8)]
    marked = await asyncio.gather(*(marker.mark(FILES["png"], each) for each in origins))
    assert [manifest_in(each.encoded)["title"] for each in marked] == [o.name for o in origins]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_what_cannot_be_signed_is_still_shown_and_the_log_says_so(
    marker: PictureMarker, caplog: pytest.LogCaptureFixture
) -> None:
    broken = PictureFile(b"no picture", "png")
    assert await marker.mark(broken, Origin("the job", "mini")) == broken
    assert "could not be signed" in caplog.text


async def test_a_changed_pixel_is_noticed(marker: PictureMarker) -> None:
    marked = (await marker.mark(FILES["jpg"], Origin("the job", "mini"))).encoded
    damaged = bytearray(marked)
    damaged[-20] ^= 1
    with pytest.raises(AssertionError, match="dataHash"):
        manifests_in(bytes(damaged))
