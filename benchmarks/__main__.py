"""`python -m benchmarks`: the engine beside diffusers' pipeline, on the same weights.

All take turns within one run, so that a busy machine is unfair to none, and medians are kept. The
tables go to docs/performance.md. Without a GPU the embedded model is drawn in the machine's number
type and in float32; with `--models` it is models of random weights, as they are on a GPU.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from benchmarks.contenders import Contender, Ours, Pipeline
from benchmarks.figures import Timing, median
from benchmarks.models import MODELS, Model, build
from benchmarks.report import circumstances, table, write
from diffusion.checkpoints import EMBEDDED
from diffusion.devices import best_device, number_type
from diffusion.protocol import ImageRequest, ModelInfo, Noise

DOCUMENT = Path("docs/performance.md")
CURVE = (1, 2, 4, 8, 16)
PEAK = 790.0
"""TFLOP/s in bfloat16 that an H200 reaches on large matrices."""

FIGURES: Mapping[str, Callable[[Timing], float]] = {
    "until all are done": lambda timing: timing.total,
    "mean latency": lambda timing: timing.mean,
    "95th percentile": lambda timing: timing.p95,
    "until a preview": lambda timing: timing.preview,
    "pictures a second": lambda timing: timing.rate,
}


def requests(size: int, steps: int, count: int, pictures: int, turn: int) -> list[ImageRequest]:
    """Guided requests; several differ in steps and guidance, and every turn has new prompts."""
    return [
        ImageRequest(
            model="",
            prompt=f"a fox number {number} of {turn}",
            noises=tuple(Noise(100 * number + index) for index in range(pictures)),
            width=size,
            height=size,
            steps=steps + (number % 4 - 1) * (steps // 5) * (count > 1),
            guidance_scale=3.0 + number % 3,
            sampler="dpmpp_2m",
        )
        for number in range(count)
    ]


def compare(
    contenders: Mapping[str, Contender], cases: Mapping[str, tuple[int, int]], model: Model, n: int
) -> str:
    """A table of all cases: ours, the others, and how many times better ours is."""
    names = list(contenders)
    rows = []
    for case, (count, pictures) in cases.items():
        rounds: dict[str, list[Timing]] = {name: [] for name in names}
        for turn in range(n + 1):
            for name, contender in contenders.items():
                work = requests(model.size, model.steps, count, pictures, turn)
                timing = contender.draw(work)
                if turn:  # the first one warms up
                    rounds[name].append(timing)
        print(f"{case}: {n} rounds done", flush=True)
        for figure, read in FIGURES.items():
            if count == 1 and figure in ("mean latency", "95th percentile", "pictures a second"):
                continue
            medians = [median(rounds[name], read) for name in names]
            rows.append([f"{case}, {figure}", *_beside(medians, more=figure.startswith("pict"))])
    heads = [names[0], *(part for name in names[1:] for part in (name, "ratio"))]
    return table(["seconds", *heads], rows)


def _beside(medians: list[float], more: bool) -> list[str]:
    """Figures as text: ours, then each other one with the factor by which ours is better."""
    ours, *others = medians
    cells = [f"{ours:.2f}"]
    for other in others:
        cells += [f"{other:.2f}", f"{ours / other if more else other / ours:.2f}×"]
    return cells


def on_embedded(device: torch.device, rounds: int) -> str:
    """The embedded model, against the pipeline in the same number type and in its default."""
    dtype = number_type(device)
    ours = Ours(EMBEDDED, device, dtype)
    name = str(dtype).removeprefix("torch.")
    contenders: dict[str, Contender] = {
        f"ours, {name}": ours,
        f"pipeline, {name}": Pipeline(EMBEDDED, device, dtype),
    }
    if dtype != torch.float32:
        contenders["pipeline, float32"] = Pipeline(EMBEDDED, device, torch.float32)
    info = ours.checkpoint.info
    model = Model(info.id, info.native_size, info.steps)
    cases = {"one picture": (1, 1), "a grid of four": (1, 4), "8 at once": (8, 1)}
    text = compare(contenders, cases, model, rounds)
    return "\n\n".join([_about(info, device, rounds), text, _engine_alone(ours, model, rounds)])


def _about(info: ModelInfo, device: torch.device, rounds: int) -> str:
    return (
        f"{circumstances(device, rounds)}; {info.id} at {info.native_size} px, {info.steps} steps "
        "of DPM++ 2M with guidance; of 8 requests at once, with 16 to 28 steps and guidance of 3 "
        "to 5, the pipeline draws one after another."
    )


def _engine_alone(ours: Ours, model: Model, rounds: int) -> str:
    """t(B) and the overhead."""
    curve = ours.curve(model.size, CURVE, rounds)
    shares = [ours.overhead(requests(model.size, model.steps, 8, 1, turn)) for turn in range(3)]
    rows = [
        ["ms of a pass", *(f"{1000 * curve[rows]:.1f}" for rows in CURVE)],
        ["rows a second, times one row's", *(f"{n * curve[1] / curve[n]:.2f}×" for n in CURVE)],
    ]
    return (
        table(["t(B) by rows", *map(str, CURVE)], rows)
        + f"\n\nOutside of the U-Net passes {sorted(shares)[1]:.1%} of a step with 8 requests."
    )


def on_random_weights(names: list[str], device: torch.device, rounds: int) -> str:
    """The well-known models, against the pipeline plain and compiled."""
    return "\n\n".join(
        [circumstances(device, rounds), *(_one(name, device, rounds) for name in names)]
    )


def _one(name: str, device: torch.device, rounds: int) -> str:
    model, dtype = MODELS[name], torch.bfloat16
    with tempfile.TemporaryDirectory() as folder:
        build(name, Path(folder))
        ours = Ours(Path(folder), device, dtype)
        contenders: dict[str, Contender] = {
            "ours": ours,
            "pipeline": Pipeline(Path(folder), device, dtype),
        }
        if device.type == "cuda":
            contenders["compiled"] = Pipeline(Path(folder), device, dtype, compiled=True)
    cases = {"one picture": (1, 1), "8 at once": (8, 1)}
    text = compare(contenders, cases, model, rounds)
    parts = [f"{model.name} at {model.size} px, {model.steps} steps, bfloat16", text]
    if model.step:
        work = requests(model.size, model.steps, 8, 1, 0)
        tera = sum(2 * one.steps * model.step + model.decode for one in work)
        timing = ours.draw(work)
        parts.append(
            f"8 at once are {tera:.0f} TFLOP: {tera / timing.total / PEAK:.0%} of {PEAK:.0f} "
            "TFLOP/s."
        )
    return "\n\n".join([*parts, _engine_alone(ours, model, rounds)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    parser.add_argument("--models", nargs="+", choices=MODELS, help="models of random weights")
    parser.add_argument("--dry", action="store_true", help="print the tables, and write nothing")
    arguments = parser.parse_args()
    device = best_device()
    names = arguments.models or (["sd15", "sdxl"] if device.type == "cuda" else [])
    if names:
        place, text = "on a GPU", on_random_weights(names, device, arguments.rounds)
    else:
        place, text = "on a CPU", on_embedded(device, arguments.rounds)
    print(text)
    if not arguments.dry:
        write(DOCUMENT, place, text)


if __name__ == "__main__":
    main()
