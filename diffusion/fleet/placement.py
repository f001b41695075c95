"""Where replicas run, how many, and how many requests each takes at once. Pure decisions.

A replica has a GPU to itself, or a share of the processor's cores. All replicas of a model have
equally many threads, because another number may round differently: the same request is to give the
same bytes wherever it is drawn.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

PICTURES_OF_A_JOB = 4
"""What the bot asks for at once: a grid of four."""

UNMEASURED_REQUESTS_AT_ONCE = 2
"""Where pass times are not known: one is drawn, and the next one is read meanwhile."""

DEFAULT_IDLE_S = 300.0
"""How long a replica that is not needed is kept: loading a model takes minutes."""


class CannotPlace(Exception):
    """The models do not fit on these machines; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What each replica of a model gets, and between how many replicas their number may be.

    `threads` is None where the processor does not draw.
    """

    gpus: float
    cpus: float
    threads: int | None
    min_replicas: int
    max_replicas: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the operator wants: `least` and `most` replicas of each model, None for what fits.
    `cores` are those of a replica without a GPU, None for a fair share."""

    least: int | None = None
    most: int | None = None
    cores: int | None = None


def place(
    models: Sequence[str],
    rare: Collection[str],
    resources: Mapping[str, float],
    bounds: Bounds,
) -> dict[str, Placement]:
    """The placement of each model, by its name.

    `resources` are Ray's of the whole cluster. `rare` models have no replica until somebody asks
    for one of them. Raises CannotPlace.
    """
    unknown = sorted(set(rare) - set(models))
    if unknown:
        raise CannotPlace(f"--rare names {unknown[0]}, which is not in DARKROOM_MODEL.")
    usual = [model for model in models if model not in rare]
    gpus = int(resources.get("GPU", 0))
    if gpus:
        share: tuple[float, float, int | None] = (1.0, 0.0, None)
        places = gpus
        what = f"{gpus} GPU{'s' if gpus > 1 else ''}"
    else:
        cores = int(resources.get("CPU", 0))
        share, places = _of_cores(cores, len(models), bounds)
        what = f"{cores} cores"
    least = 1 if bounds.least is None else bounds.least
    if len(usual) * least > places:
        raise CannotPlace(
            f"{len(usual)} models with {least} replicas each do not fit on {what}: name some of "
            "them with --rare, or start fewer replicas."
        )
    placed = {}
    for model in models:
        others = least * len([one for one in usual if one != model])
        low = 0 if model in rare else least
        high = places - others if bounds.most is None else bounds.most
        placed[model] = Placement(*share, low, max(high, low, 1))
    return placed


def _of_cores(cores: int, models: int, bounds: Bounds) -> tuple[tuple[float, float, int], int]:
    """What a replica gets of the cores, and how many replicas fit."""
    if bounds.cores is not None:
        return (0.0, float(bounds.cores), bounds.cores), cores // bounds.cores
    replicas = models * (bounds.most or bounds.least or 1)
    share = cores / replicas if replicas else 0.0
    # Ray counts ten-thousandths; a share that is rounded up would not fit.
    return (0.0, int(share * 100) / 100, max(1, int(share))), replicas


def requests_at_once(seconds: Callable[[int], float], rows: int, most_rows: int) -> int:
    """How many requests a replica should have at once, from the measured time of a step.

    `seconds` gives the time of a step by its rows, `rows` are those of one request, `most_rows`
    those of the largest step. As many share steps as are done sooner on average than one after
    another, which is how the engine's scheduler decides. One more is read meanwhile, so that no
    step waits for it.
    """
    alone, best = seconds(rows), 1
    for count in range(2, most_rows // rows + 1):
        if seconds(count * rows) > alone * (count + 1) / 2:
            break
        best = count
    return best + 1
