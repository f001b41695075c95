"""`darkroom fleet`: starts or joins a Ray cluster, deploys the engines, and waits."""

import logging
import os
import signal
import socket
import time
from contextlib import suppress
from typing import NoReturn

import ray
from ray import serve
from ray.exceptions import RayError
from ray.serve import Application

from diffusion.engine.backends import backend_wanted
from diffusion.environment import DEFAULTS
from diffusion.fleet.application import APPLICATION, ServedModel, fleet, settings_here
from diffusion.fleet.arguments import FleetArguments
from diffusion.fleet.placement import (
    UNMEASURED_REQUESTS_AT_ONCE,
    CannotPlace,
    Placement,
    place,
)
from diffusion.fleet.replica import measured
from diffusion.loading.hub import HubAway
from diffusion.loading.load import CheckpointError
from diffusion.nn.devices import SettingError
from diffusion.server.admission.origins import OpenToAll, WrongOrigins, check_open, read_origins
from diffusion.telemetry import logs

MEASURE_TIMEOUT_S = 900.0
"""Seconds for loading a model, perhaps from the hub, and measuring it."""

CONNECT_TIMEOUT_S = 5.0

HEAD_INTERVAL_S = 2.0
HEAD_GONE_S = {"started": 6.0, "joined": 50.0}
"""How long Ray's head may not answer. One that we started does not come back. One that others
start may; after 60 seconds Ray would end this process without a word."""

log = logging.getLogger(__name__)


class HeadLost(Exception):
    """Ray's head is gone; the message says what to do."""


