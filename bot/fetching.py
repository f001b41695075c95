"""Fetching the pictures that members link to, from the public internet and from nowhere else.

A link is what somebody typed: it may lead to this machine, into its network, or never end. So only
https is followed, only to public addresses, which are checked where the connection is made (a name
may mean another address a moment later), and all anew after each redirect.
"""

import asyncio
import socket
import ssl

import aiohttp
import yarl
from aiohttp import SocketFactoryType
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.addresses import is_address, is_public
from bot.errors import InvalidLink
from bot.uploads import UnusablePicture, rewrite

MOST_BYTES = 20 * 2**20
MOST_REDIRECTS = 3
SECONDS = 10.0
"""That all of it may take, redirects included."""

TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/octet-stream")

REDIRECTS = (301, 302, 303, 307, 308)


class _Refused(Exception):
    """The link is not followed; `reason` is a key under `link-` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PictureFetcher:
    """Fetches pictures by their links.

    `trusted` is the address of a CDN of our own, such as the playground's, whose links are followed
    wherever it is. `resolver` turns names into addresses, `sockets` opens what connects to one that
    has passed, and `tls` says whose certificates are believed.
    """

    def __init__(
        self,
        trusted: str | None = None,
        resolver: AbstractResolver | None = None,
        sockets: SocketFactoryType | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._trusted = yarl.URL(trusted) if trusted else None
        self._resolver = resolver
        self._sockets = sockets
        self._tls = tls

    async def fetch(self, link: str) -> bytes:
        """The picture as a PNG that holds nothing but pixels. Raises InvalidLink."""
        try:
            async with asyncio.timeout(SECONDS):
                encoded = await self._follow(yarl.URL(link))
            return await asyncio.to_thread(rewrite, encoded)
        except TimeoutError as error:
            raise InvalidLink(link, "slow") from error
        except (_Refused, UnusablePicture) as error:
            raise InvalidLink(link, error.reason) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise InvalidLink(link, "unreachable") from error

    async def _follow(self, url: yarl.URL) -> bytes:
        for _ in range(1 + MOST_REDIRECTS):
            trusted = self._is_trusted(url)
            if not trusted:
                _check(url)
            async with self._session(trusted) as session:
                # What comes compressed could be a thousand times as much.
                headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
                async with session.get(url, headers=headers, allow_redirects=False) as response:
                    if response.status not in REDIRECTS:
                        return await _content(response)
                    url = url.join(yarl.URL(response.headers.get("Location", "")))
        raise _Refused("redirects")

    def _session(self, trusted: bool) -> aiohttp.ClientSession:
        if trusted:
            return aiohttp.ClientSession(auto_decompress=False)
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
    """Resolves names, and refuses those that lead to an address that is not public."""

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


def _check(url: yarl.URL) -> None:
    """Raises _Refused for a link that is not followed, whatever its name leads to."""
    if url.scheme != "https" or url.port != 443 or url.user or url.password or not url.host:
        raise _Refused("scheme")
    # An address in the place of a name is never resolved; some other spelling of one might be.
    for host in (url.host, url.raw_host or ""):
        if is_address(host) and not is_public(host):
            raise _Refused("address")


async def _content(response: aiohttp.ClientResponse) -> bytes:
    if response.status != 200:
        raise _Refused("unreachable")
    if response.content_type not in TYPES:
        raise _Refused("type")
    content = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        content += chunk
        if len(content) > MOST_BYTES:
            raise _Refused("large")
    return bytes(content)
