"""An engine as the simulation sees it: the real scheduler and cost model, and a clock of numbers.

Steps and the autoencoder share the device, as its threads do in `diffusion.engine`: while both have
work, each is half as fast.
"""

from collections import deque
from collections.abc import Iterator

from benchmarks.simulation.demand import SimulatedJob, Work
from diffusion.engine.cost_model import CostModel
from diffusion.engine.scheduler import Caller, Entry, Scheduler, Shape

MAX_WAITING_REQUESTS = 64
"""As in `diffusion.engine.engine`, which would load torch."""

BOT_ADDRESS = "10.0.0.1"

INSTANT_S = 1e-8
"""Less is left of a piece of work by rounding only: a clock of 10⁷ seconds ticks in 2e-9."""


class KnownCosts:
    """The estimates of a cost model that learns nothing more, so each is computed once."""

    def __init__(self, costs: CostModel) -> None:
        self._costs = costs
        self._known: dict[tuple[Shape, int], float] = {}

    def seconds(self, shape: Shape, rows: int) -> float:
        """Seconds of a step with `rows` rows."""
        if (shape, rows) not in self._known:
            self._known[shape, rows] = self._costs.seconds(shape, rows)
        return self._known[shape, rows]

    def most(self, shape: Shape) -> int:
        """The most rows of one pass."""
        return self._costs.most(shape)


class SimulatedEngine:
    """One engine. Bring it up to the time with `advance` before anything else."""

    def __init__(self, costs: KnownCosts, jobs_at_once: int) -> None:
        self.jobs_at_once = jobs_at_once
        self.running = 0
        """Places that are taken."""
        self.busy_s = 0.0
        self._costs = costs
        self._scheduler = Scheduler(costs, MAX_WAITING_REQUESTS)
        self._jobs: dict[int, SimulatedJob] = {}
        self._step: tuple[Entry, ...] = ()
        self._step_left = 0.0
        self._decoding: deque[SimulatedJob] = deque()
        self._decode_left = 0.0
        self._now = 0.0

    @property
    def load(self) -> float:
        """The lower, the sooner it can take a job; as in `bot.engines.places`."""
        return self.running / self.jobs_at_once

    @property
    def is_free(self) -> bool:
        return self.running < self.jobs_at_once

    def add(self, job: SimulatedJob) -> None:
        """A job's request arrives now."""
        work: Work = job.work
        caller = Caller(BOT_ADDRESS, str(job.member_id))
        self._jobs[job.number] = job
        self._scheduler.add(Entry(job.number, work.shape, work.rows, caller, work.steps))
        if not self._step:
            self._begin_step()

    def next_event(self) -> float | None:
        """When something happens next; None if it rests."""
        left = [one for one, has in self._work() if has]
        return self._now + min(left) * len(left) if left else None

    def advance(self, now: float) -> list[SimulatedJob]:
        """Work until `now`, which is no later than the next event; the jobs that are done then."""
        works = [has for _, has in self._work()]
        spent = now - self._now
        self._now = now
        if not any(works):
            return []
        self.busy_s += spent
        share = spent / sum(works)
        stepping, decoding = works
        self._step_left -= share * stepping
        self._decode_left -= share * decoding
        done = []
        if decoding and self._decode_left <= INSTANT_S:
            done.append(self._decoding.popleft())
            self._decode_left = self._decoding[0].work.decode_s if self._decoding else 0.0
        if stepping and self._step_left <= INSTANT_S:
            done += self._end_step()
        return done

    def _work(self) -> Iterator[tuple[float, bool]]:
        """The seconds left of the step and of the decoding, and whether there is such work."""
        yield max(0.0, self._step_left), bool(self._step)
        yield max(0.0, self._decode_left), bool(self._decoding)

    def _begin_step(self) -> None:
        self._step = self._scheduler.next_step()
        if self._step:
            rows = sum(entry.rows for entry in self._step)
            self._step_left = self._costs.seconds(self._step[0].shape, rows)
        for entry in self._step:
            job = self._jobs[entry.key]
            if not job.steps_made:
                job.begun = self._now

    def _end_step(self) -> list[SimulatedJob]:
        """Count the step; the jobs that are done without decoding."""
        done = []
        for entry in self._step:
            job = self._jobs[entry.key]
            job.steps_made += 1
            if job.steps_made == 1:
                job.stepped = self._now
            if job.steps_made == job.work.steps:
                self._scheduler.remove(entry.key)
                del self._jobs[entry.key]
                if job.work.decode_s:
                    self._decode(job)
                else:
                    done.append(job)
        self._begin_step()
        return done

    def _decode(self, job: SimulatedJob) -> None:
        if not self._decoding:
            self._decode_left = job.work.decode_s
        self._decoding.append(job)
