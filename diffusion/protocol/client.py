"""A client of an inference server: requests out, events in. Imports no torch.

It speaks OpenAI's Images API, so other servers may answer too: ones that ignore our fields, send
no previews, or answer a streaming request in one piece. No answer is trusted.

    InferenceUnavailable    the server cannot be reached now; the same request may succeed later
    InferenceRefused        the server will never do this, or its answer cannot be understood
"""

import io
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType, TracebackType
from typing import Any, Self

import aiohttp

from diffusion.protocol.answers import kind_of
from diffusion.protocol.calls import GenerationCall, PictureCall, PromptCall
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.events import Event, Failed, Finished
from diffusion.protocol.models import MAX_MODELS, ModelInfo
from diffusion.protocol.requests import ImageRequest
from diffusion.protocol.session import TRANSIENT_STATUSES as TRANSIENT_STATUSES
from diffusion.protocol.session import InferenceUnavailable as InferenceUnavailable
from diffusion.protocol.session import ServerSession, has_credentials, without_key
from diffusion.protocol.stream_parser import InferenceRefused as InferenceRefused
from diffusion.protocol.stream_parser import (
    StreamParser,
    error_message,
    events_in,
    parsed,
    picture_in,
    prompts_in,
    tokens_in,
    weights_in,
)
from diffusion.telemetry.job_context import trace_headers

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 120.0
"""How long a server may send nothing at all; ours sends a comment every 15 s."""

BROKEN_STATUSES = frozenset({500, 520})
"""Statuses that say, without a word about the request, that something there broke."""

MAX_RESPONSE_BYTES = 1 << 28
"""Bytes of an answer that comes in one piece; sixteen pictures of 2048² stay below."""

NO_FILES: Mapping[str, bytes] = MappingProxyType({})


