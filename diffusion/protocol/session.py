"""The HTTP session with one server, and what its errors mean.

InferenceUnavailable    the server cannot be reached now; the same request may succeed later
InferenceRefused        the server will never do this, or its answer cannot be understood
"""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from diffusion.protocol.stream_parser import InferenceRefused

TRANSIENT_STATUSES = frozenset({408, 429, 502, 503, 504})

PROXY_REFUSALS = (401, 403, 407)
"""Statuses of a proxy that does not let us through."""

_NO_SERVER = (
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    aiohttp.WSServerHandshakeError,
    aiohttp.ClientResponseError,  # what answers there speaks no HTTP
)
_NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class InferenceUnavailable(Exception):
    """The inference server cannot be reached now; the same request may succeed later.

    `retry_after` is the server's Retry-After in seconds, None if it sent none.
    `broke_off` is whether the server had been reached: then the request itself may have crashed
    it.
    """

    def __init__(
        self, reason: str, retry_after: float | None = None, *, broke_off: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.broke_off = broke_off


class ServerSession:
    """A session with one server: `async with` opens and closes it.

    `root` is the server's address without a login and a slash at its end; `headers` are sent with
    every request. A user and a password in `url` are sent as Basic authorisation and shown nowhere,
    `key` as a bearer token where there is no login. `proxy` is the address of an HTTP proxy,
    which may hold a login too. The times are in seconds: to connect, and without a byte.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        proxy: str | None,
        connect_timeout_s: float,
        read_timeout_s: float,
    ) -> None:
        address, basic = without_credentials(url)
        self.root = address.rstrip("/")
        authorisation = basic or (f"Bearer {key}" if key else None)
        self.headers = {"Authorization": authorisation} if authorisation else {}
        self._proxy = proxy
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_timeout_s, sock_read=read_timeout_s
        )
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self.headers,
            timeout=self._timeout,
            # As many connections as requests: the bot and the server bound the requests.
            connector=aiohttp.TCPConnector(limit=0),
            proxy=self._proxy,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def guarded(self, called: str, none_there: str) -> AsyncIterator[aiohttp.ClientSession]:
        """The session; its errors become ours.

        `called` is the server in words, `none_there` what is said where something else answers.
        Members may read both, so they do not say where it is.
        """
        assert self._session is not None, "use it with “async with”"
        try:
            yield self._session
        except aiohttp.ClientHttpProxyError as error:
            # “From None”, here and below: the words of aiohttp's error hold the proxy's login.
            if error.status in PROXY_REFUSALS:
                raise InferenceRefused(
                    f"The proxy does not let the bot through (status {error.status})."
                ) from None
            raise InferenceUnavailable(
                f"The proxy does not reach {_inside(called)} (status {error.status})."
            ) from None
        except aiohttp.ClientProxyConnectionError as error:
            raise InferenceUnavailable(f"The proxy is not there: {error}") from None
        except _NO_SERVER as error:
            raise InferenceRefused(none_there) from error
        except _NOT_REACHED as error:
            raise InferenceUnavailable(f"{called} is not there: {error}") from error
        except TimeoutError as error:
            raise InferenceUnavailable(f"{called} does not answer.", broke_off=True) from error
        except (aiohttp.ClientError, OSError) as error:
            said = without_key(self._without_login(f"{called} broke off: {error}"), self.headers)
            raise InferenceUnavailable(said, broke_off=True) from error

    def _without_login(self, text: str) -> str:
        if self._proxy is None:
            return text
        return text.replace(self._proxy, "the proxy")


def has_credentials(url: str) -> bool:
    """Whether a user or a password stands in an address."""
    return without_credentials(url)[1] is not None


def without_credentials(url: str) -> tuple[str, str | None]:
    """An address without its user and password, and these as an Authorization header."""
    try:
        parsed = URL(url)
    except ValueError:
        return url, None  # asking there fails, and says why
    if parsed.user is None and parsed.password is None:
        return url, None
    pair = f"{parsed.user or ''}:{parsed.password or ''}".encode()
    return str(parsed.with_user(None)), f"Basic {base64.b64encode(pair).decode()}"


def without_key(reason: str, headers: Mapping[str, str]) -> str:
    """What a server said, for members to read: without the key, which some servers repeat.

    `headers` are those that are sent with every request.
    """
    _, _, key = headers.get("Authorization", "").partition(" ")
    return reason.replace(key, "…") if key else reason


def _inside(called: str) -> str:
    """The words for a server within a sentence: only “The” is written small there."""
    return f"the {called.removeprefix('The ')}" if called.startswith("The ") else called
