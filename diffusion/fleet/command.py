"""`darkroom fleet`: starts or joins a Ray cluster, deploys the engines, and waits."""

import logging
import os
import signal
import threading
from collections.abc import Sequence
from typing import NoReturn

import ray
from ray import serve
from ray.exceptions import RayError

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

log = logging.getLogger(__name__)


def run(arguments: FleetArguments) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    api_key = os.environ.get("INFERENCE_API_KEY") or None
    try:
        check_open(arguments.host, api_key, arguments.open_to_all)
        allowed = os.environ.get("DARKROOM_CORS_ORIGINS", "")
        origins = sorted(read_origins(allowed, api_key, arguments.open_to_all))
    except (OpenToAll, WrongOrigins) as error:
        return _refused(error, os.EX_CONFIG)
    try:
        logs.tell("Ray starts, and each model is measured. This takes a minute.", logger=__name__)
        _join(arguments.address)
        signal.signal(signal.SIGTERM, _interrupt)
        models = _deploy(arguments, api_key, origins)
        logs.tell(_ready(arguments, models), logger=__name__)
        threading.Event().wait()
    except KeyboardInterrupt:
        log.info("The fleet stops.")
    except CannotPlace as error:
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
        _leave(arguments.address)
    return 0


def _deploy(
    arguments: FleetArguments, api_key: str | None, origins: Sequence[str]
) -> list[ServedModel]:
    """Deploy all models and the door, and wait until they are ready. Raises CannotPlace, RayError
    and RuntimeError."""
    placed = place(arguments.models, arguments.rare, ray.cluster_resources(), arguments.bounds)
    models = [_measured(arguments, model, placed[model]) for model in arguments.models]
    door = settings_here(api_key, arguments.host, origins, arguments.copies)
    serve.start(
        proxy_location="EveryNode",
        http_options={"host": arguments.host, "port": arguments.port},
    )
    serve.run(
        fleet(models, door),
        name=APPLICATION,
        logging_config={"log_level": "WARNING", "enable_access_log": False},
    )
    return models


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _join(address: str | None) -> None:
    """Join the cluster at an address, or start one that this machine alone reaches.

    Raises ConnectionError.
    """
    options: dict[str, object] = {"address": address}
    if address is None:
        options = {"address": "local", "include_dashboard": False}
    ray.init(**options, logging_level=logging.WARNING, namespace=APPLICATION)


def _leave(address: str | None) -> None:
    """End what was started: of a cluster that others run, our application alone."""
    if not ray.is_initialized():
        return
    if address is None:
        serve.shutdown()
    else:
        serve.delete(APPLICATION)
    ray.shutdown()


def _measured(arguments: FleetArguments, model: str, placement: Placement) -> ServedModel:
    """The model, with as many requests at once for a replica as its measured passes allow."""
    is_rare, at_once, backend = model in arguments.rare, arguments.requests_at_once, None
    if at_once is None and ray.available_resources().get("GPU", 0.0) < placement.gpus:
        log.warning("No GPU is free to measure “%s”; a guess is used.", model)
        at_once = UNMEASURED_REQUESTS_AT_ONCE
    if at_once is None:
        # Its process ends with it, and frees the GPU's memory.
        measure = ray.remote(max_calls=1)(measured).options(
            num_gpus=placement.gpus,
            num_cpus=placement.cpus,
            runtime_env={"env_vars": {**DEFAULTS, **settings_here(None, "", ()).environment}},
        )
        at_once, backend = ray.get(
            measure.remote(model, placement.threads), timeout=MEASURE_TIMEOUT_S
        )
    if arguments.address is None:
        # One machine chooses once. Others might choose otherwise, and then draw other bytes.
        backend = None
    return ServedModel(model, placement, at_once, is_rare, backend)


def _ready(arguments: FleetArguments, models: list[ServedModel]) -> str:
    shown = "; ".join(
        f"{one.model or 'the embedded model'}: {_span(one.placement)} replicas, "
        f"{one.requests_at_once} requests each"
        for one in models
    )
    return f"fleet ready at http://{arguments.host}:{arguments.port} ({shown})"


def _span(placement: Placement) -> str:
    low, high = placement.min_replicas, placement.max_replicas
    return str(low) if low == high else f"{low} to {high}"


def _refused(reason: object, code: int) -> int:
    """Say in a sentence why it cannot start; returns the exit code."""
    logs.tell(str(reason), logger=__name__, level=logging.ERROR)
    return code
