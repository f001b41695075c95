"""The command line of `darkroom fleet`. Imports neither torch nor Ray."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass

from diffusion.fleet.placement import DEFAULT_IDLE_S, Bounds


@dataclass(frozen=True, slots=True)
class FleetArguments:
    """What was typed. `address` is that of a Ray cluster to join, None to start one here."""

    models: tuple[str, ...]
    rare: tuple[str, ...]
    address: str | None
    host: str
    port: int
    bounds: Bounds
    requests_at_once: int | None
    idle_s: float
    ingress_replicas: int
    open_to_all: bool
    only_measures: bool


def parsed(typed: Sequence[str] | None = None) -> FleetArguments:
    """Read the command line. Without `--model` the models are those of DARKROOM_MODEL."""
    parser = argparse.ArgumentParser(
        prog="darkroom fleet",
        description="Engines on several GPUs or machines behind one address, on Ray Serve.",
    )
    parser.add_argument(
        "--local",
        metavar="N",
        type=_positive,
        help="N replicas of each model on this machine, which share its cores or have a GPU each",
    )
    parser.add_argument(
        "--address",
        default=os.environ.get("RAY_ADDRESS"),
        help="a Ray cluster to join, such as 10.0.0.2:6379, or auto for the one of this machine; "
        "by default (without RAY_ADDRESS) one is started on this machine",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument(
        "--model",
        metavar="MODELS",
        default=os.environ.get("DARKROOM_MODEL", ""),
        help="folders, files or hub names with commas between them (DARKROOM_MODEL); the first is "
        "used where a request names none",
    )
    parser.add_argument(
        "--rare",
        metavar="MODEL",
        action="append",
        default=[],
        help="a model that has no replica until it is asked for, and none after a while",
    )
    parser.add_argument(
        "--replicas",
        metavar="LEAST:MOST",
        type=_range,
        default=(None, None),
        help="between how many replicas of each model Ray may choose; as many as fit by default",
    )
    parser.add_argument(
        "--cores", type=_positive, help="of each replica where there is no GPU; a share by default"
    )
    parser.add_argument(
        "--at-once",
        metavar="N",
        type=_positive,
        help="requests that a replica has at once; measured by default",
    )
    parser.add_argument(
        "--idle",
        metavar="SECONDS",
        type=_positive,
        default=DEFAULT_IDLE_S,
        help="how long a replica that is not needed is kept (%(default)s)",
    )
    parser.add_argument(
        # Its name was --doors at first.
        *("--ingress-replicas", "--doors"),
        metavar="N",
        type=_positive,
        default=1,
        help="on how many machines requests are taken in",
    )
    parser.add_argument(
        "--no-key",
        action="store_true",
        help="let everybody who reaches --host draw, where no INFERENCE_API_KEY is set",
    )
    parser.add_argument(
        "--measure",
        action="store_true",
        help="only say how many requests a replica should have at once here",
    )
    given = parser.parse_args(typed)
    if given.local and (given.address or given.replicas != (None, None)):
        parser.error("--local goes with neither --address nor --replicas")
    least, most = (given.local, given.local) if given.local else given.replicas
    return FleetArguments(
        _split([given.model]) or ("",),
        _split(given.rare),
        given.address,
        given.host,
        given.port,
        Bounds(least, most, given.cores),
        given.at_once,
        given.idle,
        given.ingress_replicas,
        given.no_key,
        given.measure,
    )


def _split(typed: Sequence[str]) -> tuple[str, ...]:
    names = (name.strip() for one in typed for name in one.split(","))
    return tuple(dict.fromkeys(filter(None, names)))


def _positive(typed: str) -> int:
    if not typed.isdecimal() or int(typed) < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return int(typed)


def _range(typed: str) -> tuple[int, int]:
    least, _, most = typed.partition(":")
    most = most or least
    if not (least.isdecimal() and most.isdecimal()) or not int(least) <= int(most) >= 1:
        raise argparse.ArgumentTypeError("must look like 1:4")
    return int(least), int(most)
