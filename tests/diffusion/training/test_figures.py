"""The pictures of docs/diffusion.md show what happens, and do not change it by looking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.training.figures import (
    attention_maps,
    decode,
    draw_one,
    lay_out,
    load_pipeline,
    show_loss,
    show_noise,
    watch,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PROMPT = "a red fox, on snow"


@pytest.fixture(scope="module")
def pipeline(tiny_folder: Path) -> Any:
    from diffusers import DPMSolverMultistepScheduler

    loaded = load_pipeline(tiny_folder)
    loaded.scheduler = DPMSolverMultistepScheduler.from_config(loaded.scheduler.config)
    return loaded


def test_listening_changes_nothing_and_hears_every_word(pipeline: Any) -> None:
    picture, maps = attention_maps(pipeline, PROMPT, seed=1, guidance=3.0)
    usual = np.asarray(draw_one(pipeline, PROMPT, seed=1, guidance=3.0), dtype=np.int16)
    # Attention written out rounds otherwise than the fused kernel, by how much is the processor's.
    assert np.abs(usual - np.asarray(picture)).max() <= 1
    assert list(maps) == ["a", "red", "fox", ",", "on", "snow"]
    heard = torch.stack(list(maps.values()))
    assert heard.shape == (6, 16, 16)
    assert (heard > 0).all()
    # The rest of each place's attention is for the marks at the beginning and the end.
    assert (heard.sum(0) < 1).all()


def test_a_watched_picture_is_the_one_that_comes_out(pipeline: Any) -> None:
    seen = watch(pipeline, PROMPT, seed=2, guidance=3.0)
    assert np.array_equal(seen.picture, draw_one(pipeline, PROMPT, seed=2, guidance=3.0))
    last = np.asarray(decode(pipeline, seen.noised[-1]), dtype=np.int16)
    assert np.abs(last - np.asarray(seen.picture)).max() <= 1
    # The last step leaves no noise: what is held is what was guessed.
    assert torch.allclose(seen.noised[-1], seen.guessed[-1], atol=1e-4)


def test_figures_become_files(tmp_path: Path) -> None:
    grey = Image.new("RGB", (16, 16), "grey")
    show_noise(grey, tmp_path / "noise.jpg")
    lay_out([[grey, grey]], ["a row"], ["one", "two"], tmp_path / "raster.jpg")
    (tmp_path / "loss.csv").write_text("samples,loss,held_out\n10,2,1.9\n20,1,1.1\n")
    show_loss(tmp_path / "loss.csv", tmp_path / "loss.png")
    for name in ("noise.jpg", "raster.jpg", "loss.png"):
        with Image.open(tmp_path / name) as drawn:
            assert drawn.width > 400
