"""What a refusal of a server means: wait, drop a parameter, or give up. Pure."""

import logging
import math
import re
from collections.abc import Collection, Mapping

from diffusion.protocol.client import InferenceUnavailable
from diffusion.protocol.stream_parser import InferenceRefused, parsed

log = logging.getLogger(__name__)

MAX_MESSAGE_CHARS = 500
MAX_TOLD_SIZES = 32

BROKEN_STATUSES = frozenset({500, 520})
"""The server broke at this request; others pass by themselves."""

PASSING_STATUSES = frozenset({408, 409, 425, 429})

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "access_terminated",
    }
)

TRANSPORT = frozenset({"stream", "partial_images", "response_format"})
"""Parameters that change how pictures arrive, and nothing in them."""

_UNKNOWN_CODES = frozenset({"unknown_parameter", "unsupported_parameter"})
_UNKNOWN = re.compile(
    r"(?:unknown|unrecognized|unsupported|unexpected)(?: \w+){0,2} "
    r"(?:parameter|argument|field|input)s?(?: supplied)?:? *['\"`“]?([a-z_]+)"
    r"|extra_forbidden[^)]*'([a-z_]+)'\)",
    re.IGNORECASE,
)
_SIZE = re.compile(r"\b\d{2,5}x\d{2,5}\b")


class UnknownParameters(Exception):
    """The server does not know these parameters; without them it may do what is asked."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = names


class OtherSizes(Exception):
    """The server draws only these sizes, such as `1024x1536`."""

    def __init__(self, sizes: tuple[str, ...]) -> None:
        super().__init__(", ".join(sizes))
        self.sizes = sizes


def check_status(
    status: int, headers: Mapping[str, str], body: bytes, sent: Collection[str] = ()
) -> None:
    """Raise what an answer other than 200 means; `sent` are the optional parameters in the call.

    Raises UnknownParameters, OtherSizes, InferenceUnavailable and InferenceRefused.
    """
    if status == 200:
        return
    error = _error_in(body)
    check_error(error, sent)
    reason = message_of(error) or f"The engine answered with status {status}."
    if status in (401, 403):
        log.error("The engine does not accept the API key: %s", reason)
        raise InferenceRefused(f"The engine does not accept the API key: {reason}")
    if status == 402:
        _raise_quota(reason)
    if status in PASSING_STATUSES or (status > 500 and status != 501):
        raise InferenceUnavailable(
            reason, _seconds(headers.get("Retry-After")), broke_off=status in BROKEN_STATUSES
        )
    if status in BROKEN_STATUSES:
        raise InferenceUnavailable(reason, broke_off=True)
    raise InferenceRefused(reason)


def check_error(error: Mapping[str, object], sent: Collection[str] = ()) -> None:
    """Raise what an error says by its code: a used-up quota, or a parameter that cannot be sent."""
    message = message_of(error) or ""
    if QUOTA_CODES & {str(error.get("code")), str(error.get("type"))}:
        _raise_quota(message)
    if error.get("param") == "size" or "size" in message.lower():
        sizes = tuple(dict.fromkeys(_SIZE.findall(message)))[:MAX_TOLD_SIZES]
        if len(sizes) > 1 and "size" in sent:
            raise OtherSizes(sizes)
    if unknown := _unknown_parameters(error, message) & set(sent):
        raise UnknownParameters(frozenset(unknown))


def message_of(error: Mapping[str, object]) -> str | None:
    """What an error says for a person."""
    message = error.get("message")
    if not isinstance(message, str) or not message.strip():
        return None
    return message.strip()[:MAX_MESSAGE_CHARS]


def error_of(answer: Mapping[str, object]) -> Mapping[str, object] | None:
    """The error in an answer, in OpenAI's shape, FastAPI's or a simpler one, as OpenAI's."""
    error = answer.get("error")
    if isinstance(error, Mapping):
        return error
    if isinstance(error, str):
        return {"message": error}
    if answer.get("object") == "error" or answer.get("type") == "error":
        return answer
    detail = answer.get("detail")
    if isinstance(detail, str):
        return {"message": detail}
    if isinstance(detail, Mapping):
        return error_of(detail) or detail
    if isinstance(detail, list):
        return _of_fields([one for one in detail if isinstance(one, Mapping)])
    return None


def _error_in(body: bytes) -> Mapping[str, object]:
    try:
        answer = parsed(body)
    except InferenceRefused:
        return {}
    return error_of(answer) or answer


def _of_fields(details: list[Mapping[str, object]]) -> Mapping[str, object]:
    """FastAPI's list of wrong fields as one error."""
    said, unknown = [], []
    for detail in details:
        place = detail.get("loc")
        name = str(place[-1]) if isinstance(place, list) and place else ""
        said.append(f"{name}: {detail.get('msg', '')}".removeprefix(": "))
        if detail.get("type") in ("extra_forbidden", "value_error.extra"):
            unknown.append(name)
    return {"message": "; ".join(said), "unknown": unknown}


def _unknown_parameters(error: Mapping[str, object], message: str) -> set[str]:
    """The parameters that an error names as unknown."""
    listed = error.get("unknown")
    names = {str(name) for name in listed} if isinstance(listed, list) else set()
    param = error.get("param")
    if isinstance(param, str) and (error.get("code") in _UNKNOWN_CODES or param in TRANSPORT):
        names.add(param)
    return names | {name for found in _UNKNOWN.findall(message) for name in found if name}


def _raise_quota(message: str) -> None:
    reason = message or "It has no credit left."
    log.error("The quota of the engine is used up: %s", reason)
    raise InferenceRefused(f"The quota of the engine is used up: {reason}")


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is not read."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