class InferenceClient:
    """A connection to one inference server: `async with InferenceClient(url) as client`.

    `url` is the server's root, with or without `/v1` at its end. A user and a password in it are
    sent as Basic authorisation and shown nowhere. They cannot be used together with `api_key`.
    `proxy` is the address of an HTTP proxy.
    """

    def __init__(self, url: str, api_key: str | None = None, *, proxy: str | None = None) -> None:
        assert not (api_key and has_credentials(url)), "both go into the same header"
        self._session = ServerSession(
            url,
            api_key,
            proxy=proxy,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=READ_TIMEOUT_S,
        )
        self._url = self._session.root.removesuffix("/v1")

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

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models that the server has. Raises InferenceUnavailable and InferenceRefused."""
        entries = await self._listed()
        if len(entries) > MAX_MODELS:
            raise InferenceRefused(f"The inference server lists more than {MAX_MODELS} models.")
        try:
            return tuple(map(ModelInfo.from_json, entries))
        except InvalidField as error:
            raise InferenceRefused(f"The inference server's models: {error.message}") from error

    async def load(self) -> tuple[int, int]:
        """How many requests of all clients wait there, and how many run.

        Raises InferenceUnavailable, InferenceRefused.
        """
        async with self._request("GET", "/health") as response:
            answer = parsed(await _read_body(response))
        waiting, running = answer.get("waiting"), answer.get("running")
        if type(waiting) is not int or type(running) is not int:
            raise InferenceRefused("The inference server does not say how busy it is.")
        return waiting, running

    async def is_ours(self) -> bool:
        """Whether the server is one of ours, which its models tell. Raises what `models` raises."""
        entries = await self._listed()
        return bool(entries) and all(entry.get("owned_by") == "darkroom" for entry in entries)

    async def _listed(self) -> list[dict[str, Any]]:
        async with self._request("GET", "/v1/models") as response:
            answer = parsed(await _read_body(response))
        entries = answer.get("data")
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            raise InferenceRefused("The inference server sent no list of models.")
        return entries

    async def generate(
        self,
        request: ImageRequest,
        *,
        previews: int,
        user: str = "",
        files: Mapping[str, bytes] = NO_FILES,
    ) -> AsyncGenerator[Event, None]:
        """Queued and Progress as they come, then one Finished or Failed.

        `previews` is the number of previews of each picture. `user` is for whom the pictures are.
        `files` has the files that the request's start names, by their SHA-256. Closing the
        iterator closes the connection, which cancels the request. Raises InferenceUnavailable.
        """
        parser = StreamParser(request, previews)
        call = GenerationCall(
            request, stream=True, partial_images=previews, progress=True, user=user
        )
        try:
            async with self._request("POST", *_route(call, files)) as response:
                if response.content_type != "text/event-stream":
                    yield Finished(parser.whole(parsed(await _read_body(response))))
                    return
                async for content in events_in(response.content.iter_any()):
                    _check_serving(content)
                    for event in parser.feed(content):
                        yield event
                        if isinstance(event, Finished):
                            return
            yield await self._broken_off(parser)
        except InferenceRefused as refused:
            yield Failed(without_key(str(refused), self._session.headers))

    async def _broken_off(self, parser: StreamParser) -> Failed:
        """What an answer means that ended too early.

        A server that is dying may end it in good order too, so `/health` is asked. Raises
        InferenceUnavailable.
        """
        try:
            async with self._request("GET", "/health", missing_is_fine=True):
                return Failed(parser.unfinished())
        except InferenceUnavailable as error:
            raise InferenceUnavailable(str(error), error.retry_after, broke_off=True) from error

    async def describe(
        self, picture: bytes, model: str | None = None, user: str = ""
    ) -> tuple[str, ...]:
        """Prompts that could have made a picture, the likeliest first.

        `picture` is an encoded file. `user` is for whom it is asked: the server's queues are fair
        to users. Raises InferenceUnavailable and InferenceRefused, as the methods below do.
        """
        form = _picture_form(picture, PictureCall(model, user))
        return prompts_in(await self._answer("/v1/images/descriptions", form))

    async def weigh(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[tuple[str, float], ...]:
        """The words of a prompt in their order, each with how much it counts, from 0 to 1."""
        body = PromptCall(prompt, model, user).to_json()
        return weights_in(await self._answer("/v1/prompts/weights", body))

    async def count_tokens(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[int, int]:
        """How many tokens a prompt has, and how many the model reads."""
        body = PromptCall(prompt, model, user).to_json()
        return tokens_in(await self._answer("/v1/prompts/tokens", body))

    async def upscale(self, picture: bytes, model: str | None = None, user: str = "") -> bytes:
        """A picture enlarged by the model's factor, as a PNG file."""
        form = _picture_form(picture, PictureCall(model, user))
        return picture_in(await self._answer("/v1/images/upscales", form))

    async def _answer(
        self, path: str, body: dict[str, object] | aiohttp.FormData
    ) -> dict[str, object]:
        async with self._request("POST", path, body) as response:
            return parsed(await _read_body(response))

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        body: dict[str, object] | aiohttp.FormData | None = None,
        missing_is_fine: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A good answer, closed at the end even in the middle of a stream."""
        sent = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        called, none_there = "The inference server", "What answers there is no inference server."
        async with self._session.guarded(called, none_there) as session:
            response = await session.request(
                method,
                self._url + path,
                allow_redirects=False,
                headers=trace_headers(),
                **sent,
            )
            try:
                if response.status != 200 and not (missing_is_fine and response.status == 404):
                    await _raise_for_status(response)
                yield response
            finally:
                response.close()


def _route(
    call: GenerationCall, files: Mapping[str, bytes]
) -> tuple[str, dict[str, object] | aiohttp.FormData]:
    """Where a call goes, and in which form: with files, in OpenAI's form for edits."""
    body, start = call.to_json(), call.request.start
    if start is None:
        return "/v1/images/generations", body
    form = aiohttp.FormData()
    # Servers that do not know `request` know these.
    for name in ("model", "prompt", "n", "size", "response_format", "partial_images", "user"):
        if name in body:
            form.add_field(name, str(body[name]))
    form.add_field("stream", "true")
    form.add_field("request", json.dumps(body), content_type="application/json")
    for name, digest in (("image", start.image), ("mask", start.mask)):
        if digest is not None:
            _add_file(form, name, files[digest])
    return "/v1/images/edits", form


def _picture_form(picture: bytes, call: PictureCall) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, value in call.to_json().items():
        form.add_field(name, value)
    _add_file(form, "image", picture)
    return form


def _add_file(form: aiohttp.FormData, name: str, file: bytes) -> None:
    kind = kind_of(file)
    content_type = f"image/{kind}" if kind else "application/octet-stream"
    form.add_field(name, io.BytesIO(file), filename=name, content_type=content_type)


def _check_serving(content: dict[str, object]) -> None:
    """Raise InferenceUnavailable where our own server says in a stream that it is stopping."""
    error = content.get("error")
    if isinstance(error, dict) and error.get("code") == "not_serving":
        raise InferenceUnavailable("The inference server is stopping.")


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    """Raise what an answer other than 200 means."""
    said = error_message(await _read_body(response))
    reason = said or f"The inference server answered with status {response.status}."
    if response.status in TRANSIENT_STATUSES:
        raise InferenceUnavailable(reason, _seconds(response.headers.get("Retry-After")))
    if said is None and response.status in BROKEN_STATUSES:
        raise InferenceUnavailable(reason, broke_off=True)
    if response.status in (401, 403):
        raise InferenceRefused(f"The inference server does not accept the API key: {reason}")
    raise InferenceRefused(reason)


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is not read."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    whole = bytearray()
    async for chunk in response.content.iter_any():
        whole += chunk
        if len(whole) > MAX_RESPONSE_BYTES:
            raise InferenceRefused("The inference server's answer is too large.")
    return bytes(whole)
