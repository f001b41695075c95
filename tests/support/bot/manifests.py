"""The C2PA manifest in a picture's file, read by the library's own reader."""

import io
import json
from typing import Any

import c2pa
from PIL import Image

from diffusion.protocol.source_type import AI_SOURCE_TYPE
from tests.support.pictures import opened

OFFLINE = {"version": 1, "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


def manifests_in(encoded: bytes, anchors: str = "") -> dict[str, Any]:
    """All that the reader says. Fails if something does not hold, apart from who signed.

    With `anchors`, certificates in PEM that are trusted, that must hold too.
    """
    mime = Image.MIME[opened(encoded).format]
    trusted = {"trust": {"user_anchors": anchors}} if anchors else {}
    with (
        c2pa.Context.from_dict({**OFFLINE, **trusted}) as context,
        c2pa.Reader(mime, io.BytesIO(encoded), context=context) as reader,
    ):
        said: dict[str, Any] = json.loads(reader.json())
    problems = {each["code"] for each in said.get("validation_status", ())}
    accepted = set() if anchors else {"signingCredential.untrusted"}
    assert problems <= accepted, f"{problems}"
    assert said["validation_state"] == ("Trusted" if anchors else "Valid")
    return said


def manifest_in(encoded: bytes) -> dict[str, Any]:
    """The manifest of the picture itself; that of a parent is another one."""
    said = manifests_in(encoded)
    manifest: dict[str, Any] = said["manifests"][said["active_manifest"]]
    return manifest


def actions_of(manifest: dict[str, Any]) -> list[str]:
    """What was done, in order. Each action must say that AI did it, and with what."""
    (actions,) = (
        each["data"]["actions"]
        for each in manifest["assertions"]
        if each["label"].startswith("c2pa.actions")
    )
    for action in actions:
        assert action["digitalSourceType"] == AI_SOURCE_TYPE
        assert action["softwareAgent"]["name"] == "Darkroom"
        assert action["softwareAgent"]["version"]
    return [action["action"] for action in actions]


def actions_in(encoded: bytes) -> list[str]:
    return actions_of(manifest_in(encoded))
