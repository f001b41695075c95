"""Prompts as CLIP states: what StableDiffusionPipeline makes of them is the oracle."""

from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline

from diffusion.checkpoints import Checkpoint
from diffusion.conditioning import KEPT, TextEncoder


def _parts(tiny: Checkpoint) -> dict[str, Any]:
    return {"tokenizer": tiny.text.tokenizer, "model": tiny.text.model}


@pytest.mark.parametrize("prompt", ["", "a red fox", "日本語 🦊 عربى", "word " * 100])
def test_states_are_those_of_the_pipeline(tiny: Checkpoint, prompt: str) -> None:
    pipeline = StableDiffusionPipeline(
        vae=None,
        text_encoder=tiny.text.model,
        tokenizer=tiny.text.tokenizer,
        unet=None,
        scheduler=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    theirs, _ = pipeline.encode_prompt(prompt, torch.device("cpu"), 1, False)
    assert torch.equal(tiny.text.encode(prompt), theirs[0])


def test_different_prompts_have_different_states(tiny: Checkpoint) -> None:
    assert not torch.equal(tiny.text.encode("a red fox"), tiny.text.encode("a red box"))


def test_a_tokenizer_that_knows_no_length_is_held_to_the_models(tiny: Checkpoint) -> None:
    parts = _parts(tiny)
    length = parts["tokenizer"].model_max_length
    parts["tokenizer"].model_max_length = 10**30
    try:
        states = TextEncoder(**parts).encode("word " * 100)
    finally:
        parts["tokenizer"].model_max_length = length
    assert len(states) == length


def test_prompts_are_read_once_and_not_kept_for_ever(tiny: Checkpoint) -> None:
    text = TextEncoder(**_parts(tiny))
    first = text.encode("prompt 0")
    for number in range(1, KEPT):
        text.encode(f"prompt {number}")
    assert text.encode("prompt 0") is first
    text.encode("one too many")
    assert text.encode("prompt 0") is first
    assert len(text._kept) == KEPT
    assert "prompt 1" not in text._kept
