"""`python -m benchmarks`: compare the engine with diffusers' pipeline, on the same weights.

All contenders take turns in one run, so that other load affects them equally; medians are reported.
The tables are written to docs/performance.md. Without a GPU the embedded model runs in the
machine's fastest dtype and in float32. With `--models`, and on a GPU, models with random weights
run; on a processor one picture at a time, because eight would take an hour. Compiled ones take part
on a GPU, or with `--compiled`, and take minutes to warm up.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.contenders import Contender, Ours, Pipeline
from benchmarks.figures import Timing, median
from benchmarks.models import MODELS, Model, build
from benchmarks.report import circumstances, table, write
from diffusion.engine.profiling import SWEPT_ROWS
from diffusion.loading.load import EMBEDDED
from diffusion.nn.devices import best_device, number_type
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Noise

DOCUMENT = Path("docs/performance.md")
TOGETHER = "8 at once"
PEAK_TFLOPS = 790.0
"""TFLOP/s in bfloat16 that an H200 reaches on large matrices."""

WARM_UP_ROUNDS = 3
"""Rounds of each case that do not count: the first two are up to a fifth slower."""


class Case(NamedTuple):
    """`count` requests of `pictures` pictures each. Without `steps`, those of the model."""

    count: int
    pictures: int
    steps: int | None = None
    guided: bool = True


ONE_AT_A_TIME = {
    "one picture, 20 steps": Case(1, 1, 20),
    "one picture, 4 steps without guidance, as LCM": Case(1, 1, 4, guided=False),
}
"""What is measured of large models on a processor."""

Rounds = dict[str, dict[str, list[Timing]]]
"""Timings by case and by contender."""

FIGURES: Mapping[str, Callable[[Timing], float]] = {
    "until all are done": lambda timing: timing.total,
    "mean latency": lambda timing: timing.mean,
    "95th percentile": lambda timing: timing.p95,
    "until a preview": lambda timing: timing.preview,
    "pictures a second": lambda timing: timing.rate,
}


def requests(
    size: int, steps: int, count: int, pictures: int, turn: int, guided: bool = True
) -> list[ImageRequest]:
    """Requests that differ in steps and guidance; every turn has new prompts."""
    return [
        ImageRequest(
            model="",
            prompt=f"a fox number {number} of {turn}",
            noises=tuple(Noise(100 * number + index) for index in range(pictures)),
            width=size,
            height=size,
            steps=steps + (number % 4 - 1) * (steps // 5) * (count > 1),
            guidance_scale=3.0 + number % 3 if guided else 1.0,
            sampler="dpmpp_2m",
        )
        for number in range(count)
    ]


def measure(
    contenders: Mapping[str, Contender], cases: Mapping[str, Case], model: Model, n: int
) -> Rounds:
    """Time `n` rounds of each case with each contender."""
    rounds: Rounds = {case: {name: [] for name in contenders} for case in cases}
    for case, (count, pictures, steps, guided) in cases.items():
        # Large models take minutes a picture, of which the first rounds' delay is nothing.
        warm_up = min(WARM_UP_ROUNDS, 1) if steps else WARM_UP_ROUNDS
        for turn in range(-warm_up, n):
            for name, contender in contenders.items():
                wanted = requests(model.size, steps or model.steps, count, pictures, turn, guided)
                timing = contender.draw(wanted)
                if turn >= 0:
                    rounds[case][name].append(timing)
        print(f"{case}: {n} rounds done", flush=True)
    return rounds


def compared(rounds: Rounds, cases: Mapping[str, Case]) -> str:
    """A table of all cases: the first contender, the others, and by which factor it is better."""
    rows = []
    for case, taken in rounds.items():
        for figure, read in FIGURES.items():
            alone = cases[case].count == 1
            if alone and figure in ("mean latency", "95th percentile", "pictures a second"):
                continue
            medians = [median(timings, read) for timings in taken.values()]
            rows.append([f"{case}, {figure}", *_beside(medians, more=figure.startswith("pict"))])
        first, *others = taken
    heads = [first, *(part for name in others for part in (name, "ratio"))]
    return table(["seconds", *heads], rows)


def _beside(medians: list[float], more: bool) -> list[str]:
    """Cells: our value, then each other value with the factor by which ours is better."""
    ours, *others = medians
    cells = [f"{ours:.2f}"]
    for other in others:
        cells += [f"{other:.2f}", f"{ours / other if more else other / ours:.2f}×"]
    return cells


def on_embedded(device: torch.device, rounds: int, compiled: bool) -> str:
    """Benchmark the embedded model against the pipeline in the same dtype and in float32."""
    dtypes = list(dict.fromkeys((number_type(device), torch.float32)))
    ours, pairs = Ours(EMBEDDED, device, dtypes[0]), dict[str, dict[str, Contender]]()
    for dtype in dtypes:
        name = str(dtype).removeprefix("torch.")
        engine = ours if dtype == dtypes[0] else Ours(EMBEDDED, device, dtype)
        pairs[name] = {
            f"{engine.backend}, {name}": engine,
            f"pipeline, {name}": Pipeline(EMBEDDED, device, dtype),
        }
    contenders = {name: one for pair in pairs.values() for name, one in pair.items()}
    info = ours.checkpoint.info
    model = Model(info.id, info.native_size, info.steps)
    warming = ""
    if compiled:
        contenders["ours, compiled"], warming = _warmed(EMBEDDED, device, dtype)
        pairs["compiled"] = {name: contenders[name] for name in list(contenders)[::-1]}
    cases = {"one picture": Case(1, 1), "a grid of four": Case(1, 4), TOGETHER: Case(8, 1)}
    taken = measure(contenders, cases, model, rounds)
    texts = [
        compared({case: {name: of[name] for name in pair} for case, of in taken.items()}, cases)
        for pair in pairs.values()
    ]
    parts = [_about(info, device, rounds), *texts, _engine_alone(ours, model, rounds), warming]
    return "\n\n".join(filter(None, parts))


def _about(info: ModelInfo, device: torch.device, rounds: int) -> str:
    return (
        f"{circumstances(device, rounds)}; {info.id} at {info.native_size} px, {info.steps} steps "
        "of DPM++ 2M with guidance; of 8 requests at once, with 16 to 28 steps and guidance of 3 "
        "to 5, the pipeline draws one after another."
    )


def _engine_alone(ours: Ours, model: Model, rounds: int) -> str:
    """The pass times by batch size, and the engine's overhead."""
    curve = ours.curve(rounds)
    shares = [ours.overhead(requests(model.size, model.steps, 8, 1, turn)) for turn in range(3)]
    rows = [
        ["ms of a pass", *(f"{1000 * curve[rows]:.1f}" for rows in SWEPT_ROWS)],
        [
            "rows a second, times one row's",
            *(f"{n * curve[1] / curve[n]:.2f}×" for n in SWEPT_ROWS),
        ],
    ]
    return (
        table(["t(B) by rows", *map(str, SWEPT_ROWS)], rows)
        + f"\n\nOutside of the U-Net passes {sorted(shares)[1]:.1%} of a step with 8 requests."
    )


