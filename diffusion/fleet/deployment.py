"""The ingress on Ray Serve: its web server's requests go in, calls to replicas go out."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack

from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError, RayServeException
from ray.serve.handle import DeploymentHandle
from starlette.requests import Request
from starlette.responses import StreamingResponse

from diffusion.engine.shares import QueueFull
from diffusion.fleet.catalogue import EngineLost
from diffusion.fleet.ingress import Ingress
from diffusion.fleet.local_server import Asked, Head, LocalServer, head_of
from diffusion.fleet.loopback import keep_replica_here
from diffusion.telemetry import logs

EVERYWHERE_TIMEOUT_S = 3.0
"""Seconds that each replica has to say something about itself."""


class ServedModel:
    """The replicas of one model, by Ray's handle to them."""

    def __init__(self, name: str, is_rare: bool, handle: DeploymentHandle) -> None:
        self.name = name
        self.is_rare = is_rare
        self._handle = handle

    async def answer(self, asked: Asked, lora: str = "") -> AsyncGenerator[Head | bytes, None]:
        """See `FleetModel`. A “multiplexed model” is Ray's word for what not all replicas have."""
        handle = self._handle.options(stream=True, multiplexed_model_id=lora)
        pieces = handle.answer.remote(asked)
        try:
            async for piece in pieces:
                yield piece
        except BackPressureError:
            raise QueueFull from None
        except (RayError, RayServeException) as error:
            raise EngineLost(str(error).partition("\n")[0]) from error
        finally:
            pieces.cancel()

    async def everywhere(self, asked: Asked) -> Sequence[tuple[int, Head, bytes]]:
        """See `FleetModel`."""
        try:
            # Ray's own way to wait gives nothing at all when one of them is late.
            asking = self._handle.broadcast("say", asked)._fetch_replica_results_async()
            answers = await asyncio.wait_for(asking, EVERYWHERE_TIMEOUT_S)
        except (TimeoutError, RayError, RayServeException):
            return ()
        told = await asyncio.gather(
            *(asyncio.wait_for(one.get_async(), EVERYWHERE_TIMEOUT_S) for one in answers),
            return_exceptions=True,
        )
        return [one for one in told if not isinstance(one, BaseException)]


class IngressDeployment:
    """What Ray Serve's web server calls.

    `models` are their names and whether they are rare; `handles` are Ray's, in the same order.
    """

    async def __init__(  # type: ignore[misc]
        self,
        models: Sequence[tuple[str, bool]],
        api_key: str | None,
        listening: str,
        link_secret: bytes,
        aliases: Sequence[str],
        origins: Sequence[str],
        *handles: DeploymentHandle,
    ) -> None:
        keep_replica_here()
        logs.set_up(os.environ.get(logs.FORMAT_NAME))
        logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
        served = [
            ServedModel(name, is_rare, handle)
            for (name, is_rare), handle in zip(models, handles, strict=True)
        ]
        ingress = Ingress(served, link_secret, api_key, listening, aliases=aliases, origins=origins)
        self._server = LocalServer(ingress.app(), ingress.connections)
        await self._server.__aenter__()

    async def __call__(self, http: Request) -> StreamingResponse:
        asked = Asked(
            http.method,
            target(http.scope),
            tuple(http.headers.items()),
            caller=http.client.host if http.client else "",
        )
        has_body = "content-length" in http.headers or "transfer-encoding" in http.headers
        stack = AsyncExitStack()
        try:
            response = await stack.enter_async_context(
                self._server.ask(asked, http.stream() if has_body else None)
            )
        except BaseException:
            await stack.aclose()
            raise

        async def pieces() -> AsyncIterator[bytes]:
            async with stack:
                async for piece in response.content.iter_any():
                    yield piece

        head = head_of(response)
        answer = StreamingResponse(pieces(), status_code=head.status)
        answer.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in head.headers
        ]
        return answer

    async def __del__(self) -> None:
        await self._server.__aexit__()


def target(scope: dict[str, object]) -> str:
    """Path and query of a request as they came."""
    raw, query = scope.get("raw_path"), scope.get("query_string")
    path = raw.decode("latin-1") if isinstance(raw, bytes) else str(scope["path"])
    return f"{path}?{query.decode('latin-1')}" if isinstance(query, bytes) and query else path
