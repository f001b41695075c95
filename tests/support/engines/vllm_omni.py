"""A stand-in for vLLM-Omni's Images API.

Written from its `ImageGenerationRequest` and `ImageGenerationResponse`
(`vllm_omni/entrypoints/openai/protocol/images.py`) and its route for edits: one model, unknown
fields are ignored, one seed for a call, no streams, errors as vLLM has them.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.engines.drawing import draw, encoded
from tests.support.engines.requests import Received, received

BOUNDS = {"n": (1, 10), "num_inference_steps": (1, 200), "guidance_scale": (0, 20)}


@dataclass(slots=True)
class VllmOmniStandIn:
    model: str = "Qwen/Qwen-Image"
    calls: list[Received] = field(default_factory=list)
    broken: str = ""
    """What it answers to every call instead of a picture."""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_post("/v1/images/edits", self._edit)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        model = {
            "id": self.model,
            "object": "model",
            "created": 1,
            "owned_by": "vllm",
            "root": self.model,
            "max_model_len": 0,
            "permission": [],
        }
        return web.json_response({"object": "list", "data": [model]})

    async def _generate(self, request: web.Request) -> web.Response:
        call = await received(request)
        return self._pictures(call, "")

    async def _edit(self, request: web.Request) -> web.Response:
        call = await received(request)
        if "image" not in call.files and "image[]" not in call.files:
            return self._error(422, "Field 'image' or 'url' is required")
        return self._pictures(call, call.files["image"].hex()[-64:])

    def _pictures(self, call: Received, start: str) -> web.Response:
        self.calls.append(call)
        fields = call.fields
        if self.broken:
            return self._error(400, self.broken)
        if fields.get("model", self.model) != self.model:
            return self._error(404, f"Model mismatch: request specifies '{fields['model']}'")
        for name, (low, high) in BOUNDS.items():
            if name in fields and not low <= float(fields[name]) <= high:
                return self._error(400, f"[{{'loc': ('body', '{name}'), 'msg': 'out of range'}}]")
        if fields.get("response_format", "b64_json") != "b64_json":
            return self._error(400, "Only 'b64_json' or 'file' response format is supported")
        size = fields.get("size") or "1328x1328"
        # One generator, seeded once, makes all pictures of a call.
        decides: list[Any] = [fields["prompt"], fields.get("negative_prompt"), fields.get("seed")]
        data = [
            {"b64_json": encoded(draw(size, *decides, start, nth)), "url": None}
            for nth in range(int(fields.get("n", 1)))
        ]
        answer = {"created": int(time.time()), "data": data, "output_format": "png", "size": size}
        return web.json_response(answer)

    def _error(self, status: int, message: str) -> web.Response:
        error = {"message": message, "type": "BadRequestError", "param": None, "code": status}
        return web.json_response({"error": error}, status=status)