def _warmed(folder: Path, device: torch.device, dtype: torch.dtype) -> tuple[Ours, str]:
    """Our engine compiled, and a table of the compile times."""
    ours = Ours(folder, device, dtype, compiled=True)
    seconds = ours.warm_up()
    row = ["seconds of the first pass", *(f"{seconds[rows]:.1f}" for rows in SWEPT_ROWS)]
    print("compiled", flush=True)
    return ours, table(["warm-up by rows", *map(str, SWEPT_ROWS)], [row])


def on_random_weights(
    names: Sequence[str], device: torch.device, rounds: int, compiled: bool
) -> str:
    """Benchmark well-known models with random weights, against the pipeline, also compiled."""
    tables = [_one(name, device, rounds, compiled) for name in names]
    return "\n\n".join([circumstances(device, rounds), *tables])


def _one(name: str, device: torch.device, rounds: int, compiled: bool) -> str:
    model, dtype = MODELS[name], number_type(device)
    with tempfile.TemporaryDirectory() as folder:
        place = build(name, Path(folder))
        ours = Ours(place, device, dtype, kept=place / "openvino")
        contenders: dict[str, Contender] = {
            ours.backend: ours,
            "pipeline": Pipeline(place, device, dtype),
        }
        warming = ""
        if compiled:
            contenders["ours, compiled"], warming = _warmed(place, device, dtype)
            contenders["pipeline, compiled"] = Pipeline(place, device, dtype, compiled=True)
    cases = {"one picture": Case(1, 1), TOGETHER: Case(8, 1)}
    if device.type == "cpu" and not model.reduced:
        cases = ONE_AT_A_TIME
    taken = measure(contenders, cases, model, rounds)
    parts = [
        f"{model.name} at {model.size} px, {model.steps} steps, {str(dtype).split('.')[1]}",
        compared(taken, cases),
        shares_of_the_ceiling(model, taken[TOGETHER]) if model.step and TOGETHER in cases else "",
        _engine_alone(ours, model, rounds) if TOGETHER in cases else "",
        warming,
    ]
    return "\n\n".join(filter(None, parts))


def shares_of_the_ceiling(model: Model, taken: Mapping[str, list[Timing]]) -> str:
    """The share of the device's peak performance that each contender reached."""
    work = requests(model.size, model.steps, 8, 1, 0)
    tera = sum(2 * one.steps * model.step + model.decode for one in work)
    shares = [
        f"{name} {tera / median(timings, FIGURES['until all are done']) / PEAK_TFLOPS:.0%}"
        for name, timings in taken.items()
    ]
    return f"8 at once are {tera:.0f} TFLOP; of {PEAK_TFLOPS:.0f} TFLOP/s: {', '.join(shares)}."


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    parser.add_argument("--models", nargs="+", choices=MODELS, help="models of random weights")
    parser.add_argument("--compiled", action="store_true", help="compile too, as on a GPU")
    parser.add_argument("--dry", action="store_true", help="print the tables, and write nothing")
    arguments = parser.parse_args()
    device = best_device()
    names = arguments.models or (["sd15", "sdxl"] if device.type == "cuda" else [])
    compiled = arguments.compiled or device.type == "cuda"
    if names:
        place = "on a GPU" if device.type == "cuda" else "large models on a CPU"
        text = on_random_weights(names, device, arguments.rounds, compiled)
    else:
        place, text = "on a CPU", on_embedded(device, arguments.rounds, compiled)
    print(text)
    if not arguments.dry:
        write(DOCUMENT, place, text)


if __name__ == "__main__":
    main()
