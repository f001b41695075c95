"""The connection to a ComfyUI server: its HTTP routes and its websocket. No answer is trusted."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.engines.comfyui.messages import FEATURES, Message, PreviewFrame, read_frame, read_text
from bot.engines.comfyui.wording import refusal
from bot.engines.comfyui.workflow import Graph
from diffusion.protocol.answers import kind_of
from diffusion.protocol.session import TRANSIENT_STATUSES, InferenceUnavailable, ServerSession
from diffusion.protocol.stream_parser import InferenceRefused, parsed

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
"""How long an answer may take: its routes share a process with the drawing."""

HEARTBEAT_S = 60.0
"""Seconds between two pings of the websocket. While it loads a model, ComfyUI answers late."""

MAX_ANSWER_BYTES = 1 << 26
"""Bytes of an answer; a picture of 4096² stays below."""

MAX_MESSAGE_BYTES = 1 << 24
"""Bytes of one message of the websocket; previews have some 100 KB."""

UPLOAD_FOLDER = "darkroom"
"""The folder for start pictures, inside ComfyUI's own folder for them."""


class SocketClosed(Exception):
    """The websocket has ended; what it was about to tell can be asked by HTTP."""


class Socket:
    """One websocket with a client id of its own: a second one with the same would deafen it."""

    def __init__(self, client_id: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.client_id = client_id
        self._socket = socket

    async def receive(self, timeout_s: float) -> Message | PreviewFrame | None:
        """The next message; None if it says nothing that is read.

        Raises SocketClosed, and TimeoutError if none comes in this time.
        """
        message = await self._socket.receive(timeout_s)
        match message.type:
            case aiohttp.WSMsgType.TEXT:
                return read_text(message.data)
            case aiohttp.WSMsgType.BINARY:
                return read_frame(message.data)
            case _:
                raise SocketClosed

    async def close(self) -> None:
        await self._socket.close()


class Connection:
    """Asks one server. All methods raise InferenceUnavailable and InferenceRefused.

    `key` is sent as a bearer token, for a proxy before ComfyUI, which itself knows no keys. A user
    and a password in `url` are sent as Basic authorisation.
    """

    def __init__(self, url: str, key: str | None, proxy: str | None) -> None:
        self._session = ServerSession(
            url,
            key,
            proxy=proxy,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=READ_TIMEOUT_S,
        )
        try:
            self._root = str(URL(self._session.root)).rstrip("/")
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

    async def listen(self, client_id: str) -> Socket:
        """Open a websocket, and announce that previews with metadata are read."""
        async with self._guarded() as session:
            socket = await session.ws_connect(
                f"{self._root}/ws",
                params={"clientId": client_id},
                heartbeat=HEARTBEAT_S,
                max_msg_size=MAX_MESSAGE_BYTES,
            )
            await socket.send_json(FEATURES)
            return Socket(client_id, socket)

    async def node(self, class_type: str) -> Mapping[str, Any] | None:
        """What `/object_info` says of a node; None if the server has none of this class."""
        # Some custom nodes have spaces and slashes in their names.
        path = f"/object_info/{quote(class_type, safe='')}"
        said = (await self._json("GET", path)).get(class_type)
        return said if isinstance(said, dict) else None

    async def submit(self, graph: Graph, prompt_id: str, client_id: str) -> None:
        """Put a graph into the queue. `prompt_id` is a UUID, in lower case and with hyphens."""
        body = {
            "prompt": graph,
            "prompt_id": prompt_id,
            "client_id": client_id,
            # ComfyUI sends no previews unless it is started or asked to.
            "extra_data": {"preview_method": "auto"},
        }
        async with self._request("POST", "/prompt", json=body, refused_is_fine=True) as response:
            answer = parsed(await _read(response))
            # A good answer can have errors too: then outputs were dropped.
            if response.status != 200 or answer.get("node_errors"):
                raise InferenceRefused(refusal(answer, graph))

    async def queue(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of the prompts that run, and of those that wait, the next one first."""
        answer = await self._json("GET", "/queue")
        running, waiting = (_items(answer.get(f"queue_{part}")) for part in ("running", "pending"))
        return tuple(item[1] for item in running), tuple(item[1] for item in sorted(waiting))

    async def history(self, prompt_id: str) -> dict[str, Any] | None:
        """What is known of a prompt that has ended; None before that."""
        entry = (await self._json("GET", f"/history/{prompt_id}")).get(prompt_id)
        return entry if isinstance(entry, dict) else None

    async def take_back(self, prompt_id: str) -> None:
        """Delete a prompt from the queue, or interrupt it if it runs."""
        async with self._request("POST", "/queue", json={"delete": [prompt_id]}):
            pass
        running, _ = await self.queue()
        # Old versions interrupt whatever runs, so it must be this one.
        if prompt_id in running:
            async with self._request("POST", "/interrupt", json={"prompt_id": prompt_id}):
                pass

    async def upload(self, picture: bytes, digest: str) -> str:
        """Give the server a start picture; returns the name by which its nodes load it."""
        form = aiohttp.FormData()
        kind = kind_of(picture) or "png"
        form.add_field(
            "image",
            io.BytesIO(picture),
            filename=f"{digest}.{kind}",
            content_type=f"image/{kind}",
        )
        for field, value in (
            ("type", "input"),
            ("subfolder", UPLOAD_FOLDER),
            ("overwrite", "true"),
        ):
            form.add_field(field, value)
        async with self._request("POST", "/upload/image", data=form) as response:
            answer = parsed(await _read(response))
        name, folder = answer.get("name"), answer.get("subfolder")
        if not isinstance(name, str):
            raise InferenceRefused("ComfyUI did not say where it put the start picture.")
        return f"{folder}/{name}" if folder else name

    async def view(self, picture: Mapping[str, Any]) -> bytes:
        """The file of a picture, as the history names it."""
        params = {name: str(picture.get(name) or "") for name in ("filename", "subfolder", "type")}
        async with self._request("GET", "/view", params=params) as response:
            return await _read(response)

    async def _json(self, method: str, path: str) -> dict[str, object]:
        async with self._request(method, path) as response:
            return parsed(await _read(response))

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, *, refused_is_fine: bool = False, **sent: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A good answer, or with `refused_is_fine` one with status 400, closed at the end."""
        async with self._guarded() as session:
            response = await session.request(
                method, self._root + path, allow_redirects=False, **sent
            )
            try:
                if response.status != 200 and not (refused_is_fine and response.status == 400):
                    await _raise_for_status(response, path)
                yield response
            finally:
                response.close()

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The session; its errors become ours."""
        async with self._session.guarded("ComfyUI", f"{self._shown} is no ComfyUI.") as session:
            try:
                yield session
            except aiohttp.WSServerHandshakeError as error:
                if error.status in TRANSIENT_STATUSES:
                    raise InferenceUnavailable("ComfyUI is not there now.") from error
                raise InferenceRefused(f"{self._shown} has no websocket of ComfyUI.") from error

    @property
    def _shown(self) -> str:
        """The address without its path, which may hold what is secret."""
        try:
            return str(URL(self._root).origin())
        except ValueError:
            return "What is configured"


async def described_nodes(
    connection: Connection, class_types: frozenset[str]
) -> dict[str, Mapping[str, Any]]:
    """What the server says of these nodes; those that it does not have are left out."""
    wanted = sorted(class_types)
    said = await asyncio.gather(*(connection.node(one) for one in wanted))
    return {name: node for name, node in zip(wanted, said, strict=True) if node is not None}


def _items(said: object) -> list[tuple[float, str]]:
    """The number and the id of each prompt in a part of the queue."""
    return [
        (float(item[0]), item[1])
        for item in (said if isinstance(said, list) else [])
        if isinstance(item, list)
        and len(item) > 1
        and isinstance(item[0], int | float)
        and isinstance(item[1], str)
    ]


async def _raise_for_status(response: aiohttp.ClientResponse, path: str) -> None:
    """Raise what an answer other than 200 means."""
    if response.status in TRANSIENT_STATUSES:
        raise InferenceUnavailable(f"ComfyUI answered with status {response.status}.")
    if response.status in (401, 403):
        raise InferenceRefused("What stands before ComfyUI does not accept the API key.")
    if response.status == 404 and path == "/view":
        raise InferenceRefused("ComfyUI no longer has the picture that it made.")
    said = await _read(response)
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        answer = None
    reason = answer.get("error") if isinstance(answer, dict) else None
    status = f"ComfyUI answered with status {response.status}"
    raise InferenceRefused(f"{status}: {str(reason)[:200]}" if reason else f"{status}.")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    whole = bytearray()
    async for chunk in response.content.iter_any():
        whole += chunk
        if len(whole) > MAX_ANSWER_BYTES:
            raise InferenceRefused("ComfyUI's answer is too large.")
    return bytes(whole)
