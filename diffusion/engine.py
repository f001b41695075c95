"""The engine: requests at different steps of their own, sharing forward passes of one U-Net.

    step()  =  schedule  →  denoise  →  advance

A request joins at the next step and leaves at any. Knows nothing of HTTP, files or threads,
except that `add` and `abort` may be called from another thread while a step runs.

**The same request gives the same bytes, whatever else is running.** What rounds differently in a
batch of another size (measured in float32 on a CPU with AVX-512: sizes 1, 2–3 and 4–8 differ from
each other in the last bits, because the matrix libraries choose other kernels) must always run
at one size. So the U-Net sees `forward_rows` rows at every step, the missing ones filled up with
copies; text encoding and decoding see one item. At one size neither the neighbours nor a row's
place among them change its bytes (measured: exactly 0, and held by the tests). The rest is
elementwise.
"""

import itertools
import logging
import threading
from dataclasses import dataclass, field

import torch
from torch import Tensor

from diffusion.checkpoints import Checkpoint
from diffusion.pictures import Pixels
from diffusion.protocol import ImageRequest
from diffusion.scheduler import Entry, Scheduler, Shape
from diffusion.trajectory import (
    Row,
    Trajectory,
    advance,
    begin,
    preview_steps,
    rows_needed,
    steps_run,
)

