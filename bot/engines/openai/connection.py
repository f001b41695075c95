"""The HTTP connection to a server that speaks OpenAI's dialect."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from bot.engines.openai.errors import check_status
from diffusion.protocol.session import ServerSession
from diffusion.protocol.stream_parser import InferenceRefused

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 600.0
"""How long a server may send nothing: many send nothing at all until the picture is done."""

MAX_ANSWER_BYTES = 1 << 26
"""Bytes of an answer in one piece: a picture of 2048² in base64 stays well below."""


class Connection:
    """Sends requests and checks their answers. `proxy` is the address of an HTTP proxy."""

    def __init__(self, url: str, key: str | None, proxy: str | None) -> None:
        self._session = ServerSession(
            url,
            key,
            proxy=proxy,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=READ_TIMEOUT_S,
        )
        try:
            self.root = URL(self._session.root.removesuffix("/v1"))
        except ValueError as error:
            raise InferenceRefused("The engine's address is no address.") from error

    async def __aenter__(self) -> Self:
        await self._session.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.__aexit__(kind, error, trace)

    @property
    def headers(self) -> Mapping[str, str]:
        """What is sent with every request, the key among it."""
        return self._session.headers

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
        url = path if isinstance(path, URL) else f"{self.root}{path}"
        sent = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        async with self._session.guarded("The engine", "What answers there is no engine.") as http:
            response = await http.request(method, url, allow_redirects=False, **sent)
            try:
                if response.status != 200:
                    said = await read_bounded(response)
                    check_status(response.status, response.headers, said, optional)
                yield response
            finally:
                response.close()


async def read_bounded(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises InferenceRefused if it is too large."""
    whole = bytearray()
    async for chunk in response.content.iter_any():
        whole += chunk
        if len(whole) > MAX_ANSWER_BYTES:
            raise InferenceRefused("The engine's answer is too large.")
    return bytes(whole)
