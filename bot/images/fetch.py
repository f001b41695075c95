"""Fetches the pictures that members link to, from public addresses only.

A typed link may lead to this machine or its network, or to an endless response. So only https links
to public addresses are followed. The address is checked when the connection is made, because a name
may resolve differently a moment later, and again after each redirect. The pictures of one member
are fetched and decoded one at a time, so that one member cannot block others.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp
import yarl
from aiohttp import SocketFactoryType
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import InvalidLink, InvalidUpload, PicturesBusy
from bot.images.addresses import is_address, is_internal_name, is_public
from bot.images.sanitize import (
    MAX_BYTES,
    MAX_SIGNATURE_BYTES,
    UnusablePicture,
    UploadedFile,
    may_be_picture,
    sanitize,
)
from bot.images.turns import MemberTurns
from bot.proxies import DIRECT, Proxies
from diffusion.decoding.decoder import DecoderBusy, PictureDecoder

MAX_REDIRECTS = 3
FETCH_TIMEOUT_S = 10.0
"""Seconds for one picture, redirects included."""

MAX_CONCURRENT_MEMBERS = 8
"""Members whose pictures are fetched at the same time."""

MAX_WAITING_FETCHES = 64
"""Requests of all members that may be fetching or waiting."""

MAX_FETCHES_PER_MEMBER = 8
"""Requests of one member that may be fetching or waiting."""

REDIRECT_STATUSES = (301, 302, 303, 307, 308)


class _Refused(Exception):
    """The link is not followed; `reason` is a key under `link-` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PictureFetcher:
    """Fetches pictures by their links.

    `trusted` is the URL of our own CDN, such as the playground's; its links are followed to any
    address. `resolver` resolves names, `sockets` opens sockets to addresses that passed the check,
    and `tls` verifies certificates. `proxies` are the HTTP proxies. Behind one, it is the proxy
    that resolves names: then only what a name says by itself is checked here. `close`, or the end
    of `async with`, stops the decoder's processes.
    """

    def __init__(
        self,
        trusted: str | None = None,
        resolver: AbstractResolver | None = None,
        sockets: SocketFactoryType | None = None,
        tls: ssl.SSLContext | None = None,
        proxies: Proxies = DIRECT,
    ) -> None:
        self._trusted = yarl.URL(trusted) if trusted else None
        self._resolver = resolver
        self._sockets = sockets
        self._tls = tls
        self._proxies = proxies
        self._decoder = PictureDecoder()
        self._turns = MemberTurns(
            concurrency=MAX_CONCURRENT_MEMBERS,
            most_waiting=MAX_WAITING_FETCHES,
            most_of_one=MAX_FETCHES_PER_MEMBER,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._decoder.close()

    async def fetch(self, link: str, member_id: int = 0) -> bytes:
        """The picture as a PNG without metadata. Raises InvalidLink, PicturesBusy."""
        (picture,) = await self.fetch_all([link], member_id)
        return picture

    async def fetch_all(self, sources: Sequence[str | UploadedFile], member_id: int) -> list[bytes]:
        """The pictures behind links and uploads as PNGs, fetched one after another.

        Raises InvalidLink, InvalidUpload, PicturesBusy.
        """
        async with self._turns.turn(member_id):
            return [await self._fetch(source) for source in sources]

    async def download(self, link: str) -> bytes:
        """The file behind a link as it is, not decoded yet. Raises InvalidLink."""
        try:
            return await self._download(link)
        except _Refused as error:
            raise _invalid(link, error.reason) from error

    async def rewrite(self, encoded: bytes) -> bytes:
        """An encoded picture as a PNG without metadata. Raises UnusablePicture, PicturesBusy."""
        try:
            return await sanitize(self._decoder, encoded)
        except DecoderBusy as error:
            raise PicturesBusy from error

    async def _fetch(self, source: str | UploadedFile) -> bytes:
        try:
            if isinstance(source, str):
                return await self.rewrite(await self._download(source))
            if source.bytes_size > MAX_BYTES:
                raise _Refused("large")
            return await self.rewrite(await self._download(source.url))
        except (_Refused, UnusablePicture) as error:
            raise _invalid(source, error.reason) from error

    async def _download(self, link: str) -> bytes:
        """The file behind a link. Raises _Refused."""
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                return await self._follow(yarl.URL(link))
        except TimeoutError as error:
            raise _Refused("slow") from error
        except aiohttp.ClientHttpProxyError:
            # The words of the error hold the proxy's login.
            raise _Refused("unreachable") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _Refused("unreachable") from error

    async def _follow(self, url: yarl.URL) -> bytes:
        for _ in range(1 + MAX_REDIRECTS):
            trusted = self._is_trusted(url)
            proxy = self._proxies.of(url)
            if not trusted:
                _check(url, is_resolved_here=proxy is None)
            async with self._session(trusted, proxy) as session:
                # A compressed response could decompress to a thousand times its size.
                headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
                async with session.get(url, headers=headers, allow_redirects=False) as response:
                    if response.status not in REDIRECT_STATUSES:
                        return await _content(response)
                    url = url.join(yarl.URL(response.headers.get("Location", "")))
        raise _Refused("redirects")

    def _session(self, trusted: bool, proxy: str | None) -> aiohttp.ClientSession:
        if trusted:
            return aiohttp.ClientSession(auto_decompress=False, proxy=proxy)
        if proxy is not None:
            connector = aiohttp.TCPConnector(ssl=self._tls or True)
            return aiohttp.ClientSession(connector=connector, auto_decompress=False, proxy=proxy)
        resolver = PublicResolver(self._resolver or aiohttp.ThreadedResolver())
        connector = aiohttp.TCPConnector(
            resolver=resolver,
            use_dns_cache=False,
            socket_factory=self._sockets,
            ssl=self._tls or True,
        )
        return aiohttp.ClientSession(connector=connector, auto_decompress=False)

    def _is_trusted(self, url: yarl.URL) -> bool:
        trusted = self._trusted
        return (
            trusted is not None
            and url.host is not None
            and url.origin() == trusted.origin()
            and url.path.startswith(f"{trusted.path.rstrip('/')}/")
        )


class PublicResolver(AbstractResolver):
    """Resolves names, and refuses names with an address that is not public."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        results = await self._resolver.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in results):
            raise _Refused("address")
        return results

    async def close(self) -> None:
        await self._resolver.close()


def _invalid(source: str | UploadedFile, reason: str) -> InvalidLink | InvalidUpload:
    if isinstance(source, UploadedFile):
        return InvalidUpload(source.name, reason)
    return InvalidLink(source, reason)


def _check(url: yarl.URL, *, is_resolved_here: bool) -> None:
    """Raises _Refused for a link that is refused before its name is resolved."""
    if url.scheme != "https" or url.port != 443 or url.user or url.password or not url.host:
        raise _Refused("scheme")
    # A host that is an address is never passed to the resolver, so it is checked here.
    for host in (url.host, url.raw_host or ""):
        if is_address(host) and not is_public(host):
            raise _Refused("address")
        if not is_resolved_here and is_internal_name(host):
            raise _Refused("address")


async def _content(response: aiohttp.ClientResponse) -> bytes:
    if response.status != 200:
        raise _Refused("unreachable")
    content = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        content += chunk
        if len(content) >= MAX_SIGNATURE_BYTES and not may_be_picture(content):
            raise _Refused("type")
        if len(content) > MAX_BYTES:
            raise _Refused("large")
    return bytes(content)
