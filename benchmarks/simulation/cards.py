"""How fast cards are, as others published it, and what follows for a forward pass.

A published rate is of whole pictures. Its time is shared out between the U-Net and the autoencoder
as their TFLOP are; another model takes as much longer as it has more TFLOP.
"""

from dataclasses import dataclass

from benchmarks.simulation.demand import Work
from bot.models.sizes import DRAFT_SHARE
from diffusion.engine.cost_model import CostModel
from diffusion.engine.scheduler import Shape

FACTOR = 8
"""Pixels of a cell's side."""

GRID_PICTURES = 4

MLPERF_STEPS = 20
"""Guided steps of a picture in MLPerf's benchmark of SDXL."""

GAINS = {64 * 64: {1: 1.0, 2: 1.82, 4: 2.77, 8: 3.14, 16: 3.14}, 128 * 128: {1: 1.0, 16: 1.02}}
"""How many times as many rows a second a pass of so many rows makes as passes of one, by cells."""

GAINS_SOURCE = "vLLM-Omni on an H200, Qwen-Image: 512 px, and 1024 px"


@dataclass(frozen=True, slots=True)
class DrawnModel:
    """A model in its native size: TFLOP of a row of a pass and of a decoded picture."""

    name: str
    side_px: int
    pass_tflop: float
    decode_tflop: float
    steps: int
    rows_a_picture: int = 2

    def shape(self, draft: bool = False) -> Shape:
        """Of a square picture; a draft has half the area."""
        side = self.side_px * (DRAFT_SHARE**0.5 if draft else 1)
        return Shape(round(side / FACTOR), round(side / FACTOR))

    def share(self, draft: bool = False) -> float:
        """The area of a picture, times that of the native size."""
        return self.shape(draft).cells / self.shape().cells

    def tflop(self, steps: int, draft: bool = False) -> float:
        """Of a whole picture."""
        once = self.rows_a_picture * steps * self.pass_tflop + self.decode_tflop
        return once * self.share(draft)


SD15 = DrawnModel("SD 1.5, 512 px", 512, 0.803, 2.51, 30)
SDXL = DrawnModel("SDXL, 1024 px", 1024, 6.76, 10.5, 30)
MODELS = (SD15, SDXL)


@dataclass(frozen=True, slots=True)
class Card:
    """A card: SDXL pictures a second in MLPerf's benchmark, and dollars an hour."""

    name: str
    sdxl_rate: float
    price: float

    @property
    def tflops(self) -> float:
        """TFLOP a second that it reached there."""
        return self.sdxl_rate * SDXL.tflop(MLPERF_STEPS)

    def costs(self, model: DrawnModel) -> CostModel:
        """Seconds of passes in the native size and in that of drafts.

        The published rate is that of a card that is used as well as it can be.
        """
        gains = GAINS[model.shape().cells]
        costs = CostModel()
        for draft in (False, True):
            for rows, gain in gains.items():
                seconds = model.pass_tflop * model.share(draft) / self.tflops
                slower = max(gains.values()) / gain
                costs.note(model.shape(draft), rows, rows * slower * seconds)
        return costs

    def work(self, model: DrawnModel, draft: bool = False) -> Work:
        """A grid of four."""
        return Work(
            f"{model.name}{', draft' if draft else ''}",
            model.shape(draft),
            GRID_PICTURES * model.rows_a_picture,
            round(model.steps * (DRAFT_SHARE if draft else 1)),
            GRID_PICTURES * model.decode_tflop * model.share(draft) / self.tflops,
        )


H200 = Card("H200", 2.30, 0.00124 * 3600)
H100 = Card("H100", 2.23, 0.00093 * 3600)
L40S = Card("L40S", 0.69, 0.00037 * 3600)
L4 = Card("L4", 0.25, 0.00013 * 3600)
CARDS = (H200, H100, L40S, L4)
SPEED_SOURCE = "MLPerf Inference 5.1, SDXL, 20 steps, FP8 (H200 and H100: server; L40S and L4)"
PRICE_SOURCE = "docs.runpod.io/serverless/pricing, active workers"
