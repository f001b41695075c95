"""A stand-in for ComfyUI's server: its queue, its cache, its checks and its websocket.

Written from server.py, execution.py, main.py, protocol.py and comfy_execution of ComfyUI 0.11, with
their oddities. One prompt runs at a time. Nothing is drawn; see `comfyui_nodes`.
"""

import asyncio
import contextlib
import heapq
import io
import json
import struct
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.support.engines.comfyui_nodes import (
    EVERYTHING,
    ModelFiles,
    NodeClass,
    node_classes,
)

Prompt = dict[str, dict[str, Any]]


class Interrupted(Exception):
    pass


class NodeFailed(Exception):
    """A node fails with an exception of this kind, as a test wants it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class StandInComfyUI:
    """The server. Tests may change its attributes while it runs.

    `allowed` lets the steps of samplers happen one by one, where a test holds it. `failing` are
    errors by the class of the node that raises them. `preview_metadata` is whether it knows frames
    of type 4, as versions since 0.3.50 do.
    """

    def __init__(self, files: ModelFiles = EVERYTHING) -> None:
        self.files = files
        self.uploads: dict[str, bytes] = {}
        self.missing_nodes: set[str] = set()
        self.custom_nodes: dict[str, NodeClass] = {}
        self.failing: dict[str, NodeFailed] = {}
        self.allowed: asyncio.Semaphore | None = None
        self.preview_metadata = True
        self.prompts: list[Prompt] = []
        self.requests: list[str] = []
        self.stored: dict[tuple[str, str], bytes] = {}
        self.authorization: str | None = None
        self._reset()

    def _reset(self) -> None:
        self.number = 0
        self.queue: list[tuple[float, str, Prompt, dict[str, Any], list[str]]] = []
        self.running: tuple[float, str, Prompt, dict[str, Any], list[str]] | None = None
        self.history: dict[str, dict[str, Any]] = {}
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.features: dict[str, dict[str, Any]] = {}
        self.cache: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]] = {}
        self.client_id: str | None = None
        self.interrupted = False
        self.sends_previews = False
        self.news = asyncio.Event()
        self._closing: list[asyncio.Task[bool]] = []

    # The server's life.

    @contextlib.asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Serve until the block ends, from an empty queue and cache."""
        self._reset()
        runner = web.AppRunner(self._app(), shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        worker = asyncio.create_task(self._work())
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            for socket in list(self.sockets.values()):
                await socket.close()
            await runner.cleanup()

    def forget(self) -> None:
        """Be a server that was started again: an empty queue, and no sockets."""
        sockets, self.sockets = self.sockets, {}
        self.queue, self.running, self.history, self.cache = [], None, {}, {}
        self.client_id = None
        for socket in sockets.values():
            self._closing.append(asyncio.create_task(socket.close()))

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 26, middlewares=[self._noted])
        app.add_routes(
            [
                web.get("/ws", self._socket),
                web.get("/object_info/{node}", self._object_info),
                web.post("/prompt", self._prompt),
                web.get("/queue", self._queue),
                web.post("/queue", self._delete),
                web.post("/interrupt", self._interrupt),
                web.get("/history/{prompt_id}", self._history),
                web.post("/upload/image", self._upload),
                web.get("/view", self._view),
            ]
        )
        return app

    @web.middleware
    async def _noted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        if self.authorization not in (None, request.headers.get("Authorization")):
            return web.Response(status=401)
        response: web.StreamResponse = await handler(request)
        return response

    @property
    def nodes(self) -> dict[str, NodeClass]:
        known = {**node_classes(self.files, self.uploads), **self.custom_nodes}
        return {name: node for name, node in known.items() if name not in self.missing_nodes}

    # Routes, as in server.py.

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sid = request.query.get("clientId", "") or uuid.uuid4().hex
        self.sockets.pop(sid, None)
        self.sockets[sid] = socket
        self.features[sid] = {}
        try:
            await self.send("status", {"status": self._queue_info(), "sid": sid}, sid)
            first = True
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    said = json.loads(message.data)
                    if first and said.get("type") == "feature_flags":
                        self.features[sid] = said.get("data", {})
                        await self.send("feature_flags", {"supports_preview_metadata": True}, sid)
                    first = False
        finally:
            # So a second socket with the same id is deaf once the first one closes.
            self.sockets.pop(sid, None)
            self.features.pop(sid, None)
        return socket

    async def _object_info(self, request: web.Request) -> web.Response:
        name = request.match_info["node"]
        node = self.nodes.get(name)
        if node is None:
            return web.json_response({})
        inputs: dict[str, Any] = {"required": node.required}
        if node.optional:
            inputs["optional"] = node.optional
        said = {"input": inputs, "output": node.outputs, "output_node": node.output_node}
        return web.json_response({name: {**said, "name": name, "display_name": name}})

    async def _prompt(self, request: web.Request) -> web.Response:
        said = await request.json()
        self.number += 1
        prompt, prompt_id = said["prompt"], said.get("prompt_id") or str(uuid.uuid4())
        if str(uuid.UUID(prompt_id)) != prompt_id:
            error = {
                "type": "invalid_prompt_id",
                "message": "prompt_id must be a valid UUID",
                "details": "prompt_id must be a UUID string in canonical lowercase hyphenated form",
                "extra_info": {},
            }
            return web.json_response({"error": error, "node_errors": {}}, status=400)
        error, outputs, node_errors = self.validated(prompt)
        if error is not None:
            return web.json_response({"error": error, "node_errors": node_errors}, status=400)
        extra = {**said.get("extra_data", {})}
        if "client_id" in said:
            extra["client_id"] = said["client_id"]
        self.prompts.append(prompt)
        heapq.heappush(self.queue, (float(self.number), prompt_id, prompt, extra, outputs))
        await self._queue_updated()
        self.news.set()
        answer = {"prompt_id": prompt_id, "number": self.number, "node_errors": node_errors}
        return web.json_response(answer)

    async def _queue(self, request: web.Request) -> web.Response:
        running = [self.running] if self.running else []
        return web.json_response({"queue_running": running, "queue_pending": self.queue})

    async def _delete(self, request: web.Request) -> web.Response:
        wanted = (await request.json()).get("delete", [])
        kept = [item for item in self.queue if item[1] not in wanted]
        if len(kept) != len(self.queue):
            self.queue = kept
            heapq.heapify(self.queue)
            await self._queue_updated()
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        wanted = (await request.json()).get("prompt_id")
        if wanted is None or (self.running and self.running[1] == wanted):
            self.interrupted = True
            if self.allowed is not None:
                self.allowed.release()  # the next step notices it
        return web.Response()

    async def _history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["prompt_id"]
        entry = self.history.get(prompt_id)
        return web.json_response({prompt_id: entry} if entry else {})

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        image, folder = form["image"], str(form.get("subfolder", ""))
        assert isinstance(image, web.FileField)
        self.uploads[f"{folder}/{image.filename}" if folder else image.filename] = image.file.read()
        answer = {"name": image.filename, "subfolder": folder, "type": form.get("type", "input")}
        return web.json_response(answer)

    async def _view(self, request: web.Request) -> web.Response:
        query = request.query
        file = self.stored.get((query.get("type", "output"), query["filename"]))
        if file is None:
            return web.Response(status=404)
        return web.Response(body=file, content_type="image/png")

    # The queue and the worker, as in execution.py and main.py.

    def _queue_info(self) -> dict[str, Any]:
        return {"exec_info": {"queue_remaining": len(self.queue) + bool(self.running)}}

    async def _queue_updated(self) -> None:
        await self.send("status", {"status": self._queue_info()})

    async def _work(self) -> None:
        while True:
            while not self.queue:
                self.news.clear()
                await self.news.wait()
            self.running = heapq.heappop(self.queue)
            await self._queue_updated()
            _, prompt_id, prompt, extra, outputs = self.running
            execution = _Execution(self, prompt_id, prompt)
            self.client_id, self.interrupted = extra.get("client_id"), False
            # As if it was started without `--preview-method`.
            self.sends_previews = extra.get("preview_method", "none") != "none"
            success = await execution.run(outputs)
            item, self.running = self.running, None
            self.history[prompt_id] = {
                "prompt": item,
                "outputs": {node: one["output"] for node, one in execution.ui.items()},
                "meta": {},
                "status": {
                    "status_str": "success" if success else "error",
                    "completed": success,
                    "messages": execution.messages,
                },
            }
            await self._queue_updated()
            if self.client_id is not None:
                # Also after errors and interruptions.
                done = {"node": None, "prompt_id": prompt_id}
                await self.send("executing", done, self.client_id)

    async def send(self, event: str, data: dict[str, Any], sid: str | None = None) -> None:
        for socket in self._sockets_of(sid):
            with contextlib.suppress(ConnectionError):
                await socket.send_json({"type": event, "data": data})

    async def send_frame(self, kind: int, content: bytes, sid: str | None) -> None:
        for socket in self._sockets_of(sid):
            with contextlib.suppress(ConnectionError):
                await socket.send_bytes(struct.pack(">I", kind) + content)

    def _sockets_of(self, sid: str | None) -> list[web.WebSocketResponse]:
        if sid is None:
            return list(self.sockets.values())
        return [self.sockets[sid]] if sid in self.sockets else []

    def store(self, picture: Image.Image, kind: str, prompt: Prompt) -> dict[str, str]:
        """Write a picture as PreviewImage and SaveImage do, with the prompt in it."""
        stream, text = io.BytesIO(), PngInfo()
        text.add_text("prompt", json.dumps(prompt))
        picture.save(stream, "PNG", pnginfo=text, compress_level=1)
        name = f"ComfyUI_{len(self.stored) + 1:05}_.png"
        self.stored[kind, name] = stream.getvalue()
        return {"filename": name, "subfolder": "", "type": kind}

    # Checks, as in `validate_prompt` and `validate_inputs`.

    def validated(
        self, prompt: Prompt
    ) -> tuple[dict[str, Any] | None, list[str], dict[str, dict[str, Any]]]:
        """An error or None, the outputs that will run, and the errors of nodes."""
        nodes, outputs = self.nodes, []
        for node_id, node in prompt.items():
            class_type = node.get("class_type")
            if class_type not in nodes:
                title = node.get("_meta", {}).get("title", class_type)
                error = {
                    "type": "missing_node_type",
                    "message": f"Node '{title}' not found. The custom node may not be installed.",
                    "details": f"Node ID '#{node_id}'",
                    "extra_info": {
                        "node_id": node_id,
                        "class_type": class_type,
                        "node_title": title,
                    },
                }
                return error, [], {}
            if nodes[class_type].output_node:
                outputs.append(node_id)
        if not outputs:
            error = {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": ""}
            return error, [], {}
        checked: dict[str, tuple[bool, list[dict[str, Any]]]] = {}
        good = [one for one in outputs if self._is_valid(prompt, one, checked)]
        node_errors = {
            node_id: {
                "errors": errors,
                "dependent_outputs": [one for one in outputs if one not in good],
                "class_type": prompt[node_id]["class_type"],
            }
            for node_id, (_, errors) in checked.items()
            if errors
        }
        if good:
            return None, good, node_errors
        # The details are those of the outputs themselves: empty where a node before fails.
        details = [e for one in outputs for e in checked[one][1]]
        error = {
            "type": "prompt_outputs_failed_validation",
            "message": "Prompt outputs failed validation",
            "details": "\n".join(f"{e['message']}: {e['details']}" for e in details),
            "extra_info": {},
        }
        return error, [], node_errors

    def _is_valid(
        self, prompt: Prompt, node_id: str, checked: dict[str, tuple[bool, list[dict[str, Any]]]]
    ) -> bool:
        if node_id in checked:
            return checked[node_id][0]
        node = self.nodes[prompt[node_id]["class_type"]]
        inputs, errors, valid = prompt[node_id]["inputs"], [], True
        for name, spec in {**node.required, **node.optional}.items():
            if name not in inputs:
                if name in node.required:
                    errors.append(
                        _error("required_input_missing", "Required input is missing", name)
                    )
                continue
            value = inputs[name]
            if isinstance(value, list):
                source = self.nodes[prompt[value[0]]["class_type"]]
                if source.outputs[value[1]] != spec[0]:
                    errors.append(_error("return_type_mismatch", "Return type mismatch", name))
                valid &= self._is_valid(prompt, value[0], checked)
            elif error := self._value_error(node, name, spec, value):
                errors.append(error)
        checked[node_id] = (valid and not errors, errors)
        return checked[node_id][0]

    def _value_error(
        self, node: NodeClass, name: str, spec: list[Any], value: Any
    ) -> dict[str, Any] | None:
        if name in node.validated:
            if value in self.uploads:
                return None
            said = f"{name} - Invalid image file: {value}"
            return _error("custom_validation_failed", "Custom validation failed for node", said)
        bounds = spec[1] if len(spec) > 1 else {}
        if "min" in bounds and value < bounds["min"]:
            said = f"Value {value} smaller than min of {bounds['min']}"
            return _error("value_smaller_than_min", said, name, value, spec)
        if "max" in bounds and value > bounds["max"]:
            said = f"Value {value} bigger than max of {bounds['max']}"
            return _error("value_bigger_than_max", said, name, value, spec)
        options = bounds.get("options") if spec[0] == "COMBO" else spec[0]
        if isinstance(options, list) and value not in options:
            shown = options if len(options) <= 20 else f"(list of length {len(options)})"
            error = _error("value_not_in_list", "Value not in list", name, value)
            return {**error, "details": f"{name}: '{value}' not in {shown}"}
        return None


class _Execution:
    """One prompt as it runs: `PromptExecutor`, with its cache."""

    def __init__(self, server: StandInComfyUI, prompt_id: str, prompt: Prompt) -> None:
        self.server = server
        self.id = prompt_id
        self.prompt = prompt
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.ui: dict[str, dict[str, Any]] = {}
        self.values: dict[str, tuple[Any, ...]] = {}

    async def run(self, outputs: list[str]) -> bool:
        server = self.server
        await self._say("execution_start", {})
        keys = {node: self._key(node) for node in self.prompt}
        server.cache = {key: one for key, one in server.cache.items() if key in keys.values()}
        cached = [node for node, key in keys.items() if key in server.cache]
        await self._say("execution_cached", {"nodes": cached})
        for output in outputs:
            try:
                await self._execute(output, keys)
            except Interrupted:
                await self._say("execution_interrupted", {"node_id": output, "executed": []})
                return False
            except _Failed as failed:
                await self._say("execution_error", failed.data)
                return False
        await self._say("execution_success", {})
        return True

    async def _say(self, event: str, data: dict[str, Any]) -> None:
        data = {"prompt_id": self.id, **data, "timestamp": int(time.time() * 1000)}
        self.messages.append((event, data))
        if self.server.client_id is not None:
            await self.server.send(event, data, self.server.client_id)

    def _key(self, node_id: str) -> str:
        """What a node's result depends on: its class and its inputs, and theirs."""
        node = self.prompt[node_id]
        inputs = {
            name: self._key(value[0]) + str(value[1]) if isinstance(value, list) else value
            for name, value in sorted(node["inputs"].items())
        }
        file = self.server.uploads.get(str(node["inputs"].get("image")), b"")
        return repr((node["class_type"], inputs, hash(file)))

    async def _execute(self, node_id: str, keys: dict[str, str]) -> None:
        if node_id in self.values:
            return
        server, node = self.server, self.prompt[node_id]
        if keys[node_id] in server.cache:
            self.values[node_id], ui = server.cache[keys[node_id]]
            if ui is not None:
                self.ui[node_id] = ui
            # Without `executing` before it, and with no output where the node shows nothing.
            await self._executed(node_id, ui["output"] if ui else None)
            return
        for value in node["inputs"].values():
            if isinstance(value, list):
                await self._execute(value[0], keys)
        if server.client_id is not None:
            about = {"node": node_id, "display_node": node_id, "prompt_id": self.id}
            await server.send("executing", about, server.client_id)
        if server.interrupted:
            raise Interrupted
        inputs = {
            name: self.values[value[0]][value[1]] if isinstance(value, list) else value
            for name, value in node["inputs"].items()
        }
        if failure := server.failing.get(node["class_type"]):
            raise _Failed(self.id, node_id, node["class_type"], failure)
        made = server.nodes[node["class_type"]].run(**inputs)
        if node["class_type"] in ("KSampler", "SamplerCustomAdvanced"):
            await self._steps(node_id, inputs, made[0].colour)
        ui = None
        if node["class_type"] in ("PreviewImage", "SaveImage"):
            kind = "temp" if node["class_type"] == "PreviewImage" else "output"
            ui = {"output": {"images": [server.store(inputs["images"], kind, self.prompt)]}}
            self.ui[node_id] = ui
            await self._executed(node_id, ui["output"])
        self.values[node_id] = made
        server.cache[keys[node_id]] = (made, ui)

    async def _executed(self, node_id: str, output: dict[str, Any] | None) -> None:
        if self.server.client_id is not None:
            about = {"node": node_id, "output": output, "prompt_id": self.id}
            await self.server.send("executed", about, self.server.client_id)

    async def _steps(
        self, node_id: str, inputs: dict[str, Any], colour: tuple[int, int, int]
    ) -> None:
        """The steps of a sampler: progress and previews in the order of main.py's hook."""
        server, steps = self.server, inputs.get("steps", inputs.get("sigmas"))
        for step in range(1, steps + 1):
            if server.allowed is not None:
                await server.allowed.acquire()
            await asyncio.sleep(0)
            if server.interrupted:
                raise Interrupted
            preview = _preview(colour)
            announced = server.features.get(server.client_id or "", {})
            with_metadata = server.preview_metadata and announced.get("supports_preview_metadata")
            states = {node_id: {"value": step, "max": steps, "state": "running"}}
            await server.send("progress_state", {"prompt_id": self.id, "nodes": states})
            if with_metadata and server.sends_previews:
                about = {"node_id": node_id, "prompt_id": self.id, "image_type": "image/jpeg"}
                head = json.dumps(about).encode()
                content = struct.pack(">I", len(head)) + head + preview
                await server.send_frame(4, content, server.client_id)
            progress = {"value": step, "max": steps, "prompt_id": self.id, "node": node_id}
            await server.send("progress", progress, server.client_id)
            if server.sends_previews and not with_metadata:
                await server.send_frame(1, struct.pack(">I", 1) + preview, server.client_id)
            text = struct.pack(">I", len(node_id)) + node_id.encode() + b"some text"
            await server.send_frame(3, text, server.client_id)


class _Failed(Exception):
    def __init__(self, prompt_id: str, node_id: str, node_type: str, failure: NodeFailed) -> None:
        super().__init__(str(failure))
        self.data = {
            "prompt_id": prompt_id,
            "node_id": node_id,
            "node_type": node_type,
            "executed": [],
            "exception_message": f"{failure}\n",
            "exception_type": failure.kind,
            "traceback": ['  File "/opt/ComfyUI/execution.py", line 1\n'],
            "current_inputs": {},
            "current_outputs": [],
        }


def _preview(colour: tuple[int, int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def _error(
    kind: str, message: str, name: str, value: Any = None, config: Any = None
) -> dict[str, Any]:
    info = {"input_name": name.split(" - ")[0], "received_value": value, "input_config": config}
    return {"type": kind, "message": message, "details": name, "extra_info": info}
