"""Which hosts of links are addresses, and which addresses are public: tables, without a network."""

import pytest

from bot.errors import InvalidLink
from bot.images.addresses import is_address, is_public
from bot.images.fetch import PictureFetcher
from tests.support.bot.dns import Names

NUMERIC = (
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0X7F.0.0.1",
    "0x",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.0.0.1..",
    "8.8.8.8.",
    "8.8.8.08",
    "１２７.0.0.1",
    "１２７．１",
    "127。0。0。1",
    "①②⑦.1",
    "١٢٧.١",
    "%31%32%37.0.0.1",
    "pictures.example.1",
)
"""Hosts that something may take for an address, spelt so that we need not know which."""


@pytest.mark.parametrize("host", NUMERIC)
async def test_a_numeric_host_is_refused_before_anything_resolves_it(host: str) -> None:
    assert is_address(host)
    assert not is_public(host)
    names = Names("8.8.8.8")  # as if a resolver knew a public way to read it
    with pytest.raises(InvalidLink, match="does not lead to a public address"):
        await PictureFetcher(resolver=names).fetch(f"https://{host}/x.png")
    assert not names.asked


@pytest.mark.parametrize("host", ["pictures.example", "1.example", "x0", "a.b-1", "cdn.example."])
def test_a_name_is_no_address(host: str) -> None:
    assert not is_address(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "::1", "2606:4700::1111", "fe80::1%25eth0"])
def test_an_address_is_one(host: str) -> None:
    assert is_address(host)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.52.193.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "168.63.129.16",
        "100.100.100.200",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:168.63.129.16",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:1:ffff::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
        "2001:20::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "2001:db8::1",
        "3ffe::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "no address",
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_public(address: str) -> None:
    assert is_public(address)
