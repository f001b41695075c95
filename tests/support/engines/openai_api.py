"""A stand-in for OpenAI's own Images API, as strict as it is.

Written from the request and response models of openai-python (`image_generate_params`,
`image_edit_params`, `images_response`, the events of `image_gen_stream_event`), and from error
bodies that people have published: `Unknown parameter: 'response_format'.`, `insufficient_quota`.
"""

import asyncio
import io
import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from PIL import Image

from tests.support.engines.drawing import draw_anew, encoded
from tests.support.engines.requests import Received, received

MODELS = (
    "gpt-4o-mini-tts",
    "whisper-1",
    "tts-1-hd",
    "text-embedding-3-small",
    "gpt-5.4",
    "omni-moderation-latest",
    "sora-2",
    "gpt-image-1.5",
    "gpt-image-2",
    "gpt-image-1-mini",
)

PARAMETERS = frozenset(
    {
        "prompt",
        "background",
        "complexity",
        "model",
        "n",
        "output_compression",
        "output_format",
        "partial_images",
        "quality",
        "safety_identifier",
        "size",
        "user",
        "stream",
    }
)

GENERATION_PARAMETERS = PARAMETERS | {"moderation"}
EDIT_PARAMETERS = PARAMETERS | {"image", "image[]", "mask", "markup", "input_fidelity"}
SMALL_SIZES = ("1024x1024", "1024x1536", "1536x1024", "auto")

UNUSED = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
USAGE = {**UNUSED, "input_tokens_details": {"image_tokens": 0, "text_tokens": 1}}


@dataclass(slots=True)
class OpenAIStandIn:
    """`refusals` are answers to the next calls instead of pictures: status, headers, error."""

    key: str = "sk-test"
    calls: list[Received] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    streams: bool = True

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_post("/v1/images/edits", self._edit)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return self._error(401, "Incorrect API key provided.", code="invalid_api_key")
        data = [
            {"id": one, "object": "model", "created": 1, "owned_by": "system"} for one in MODELS
        ]
        return web.json_response({"object": "list", "data": data})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        call = await received(request)
        return await self._answer(request, call, GENERATION_PARAMETERS, "image_generation")

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        call = await received(request)
        if "image" not in call.files and "image[]" not in call.files:
            return self._error(400, "Missing required parameter: 'image'.", "image")
        if mask := call.files.get("mask"):
            image = Image.open(io.BytesIO(call.files["image"]))
            hole = Image.open(io.BytesIO(mask))
            if hole.size != image.size or hole.mode != "RGBA":
                return self._error(400, "Invalid mask image format - mask size", "mask")
        return await self._answer(request, call, EDIT_PARAMETERS, "image_edit")

    async def _answer(
        self, request: web.Request, call: Received, known: frozenset[str], family: str
    ) -> web.StreamResponse:
        fields = call.fields
        if wrong := self._wrong(fields, known, call):
            return wrong
        if self.refusals:
            status, headers, error = self.refusals.pop(0)
            return web.json_response({"error": error}, status=status, headers=headers)
        self.calls.append(call)
        size = fields.get("size", "auto")
        size = "1024x1024" if size == "auto" else size
        pictures = [draw_anew(size, fields["prompt"]) for _ in range(int(fields.get("n", 1)))]
        if str(fields.get("stream", "")).lower() == "true":
            return await self._stream(request, fields, pictures[0], size, family)
        data = [{"b64_json": encoded(picture)} for picture in pictures]
        return web.json_response(
            {"created": int(time.time()), "data": data, "size": size, "usage": USAGE}
        )

    def _wrong(
        self, fields: dict[str, Any], known: frozenset[str], call: Received
    ) -> web.Response | None:
        for name in (*fields, *call.files):
            if name not in known:
                self.refused.append(name)
                message = f"Unknown parameter: '{name}'."
                return self._error(400, message, name, "unknown_parameter")
        if not str(fields.get("prompt", "")).strip():
            return self._error(400, "Missing required parameter: 'prompt'.", "prompt")
        if not 1 <= int(fields.get("n", 1)) <= 10:
            return self._error(400, "Invalid 'n': integer above maximum value.", "n")
        if fields.get("stream") and int(fields.get("n", 1)) > 1:
            return self._error(400, "Streaming is only supported with n=1.", "n")
        if fields.get("stream") and not self.streams:
            message = "Your organization must be verified to stream this model."
            return self._error(400, message, "stream", "unsupported_value")
        if not 0 <= int(fields.get("partial_images", 0)) <= 3:
            return self._error(400, "Invalid value for 'partial_images'.", "partial_images")
        return self._wrong_size(str(fields.get("model")), str(fields.get("size", "auto")))

    def _wrong_size(self, model: str, size: str) -> web.Response | None:
        if model not in MODELS or not model.startswith("gpt-image"):
            message = f"The model `{model}` does not exist or you do not have access to it."
            return self._error(404, message, "model", "model_not_found")
        if size == "auto":
            return None
        width, height = map(int, size.split("x"))
        if model == "gpt-image-1.5":
            fits = size in SMALL_SIZES
        else:
            fits = width % 16 == height % 16 == 0 and max(width, height) <= 3840
            fits = fits and max(width, height) <= 3 * min(width, height)
            fits = fits and 655_360 <= width * height <= 3840 * 2160
        if fits:
            return None
        message = f"Invalid value: '{size}'. Supported values are: '1024x1024', '1024x1536', "
        return self._error(400, message + "'1536x1024', and 'auto'.", "size", "invalid_value")

    async def _stream(
        self, request: web.Request, fields: dict[str, Any], picture: bytes, size: str, family: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        common = {
            "background": "opaque",
            "created_at": int(time.time()),
            "output_format": "png",
            "quality": "low",
            "size": size,
        }
        for index in range(int(fields.get("partial_images", 0))):
            shown = encoded(draw_anew("64x64", "preview", index))
            kind = f"{family}.partial_image"
            event = {"type": kind, "b64_json": shown, "partial_image_index": index, **common}
            await response.write(f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode())
            await asyncio.sleep(0)
        kind = f"{family}.completed"
        event = {"type": kind, "b64_json": encoded(picture), "usage": USAGE, **common}
        await response.write(f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode())
        await response.write_eof()
        return response

    def _error(
        self, status: int, message: str, param: str | None = None, code: str | None = None
    ) -> web.Response:
        error = {
            "message": message,
            "type": "invalid_request_error",
            "param": param,
            "code": code,
        }
        return web.json_response({"error": error}, status=status)
