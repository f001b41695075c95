"""A stand-in for SGLang-Diffusion's Images API.

Written from its `ImageGenerationsRequest`, `ImageResponse` and `DiffusionModelCard`
(`sglang/multimodal_gen/runtime/entrypoints`): unknown fields are ignored, links are the default,
JPEGs unless asked for others, relative links to its own `/v1/images/{id}/content`, FastAPI errors.
"""

import time
import uuid
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.engines.drawing import draw, encoded
from tests.support.engines.requests import Received, received


@dataclass(slots=True)
class SglangStandIn:
    """`links` has it answer with links whatever was asked for, as it does for some models."""

    model: str = "black-forest-labs/FLUX.2-klein-4B"
    links: bool = False
    calls: list[Received] = field(default_factory=list)
    broken: str = ""
    _files: dict[str, bytes] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_post("/v1/images/edits", self._edit)
        app.router.add_get("/v1/images/{id}/content", self._content)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        card = {
            "id": self.model,
            "object": "model",
            "created": 1,
            "owned_by": "sglang",
            "root": self.model,
            "parent": None,
            "max_model_len": None,
            "num_gpus": 1,
            "task_type": "TI2I",
            "pipeline_name": "Flux2KleinPipeline",
        }
        return web.json_response({"object": "list", "data": [card]})

    async def _generate(self, request: web.Request) -> web.Response:
        return self._pictures(await received(request), "", "url")

    async def _edit(self, request: web.Request) -> web.Response:
        call = await received(request)
        image = call.files.get("image") or call.files.get("image[]")
        if image is None:
            detail = "Field 'image' or 'url' is required"
            return web.json_response({"detail": detail}, status=422)
        return self._pictures(call, image.hex()[-64:], "b64_json")

    def _pictures(self, call: Received, start: str, default_form: str) -> web.Response:
        self.calls.append(call)
        fields = call.fields
        if self.broken:
            return web.json_response({"detail": self.broken}, status=400)
        size = fields.get("size") or "1024x1024"
        identity = uuid.uuid4().hex
        form = "PNG" if fields.get("output_format") == "png" else "JPEG"
        pictures = [
            draw(size, fields["prompt"], int(fields.get("seed") or 1024) + nth, start, form=form)
            for nth in range(max(1, min(int(fields.get("n") or 1), 10)))
        ]
        if self.links or fields.get("response_format", default_form) == "url":
            self._files[identity] = pictures[0]
            data = [{"url": f"/v1/images/{identity}/content", "file_path": "/x.jpg"}]
        else:
            data = [{"b64_json": encoded(picture), "url": None} for picture in pictures]
        return web.json_response({"id": identity, "created": int(time.time()), "data": data})

    async def _content(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["id"])
        if file is None:
            return web.json_response({"detail": "Image not found"}, status=404)
        return web.Response(body=file, content_type="image/jpeg")
