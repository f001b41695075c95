"""One prompt on its way through ComfyUI, from the queue to its picture.

The websocket tells how far it is; only the history tells how it ended. `executing` with no node
follows errors and interruptions too, `execution_success` comes before the history has its entry,
and nodes whose results are cached are not reported as executing at all.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from bot.engines.comfyui.connection import Connection, Socket, SocketClosed
from bot.engines.comfyui.messages import Message, PreviewFrame
from bot.engines.comfyui.wording import failure
from bot.engines.comfyui.workflow import Graph
from diffusion.protocol.client import InferenceUnavailable
from diffusion.protocol.stream_parser import InferenceRefused

QUIET_S = 30.0
"""Seconds without a message after which the queue is looked at."""

CLOSING_S = 0.5
"""Seconds in which the socket of a server that was started again is found to be closed."""

TAKE_BACK_TIMEOUT_S = 10.0

_ENDINGS = ("execution_success", "execution_error", "execution_interrupted")


@dataclass(frozen=True, slots=True)
class Waits:
    """`position` prompts are before it."""

    position: int


@dataclass(frozen=True, slots=True)
class Steps:
    """This share of the steps is done, from 0 to 1."""

    share: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """It is done: the encoded picture."""

    picture: bytes


News = Waits | Steps | PreviewFrame | Drawn


class Ears:
    """The websocket of one job, opened again where it breaks while the server lives."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.client_id = str(uuid.uuid4())
        self._socket: Socket | None = None

    async def open(self) -> None:
        """Listen, again if it was closed. Raises InferenceUnavailable, InferenceRefused."""
        await self.close()
        self._socket = await self._connection.listen(self.client_id)

    async def receive(self, timeout_s: float) -> Message | PreviewFrame | None:
        assert self._socket is not None, "it was opened"
        return await self._socket.receive(timeout_s)

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None