def run(arguments: FleetArguments) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    api_key = os.environ.get("INFERENCE_API_KEY") or None
    try:
        check_open(arguments.host, api_key, arguments.open_to_all)
        allowed = os.environ.get("DARKROOM_CORS_ORIGINS", "")
        origins = sorted(read_origins(allowed, api_key, arguments.open_to_all))
    except (OpenToAll, WrongOrigins) as error:
        return _refused(error, os.EX_CONFIG)
    deployed = False
    try:
        logs.tell("Ray starts, and each model is measured. This takes a minute.", logger=__name__)
        _join(arguments.address)
        signal.signal(signal.SIGTERM, _interrupt)
        models = _models(arguments)
        if arguments.only_measures:
            logs.tell(f"measured: {_shown(models)}", logger=__name__)
            return 0
        deployed = True
        ingress = settings_here(api_key, arguments.host, origins, arguments.ingress_replicas)
        _deploy(arguments, fleet(models, ingress))
        logs.tell(_ready(arguments, models), logger=__name__)
        _watch_head("started" if arguments.address is None else "joined")
    except HeadLost as lost:
        # What usually ends a fleet would wait for the head.
        _refused(lost, 1)
        os._exit(1)
    except KeyboardInterrupt:
        log.info("The fleet stops.")
    except (CannotPlace, SettingError) as error:
        return _refused(error, os.EX_CONFIG)
    except RayError as error:
        # In a replica's process something was raised: what, says its cause.
        cause = getattr(error, "cause", None) or str(error).partition("\n")[0]
        is_setting = isinstance(cause, CheckpointError | SettingError)
        return _refused(cause, os.EX_CONFIG if is_setting and not isinstance(cause, HubAway) else 1)
    except (ConnectionError, RuntimeError, OSError) as error:
        return _refused(error, 1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _leave(arguments.address, deployed)
    return 0


def _models(arguments: FleetArguments) -> list[ServedModel]:
    """Where each model goes, and what was measured. Raises CannotPlace and RayError."""
    placed = place(arguments.models, arguments.rare, ray.cluster_resources(), arguments.bounds)
    return [_measured(arguments, model, placed[model]) for model in arguments.models]


def _deploy(arguments: FleetArguments, application: Application) -> None:
    """Deploy all models and the ingress, and wait until they are ready. Raises RayError and
    RuntimeError."""
    serve.start(
        proxy_location="EveryNode",
        http_options={"host": arguments.host, "port": arguments.port},
    )
    serve.run(
        application,
        name=APPLICATION,
        logging_config={"log_level": "WARNING", "enable_access_log": False},
    )


def _watch_head(kind: str) -> NoReturn:
    """Wait until Ray's head is gone. Raises HeadLost."""
    address = ray.get_runtime_context().gcs_address
    host, _, port = address.rpartition(":")
    answered = time.monotonic()
    while time.monotonic() - answered < HEAD_GONE_S[kind]:
        time.sleep(HEAD_INTERVAL_S)
        with suppress(OSError), socket.create_connection((host, int(port)), HEAD_INTERVAL_S):
            answered = time.monotonic()
    raise HeadLost(f"Ray's head at {address} is gone, and the fleet with it. Start it again.")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _join(address: str | None) -> None:
    """Join the cluster at an address, or start one that this machine alone reaches.

    Raises ConnectionError.
    """
    if address is not None:
        _check_head(address)
    options: dict[str, object] = {"address": address}
    if address is None:
        options = {"address": "local", "include_dashboard": False}
    ray.init(**options, logging_level=logging.WARNING, namespace=APPLICATION)


def _check_head(address: str) -> None:
    """Raises ConnectionError if nothing answers at HOST:PORT.

    Ray itself would go on asking there for many minutes, without a word. It looks up other kinds of
    addresses by itself.
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or "://" in address:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIMEOUT_S).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(
            f"No Ray cluster answers at {address}. Start one there with `ray start --head`, or "
            "leave --address and RAY_ADDRESS out to start one here."
        ) from error


def _leave(address: str | None, deployed: bool) -> None:
    """End what was started: of a cluster that others run, our application alone.

    Where nothing was `deployed`, another fleet may run there under the same name.
    """
    if not ray.is_initialized():
        return
    if address is None:
        serve.shutdown()
    elif deployed:
        serve.delete(APPLICATION)
    ray.shutdown()


def _measured(arguments: FleetArguments, model: str, placement: Placement) -> ServedModel:
    """The model, with as many requests at once for a replica as its measured passes allow."""
    at_once, backend = arguments.requests_at_once, None
    # One machine chooses what draws once. Others might choose otherwise, and draw other bytes.
    is_open = arguments.address is not None and not placement.gpus and backend_wanted() == "auto"
    free = ray.available_resources()
    is_room = free.get("GPU", 0.0) >= placement.gpus and free.get("CPU", 0.0) >= placement.cpus
    if not is_room:
        # Another fleet has them, which this one takes the place of.
        log.warning("No GPU or core is free to measure “%s”; a guess is used.", model)
        at_once = at_once or UNMEASURED_REQUESTS_AT_ONCE
    elif at_once is None or is_open:
        # Its process ends with it, and frees the GPU's memory.
        measure = ray.remote(max_calls=1)(measured).options(
            num_gpus=placement.gpus,
            num_cpus=placement.cpus,
            runtime_env={"env_vars": {**DEFAULTS, **settings_here(None, "", ()).environment}},
        )
        best, found = ray.get(measure.remote(model, placement.threads), timeout=MEASURE_TIMEOUT_S)
        at_once, backend = at_once or best, found if is_open else None
    is_rare = model in arguments.rare
    return ServedModel(model, placement, at_once, is_rare, backend, arguments.idle_s)


def _ready(arguments: FleetArguments, models: list[ServedModel]) -> str:
    return f"fleet ready at http://{arguments.host}:{arguments.port} ({_shown(models)})"


def _shown(models: list[ServedModel]) -> str:
    return "; ".join(
        f"{one.model or 'the embedded model'}: {_span(one.placement)}, "
        f"{_counted(one.requests_at_once, 'request')} each"
        for one in models
    )


def _span(placement: Placement) -> str:
    low, high = placement.min_replicas, placement.max_replicas
    return _counted(low, "replica") if low == high else f"{low} to {high} replicas"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _refused(reason: object, code: int) -> int:
    """Say in a sentence why it cannot start; returns the exit code."""
    logs.tell(str(reason), logger=__name__, level=logging.ERROR)
    return code
