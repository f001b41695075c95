"""A stand-in for the many servers that copy OpenAI's API loosely.

It ignores `n` and what it does not know, draws other sizes than asked for, has FastAPI's errors,
and answers in whatever form it likes: links, data URLs, base64 with line breaks, or a stream of
finished pictures, one after another.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.engines.drawing import draw
from tests.support.engines.requests import Received, received

FORMS = ("lines", "data", "link", "stream", "raw")


@dataclass(slots=True)
class LenientStandIn:
    """`forms` are the ways to answer, taken in turn. `forbidden` are fields that it refuses."""

    forms: tuple[str, ...] = FORMS
    forbidden: frozenset[str] = frozenset()
    sizes: tuple[str, ...] = ()
    """The only sizes that it draws; without any, all of them."""
    link: str = ""
    """Where its links lead, if not to itself."""
    broken: Any = None
    calls: list[Received] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    _files: list[bytes] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_get("/files/{number}", self._file)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        ids = ("bge-m3", "llama-3.1-8b-instruct", "whisper-large-v3", "my-drawings")
        return web.json_response({"data": [{"id": one} for one in ids]})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        call = await received(request)
        if self.broken is not None:
            return web.json_response({"detail": self.broken}, status=422)
        if refused := self.forbidden & set(call.fields):
            detail = [
                {
                    "type": "extra_forbidden",
                    "loc": ["body", name],
                    "msg": "Extra inputs are not permitted",
                    "input": call.fields[name],
                }
                for name in sorted(refused)
            ]
            return web.json_response({"detail": detail}, status=422)
        size = str(call.fields.get("size", "512x512"))
        if self.sizes and size not in self.sizes:
            detail = f"Unsupported size {size}. Use one of {', '.join(self.sizes)}."
            return web.json_response({"detail": detail}, status=400)
        self.calls.append(call)
        form = self.forms[(len(self.calls) - 1) % len(self.forms)]
        width, height = map(int, size.split("x"))
        # It rounds to what its model draws.
        size = f"{width // 64 * 64}x{height // 64 * 64}"
        picture = draw(size, call.fields["prompt"], call.fields.get("seed"), form="WEBP")
        return await self._answer(request, form, picture)

    async def _answer(self, request: web.Request, form: str, picture: bytes) -> web.StreamResponse:
        text = base64.b64encode(picture).decode()
        match form:
            case "lines":
                return web.json_response(
                    {"data": [{"b64_json": base64.encodebytes(picture).decode()}]}
                )
            case "data":
                return web.json_response({"data": [{"url": f"data:image/webp;base64,{text}"}]})
            case "link":
                self._files.append(picture)
                link = self.link or f"http://{request.host}/files/{len(self._files) - 1}"
                return web.json_response({"data": [{"url": link}]})
            case "raw":
                return web.Response(body=picture, content_type="image/webp")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for nth in range(2):
            event = {"type": "image_generation.completed", "b64_json": text, "index": nth}
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _file(self, request: web.Request) -> web.Response:
        self.fetched.append(request.path)
        return web.Response(body=self._files[int(request.match_info["number"])])