class PromptRun:
    """Runs one graph. `output` is the id of the node whose picture is taken.

    What the websocket tells is heard to its end, even where the history knows the end already: a
    quick prompt has its progress too.
    """

    def __init__(self, connection: Connection, ears: Ears, graph: Graph, output: str) -> None:
        self._connection = connection
        self._ears = ears
        self._graph = graph
        self._output = output
        self._id = str(uuid.uuid4())
        self._began = False
        self._is_over = False
        self._position = 0
        samplers = (n for n in graph if is_sampler(graph[n]["class_type"]))
        self._shares = dict.fromkeys(samplers, 0.0)

    async def news(self) -> AsyncGenerator[News, None]:
        """What happens, and at last Drawn. Closing it takes the prompt back.

        Raises InferenceUnavailable and InferenceRefused.
        """
        ended = False
        try:
            await self._connection.submit(self._graph, self._id, self._ears.client_id)
            entry = await self._ended()
            yield Waits(self._position)
            while entry is None or not self._is_over:
                message = await self._heard()
                if isinstance(message, PreviewFrame):
                    yield message
                elif message is None or self._may_have_ended(message):
                    entry = await self._ended()
                    if not self._began:
                        yield Waits(self._position)
                elif (share := self._share(message)) is not None:
                    yield Steps(share)
            ended = True
            yield Drawn(await self._picture(entry))
        except InferenceUnavailable as error:
            # That the server was reached does not say that this prompt did it harm.
            raise InferenceUnavailable(
                str(error), error.retry_after, broke_off=self._began
            ) from error
        finally:
            if not ended:
                await self._take_back()

    async def _heard(self) -> Message | PreviewFrame | None:
        """The next message about this prompt; None where the queue has to be looked at."""
        while True:
            try:
                message = await self._ears.receive(QUIET_S)
            except TimeoutError:
                self._is_over = True
                return None
            except SocketClosed:
                await self._listen_again()
                self._is_over = True
                return None
            if isinstance(message, PreviewFrame):
                # Those of type 1 do not say whose they are. What came before ours is of others.
                if self._began and message.prompt_id in (None, self._id):
                    return message
            elif message is not None and message.is_of(self._id):
                about = message.data.get("prompt_id") == self._id
                self._began = self._began or (about and message.kind == "execution_start")
                return message

    async def _listen_again(self) -> None:
        """Raises InferenceUnavailable if the server is gone, or has forgotten the prompt."""
        await self._ears.open()
        running, waiting = await self._connection.queue()
        known = self._id in (*running, *waiting) or await self._connection.history(self._id)
        if not known:
            raise self._started_again()

    def _may_have_ended(self, message: Message) -> bool:
        """Whether the queue has to be looked at after a message about this prompt."""
        has_no_node = message.data.get("node") is None and "prompt_id" in message.data
        ended = message.kind == "executing" and has_no_node
        self._is_over = self._is_over or ended or message.kind in _ENDINGS
        # Everybody hears of each change of the queue: it may have been deleted from it.
        return ended or (message.kind == "status" and (self._is_over or not self._began))

    async def _ended(self) -> dict[str, Any] | None:
        """The prompt's entry in the history; None while it waits or runs.

        Raises InferenceRefused or InferenceUnavailable if it is nowhere.
        """
        running, waiting = await self._connection.queue()
        if self._id in running:
            self._position = 0
            return None
        if self._id in waiting:
            self._position = len(running) + waiting.index(self._id)
            return None
        return await self._connection.history(self._id) or await self._lost()

    async def _lost(self) -> NoReturn:
        """Say why the server does not know the prompt: a new server has closed the socket."""
        try:
            async with asyncio.timeout(CLOSING_S):
                while True:
                    await self._ears.receive(CLOSING_S)
        except SocketClosed:
            raise self._started_again() from None
        except TimeoutError:
            raise InferenceRefused("Somebody removed this from ComfyUI's queue.") from None

    def _started_again(self) -> InferenceUnavailable:
        return InferenceUnavailable("ComfyUI was started again.", broke_off=self._began)

    def _share(self, message: Message) -> float | None:
        """How much of the steps is done, if the message tells it."""
        if message.kind != "progress":
            return None
        value, most = message.data.get("value"), message.data.get("max")
        if not isinstance(value, int | float) or not isinstance(most, int | float) or most <= 0:
            return None
        node = str(message.data.get("node") or next(iter(self._shares), ""))
        if self._shares and node not in self._shares:
            return None  # decoding and loading have their own progress
        self._shares[node] = max(self._shares.get(node, 0.0), min(1.0, value / most))
        return sum(self._shares.values()) / len(self._shares)

    async def _picture(self, entry: Mapping[str, Any]) -> bytes:
        """The picture of a prompt that has ended. Raises InferenceRefused if there is none."""
        status = entry.get("status")
        messages = status.get("messages") if isinstance(status, Mapping) else None
        for said in messages if isinstance(messages, list) else ():
            match said:
                case ["execution_error", dict(data)]:
                    raise InferenceRefused(failure(data, self._graph))
                case ["execution_interrupted", _]:
                    raise InferenceRefused("Somebody interrupted this in ComfyUI.")
        outputs = entry.get("outputs")
        output = outputs.get(self._output) if isinstance(outputs, Mapping) else None
        images = output.get("images") if isinstance(output, Mapping) else None
        for image in images if isinstance(images, list) else ():
            if isinstance(image, Mapping) and image.get("filename"):
                return await self._connection.view(image)
        raise InferenceRefused("The workflow ended without a picture.")

    async def _take_back(self) -> None:
        """Take the prompt back, even where this task is cancelled again meanwhile."""

        async def take_back() -> None:
            with contextlib.suppress(InferenceUnavailable, InferenceRefused, TimeoutError):
                async with asyncio.timeout(TAKE_BACK_TIMEOUT_S):
                    await self._connection.take_back(self._id)

        await asyncio.shield(asyncio.create_task(take_back()))


def is_sampler(class_type: str) -> bool:
    """Whether a node draws in steps, by its name: `KSampler`, `SamplerCustomAdvanced`, …"""
    return "Sampler" in class_type and not class_type.endswith(("Select", "Scheduler"))
