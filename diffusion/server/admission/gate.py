"""The gate before all routes: keys, sites, hosts, and errors in OpenAI's shape.

The inference process has one, and so has the one address of a fleet. It knows no engine.
"""

import hmac
import logging
import math
from collections.abc import Awaitable, Callable, Collection

from aiohttp import web

from diffusion.engine.shares import QueueFull
from diffusion.protocol.errors import InvalidField
from diffusion.server.admission.bodies import MAX_BODY_BYTES, Bodies, BodyTooSlow, NoRoom, WrongType
from diffusion.server.admission.connections import HEALTH_PATHS, Connections
from diffusion.server.admission.origins import Cors, is_known_host, is_own_page
from diffusion.server.admission.refusals import closing, refusal
from diffusion.telemetry.job_context import TRACEPARENT, bind_request

log = logging.getLogger(__name__)

HAS_KEY = web.RequestKey("has_key", bool)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """What each request passes before its route answers.

    `listening` is the host that the server was told to listen on. `origins` are the sites whose
    pages may use the server, beside its own. `is_signed` is whether a request has a signature that
    stands for the key. `seconds_until_room` is asked for each request that finds the queue full.
    `max_held_bytes` bounds all bodies together, as `Bodies` does by itself.
    """

    def __init__(
        self,
        api_key: str | None,
        listening: str,
        origins: Collection[str],
        is_signed: Callable[[web.Request], bool],
        seconds_until_room: Callable[[], float],
        max_held_bytes: int | None = None,
    ) -> None:
        self._api_key = api_key
        self._listening = listening
        self._cors = Cors(origins)
        self._is_signed = is_signed
        self._seconds_until_room = seconds_until_room
        self.connections = Connections()
        self.bodies = Bodies(max_held_bytes)

    def app(self) -> web.Application:
        """An application whose requests pass the gate; it has no routes yet."""
        app = self.unguarded_app()
        app.middlewares.insert(2, self._cors.preflight)
        app.middlewares.insert(3, self._check_key)
        app.middlewares.insert(4, self._check_source)
        app.on_response_prepare.append(self._cors.add_headers)
        return app

    def unguarded_app(self) -> web.Application:
        """The same without keys and sites: for requests that have passed another gate."""
        return web.Application(
            client_max_size=MAX_BODY_BYTES,
            middlewares=[self.connections.answer, self._answer_errors, self._hold_body],
        )

    @web.middleware
    async def _answer_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        # Also where it names none: a connection's requests are answered in one task.
        bind_request(request.headers.get(TRACEPARENT))
        try:
            return await handler(request)
        except InvalidField as error:
            return refusal(400, error.message, param=error.param, code=error.code)
        except QueueFull as full:
            return self._no_place(full)
        except NoRoom:
            reason = "Too many bytes of requests are held already; try again soon."
            return closing(refusal(503, reason, code="busy", headers={"Retry-After": "5"}))
        except BodyTooSlow:
            return closing(refusal(408, "The body came too slowly.", code="too_slow"))
        except WrongType as error:
            return refusal(415, str(error), code="wrong_content_type")
        except (web.RequestPayloadError, ConnectionError):
            return refusal(400, "The body broke off, or is not what its headers say.")
        except web.HTTPRequestEntityTooLarge as error:
            return refusal(413, error.text or error.reason)
        except web.HTTPNotFound:
            return refusal(404, f"There is nothing at {request.path}.", code="unknown_url")
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            return refusal(405, f"{request.path} takes {allowed}.", headers={"Allow": allowed})
        except web.HTTPException as error:
            return refusal(error.status, error.reason)
        except Exception:
            log.exception("a request failed unexpectedly")
            return refusal(500, "The server made a mistake; its log has the details.")

    def _no_place(self, full: QueueFull) -> web.Response:
        """The answer to a request that finds the queue full; says when to try again."""
        reason, code = "The queue is full; try again soon.", "queue_full"
        if full.own:
            reason = "Too many of your requests are waiting; try again when some are done."
            code = "rate_limit_exceeded"
        headers = {"Retry-After": str(max(1, math.ceil(self._seconds_until_room())))}
        return refusal(429, reason, code=code, headers=headers)

    @web.middleware
    async def _check_key(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        wanted = f"Bearer {self._api_key}"
        known = hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
        # A link's signature stands for the key, since browsers send none with a picture.
        signed = self._is_signed(request)
        is_open = known or signed or request.path in HEALTH_PATHS
        if self._api_key and not is_open:
            return refusal(401, "A valid API key is needed.", code="invalid_api_key")
        request[HAS_KEY] = self._api_key is not None and (known or signed)
        return await handler(request)

    @web.middleware
    async def _check_source(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse scripts of other sites, by Origin, and unknown names for this machine, by Host.

        With the API key, any name may be used.
        """
        host, origin = request.headers.get("Host"), request.headers.get("Origin")
        if not is_own_page(origin, host) and not self._cors.allows(origin):
            return refusal(403, "Other sites' pages may not use this server.", code="foreign_page")
        if not request[HAS_KEY] and not is_known_host(host, self._listening):
            reason = "Call this server by its address; by any name once INFERENCE_API_KEY is set."
            return refusal(403, reason, code="foreign_host")
        return await handler(request)

    @web.middleware
    async def _hold_body(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        with self.bodies.of(request):
            return await handler(request)
