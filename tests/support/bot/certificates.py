"""Certificates as an operator has them: an authority, and chains that it vouches for, as PEM."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

PURPOSE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])


class Authority:
    """Issues certificates; `pem` is its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Authority")
        own = self._builder(self._name, self._key, timedelta(days=9))
        own = own.add_extension(x509.BasicConstraints(True, None), True)
        own = own.add_extension(_usage("key_cert_sign"), True)
        self.pem = own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def chain(
        self,
        key: Key,
        *,
        purpose: x509.ExtendedKeyUsage | None = PURPOSE,
        lasts: timedelta = timedelta(days=9),
        padding: int = 0,
    ) -> bytes:
        """A certificate for the key, with `padding` bytes that mean nothing, and the authority."""
        leaf = self._builder(_named("Studio"), key, lasts)
        leaf = leaf.add_extension(x509.BasicConstraints(False, None), True)
        leaf = leaf.add_extension(_usage("digital_signature"), True)
        if purpose is not None:
            leaf = leaf.add_extension(purpose, False)
        if padding:
            leaf = leaf.add_extension(
                x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(padding)), False
            )
        signed = leaf.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM) + self.pem

    def _builder(self, subject: x509.Name, key: Key, lasts: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        authority = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=20))
            .not_valid_after(now + lasts)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), False)
        )


def to_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL
        if isinstance(key, rsa.RSAPrivateKey)
        else serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _named(name: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Studio")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(for_what: str) -> x509.KeyUsage:
    usages = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
            *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    return x509.KeyUsage(**{**usages, for_what: True})