MAX_WAITING = 64

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """The request waits; `position` others are before it."""

    key: int
    position: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """`step` of `steps` is done; `previews` has one picture per noise, or is empty."""

    key: int
    step: int
    steps: int
    previews: tuple[Pixels, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The request is done: one picture per noise."""

    key: int
    pictures: tuple[Pixels, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """The request failed and is gone; `reason` is one sentence for a person."""

    key: int
    reason: str


EngineEvent = Waits | Stepped | Drawn | Broken


@dataclass(slots=True)
class _Generation:
    """A request in the engine; its trajectories begin when it joins."""

    key: int
    request: ImageRequest
    shown: frozenset[int]
    trajectories: list[Trajectory] = field(default_factory=list)
    position: int = -1


def forward_rows(shape: Shape, device: torch.device) -> int:
    """The one batch size for latents of this shape.

    A grid of four with guidance fills 8. Sharing a pass gains 2.5× at 16×16 cells and 1.3× at
    32×32 on a CPU, 3× at 64×64 on a GPU; where it gains nothing, padding would only cost, and a
    pass has room for one guided picture.
    """
    gaining = 64 * 64 if device.type == "cuda" else 32 * 32
    return 8 if shape.height * shape.width <= gaining else 2


class Engine:
    """Draws the pictures of many requests at once with one model."""

    def __init__(self, checkpoint: Checkpoint, max_waiting: int = MAX_WAITING) -> None:
        self.checkpoint = checkpoint
        self._device = next(checkpoint.denoiser.parameters()).device
        self._channels = int(checkpoint.denoiser.unet.config.in_channels)  # type: ignore
        self._lock = threading.Lock()
        self._scheduler = Scheduler(self._rows, max_waiting)
        self._generations: dict[int, _Generation] = {}
        self._keys = itertools.count()

    def add(self, request: ImageRequest, previews: int = 0) -> Waits:
        """Queue a request whose pictures are each shown `previews` times while they emerge.

        Raises scheduler.QueueFull.
        """
        factor = self.checkpoint.decoder.factor
        shape = Shape(request.height // factor, request.width // factor)
        with self._lock:
            key = next(self._keys)
            position = self._scheduler.add(Entry(key, shape, rows_needed(request)))
            shown = preview_steps(steps_run(request), previews)
            self._generations[key] = _Generation(key, request, shown, position=position)
        return Waits(key, position)

    def abort(self, key: int) -> None:
        """Drop a request; its rows are free at the next step and no event of it comes any more."""
        with self._lock:
            self._scheduler.remove(key)
            self._generations.pop(key, None)

    def __len__(self) -> int:
        """Requests waiting or running."""
        return len(self._scheduler)

    @property
    def waiting(self) -> int:
        return len(self._scheduler.waiting())

    @property
    def rows_running(self) -> int:
        with self._lock:
            return self._scheduler.rows_running()

    @torch.inference_mode()
    def step(self) -> list[EngineEvent]:
        """Move the requests of one shape one step on; says what became of them."""
        with self._lock:
            chosen = [self._generations[entry.key] for entry in self._scheduler.next_step()]
            events: list[EngineEvent] = [*self._moved_up()]
        joined = [one for one in chosen if self._begin(one, events)]
        trajectories = [trajectory for one in joined for trajectory in one.trajectories]
        if trajectories:
            try:
                advance(trajectories, self._denoise(trajectories))
                events += [self._outcome(one) for one in joined]
            except Exception:
                log.exception("a step failed")
                events += [Broken(one.key, "The model failed while drawing.") for one in joined]
        return self._still_wanted(events)

    def _rows(self, shape: Shape) -> int:
        return forward_rows(shape, self._device)

    def _moved_up(self) -> list[Waits]:
        moved = []
        for position, key in enumerate(self._scheduler.waiting()):
            generation = self._generations[key]
            if generation.position != position:
                generation.position = position
                moved.append(Waits(key, position))
        return moved

    def _begin(self, generation: _Generation, events: list[EngineEvent]) -> bool:
        """Read the prompts and draw the noise of a request that joins at this step."""
        if generation.trajectories:
            return True
        request, factor = generation.request, self.checkpoint.decoder.factor
        shape = (self._channels, request.height // factor, request.width // factor)
        try:
            states = self.checkpoint.text.encode(request.prompt)
            negative = self.checkpoint.text.encode(request.negative_prompt)
        except Exception:
            log.exception("a prompt could not be read")
            events.append(Broken(generation.key, "The model could not read this prompt."))
            return False
        levels = self.checkpoint.denoiser.levels
        generation.trajectories = [
            begin(request, index, levels, states, negative, shape)
            for index in range(len(request.noises))
        ]
        return True

    def _denoise(self, trajectories: list[Trajectory]) -> Tensor:
        """The guided predictions [pictures, 4, h, w] at the pictures' own levels."""
        rows = [one.rows() for one in trajectories]
        predicted = self._forward([row for wanted in rows for row in wanted])
        parts = torch.split(predicted, [len(wanted) for wanted in rows])
        return torch.stack([one.guide(part) for one, part in zip(trajectories, parts, strict=True)])

    def _forward(self, rows: list[Row]) -> Tensor:
        """The predictions of any number of rows, by passes of the one size of their shape."""
        size = self._rows(Shape(*rows[0].x.shape[-2:]))
        predicted = []
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            # Any row will do to fill the pass up: no row knows the others.
            full = part + part[-1:] * (size - len(part))
            denoised = self.checkpoint.denoiser(
                torch.stack([row.x for row in full]),
                torch.stack([row.sigma for row in full]),
                torch.stack([row.states for row in full]),
            )
            predicted.append(denoised[: len(part)])
        return torch.cat(predicted)

    def _outcome(self, generation: _Generation) -> EngineEvent:
        key, trajectories = generation.key, generation.trajectories
        if not trajectories[0].done:
            step = trajectories[0].step
            shown = trajectories if step in generation.shown else []
            previews = tuple(self.checkpoint.decoder.preview(one.denoised) for one in shown)
            return Stepped(key, step, trajectories[0].last, previews)
        if not all(bool(one.denoised.isfinite().all()) for one in trajectories):
            return Broken(key, "The model's numbers overflowed; other settings may help.")
        try:
            decode = self.checkpoint.decoder.picture
            return Drawn(key, tuple(decode(one.denoised) for one in trajectories))
        except Exception:
            log.exception("a picture could not be decoded")
            return Broken(key, "The model failed while finishing the picture.")

    def _still_wanted(self, events: list[EngineEvent]) -> list[EngineEvent]:
        """Drop the events of requests aborted meanwhile, and forget the requests that ended."""
        with self._lock:
            events = [event for event in events if event.key in self._generations]
            for event in events:
                if isinstance(event, Drawn | Broken):
                    self._scheduler.remove(event.key)
                    del self._generations[event.key]
        return events
