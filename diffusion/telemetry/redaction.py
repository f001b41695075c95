"""Takes secrets out of a text before it is written anywhere: the one place that does."""

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "[hidden]"

MIN_SECRET_CHARS = 6
"""Shorter values are not looked for by themselves: they would be found in ordinary words."""

PLAYGROUND_TOKEN = "playground"
"""The token that opens the playground; everybody knows it."""

_SECRET_NAME = re.compile(r"(TOKEN|KEY|PASSWORD|SECRET|HEADERS)$")
_URL_NAME = re.compile(r"(URL|ENDPOINT|PROXY)$", re.IGNORECASE)

_SHAPES = (
    # user:password@ in an address
    (re.compile(r"://[^\s/'\"<>]*@"), f"://{HIDDEN}@"),
    # Discord's addresses of interactions and webhooks have their token in the path
    (re.compile(r"(/(?:interactions|webhooks)/\d+/)[^\s/?'\"]+"), rf"\1{HIDDEN}"),
    (re.compile(r"aW50ZXJhY3Rpb246[\w+/=-]+"), HIDDEN),  # base64 of “interaction:”
    (re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"), HIDDEN),  # a bot's token
    (re.compile(r"\b(Bearer )[\w.~+/=-]{6,}"), rf"\1{HIDDEN}"),
    (
        re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?)(\w+ )?[^\s'\",]+", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
    (
        re.compile(r"((?:token|api_?key|secret|password|passwd)['\"]?[=:]\s*['\"]?)[^\s&'\",;]{4,}",
                   re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    # what makes a link valid: Discord's and S3's signatures
    (re.compile(r"([?&](?:hm|sig|signature|X-Amz-Signature)=)[^\s&'\"]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(?:hf_\w{16,}|sk-[\w-]{16,})"), HIDDEN),
)  # fmt: skip

_known: set[str] = set()


def hide(secrets: Iterable[str | None]) -> None:
    """Take these values out of all texts from now on."""
    for secret in secrets:
        if secret and len(secret) >= MIN_SECRET_CHARS and secret != PLAYGROUND_TOKEN:
            _known.update((secret, quote(secret, safe="")))


def hide_those_in(environment: Mapping[str, str] = os.environ) -> None:
    """Take the secrets in environment variables out: tokens, keys, passwords, also in addresses."""
    hide(value for name, value in environment.items() if _SECRET_NAME.search(name))
    for name, value in environment.items():
        if _URL_NAME.search(name):
            hide_password(value)


def hide_password(url: str) -> None:
    """Take the password of an address out."""
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        hide((password, unquote(password)))


def redacted(text: str) -> str:
    """The text without secrets: neither known values nor what has the shape of one."""
    # The longest first: one may be a part of another.
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text
