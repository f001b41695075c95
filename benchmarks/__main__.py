"""`python -m benchmarks`: the engine beside diffusers' pipeline, on the same weights.

Both draw the same pictures in the same number type; they take turns, and medians are printed, so
that a busy machine is unfair to neither. Files and HTTP are left out on both sides.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
from diffusers.utils import logging as diffusers_logging

from diffusion.checkpoints import EMBEDDED, Checkpoint, load
from diffusion.engine import Drawn, Engine, Stepped
from diffusion.protocol import ImageRequest, ModelInfo, Noise


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds until all requests were done, and on average until one was, and until its first
    step was, from which a preview can be made."""

    total: float
    done: float
    first_step: float


def requests_of(info: ModelInfo, count: int, pictures: int, mixed: bool) -> list[ImageRequest]:
    """Guided requests to the model; `mixed` ones differ in steps and guidance."""
    return [
        ImageRequest(
            model=info.id,
            prompt=f"a fox number {number}",
            noises=tuple(Noise(100 * number + index) for index in range(pictures)),
            width=info.native_size,
            height=info.native_size,
            steps=info.steps + (number % 4) * 2 * mixed,
            guidance_scale=3.0 + number % 3,
            sampler="dpmpp_2m",
        )
        for number in range(count)
    ]


def time_engine(checkpoint: Checkpoint, requests: list[ImageRequest]) -> Timing:
    """All requests at once."""
    engine = Engine(checkpoint)
    start = time.perf_counter()
    for request in requests:
        engine.add(request)
    first: dict[int, float] = {}
    done: dict[int, float] = {}
    while len(engine):
        for event in engine.step():
            now = time.perf_counter() - start
            if isinstance(event, Stepped):
                first.setdefault(event.key, now)
            if isinstance(event, Drawn):
                done[event.key] = now
    assert len(done) == len(requests)
    return _timing(list(done.values()), list(first.values()))


def time_pipeline(pipeline: Any, requests: list[ImageRequest]) -> Timing:
    """One request after another, since the pipeline can do no other."""
    start = time.perf_counter()
    first: list[float] = []
    done: list[float] = []

    def stepped(_pipeline: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        if step == 0:
            first.append(time.perf_counter() - start)
        return tensors

    for request in requests:
        pipeline(
            request.prompt,
            height=request.height,
            width=request.width,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance_scale,
            num_images_per_prompt=len(request.noises),
            generator=[torch.Generator().manual_seed(noise.seed) for noise in request.noises],
            output_type="np",
            callback_on_step_end=stepped,
        )
        done.append(time.perf_counter() - start)
    return _timing(done, first)


def _timing(done: list[float], first: list[float]) -> Timing:
    return Timing(max(done), statistics.mean(done), statistics.mean(first))


def pipeline_of(checkpoint: Checkpoint, folder: Path) -> Any:
    """diffusers' pipeline with the very networks of the checkpoint."""
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    parts = StableDiffusionPipeline.from_pretrained(
        folder,
        unet=checkpoint.denoiser.unet,
        vae=checkpoint.decoder.vae,
        text_encoder=checkpoint.text.model,
        tokenizer=checkpoint.text.tokenizer,
        safety_checker=None,
        requires_safety_checker=False,
        local_files_only=True,
    )
    parts.scheduler = DPMSolverMultistepScheduler.from_config(
        parts.scheduler.config, timestep_spacing="trailing", algorithm_type="dpmsolver++"
    )
    parts.set_progress_bar_config(disable=True)
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED, help="folder of the checkpoint")
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    checkpoint = load(arguments.model, device)
    pipeline = pipeline_of(checkpoint, arguments.model)
    info = checkpoint.info
    where = torch.cuda.get_device_name() if device.type == "cuda" else platform.processor()
    print(
        f"{info.id} at {info.native_size} px, {info.steps} steps; {where or platform.machine()}, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}; "
        f"medians of {arguments.rounds}, in seconds"
    )
    print(f"{'':34}{'ours':>8}{'pipeline':>10}{'ratio':>8}")
    cases = {
        "one picture": requests_of(info, 1, 1, mixed=False),
        "one grid of four": requests_of(info, 1, 4, mixed=False),
        "4 requests, different steps": requests_of(info, 4, 1, mixed=True),
        "8 requests, different steps": requests_of(info, 8, 1, mixed=True),
    }
    for name, requests in cases.items():
        ours = partial(time_engine, checkpoint, requests)
        theirs = partial(time_pipeline, pipeline, requests)
        ours(), theirs()  # to warm up
        print_case(name, [(ours(), theirs()) for _ in range(arguments.rounds)])


def print_case(name: str, pairs: list[tuple[Timing, Timing]]) -> None:
    """Medians of what ours and the pipeline took, and how many times longer the pipeline."""
    figures: dict[str, Callable[[Timing], float]] = {
        name: lambda timing: timing.total,
        "  until one is done": lambda timing: timing.done,
        "  until its first step": lambda timing: timing.first_step,
    }
    for label, read in figures.items():
        mine = statistics.median(read(ours) for ours, _ in pairs)
        other = statistics.median(read(theirs) for _, theirs in pairs)
        print(f"{label:34}{mine:8.3f}{other:10.3f}{other / mine:7.2f}×", flush=True)


if __name__ == "__main__":
    main()
