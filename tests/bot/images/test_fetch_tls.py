"""Pictures over real TLS: a server on this machine, with certificates made for the test.

Names lead to public addresses, as the rule wants it, and a socket takes what is meant for one to
the server instead. Nothing of the fetching itself is replaced.
"""

import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import InvalidLink
from bot.images.fetch import PictureFetcher
from tests.support.pictures import opened
from tests.support.tls import Authority, serving_pictures
from tests.support.tls import authority as authority

NAMES = {"pictures.example": "8.8.8.8", "mirror.example": "9.9.9.9", "inside.example": "10.0.0.1"}
LINK = "https://pictures.example/fox.png"


@dataclass(slots=True)
class Network:
    """The internet as the fetcher sees it: `called` are the addresses that were connected to."""

    port: int
    called: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(
        default_factory=lambda: {name: [address] for name, address in NAMES.items()}
    )

    def open(self, address: object) -> socket.socket:
        network = self

        class Rerouted(socket.socket):
            def connect(self, address: tuple[str, int]) -> None:  # type: ignore[override]
                network.called.append(f"{address[0]}:{address[1]}")
                super().connect(("127.0.0.1", network.port))

        return Rerouted()


class Resolver(AbstractResolver):
    """What the names mean; of several addresses, each question takes the next."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = self._network.names[host]
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def network(authority: Authority) -> AsyncIterator[Network]:
    """A server on this machine that answers for every name, with two of them certified."""
    async with serving_pictures(authority, "pictures.example", "mirror.example") as port:
        yield Network(port)


def fetcher(network: Network, authority: Authority | None) -> PictureFetcher:
    """One that believes this authority, or only those that everybody believes."""
    tls = ssl.create_default_context(cafile=authority.certificate) if authority else None
    return PictureFetcher(resolver=Resolver(network), sockets=network.open, tls=tls)


async def test_a_picture_is_fetched_from_the_address_that_was_checked(
    network: Network, authority: Authority
) -> None:
    async with fetcher(network, authority) as believing:
        picture = opened(await believing.fetch(LINK))
    assert (picture.format, picture.size) == ("PNG", (8, 4))
    assert network.called == ["8.8.8.8:443"]


async def test_a_redirect_to_another_public_name_is_followed(
    network: Network, authority: Authority
) -> None:
    link = f"{LINK}?to=https://mirror.example/fox.png"
    async with fetcher(network, authority) as believing:
        assert await believing.fetch(link)
    assert network.called == ["8.8.8.8:443", "9.9.9.9:443"]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("https://inside.example/fox.png", "does not lead to a public address"),
        ("https://127.0.0.1/fox.png", "does not lead to a public address"),
        ("http://mirror.example/fox.png", "https"),
        ("https://mirror.example:8443/fox.png", "https"),
    ],
)
async def test_a_redirect_is_checked_as_a_link_is(
    network: Network, authority: Authority, to: str, words: str
) -> None:
    with pytest.raises(InvalidLink, match=words):
        await fetcher(network, authority).fetch(f"{LINK}?to={to}")
    assert network.called == ["8.8.8.8:443"]


async def test_a_name_that_means_something_else_a_moment_later_is_checked_anew(
    network: Network, authority: Authority
) -> None:
    network.names["pictures.example"] = ["8.8.8.8", "10.0.0.1"]
    with pytest.raises(InvalidLink, match="does not lead to a public address"):
        await fetcher(network, authority).fetch(f"{LINK}?to=/again.png")
    assert network.called == ["8.8.8.8:443"]


async def test_an_authority_that_nobody_knows_is_not_believed(network: Network) -> None:
    with pytest.raises(InvalidLink, match="no picture was found there"):
        await fetcher(network, None).fetch(LINK)
    assert network.called == ["8.8.8.8:443"]


async def test_a_certificate_for_another_name_is_not_believed(
    network: Network, authority: Authority
) -> None:
    network.names["other.example"] = ["8.8.8.8"]
    with pytest.raises(InvalidLink, match="no picture was found there"):
        await fetcher(network, authority).fetch("https://other.example/fox.png")
