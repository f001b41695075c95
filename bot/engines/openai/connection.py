"""The HTTP connection to a server that speaks OpenAI's dialect."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from bot.engines.openai.errors import check_status
from diffusion.protocol.client import InferenceUnavailable, without_credentials
from diffusion.protocol.stream_parser import InferenceRefused

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 600.0
"""How long a server may send nothing: many send nothing at all until the picture is done."""

MAX_ANSWER_BYTES = 1 << 26
"""Bytes of an answer in one piece: a picture of 2048² in base64 stays well below."""

_NO_SERVER = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, aiohttp.ClientResponseError)
_NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Connection:
    """Sends requests and checks their answers. `proxy` is the address of an HTTP proxy."""

    def __init__(self, url: str, key: str | None, proxy: str | None) -> None:
        typed, basic = without_credentials(url)
        try:
            address = URL(typed)
        except ValueError as error:
            raise InferenceRefused("The engine's address is no address.") from error
        authorisation = basic or (f"Bearer {key}" if key else None)
        self.root = URL(str(address).rstrip("/").removesuffix("/v1"))
        self.headers = {"Authorization": authorisation} if authorisation else {}
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S
        )
        # As many connections as requests: the bot bounds the requests.
        self._session = aiohttp.ClientSession(
            headers=self.headers, timeout=timeout, connector=aiohttp.TCPConnector(limit=0)
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

    def owns(self, url: URL) -> bool:
        """Whether an address is of this server itself."""
        return url.host is not None and url.origin() == self.root.origin()

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        path: str | URL,
        body: dict[str, object] | aiohttp.FormData | None = None,
        optional: Collection[str] = (),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A good answer. `optional` are the parameters in the body that may be left out.

        Raises UnknownParameters, OtherSizes, InferenceUnavailable and InferenceRefused.
        """
        assert self._session is not None, "use the engine with “async with”"
        url = path if isinstance(path, URL) else f"{self.root}{path}"
        sent = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        try:
            response = await self._session.request(
                method, url, allow_redirects=False, proxy=self._proxy, **sent
            )
            try:
                if response.status != 200:
                    said = await read_bounded(response)
                    check_status(response.status, response.headers, said, optional)
                yield response
            finally:
                response.close()
        except _NO_SERVER as error:
            # Members may read this, and not where the engine is.
            raise InferenceRefused("What answers there is no engine.") from error
        except _NOT_REACHED as error:
            raise InferenceUnavailable(f"The engine is not there: {error}") from error
        except TimeoutError as error:
            raise InferenceUnavailable("The engine does not answer.", broke_off=True) from error
        except (aiohttp.ClientError, OSError) as error:
            raise InferenceUnavailable(f"The engine broke off: {error}", broke_off=True) from error


async def read_bounded(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises InferenceRefused if it is too large."""
    whole = bytearray()
    async for chunk in response.content.iter_any():
        whole += chunk
        if len(whole) > MAX_ANSWER_BYTES:
            raise InferenceRefused("The engine's answer is too large.")
    return bytes(whole)
