"""What errors of object stores mean: whether waiting helps, and what to tell whom. Pure."""

import re
from dataclasses import dataclass

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

MAX_DETAIL_CHARS = 300

MAX_READ_CHARS = 10_000
"""Characters of an error that are looked at: a server may answer with anything."""

_PASSING_STATUSES = frozenset({408, 409, 425, 429})
"""Statuses from 400 to 499 that say to try again later."""

_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE)
_NO_RIGHT = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}
)
_FULL = re.compile(r"Quota|InsufficientStorage|StorageFull|AccountIsDisabled", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request failed.

    `sentence` is for a person, without addresses; None if the same request may succeed later.
    `detail` is for the operator, one line. `is_about_the_bucket` is whether that is missing, and
    not an object in it.
    """

    detail: str
    sentence: str | None
    is_about_the_bucket: bool = False


def refusal_of(error: Exception) -> Refusal:
    """What an error of obstore means."""
    text = str(error)[:MAX_READ_CHARS]
    # Behind this come lines for developers of the library.
    text = text.partition("Debug source:")[0]
    code = _found(r"<Code>(\w+)</Code>|\(code: (\w+)\)", text)
    status = int(_found(r"status code: (\d{3})", text) or 0)
    detail = _one_line(text, code)
    if _NO_BUCKET.search(text):
        return Refusal(detail, "The bucket for pictures does not exist.", True)
    if _FULL.search(code) or status == 507:
        return Refusal(detail, "The object store for pictures is full.")
    is_denied = isinstance(error, PermissionDeniedError | UnauthenticatedError)
    if is_denied or code in _NO_RIGHT:
        return Refusal(detail, "The object store for pictures denies access.")
    if 400 <= status < 500 and status not in _PASSING_STATUSES:
        return Refusal(detail, "The object store for pictures refuses this.")
    return Refusal(detail, None)


def _one_line(text: str, code: str) -> str:
    """The first words of an error, without the answer of the server but its code."""
    said = " ".join(text.partition("<")[0].split()).rstrip(" :.")
    if code and code not in said:
        said = f"{said}: {code}"
    return said[:MAX_DETAIL_CHARS]


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return next(filter(None, match.groups()), "") if match else ""
