"""Signs pictures: a C2PA manifest says in the file that AI made it, with what, and from what.

Pure but for the key. Knows no Discord and no jobs. What stands in the manifest is the mark alone:
no prompt, and no name of a member.
"""

import asyncio
import io
import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import c2pa
from PIL import Image

from bot.images.credentials import Credentials, UnusableCertificate
from bot.images.grid import PictureFile
from bot.images.png import encode_png
from diffusion.protocol.source_type import AI_SOURCE_TYPE

MAX_MARK_BYTES = 20_000
"""Bytes that signing may add to a file; without thumbnails it is about 3,000, or 8,000 with a
parent."""

MAX_MODEL_CHARS = 200
"""Characters of a model's name in a manifest."""

MIME_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
"""By the suffix of the file's name."""

_PARENT = "parent"

_ACCEPTED_FAILURES = frozenset({"signingCredential.untrusted"})
"""What the library says of every signer that it does not know."""

_SETTINGS = {
    "version": 1,
    # A thumbnail would be larger than all the rest of the manifest.
    "builder": {"thumbnail": {"enabled": False}},
    # Nothing here asks the network for anything.
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """How a picture came to be. `name` is what the manifest calls it, `model` what drew it."""

    name: str
    model: str
    parent: "Parent | None" = None
    is_edit: bool = True
    """Whether the picture differs from its parent; False for the parent by itself."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The picture that another one was made from: its name and the SHA-256 of its file.

    If its PNG and its origin are given, its own manifest is in that of the other picture.
    """

    name: str
    sha256: str
    png: bytes | None = None
    origin: Origin | None = None


class PictureMarker:
    """Signs files in one thread of its own, one after the other. Close it at the end."""

    def __init__(self, credentials: Credentials) -> None:
        """Raises UnusableCertificate if C2PA does not take the certificates."""
        self._thread = ThreadPoolExecutor(1, "picture-marker")
        self._agent = {"name": "Darkroom", "version": version("darkroom")}
        try:
            self._context = _context(credentials)
            self._check()
        except c2pa.C2paError as error:
            raise UnusableCertificate(f"C2PA does not take the certificate: {error}") from error

    async def mark(self, file: PictureFile, origin: Origin) -> PictureFile:
        """The file with a manifest: at most MAX_MARK_BYTES larger, its pixels unchanged.

        A file that cannot be signed comes back as it is, and the log says why.
        """
        loop = asyncio.get_running_loop()
        signed = await loop.run_in_executor(
            self._thread, self._sign_small, file.encoded, MIME_TYPES[file.suffix], origin
        )
        return replace(file, encoded=signed)

    def close(self) -> None:
        """Wait for what is being signed; what waits is dropped."""
        self._thread.shutdown(cancel_futures=True)

    def _sign_small(self, encoded: bytes, mime: str, origin: Origin) -> bytes:
        """Signed, without the parent's manifest where a long chain of certificates needs that."""
        parent = origin.parent and replace(origin.parent, png=None)
        try:
            for said in (origin, replace(origin, parent=parent)):
                signed = self._sign(encoded, mime, said)
                if len(signed) - len(encoded) <= MAX_MARK_BYTES:
                    return signed
            log.warning("A picture is not signed: the certificates are too large.")
        except c2pa.C2paError:
            log.exception("A picture could not be signed.")
        return encoded

    def _sign(self, encoded: bytes, mime: str, origin: Origin) -> bytes:
        parent, signed = origin.parent, io.BytesIO()
        manifest = self._manifest(origin)
        if parent is None or parent.png is None or parent.origin is None:
            manifest["ingredients"] = [_ingredient(parent)] if parent else []
            builder = c2pa.Builder(manifest, context=self._context)
        else:
            whole = self._sign(parent.png, MIME_TYPES["png"], parent.origin)
            builder = c2pa.Builder(manifest, context=self._context)
            builder.add_ingredient(_ingredient(parent), MIME_TYPES["png"], io.BytesIO(whole))
        with builder:
            builder.sign(mime, io.BytesIO(encoded), signed)
        return signed.getvalue()

    def _manifest(self, origin: Origin) -> dict[str, Any]:
        said = {
            "digitalSourceType": AI_SOURCE_TYPE,
            "softwareAgent": {**self._agent, "model": origin.model[:MAX_MODEL_CHARS]},
        }
        actions: list[Mapping[str, Any]] = [{"action": "c2pa.created", **said}]
        if origin.parent:
            from_parent = {"parameters": {"ingredientIds": [_PARENT]}}
            actions = [{"action": "c2pa.opened", **said, **from_parent}]
            if origin.is_edit:
                actions.append({"action": "c2pa.edited", **said})
        return {
            "claim_generator_info": [self._agent],
            "title": origin.name,
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        }

    def _check(self) -> None:
        """Sign a picture and read it again. Raises UnusableCertificate, C2paError."""
        mime = MIME_TYPES["png"]
        picture = encode_png(Image.new("RGB", (1, 1)))
        signed = self._sign(picture, mime, Origin("check", "none"))
        if len(signed) - len(picture) > MAX_MARK_BYTES:
            raise UnusableCertificate(
                f"The certificates are too large: a picture would grow by more than "
                f"{MAX_MARK_BYTES} bytes."
            )
        with (
            c2pa.Context.from_dict(_SETTINGS) as context,
            c2pa.Reader(mime, io.BytesIO(signed), context=context) as reader,
        ):
            results = json.loads(reader.json())
        codes = {each["code"] for each in results.get("validation_status", ())}
        if problems := codes - _ACCEPTED_FAILURES:
            raise UnusableCertificate(
                f"C2PA does not take the certificate: {', '.join(sorted(problems))}."
            )


def _context(credentials: Credentials) -> c2pa.Context:
    known = c2pa.C2paSignerInfo(
        credentials.algorithm, credentials.certificates, credentials.key, None
    )
    return c2pa.Context.from_dict(_SETTINGS, signer=c2pa.Signer.from_info(known))


def _ingredient(parent: Parent) -> dict[str, str]:
    return {
        "title": parent.name,
        "format": MIME_TYPES["png"],
        "instance_id": f"urn:sha256:{parent.sha256}",
        "relationship": "parentOf",
        "label": _PARENT,
    }
