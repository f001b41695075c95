"""The inference engine: requests at different steps share forward passes of one U-Net.

    step()  =  schedule  →  denoise  →  advance

A request can join at every step and leave at every step. `add` and `abort` may be called from other
threads while a step runs.

**The same request gives the same bytes, whatever else is running.** Layers that round differently
at another batch size are examined one by one (`diffusion.nn.batch_invariance`). OpenVINO, the text
encoder and the autoencoder process one item at a time. Everything else is elementwise.
"""

import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from diffusion.engine.backends import backends
from diffusion.engine.batching import BatchedDenoiser
from diffusion.engine.composition import Composition
from diffusion.engine.cost_model import CostModel
from diffusion.engine.events import (
    EngineEvent,
    GenerationFailed,
    GenerationFinished,
    GenerationProgress,
    GenerationQueued,
)
from diffusion.engine.profiling import sweep
from diffusion.engine.scheduler import NOBODY, Entry, Scheduler, Shape
from diffusion.engine.shares import Caller
from diffusion.engine.vae_thread import NO_MEMORY, Encoded, VaeFailed, VaeThread
from diffusion.loading.load import Checkpoint
from diffusion.loading.lora import UnusableLora
from diffusion.nn.devices import is_device_lost, is_out_of_memory
from diffusion.nn.openvino_unet import OpenvinoUnet
from diffusion.protocol.requests import ImageRequest
from diffusion.sampling.plan import Plan, preview_steps
from diffusion.sampling.trajectory import InitLatents, Trajectory, advance, begin
from diffusion.vision.image_files import Pixels
from diffusion.vision.inpainting import InpaintCanvas

MAX_WAITING_REQUESTS = 64

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Generation:
    """A request in the engine.

    `plans` are those of the composition's drawings. `trajectories` are all drawings of the first
    picture, then of the second; none until the request joins its first step. `init_latents`, one
    for each drawing, is empty until the `canvas` is encoded. `shown` are the steps after which
    previews are made. `began_ns` and `drawn_ns` are when it joined and when its last step was
    made, in nanoseconds since 1970.
    """

    entry: Entry
    composition: Composition
    plans: tuple[Plan, ...]
    shown: frozenset[int]
    position: int
    canvas: InpaintCanvas | None = None
    init_latents: tuple[InitLatents, ...] = ()
    trajectories: list[Trajectory] = field(default_factory=list)
    began_ns: int = 0
    drawn_ns: int = 0

    @property
    def key(self) -> int:
        return self.entry.key

    @property
    def steps_left(self) -> int:
        if not self.trajectories:
            return self.plans[0].steps
        return self.trajectories[0].last - self.trajectories[0].step


