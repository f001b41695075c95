"""The cost of a forward pass in seconds: measured while passes run, guessed until then.

Each shape has a curve of seconds by batch size. It shows how much batching gains: on an H200 eight
pictures of 512 px take 2.5 times as long as one, and two of 1024 px take 1.96 times as long. The
scheduler uses it to decide which requests share a pass. Pure Python: no tensors.
"""

from collections import deque
from dataclasses import dataclass, field

from diffusion.engine.scheduler import Shape

MAX_BATCH_ROWS = 16
"""The largest batch. No machine that we measured gains anything beyond it."""

KEPT_MEASUREMENTS = 5
"""How many measurements of a batch size are kept. The fastest counts, because a busy machine only
makes a pass slower."""

FORGET_AFTER_PASSES = 1000
"""A batch size that was not used in this many passes of its shape counts as unmeasured, so that one
slow hour does not decide forever."""

GUESSED_EXPONENT = 0.5
"""The guess: time grows with this power of the batch size. It is optimistic, so that every size is
tried once before it is judged."""


@dataclass(slots=True)
class Curve:
    """The measurements of one shape: `newest` has the latest seconds by rows, `last` the number of
    the last pass by rows; `passes`, `rows` and `seconds` are totals since the start."""

    newest: dict[int, deque[float]] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    passes: int = 0
    rows: int = 0
    seconds: float = 0.0

    def points(self) -> list[tuple[int, float]]:
        since = self.passes - FORGET_AFTER_PASSES
        return sorted(
            (rows, min(kept)) for rows, kept in self.newest.items() if self.last[rows] > since
        )


class CostModel:
    """The curves of all shapes, and the largest batch that fits into memory for each."""

    def __init__(self) -> None:
        self.curves: dict[Shape, Curve] = {}
        self._most: dict[Shape, int] = {}
        self._cell = 1.0
        """Seconds per latent cell of a batch of one, from the last measurement of any shape."""

    def note(self, shape: Shape, rows: int, seconds: float) -> None:
        """Add the measured time of a pass with `rows` rows."""
        curve = self.curves.setdefault(shape, Curve())
        curve.passes += 1
        curve.rows += rows
        curve.seconds += seconds
        self.recall(shape, rows, seconds)

    def recall(self, shape: Shape, rows: int, seconds: float) -> None:
        """Like `note`, for a measurement of an earlier run: it does not count as a pass."""
        curve = self.curves.setdefault(shape, Curve())
        curve.newest.setdefault(rows, deque(maxlen=KEPT_MEASUREMENTS)).append(seconds)
        curve.last[rows] = curve.passes
        self._cell = seconds / (shape.cells * rows**GUESSED_EXPONENT)

    def passes(self, shape: Shape) -> int:
        """How many passes of this shape ran."""
        return self.curves[shape].passes if shape in self.curves else 0

    def seconds(self, shape: Shape, rows: int) -> float:
        """Seconds of a step with `rows` rows, in several passes if they do not fit into one."""
        passes, rest = divmod(rows, self.most(shape))
        whole = passes * self._one_pass(shape, self.most(shape)) if passes else 0.0
        return whole + (self._one_pass(shape, rest) if rest else 0.0)

    def most(self, shape: Shape) -> int:
        """The most rows that a pass of this shape may have."""
        return self._most.get(shape, MAX_BATCH_ROWS)

    def halve(self, shape: Shape, rows: int) -> None:
        """A pass with `rows` rows ran out of memory: allow half as many from now on."""
        self._most[shape] = max(1, min(rows, self.most(shape)) // 2)

    def _one_pass(self, shape: Shape, rows: int) -> float:
        points = self.curves[shape].points() if shape in self.curves else []
        if not points:
            return float(self._cell * shape.cells * rows**GUESSED_EXPONENT)
        below = max((point for point in points if point[0] <= rows), default=points[0])
        above = min((point for point in points if point[0] >= rows), default=points[-1])
        if below[0] < rows < above[0]:
            share = (rows - below[0]) / (above[0] - below[0])
            return below[1] + share * (above[1] - below[1])
        return float(below[1] * (rows / below[0]) ** GUESSED_EXPONENT)
