"""What signs pictures: a key made at the first start, or the operator's certificate."""

import logging
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from bot.images import credentials
from bot.images.credentials import UnusableCertificate, own_credentials, read_credentials
from bot.images.grid import PictureFile, compose_grid
from bot.images.provenance import Origin, PictureMarker
from tests.support.bot.certificates import Authority, Key, to_pem
from tests.support.bot.manifests import manifests_in
from tests.support.pictures import picture


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "c2pa.pem"


def test_the_first_start_makes_a_key_for_its_owner_alone_and_warns_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = own_credentials(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    assert "self-made key" in warning.getMessage()
    assert own_credentials(file) == made
    assert len(caplog.records) == 1
    # Only the signer's key is kept: nobody can sign another certificate.
    assert file.read_bytes().count(b"PRIVATE KEY-----\n") == 2
    assert list(file.parent.iterdir()) == [file]
    assert made.key.decode() not in repr(made)


def test_a_damaged_or_old_key_is_replaced_and_the_log_says_so(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = own_credentials(file)
    file.write_bytes(made.certificates)
    assert own_credentials(file) != made
    assert "no private key" in caplog.text
    monkeypatch.setattr(credentials, "VALID_DAYS", credentials.RENEWED_DAYS - 1)
    file.unlink()
    ending = own_credentials(file)
    monkeypatch.undo()
    assert own_credentials(file) != ending


def test_a_key_that_cannot_be_kept_still_signs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").touch()
    PictureMarker(own_credentials(tmp_path / "data" / "c2pa.pem")).close()
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["es384", "es512", "ps256", "ed25519"],
)
async def test_an_operators_certificate_signs_and_is_trusted_by_its_authority(
    tmp_path: Path, key: Key
) -> None:
    authority = Authority()
    chain, secret = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(authority.chain(key))
    secret.write_bytes(to_pem(key))
    marker = PictureMarker(read_credentials(chain, secret))
    file = PictureFile(compose_grid([picture("red")]), "png")
    marked = await marker.mark(file, Origin("a", "m"))
    marker.close()
    said = manifests_in(marked.encoded, authority.pem.decode())
    signature = said["manifests"][said["active_manifest"]]["signature_info"]
    assert signature["common_name"] == "Studio"


KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


@pytest.mark.parametrize(
    ("chain", "key", "problem"),
    [
        (b"", to_pem(KEY), "no certificate in PEM"),
        (Authority().chain(KEY), b"", "no private key in PEM"),
        (Authority().chain(KEY), to_pem(OTHER_KEY), "does not belong to the first certificate"),
        (Authority().chain(KEY, purpose=None), to_pem(KEY), "C2PA does not take"),
        (Authority().chain(KEY, lasts=timedelta(-1)), to_pem(KEY), "C2PA does not take"),
        (bytes(credentials.MAX_PEM_BYTES + 1), to_pem(KEY), "too large"),
        (None, to_pem(KEY), "cannot be read"),
    ],
    ids=["no chain", "no key", "another key", "wrong purpose", "expired", "too large", "missing"],
)
def test_a_certificate_that_cannot_sign_is_refused_at_the_start(
    tmp_path: Path, chain: bytes | None, key: bytes, problem: str
) -> None:
    if chain is not None:
        (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(key)
    with pytest.raises(UnusableCertificate, match=problem):
        PictureMarker(read_credentials(tmp_path / "chain.pem", tmp_path / "key.pem"))
