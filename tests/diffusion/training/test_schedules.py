"""Two trainings are compared by the same noise, whatever schedule each learnt under."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from diffusion.sampling.denoiser import Denoiser
from diffusion.sampling.noise_schedules import BETA_SCHEDULES, trained_levels
from diffusion.training.evaluation import schedules
from diffusion.training.evaluation.schedules import SIGMAS, guess_errors, measure
from diffusion.training.loop.logbook import save_checkpoint
from diffusion.training.loop.sampling import write_schedule
from tests.support.models.tiny_model import TOKENS, WIDTH, build_tiny_model

LATENTS = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
STATES = torch.zeros(3, 2, 5)


class Convinced(nn.Module):
    """Takes everything for one and the same picture."""

    def __init__(self, picture: Tensor) -> None:
        super().__init__()
        self.picture = nn.Parameter(picture)
        self.config = SimpleNamespace(in_channels=4)

    def forward(self, *given: Any, **options: Any) -> tuple[Tensor]:
        return (self.picture,)


@pytest.mark.parametrize("schedule", ["linear", "squaredcos_cap_v2"])
def test_an_error_is_how_far_the_guess_is_whatever_the_schedule(schedule: str) -> None:
    levels = trained_levels(BETA_SCHEDULES[schedule](0.0001, 0.02, 1000))
    right = Denoiser(Convinced(LATENTS), levels, "sample")
    assert guess_errors(right, LATENTS, STATES) == [0.0] * len(SIGMAS)
    off = Denoiser(Convinced(LATENTS + 0.5), levels, "sample")
    assert guess_errors(off, LATENTS, STATES) == pytest.approx([0.5] * len(SIGMAS))
    # Who says that there was no noise at all is as far off as it is strong.
    deaf = Denoiser(Convinced(torch.zeros_like(LATENTS)), levels, "epsilon")
    assert guess_errors(deaf, LATENTS, STATES) == pytest.approx(SIGMAS, rel=0.1)


@pytest.mark.filterwarnings("default")
def test_a_work_folder_is_asked_about_its_compositions_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "SHEET_PROMPTS", ("a fox", "an owl"))
    with pytest.raises(SystemExit, match="darkroom train unet"):
        measure(tmp_path)
    build_tiny_model(tmp_path)
    write_schedule(tmp_path, "linear")
    (tmp_path / "captions.json").write_text(json.dumps({"128x128": ["a fox"] * 3}))
    np.save(tmp_path / "latents-128x128.npy", LATENTS.half().numpy())
    np.save(tmp_path / "states-128x128.npy", np.zeros((3, TOKENS, WIDTH), np.float16))
    save_checkpoint(tmp_path / "unet.pt", seen=1_024)
    found = measure(tmp_path)
    assert (found.schedule, found.samples) == ("linear", 1_024)
    assert all(error > 0 for error in found.errors)
    assert [picture.size for picture in found.pictures] == [(128, 128)] * 2
    schedules.main([str(tmp_path)])
    written = json.loads((tmp_path / "schedule.json").read_text())
    assert list(written.values()) == [
        "linear",
        1_024,
        dict(zip(["0.1", "0.3", "1", "3", "10", "30"], found.errors, strict=True)),
    ]
    with Image.open(tmp_path / "schedule.png") as sheet:
        assert sheet.size == (2 * (128 + 4), 128 + 14 + 4)
