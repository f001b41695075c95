"""The certificate and the key that sign pictures: self-made, or the operator's.

C2PA wants a chain of at least two certificates, the signer's first. The key of the self-made
authority is thrown away, so it can sign no other certificate.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage.permissions import PRIVATE_UMASK, close_folder

VALID_DAYS = 3650
"""Days that a self-made certificate is valid."""

RENEWED_DAYS = 30
"""A self-made certificate that ends in fewer days is replaced at the start."""

MAX_PEM_BYTES = 100_000
"""Bytes of a file with certificates or a key; a chain of three has about 6,000."""

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
"""C2PA's names of the algorithms, by cryptography's names of the curves."""

log = logging.getLogger(__name__)

T = TypeVar("T")


class UnusableCertificate(Exception):
    """The operator's certificate or key cannot sign pictures; the message says why."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs pictures. `algorithm` is C2PA's name; the rest is PEM, not encrypted."""

    algorithm: str
    certificates: bytes
    """The signer's certificate first, then those that vouch for it."""
    key: bytes = field(repr=False)


def read_credentials(certificates: Path, key: Path) -> Credentials:
    """Read the operator's files. Raises UnusableCertificate."""
    return _parsed(_read(certificates), _read(key), f"{certificates} and {key}")


def own_credentials(file: Path) -> Credentials:
    """The self-made credentials in `file`; made there if it is missing or no longer usable.

    If they cannot be kept, the log says so and they last until the process ends.
    """
    if file.exists():
        try:
            kept = _read(file)
            credentials = _parsed(kept, kept, str(file))
        except UnusableCertificate as error:
            log.warning("%s A new key is made.", error)
        else:
            if valid_until(credentials) > datetime.now(UTC) + timedelta(days=RENEWED_DAYS):
                return credentials
    return _make(file)


def _make(file: Path) -> Credentials:
    key = ec.generate_private_key(ec.SECP256R1())
    written = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    credentials = Credentials("es256", _self_made_chain(key.public_key()), written)
    log.warning(
        "Pictures are signed with a self-made key from now on: programs that check them say that "
        "the signer is unknown. DARKROOM_C2PA_CERTIFICATE and DARKROOM_C2PA_KEY set another one."
    )
    try:
        close_folder(file.parent)
        _write_private(file, written + credentials.certificates)
    except OSError as error:
        log.warning("The key in %s cannot be kept: %s", file, error.strerror)
    return credentials


def _write_private(file: Path, content: bytes) -> None:
    """Write all of a file or nothing, for its owner alone."""
    unfinished = file.with_name(f".{file.name}.{uuid4().hex}")
    mode = 0o666 & ~PRIVATE_UMASK
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _self_made_chain(signer: ec.EllipticCurvePublicKey) -> bytes:
    """A certificate for this key and the one of an authority that vouches for it, as PEM."""
    authority = ec.generate_private_key(ec.SECP256R1())
    issued = [
        _certificate("Darkroom, self-made", signer, authority, is_authority=False),
        _certificate("Darkroom, self-made", authority.public_key(), authority, is_authority=True),
    ]
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in issued)


def _certificate(
    name: str,
    key: ec.EllipticCurvePublicKey,
    authority: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
) -> x509.Certificate:
    """A certificate with the extensions that C2PA demands."""
    now = datetime.now(UTC)
    subject = _named(f"{name} authority" if is_authority else name)
    usage = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
            *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    usage["key_cert_sign" if is_authority else "digital_signature"] = True
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_named(f"{name} authority"))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # Clocks differ: one that is a little slow would not yet believe it.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), True)
        .add_extension(x509.KeyUsage(**usage), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), False
        )
    )
    if not is_authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, False)
    return builder.sign(authority, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Darkroom"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_PEM_BYTES + 1)
    except OSError as error:
        raise UnusableCertificate(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_PEM_BYTES:
        raise UnusableCertificate(f"{file} is no file with certificates or a key: it is too large.")
    return content


def _parsed(certificates: bytes, key: bytes, named: str) -> Credentials:
    """Check that both are PEM and belong together. Raises UnusableCertificate."""
    chain = _loaded(
        lambda: x509.load_pem_x509_certificates(certificates),
        f"{named}: there is no certificate in PEM.",
    )
    secret = _loaded(
        lambda: serialization.load_pem_private_key(key, None),
        f"{named}: there is no private key in PEM without a password.",
    )
    match secret:
        case ec.EllipticCurvePrivateKey():
            algorithm = _CURVES.get(secret.curve.name)
        case rsa.RSAPrivateKey():
            algorithm = "ps256"
        case ed25519.Ed25519PrivateKey():
            algorithm = "ed25519"
        case _:
            algorithm = None
    if algorithm is None:
        raise UnusableCertificate(f"{named}: C2PA takes keys of P-256, P-384, P-521, RSA, Ed25519.")
    if chain[0].public_key() != secret.public_key():
        raise UnusableCertificate(f"{named}: the key does not belong to the first certificate.")
    written = secret.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    return Credentials(algorithm, pem, written)


def _loaded(load: Callable[[], T], problem: str) -> T:
    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableCertificate(problem) from error


def valid_from(credentials: Credentials) -> datetime:
    """From when on all of its certificates are valid."""
    chain = x509.load_pem_x509_certificates(credentials.certificates)
    return max(each.not_valid_before_utc for each in chain)


def valid_until(credentials: Credentials) -> datetime:
    """When the first of its certificates ends."""
    chain = x509.load_pem_x509_certificates(credentials.certificates)
    return min(each.not_valid_after_utc for each in chain)
