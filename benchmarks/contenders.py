"""The contenders: our engine, which runs all requests at once, and diffusers' pipeline, which can
only run one after another. Image files and HTTP are not part of the measurement."""

import time
from pathlib import Path
from typing import Any, Protocol

import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler
from diffusers.utils import logging as diffusers_logging

from benchmarks.figures import Timing
from diffusion.engine.backends import backend_wanted, backends, openvino_decoder, openvino_unet
from diffusion.engine.batching import BatchedDenoiser
from diffusion.engine.cost_model import CostModel
from diffusion.engine.engine import Engine
from diffusion.engine.events import (
    EngineEvent,
    GenerationFailed,
    GenerationFinished,
    GenerationProgress,
)
from diffusion.engine.profiling import SWEPT_ROWS, cache_folder, native_rows, native_shape
from diffusion.loading.load import load
from diffusion.nn.devices import prepare
from diffusion.protocol.requests import ImageRequest


class Contender(Protocol):
    """Generates the pictures of requests and measures the time."""

    def draw(self, requests: list[ImageRequest]) -> Timing: ...


class Ours:
    """Our engine, prepared as the server prepares it; one for all rounds.

    `kept` is the folder for the converted model; by default that of the server.
    """

    def __init__(
        self,
        folder: Path,
        device: torch.device,
        dtype: torch.dtype,
        compiled: bool = False,
        kept: Path | None = None,
    ) -> None:
        self.checkpoint = load(folder, device, dtype)
        wanted = "torch" if compiled else backend_wanted()
        kept = kept or cache_folder() / "openvino"
        self.openvino = openvino_unet(self.checkpoint, kept, wanted)
        self.checkpoint.decoder.run_by(openvino_decoder(self.checkpoint, kept, wanted))
        self.backend = f"ours by {backends(self.openvino)['unet']}"
        prepare(self.checkpoint.denoiser.unet, device, compiled)
        self._compiled = compiled
        self._engine = Engine(self.checkpoint, compiled=compiled, openvino=self.openvino)

    def draw(self, requests: list[ImageRequest]) -> Timing:
        engine, start = self._engine, time.perf_counter()
        shown: dict[int, float] = {}
        done: dict[int, float] = {}

        def note(events: list[EngineEvent]) -> None:
            for event in events:
                assert not isinstance(event, GenerationFailed), event
                if isinstance(event, GenerationProgress) and event.key not in shown:
                    _wait_for_gpu()
                    shown[event.key] = time.perf_counter() - start
                if isinstance(event, GenerationFinished):
                    done[event.key] = time.perf_counter() - start

        # The server also passes on finished pictures while a step runs.
        engine.when_finished(lambda: note(engine.finished()))
        for request in requests:
            engine.add(request)
        while len(done) < len(requests):
            note(engine.step())
        return _timing(list(done.values()), list(shown.values()), requests)

    def overhead(self, requests: list[ImageRequest]) -> float:
        """The share of the steps' time that is spent outside the U-Net.

        Counts only steps in which all requests take part and none is decoded. On a GPU, and with
        OpenVINO, the time of the passes counts as the U-Net's.
        """
        engine, unet = self._engine, self.checkpoint.denoiser.unet
        inside, began = 0.0, 0.0

        def begin(*_: object) -> None:
            nonlocal began
            began = time.perf_counter()

        def end(*_: object) -> None:
            nonlocal inside
            inside += time.perf_counter() - began

        for request in requests:
            engine.add(request)
        engine.step()  # encodes the prompts
        timed = next(unet.parameters()).is_cuda or self.openvino
        hooks = []
        if not timed:
            hooks = [unet.register_forward_pre_hook(begin), unet.register_forward_hook(end)]
        before = sum(curve.seconds for curve in engine.costs.curves.values())
        start = time.perf_counter()
        for _ in range(min(request.steps for request in requests) - 2):
            engine.step()
        whole = time.perf_counter() - start
        if timed:
            inside = sum(curve.seconds for curve in engine.costs.curves.values()) - before
        for hook in hooks:
            hook.remove()
        while len(engine):
            engine.step()
        return max(0.0, 1 - inside / whole)

    @torch.inference_mode()
    def curve(self, rounds: int) -> dict[int, float]:
        """Seconds of a pass by its number of rows, at the model's native size."""
        costs = CostModel()
        passes = BatchedDenoiser(self.checkpoint.denoiser, costs, self._compiled, self.openvino)
        shape, rows = native_shape(self.checkpoint), native_rows(self.checkpoint)
        for _ in range(rounds + 1):  # the first one examines the layers
            for count in SWEPT_ROWS:
                passes.predict(shape, rows[:count])
                passes.settle()
        return {count: costs.seconds(shape, count) for count in SWEPT_ROWS}

    @torch.inference_mode()
    def warm_up(self) -> dict[int, float]:
        """Seconds of the first pass of each batch size, in which it is compiled.

        The reference size comes first, because the others are compared with it.
        """
        passes = BatchedDenoiser(self.checkpoint.denoiser, CostModel(), compiled=True)
        shape, rows = native_shape(self.checkpoint), native_rows(self.checkpoint)
        first = passes.reference(shape)
        seconds = {}
        for count in sorted(SWEPT_ROWS, key=lambda count: (count != first, count)):
            began = time.perf_counter()
            passes.predict(shape, rows[:count])
            _wait_for_gpu()
            seconds[count] = time.perf_counter() - began
        return seconds


class Pipeline:
    """diffusers' own, loaded as it documents it."""

    def __init__(
        self, folder: Path, device: torch.device, dtype: torch.dtype, compiled: bool = False
    ) -> None:
        diffusers_logging.set_verbosity_error()
        diffusers_logging.disable_progress_bar()
        self._pipeline: Any = DiffusionPipeline.from_pretrained(
            folder, dtype=dtype, local_files_only=True, low_cpu_mem_usage=False
        ).to(device)
        self._pipeline.scheduler = DPMSolverMultistepScheduler.from_config(
            self._pipeline.scheduler.config,
            timestep_spacing="trailing",
            algorithm_type="dpmsolver++",
        )
        self._pipeline.set_progress_bar_config(disable=True)
        if compiled:
            self._pipeline.unet.to(memory_format=torch.channels_last)
            self._pipeline.unet.compile(mode="reduce-overhead", fullgraph=True)

    def draw(self, requests: list[ImageRequest]) -> Timing:
        shown: list[float] = []
        done: list[float] = []
        start = time.perf_counter()

        def stepped(_: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if step == 0:
                _wait_for_gpu()
                shown.append(time.perf_counter() - start)
            return tensors

        for request in requests:
            self._pipeline(
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
        return _timing(done, shown, requests)


def _wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _timing(done: list[float], shown: list[float], requests: list[ImageRequest]) -> Timing:
    assert len(done) == len(shown) == len(requests)
    return Timing(tuple(done), tuple(shown), sum(len(request.noises) for request in requests))