class Engine:
    """Generates the pictures of many requests at once with one model.

    With `sweeps` it measures the cost of its passes while it has nothing else to do. `openvino`
    runs the U-Net where it can, and torch the rest.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        max_waiting: int = MAX_WAITING_REQUESTS,
        costs: CostModel | None = None,
        compiled: bool = False,
        sweeps: bool = False,
        openvino: OpenvinoUnet | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.costs = costs or CostModel()
        self.backends = backends(openvino, checkpoint.decoder.network)
        self.steps = 0
        self.out_of_memory = 0
        self._passes = BatchedDenoiser(checkpoint.denoiser, self.costs, compiled, openvino)
        self._vae_thread = VaeThread(checkpoint.decoder, self._notice)
        self._lock = threading.Lock()
        self._stirred = threading.Event()
        self._when_finished: Callable[[], None] | None = None
        self._scheduler = Scheduler(self.costs, max_waiting)
        self._generations: dict[int, _Generation] = {}
        self._keys = itertools.count()
        self._sweep = sweep(checkpoint, self._passes, self.costs) if sweeps else iter(())

    def add(
        self,
        request: ImageRequest,
        previews: int = 0,
        canvas: InpaintCanvas | None = None,
        caller: Caller = NOBODY,
    ) -> GenerationQueued:
        """Queue a request, with `previews` previews of each picture.

        A request with an init image needs its `canvas`, in the size of the request. Raises
        QueueFull, and TextTooLong for a prompt that is too long.
        """
        assert (request.start is None) == (canvas is None)
        composition = Composition.of(self.checkpoint, request, canvas)
        told, factor = self.checkpoint.denoiser.is_told_guidance, self.checkpoint.decoder.factor
        plans = tuple(Plan.of(drawing, told) for drawing in composition.drawings)
        drawing, steps = composition.drawings[0], plans[0].steps
        chunks = self.checkpoint.text.chunks(_texts(plans))
        on_torch = self._passes.on_torch(bool(request.loras))
        shape = Shape(
            drawing.height // factor, drawing.width // factor, chunks, drawing.tile, on_torch
        )
        with self._lock:
            rows = len(request.noises) * sum(plan.rows for plan in plans)
            entry = Entry(next(self._keys), shape, rows, caller, steps)
            position = self._scheduler.add(entry, ready=canvas is None)
            self._generations[entry.key] = _Generation(
                entry, composition, plans, preview_steps(steps, previews), position, canvas
            )
        if canvas:
            wanted = self._generations.__contains__
            self._vae_thread.encode(entry.key, canvas, composition, wanted)
        self._stirred.set()
        return GenerationQueued(entry.key, position)

    def abort(self, key: int) -> None:
        """Drop a request: its rows are free at the next step, and it has no more events."""
        with self._lock:
            self._scheduler.remove(key)
            self._generations.pop(key, None)
        self._vae_thread.drop(key)
        self._stirred.set()

    def __len__(self) -> int:
        """The number of requests that wait, run or are being decoded."""
        return len(self._generations)

    @property
    def waiting(self) -> int:
        with self._lock:
            return len(self._scheduler.waiting())

    @property
    def rows_running(self) -> int:
        with self._lock:
            return self._scheduler.rows_running()

    def seconds_until_room(self) -> float:
        """Seconds until the first running request is done, estimated by the cost model."""
        with self._lock:
            running = self._scheduler.running()
            rows = Counter[Shape]()
            for entry in running:
                rows[entry.shape] += entry.rows
            # The scheduler gives all shapes equal time, so each waits for the others.
            rounds = len(rows)
            return min(
                (
                    self._generations[entry.key].steps_left
                    * self.costs.seconds(entry.shape, rows[entry.shape])
                    * rounds
                    for entry in running
                ),
                default=0.0,
            )

    def drop_waiting(self) -> tuple[int, ...]:
        """Drop the requests that have not started; returns their keys."""
        with self._lock:
            keys = self._scheduler.waiting()
        for key in keys:
            self.abort(key)
        return keys

    @torch.inference_mode()
    def step(self) -> list[EngineEvent]:
        """Run one step of the requests of one shape, and return their events.

        Waits for the autoencoder where no request can run. Raises torch.AcceleratorError when the
        device has failed: it stays unusable until the process is restarted.
        """
        self._stirred.clear()
        self._vae_thread.check_device()
        finished = self.finished()
        with self._lock:
            chosen = [self._generations[entry.key] for entry in self._scheduler.next_step()]
            events: list[EngineEvent] = [*self._moved_up()]
        joined = [one for one in chosen if self._begin(one, events)]
        if joined:
            events += self._advance(joined)
        if not chosen and not finished and len(self):
            self._stirred.wait()
        return finished + self._still_wanted(events) + self.finished()

    @torch.inference_mode()
    def rest(self) -> bool:
        """Use idle time for one measurement. Returns False once there is nothing to measure."""
        return next(self._sweep, self) is not self

    def finished(self) -> list[EngineEvent]:
        """The events from the autoencoder's thread since the last call. Safe from any thread."""
        outcomes, events = self._vae_thread.outcomes(), list[EngineEvent]()
        for outcome in outcomes:
            if isinstance(outcome, Encoded):
                self._make_ready(outcome)
            elif isinstance(outcome, VaeFailed):
                events.append(GenerationFailed(outcome.key, outcome.reason))
            else:
                of = self._generations.get(outcome.key)
                times = (of.began_ns, of.drawn_ns) if of else (0, 0)
                events.append(GenerationFinished(outcome.key, outcome.pictures, *times))
        events = self._still_wanted(events)
        if outcomes:
            # `step` may be waiting for the outcomes that this call took.
            self._stirred.set()
        return events

    def when_finished(self, call: Callable[[], None]) -> None:
        """Call `call`, in any thread, whenever `finished` may have new events."""
        self._when_finished = call

    def _notice(self) -> None:
        self._stirred.set()
        if self._when_finished:
            self._when_finished()

    def _make_ready(self, encoded: Encoded) -> None:
        with self._lock:
            if generation := self._generations.get(encoded.key):
                generation.init_latents = encoded.init_latents
                self._scheduler.make_ready(encoded.key)

    def _moved_up(self) -> list[GenerationQueued]:
        moved = []
        for position, key in enumerate(self._scheduler.waiting()):
            generation = self._generations[key]
            if generation.position != position:
                generation.position = position
                moved.append(GenerationQueued(key, position))
        return moved

    def _begin(self, generation: _Generation, events: list[EngineEvent]) -> bool:
        """Encode the prompts and draw the initial noise of a request that joins at this step."""
        if generation.trajectories:
            return True
        generation.began_ns = time.time_ns()
        composition, shape = generation.composition, generation.entry.shape
        levels = self.checkpoint.denoiser.levels
        of_latents = (self.checkpoint.denoiser.channels, shape.height, shape.width)
        texts = _texts(generation.plans)
        try:
            conditions = self.checkpoint.text.encode(texts, composition.request.loras)
            of_text = dict(zip(texts, conditions, strict=True))
            generation.trajectories = [
                begin(
                    drawing,
                    plan,
                    index,
                    levels,
                    tuple(of_text[text] for text in plan.all_texts),
                    of_latents,
                    init_latents,
                )
                for index in range(len(composition.request.noises))
                for drawing, plan, init_latents in zip(
                    composition.drawings,
                    generation.plans,
                    generation.init_latents or [None] * len(generation.plans),
                    strict=True,
                )
            ]
        except Exception as error:
            if is_device_lost(error):
                raise
            if isinstance(error, UnusableLora):
                events.append(_without_lora(generation, error))
                return False
            log.exception("a prompt could not be read")
            trouble = "The model could not read this prompt."
            reason = NO_MEMORY if is_out_of_memory(error) else trouble
            events.append(GenerationFailed(generation.key, reason))
            return False
        return True

    def _advance(self, joined: list[_Generation]) -> list[EngineEvent]:
        """Run one step of requests that share a shape."""
        trajectories = [trajectory for one in joined for trajectory in one.trajectories]
        shape = joined[0].entry.shape
        try:
            advance(trajectories, self._denoise(shape, trajectories))
        except UnusableLora as error:
            # The others are unchanged, and go on with the next step.
            wants = [
                one
                for one in joined
                if error.name in {lora.name for lora in one.composition.request.loras}
            ]
            return [_without_lora(one, error) for one in wants]
        except Exception as error:
            if is_device_lost(error):
                raise
            log.exception("a step failed")
            if is_out_of_memory(error):
                # The others fitted before the newest one joined, and are unchanged.
                self.out_of_memory += 1
                self.costs.halve(shape, sum(one.entry.rows for one in joined))
                torch.cuda.empty_cache()
                return [GenerationFailed(joined[-1].key, NO_MEMORY)]
            return [GenerationFailed(one.key, "The model failed while drawing.") for one in joined]
        self.steps += 1
        return [event for one in joined for event in self._outcome(one)]

    def _denoise(self, shape: Shape, trajectories: list[Trajectory]) -> Tensor:
        """The guided predictions [pictures, 4, h, w], each at its picture's own noise level."""
        rows = [one.rows() for one in trajectories]
        predicted = self._passes.predict(shape, [row for wanted in rows for row in wanted])
        parts = torch.split(predicted, [len(wanted) for wanted in rows])
        return torch.stack([one.guide(part) for one, part in zip(trajectories, parts, strict=True)])

    def _outcome(self, generation: _Generation) -> list[GenerationProgress]:
        """The events of a request after a step. A finished one goes to the autoencoder's thread."""
        key, trajectories = generation.key, generation.trajectories
        if trajectories[0].done:
            generation.drawn_ns = time.time_ns()
            with self._lock:
                self._scheduler.remove(key)
            self._vae_thread.decode(
                key,
                [one.denoised for one in trajectories],
                generation.composition,
                generation.canvas,
                self._generations.__contains__,
            )
            return []
        step = trajectories[0].step
        previews = self._previews(generation) if step in generation.shown else ()
        return [GenerationProgress(key, step, trajectories[0].last, previews)]

    def _previews(self, generation: _Generation) -> tuple[Pixels, ...]:
        """Previews of the pictures; none if memory does not suffice."""
        try:
            preview = self.checkpoint.decoder.preview
            drawn = [preview(one.denoised) for one in generation.trajectories]
            return generation.composition.pictures(drawn)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            log.warning("there was no memory for a preview")
            return ()

    def _still_wanted(self, events: list[EngineEvent]) -> list[EngineEvent]:
        """The events of requests that were not aborted; forgets requests that ended."""
        with self._lock:
            events = [event for event in events if event.key in self._generations]
            for event in events:
                if isinstance(event, GenerationFinished | GenerationFailed):
                    self._scheduler.remove(event.key)
                    del self._generations[event.key]
        return events


def _texts(plans: Sequence[Plan]) -> tuple[str, ...]:
    """All texts of the plans, each once."""
    return tuple(dict.fromkeys(text for plan in plans for text in plan.all_texts))


def _without_lora(generation: _Generation, error: UnusableLora) -> GenerationFailed:
    """What becomes of a request whose LoRA cannot be read now."""
    log.warning("The LoRA %s cannot be read: it %s", error.name, error.reason)
    return GenerationFailed(generation.key, f"The LoRA “{error.name}” {error.reason}")
