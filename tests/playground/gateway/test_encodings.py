"""Frames as other libraries want them: compressed in one of three ways, and binary."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from playground import Playground
from playground.gateway.encodings import MAX_ZSTD_BLOCK_BYTES, ZstdStream
from playground.testing.member import Member
from tests.support.playground.raw_bot import RawBot

IDENTIFY = {"token": "any", "intents": 1 << 0 | 1 << 9 | 1 << 15}
ZLIB_FLUSH = b"\x00\x00\xff\xff"
EMOJI = "a fox 🦊"


class RawBlocks:
    """Reads a zstd stream whose blocks are all raw: the header once, then blocks."""

    def __init__(self) -> None:
        self._started = False

    def decompress(self, content: bytes) -> bytes:
        if not self._started:
            assert content[:6] == b"\x28\xb5\x2f\xfd\x00\x38"  # magic, descriptor, 128 KiB window
            content, self._started = content[6:], True
        text = b""
        while content:
            header = int.from_bytes(content[:3], "little")
            size, kind, last = header >> 3, header >> 1 & 3, header & 1
            assert (kind, last) == (0, 0)
            text, content = text + content[3 : 3 + size], content[3 + size :]
        return text


@pytest.mark.parametrize(
    ("compress", "reader"),
    [("zlib-stream", zlib.decompressobj), ("zstd-stream", RawBlocks)],
)
async def test_a_stream_is_one_for_all_frames_and_new_for_each_connection(
    playground: Playground, raw: RawBot, ada: Member, compress: str, reader: Callable[[], Any]
) -> None:
    async def connect() -> Callable[[], Any]:
        """A reader of the frames of a new connection, HELLO behind it."""
        address = f"{raw.url.replace('http', 'ws', 1)}/gateway?v=10&compress={compress}"
        raw.socket = await raw.session.ws_connect(address)
        raw.sockets.append(raw.socket)
        stream = reader()

        async def receive() -> Any:
            content = await raw.socket.receive_bytes(timeout=30)
            if compress == "zlib-stream":
                assert content.endswith(ZLIB_FLUSH)
            return json.loads(stream.decompress(content))

        assert (await receive())["op"] == 10
        return receive

    receive = await connect()
    # discord.py and py-cord ask for both: the stream is what they get.
    await raw.send(2, {**IDENTIFY, "compress": True})
    ready = await receive()
    assert ready["t"] == "READY"
    assert (await receive())["t"] == "GUILD_CREATE"
    await ada.say("darkroom", EMOJI)
    heard = await receive()
    assert heard["d"]["content"] == EMOJI

    await playground.faults.drop()
    await ada.say("darkroom", "missed")
    receive = await connect()
    session = {"session_id": ready["d"]["session_id"], "seq": heard["s"]}
    await raw.send(6, {"token": "any", **session})
    assert (await receive())["d"]["content"] == "missed"
    assert (await receive())["t"] == "RESUMED"


async def test_large_frames_alone_are_compressed_where_identify_asks(
    raw: RawBot, ada: Member
) -> None:
    await raw.connect()
    await raw.send(2, {**IDENTIFY, "compress": True})
    assert (await raw.receive())["t"] == "READY"
    guild = await raw.socket.receive(timeout=30)
    assert guild.type is aiohttp.WSMsgType.BINARY
    assert json.loads(zlib.decompress(guild.data))["t"] == "GUILD_CREATE"
    await raw.send(1, None)
    assert (await raw.receive())["op"] == 11  # Small, and so plain text.


def test_zstd_blocks_are_no_larger_than_they_may_be() -> None:
    text = "x" * (MAX_ZSTD_BLOCK_BYTES + 1)
    sent = ZstdStream().encode(text)
    assert RawBlocks().decompress(sent) == text.encode()
    assert len(sent) == 6 + 3 + MAX_ZSTD_BLOCK_BYTES + 3 + 1


async def test_binary_frames_are_read_like_text(raw: RawBot) -> None:
    await raw.connect()
    await raw.socket.send_bytes(json.dumps({"op": 2, "d": IDENTIFY}).encode())
    assert (await raw.event("READY"))["session_type"] == "normal"
    await raw.socket.send_bytes(b"\xff\xfe")
    assert await raw.closed() == 4002


@pytest.mark.parametrize("query", ["compress=brotli", "encoding=etf"])
async def test_what_no_frame_can_be_sent_as_ends_the_connection(raw: RawBot, query: str) -> None:
    address = f"{raw.url.replace('http', 'ws', 1)}/gateway?v=10&{query}"
    raw.socket = await raw.session.ws_connect(address)
    raw.sockets.append(raw.socket)
    assert await raw.closed() == 4002
