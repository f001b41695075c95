"""The queue of the database as the simulation keeps it: who is next decides `queue_order`.

What a claim does to a member's share is that of `storage.jobs.claims`.
"""

from collections import Counter, deque
from datetime import UTC, datetime, timedelta

from benchmarks.simulation.demand import SimulatedJob
from storage.models import JobMode
from storage.queue_order import STRIDE, WaitingJob, first_claim

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class WaitingLine:
    """The jobs that wait, and what the order needs to know of members."""

    def __init__(self) -> None:
        # Of a member's jobs of one mode the oldest comes first, so only that one is compared.
        self._waiting: dict[tuple[int, JobMode], deque[SimulatedJob]] = {}
        self._running = Counter[int]()
        self._served: dict[int, datetime] = {}
        self._finish: dict[tuple[int, JobMode], int] = {}
        self._virtual: dict[JobMode, int] = {}
        self._turn = 0
        self._claims = 0

    def add(self, job: SimulatedJob) -> None:
        """Queue a job that comes now."""
        self._waiting.setdefault((job.member_id, job.mode), deque()).append(job)

    def claim(self) -> SimulatedJob | None:
        """Claim the next job; None if none waits that may run."""
        heads = [jobs[0] for jobs in self._waiting.values() if self._may_run(jobs[0])]
        if not heads:
            return None
        heads.sort(key=lambda job: job.number)
        by_id = {str(job.number): job for job in heads}
        claim = first_claim(
            [self._as_waiting(job) for job in heads], self._running, self._turn, self._virtual
        )
        job = by_id[claim.job_id]
        key = (job.member_id, job.mode)
        self._turn, self._virtual = claim.turn, dict(claim.virtual)
        self._finish[key] = self._virtual[job.mode] + STRIDE
        self._claims += 1
        self._served[job.member_id] = _BEGINNING + timedelta(microseconds=self._claims)
        self._running[job.member_id] += 1
        self._waiting[key].popleft()
        if not self._waiting[key]:
            del self._waiting[key]
        return job

    def end(self, job: SimulatedJob) -> None:
        """A claimed job has ended."""
        self._running[job.member_id] -= 1

    def _may_run(self, job: SimulatedJob) -> bool:
        return job.at_a_time is None or self._running[job.member_id] < job.at_a_time

    def _as_waiting(self, job: SimulatedJob) -> WaitingJob:
        return WaitingJob(
            str(job.number),
            job.member_id,
            self._served.get(job.member_id),
            job.mode,
            at_a_time=job.at_a_time,
            finish=self._finish.get((job.member_id, job.mode), 0),
        )
