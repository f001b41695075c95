"""What a forward pass costs: measured as passes run, or in an earlier run, and guessed until then.

The curve t(B) of a shape, seconds by the number of rows, says how well rows share a pass: on an
H200 eight pictures of 512 px take 2.5 times as long as one, two of 1024 px take 1.96 times as
long. It decides who shares a pass and how the shapes share the time. Knows no tensors.
"""

from collections import deque
from dataclasses import dataclass, field

from diffusion.engine.scheduler import Shape

MAX_BATCH_ROWS = 16
"""Rows of a pass at the most; beyond, no machine that was measured gains anything."""

KEPT_MEASUREMENTS = 5
"""Measurements of a size that count; the least of them forgives a busy moment, which only adds."""

FORGET_AFTER_PASSES = 1000
"""Passes of a shape after which a size that none of them had counts as never tried, so that one
bad hour does not decide for ever."""

GUESSED_EXPONENT = 0.5
"""The guess: time grows with this power of the rows. It is below what makes sharing pay, so that
a size is tried once before it is judged."""


@dataclass(slots=True)
class Curve:
    """What is known of one shape: the newest seconds by rows, which pass was the last of so many
    rows, and totals since the start."""

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
    """The curves of the shapes that were in use, and how many rows memory allows them."""

    def __init__(self) -> None:
        self.curves: dict[Shape, Curve] = {}
        self._most: dict[Shape, int] = {}
        self._cell = 1.0
        """Seconds for one row of one cell, by the last measurement of any shape."""

    def note(self, shape: Shape, rows: int, seconds: float) -> None:
        """A pass of so many rows took so long."""
        curve = self.curves.setdefault(shape, Curve())
        curve.passes += 1
        curve.rows += rows
        curve.seconds += seconds
        self.recall(shape, rows, seconds)

    def recall(self, shape: Shape, rows: int, seconds: float) -> None:
        """A pass of so many rows is known to take so long, without being one of this run's."""
        curve = self.curves.setdefault(shape, Curve())
        curve.newest.setdefault(rows, deque(maxlen=KEPT_MEASUREMENTS)).append(seconds)
        curve.last[rows] = curve.passes
        self._cell = seconds / (shape.cells * rows**GUESSED_EXPONENT)

    def passes(self, shape: Shape) -> int:
        """How many passes of this shape were made."""
        return self.curves[shape].passes if shape in self.curves else 0

    def seconds(self, shape: Shape, rows: int) -> float:
        """How long a step of so many rows takes; more than fit into one pass take several."""
        passes, rest = divmod(rows, self.most(shape))
        whole = passes * self._one_pass(shape, self.most(shape)) if passes else 0.0
        return whole + (self._one_pass(shape, rest) if rest else 0.0)

    def most(self, shape: Shape) -> int:
        """Rows that a pass of this shape may have."""
        return self._most.get(shape, MAX_BATCH_ROWS)

    def halve(self, shape: Shape, rows: int) -> None:
        """Memory did not suffice for a pass of so many rows: allow half of them from now on."""
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
