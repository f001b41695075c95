"""The inference process: loads the model, says where it listens, serves, and ends in order."""

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

from diffusion.engine.backends import backend_wanted, backends, openvino_decoder, openvino_unet
from diffusion.engine.engine import Engine
from diffusion.engine.engine_thread import EngineThread
from diffusion.engine.profiling import CostModelFile, cache_folder, identity, native_shape
from diffusion.lean_imports import without_compiler
from diffusion.loading.hub import HubAway
from diffusion.loading.load import EMBEDDED, CheckpointError, load
from diffusion.nn.devices import SettingError, best_device, compile_wanted, number_type, prepare
from diffusion.server.admission.connections import BoundedListener
from diffusion.server.admission.origins import OpenToAll, WrongOrigins, check_open, read_origins
from diffusion.server.app import ImagesApi
from diffusion.telemetry import logs, traces

DESCRIPTION = (
    "`python -m diffusion`: the inference process. Loads the model, says where it listens, serves."
)

DRAIN_TIMEOUT_S = 7.0
"""Seconds that running requests may still take when the process is told to stop. Supervisors mostly
wait for 10 before they kill it."""

CONNECTIONS_TIMEOUT_S = 1.5
"""Seconds that connections and the running step may take after that."""

log = logging.getLogger(__name__)


def run() -> None:
    """What `python -m diffusion` does."""
    arguments = _arguments()
    try:
        logs.set_up(os.environ.get(logs.FORMAT_NAME))
        traces.set_up("darkroom-inference")
    except (logs.UnknownFormat, traces.TelemetryMissing) as error:
        sys.exit(_refused(error, os.EX_CONFIG))
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    code = asyncio.run(serve(arguments, best_device()))
    traces.shut_down()
    sys.stdout.flush()
    # Not sys.exit: a long step may still run in its thread, and torch may crash when the
    # interpreter ends meanwhile.
    os._exit(code)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m diffusion", description=DESCRIPTION)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7860, help="0 takes a free one")
    parser.add_argument(
        "--model",
        type=Path,
        default=EMBEDDED,
        help="a folder, a .safetensors file, or a name on the Hugging Face hub",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=DRAIN_TIMEOUT_S,
        help="seconds that running requests may still take when the process is told to stop",
    )
    parser.add_argument(
        "--no-key",
        action="store_true",
        help="let everybody who reaches --host draw, where no INFERENCE_API_KEY is set",
    )
    return parser.parse_args()


async def serve(arguments: argparse.Namespace, device: torch.device) -> int:
    """Serve until told to stop; returns the exit code.

    It is `os.EX_CONFIG` if the settings are wrong, so that a restart would not help.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    api_key = os.environ.get("INFERENCE_API_KEY") or None
    try:
        check_open(arguments.host, api_key, arguments.no_key)
        allowed = os.environ.get("DARKROOM_CORS_ORIGINS", "")
        origins = read_origins(allowed, api_key, arguments.no_key)
    except (OpenToAll, WrongOrigins) as error:
        return _refused(error, os.EX_CONFIG)
    engine_thread = EngineThread(lambda: loaded_engine(arguments.model, device))
    service = ImagesApi(
        engine_thread, api_key, arguments.host, aliases=model_aliases(), origins=origins
    )
    listener = BoundedListener(service.app(), service.connections, CONNECTIONS_TIMEOUT_S)
    try:
        host, port = await listener.start(arguments.host, arguments.port)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        await listener.close()
        # A used port may become free; an address of another machine stays one.
        code = 1 if error.errno == errno.EADDRINUSE else os.EX_CONFIG
        return _refused(f"Cannot listen on {arguments.host}:{arguments.port}: {reason}.", code)
    ended = engine_thread.start()
    try:
        await first_of(stop.wait(), engine_thread.ready.wait(), ended)
        if engine_thread.ready.is_set():
            model = engine_thread.engine.checkpoint.info.id
            ready = f"inference ready at http://{host}:{port} (model {model})"
            logs.tell(ready, logger=__name__)
        await first_of(stop.wait(), ended)
        if ended.done():
            ended.result()
        # It keeps listening, so that new requests are refused with an answer.
        await engine_thread.drain(arguments.grace)
    except (CheckpointError, SettingError) as error:
        return _refused(error, 1 if isinstance(error, HubAway) else os.EX_CONFIG)
    except Exception:
        log.exception("the engine failed")
        return 1
    finally:
        engine_thread.stop()
        await listener.close()
        await asyncio.wait([ended], timeout=CONNECTIONS_TIMEOUT_S)
    return 0


def _refused(reason: object, code: int) -> int:
    """Say in a sentence why it cannot start; returns the exit code."""
    logs.tell(str(reason), logger=__name__, level=logging.ERROR)
    return code


def model_aliases() -> tuple[str, ...]:
    """The other names of the model, such as `dall-e-*`."""
    setting = os.environ.get("DARKROOM_MODEL_ALIASES", "")
    return tuple(filter(None, map(str.strip, setting.split(","))))


@contextmanager
def loaded_engine(model: Path, device: torch.device) -> Iterator[Engine]:
    """The engine, with the pass costs of earlier runs; this run's are saved at the end."""
    loras = os.environ.get("DARKROOM_LORAS")
    compiled = compile_wanted()
    wanted = "torch" if compiled else backend_wanted()
    # transformers and torch mark functions for the compiler while they load, too.
    with nullcontext() if compiled else without_compiler():
        checkpoint = load(model, device, number_type(device), Path(loras) if loras else None)
    openvino = openvino_unet(checkpoint, cache_folder() / "openvino", wanted)
    checkpoint.decoder.run_by(openvino_decoder(checkpoint, cache_folder() / "openvino", wanted))
    prepare(checkpoint.denoiser.unet, device, compiled)
    backend = backends(openvino)["unet"]
    file = CostModelFile(cache_folder(), identity(checkpoint, compiled, backend))
    costs = file.read()
    unknown = native_shape(checkpoint) not in costs.curves
    yield Engine(checkpoint, costs=costs, compiled=compiled, sweeps=unknown, openvino=openvino)
    file.write(costs)


async def first_of(*waiting: Awaitable[object]) -> None:
    """Wait for one of them; the others are left alone."""
    await asyncio.wait(
        [asyncio.ensure_future(one) for one in waiting], return_when=asyncio.FIRST_COMPLETED
    )
