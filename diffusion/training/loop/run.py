"""One run of a phase: its steps, its progress, and its checkpoint.

The randomness of a step depends only on the seed and the step number, so a resumed run ends with
the same weights as an uninterrupted one.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from tqdm import tqdm

from diffusion.training.loop.logbook import Average, LossCurve, load_checkpoint, save_checkpoint
from diffusion.training.loop.workers import SINGLE_WORKER, Place, average_gradients

WARM_STEPS = 10  # the first steps are slow, and not timed
MEASURED_AFTER_S = 60.0  # seconds until the speed is known; at most a tenth of the budget


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a run is: a number of samples, or as many as fit into some minutes."""

    samples: int | None
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Learner:
    """All weights that are trained, the part of them that is averaged and its decay, and the
    optimizer."""

    model: nn.Module
    averaged: nn.Module
    decay: float
    optimizer: torch.optim.Optimizer


class UnfitStart(Exception):
    """An earlier model does not fit the request; the message says what to do."""


def sum_in_order() -> None:
    """Make GPU sums deterministic, so that a seed always gives the same weights."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def fill(model: Any, folder: Path) -> None:
    """Initialise a model with the weights of an earlier one. Raises UnfitStart."""
    try:
        earlier = type(model).from_pretrained(folder, low_cpu_mem_usage=False)
        model.load_state_dict(earlier.float().state_dict())
    except (OSError, RuntimeError) as error:
        raise UnfitStart(
            f"{folder} holds no weights that fit the model to train: leave out --start to begin "
            "from nothing, or start from a model of this version."
        ) from error


class Run:
    """One run, continued from its checkpoint if there is one. A context manager, which closes the
    bar.

    `samples` is None until a run with a budget in minutes has measured its speed.
    """

    def __init__(
        self,
        workdir: Path,
        name: str,
        unit: str,
        learner: Learner,
        budget: Budget,
        column: str,
        place: Place = SINGLE_WORKER,
    ) -> None:
        self._learner, self._place, self._minutes = learner, place, budget.minutes
        self.average = Average(learner.averaged, learner.decay)
        self.samples, self.step, self.seen, self.reports = budget.samples, 0, 0, 0
        self._checkpoint = workdir / f"{name}.pt"
        self.curve = LossCurve(workdir, name, ("loss", column))
        self._losses: list[Tensor] = []
        if state := load_checkpoint(self._checkpoint):
            learner.model.load_state_dict(state["model"])
            learner.optimizer.load_state_dict(state["optimizer"])
            for key, value in state["average"].items():
                self.average.weights[key].copy_(value)
            self.average.updates = state["updates"]
            self.step, self.seen, self.reports = state["step"], state["seen"], state["reports"]
            self.samples = self.samples or state["samples"]
        elif place.rank == 0:
            self.curve.restart()
        self._first, self._before = self.step, self.seen
        self._began: tuple[float, int] | None = None
        self._bar = tqdm(
            total=self.samples, initial=self.seen, desc=name, unit=unit, disable=place.rank > 0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    @property
    def share(self) -> float:
        """The share of the run that is done, from 0 to 1; 0 while its length is unknown."""
        return 0.0 if self.samples is None else min(1.0, self.seen / self.samples)

    @property
    def is_over(self) -> bool:
        """Whether the budget is spent."""
        return self.samples is not None and self.seen >= self.samples

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the next step, times a parameter group's own `pace` if it has
        one."""
        for group in self._learner.optimizer.param_groups:
            group["lr"] = rate * group.get("pace", 1.0)

    def cool(self, rate: float, warm_steps: int) -> None:
        """Set the learning rate of the next step: linear warm-up to `rate`, then a cosine to a
        fiftieth."""
        warm = min(1.0, (self.step + 1) / warm_steps)
        self.set_rate(rate * warm * (0.02 + 0.98 * math.cos(self.share * math.pi / 2)))

    def chance(self, seed: int) -> int:
        """The random seed of the next step, different for each worker."""
        return (seed * 1_000_003 + self.step) * self._place.workers + self._place.rank

    def learn(self, loss: Tensor, batch: int) -> None:
        """One optimizer step on the loss of `batch` samples, with clipped gradients."""
        model = self._learner.model
        self._learner.optimizer.zero_grad()
        loss.backward()
        average_gradients(model, self._place.workers)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        self._learner.optimizer.step()
        self.average.update()
        self._losses.append(loss.detach())
        self._before = self.seen
        self.step, self.seen = self.step + 1, self.seen + batch * self._place.workers
        self._bar.update(batch * self._place.workers)
        if self.samples is None:
            self._measure()

    def is_due(self, reports: int) -> bool:
        """Whether this worker should report now; `True` so many times in the whole run."""
        if self._place.rank > 0 or self.samples is None:
            return False
        passed, before = (seen * reports // self.samples for seen in (self.seen, self._before))
        return self.is_over or passed > before

    def report(self, value: float) -> None:
        """Add the mean loss since the last report and a value to the curve, and save a
        checkpoint."""
        loss = torch.stack(self._losses).mean().item()
        self._losses = []
        self.reports += 1
        self.curve.add(self.seen, loss, value)
        self._bar.set_postfix({"loss": f"{loss:.4f}", self.curve.columns[-1]: f"{value:.4f}"})
        save_checkpoint(
            self._checkpoint,
            model=self._learner.model.state_dict(),
            average=self.average.weights,
            updates=self.average.updates,
            optimizer=self._learner.optimizer.state_dict(),
            step=self.step,
            seen=self.seen,
            reports=self.reports,
            samples=self.samples,
        )

    def _measure(self) -> None:
        """Compute `samples` from the speed once it is known."""
        assert self._minutes is not None
        now = time.monotonic()
        if self.step == self._first + WARM_STEPS:
            self._began = (now, self.seen)
        elif self._began is not None and now - self._began[0] >= min(
            MEASURED_AFTER_S, 6 * self._minutes
        ):
            began, seen = self._began
            self.samples = seen + round((self.seen - seen) / (now - began) * 60 * self._minutes)
            self._bar.total = self.samples
