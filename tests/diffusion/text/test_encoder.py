"""Texts as conditions: what diffusers' pipelines make of short ones is the oracle."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.loading.load import Checkpoint, load
from diffusion.text.encoder import (
    CACHED_TEXTS,
    MAX_CHUNKS,
    ClipEncoder,
    Condition,
    TextEncoder,
    TextTooLong,
)
from tests.support.models.pipelines import pipeline_of
from tests.support.models.tiny_model import TOKENS, WIDTH, build_tiny_model

ROOM = TOKENS - 2
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def xl(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(build_tiny_model(tmp_path_factory.mktemp("xl"), family="sdxl"), CPU)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(build_tiny_model(tmp_path_factory.mktemp("sd2"), family="sd2"), CPU)


def _fresh(model: Checkpoint, **options: Any) -> TextEncoder:
    return TextEncoder(model.text.clips, **options)


def _one(model: Checkpoint, prompt: str) -> Condition:
    (condition,) = model.text.encode([prompt])
    return condition


def _states(model: Checkpoint, prompt: str) -> Tensor:
    return _one(model, prompt).states


@pytest.mark.parametrize("prompt", ["", "a red fox", "日本語 🦊", "x" * ROOM])
@pytest.mark.parametrize("family", ["tiny", "second"])
def test_states_are_those_of_the_pipeline(
    request: pytest.FixtureRequest, family: str, prompt: str
) -> None:
    model = request.getfixturevalue(family)
    expected, _ = pipeline_of(model).encode_prompt(prompt, CPU, 1, False)
    condition = _one(model, prompt)
    assert torch.equal(condition.states, expected[0])
    assert condition.pooled is None


def test_sdxls_states_and_pooled_vector_are_those_of_the_pipeline(xl: Checkpoint) -> None:
    states, no_states, pooled, no_pooled = pipeline_of(xl).encode_prompt("a red fox", device=CPU)
    condition, nothing = xl.text.encode(["a red fox", ""])
    assert condition.pooled is not None
    assert nothing.pooled is not None
    assert torch.equal(condition.states, states[0])
    assert torch.equal(condition.pooled, pooled[0])
    assert torch.equal(nothing.states, no_states[0])
    assert torch.equal(nothing.pooled, no_pooled[0])
    assert not nothing.states.any()
    assert condition.states.shape == (TOKENS, 2 * WIDTH)


def test_a_model_may_want_to_hear_no_text_instead_of_zeros(xl: Checkpoint) -> None:
    pipeline = pipeline_of(xl)
    pipeline.register_to_config(force_zeros_for_empty_prompt=False)
    _, expected, *_ = pipeline.encode_prompt("a red fox", device=CPU)
    (nothing,) = _fresh(xl, pooling=True).encode([""])
    assert torch.equal(nothing.states, expected[0])


def test_different_prompts_have_different_states(tiny: Checkpoint) -> None:
    assert not torch.equal(_states(tiny, "a red fox"), _states(tiny, "a red box"))


# Texts longer than the window.


def test_a_long_text_is_read_in_chunks_and_not_cut(tiny: Checkpoint) -> None:
    first, rest = "a " * ROOM, "b c d"
    assert torch.equal(
        _states(tiny, first + rest), torch.cat([_states(tiny, first), _states(tiny, rest)])
    )


def test_of_a_long_text_the_first_chunk_is_pooled(xl: Checkpoint) -> None:
    long, short = _one(xl, "a " * (ROOM + 5)).pooled, _one(xl, "a " * ROOM).pooled
    assert long is not None
    assert short is not None
    assert torch.equal(long, short)


def test_the_conditions_of_a_request_have_one_length(tiny: Checkpoint) -> None:
    long, short, empty = tiny.text.encode(["a" * (2 * ROOM + 1), "a red fox", ""])
    nothing = _states(tiny, "")
    assert torch.equal(short.states, torch.cat([_states(tiny, "a red fox"), nothing, nothing]))
    assert torch.equal(empty.states, torch.cat([nothing] * 3))
    assert long.states.shape == empty.states.shape


def test_chunks_are_counted_before_they_are_read(tiny: Checkpoint) -> None:
    text = _fresh(tiny)
    assert text.chunks([""]) == 1
    assert text.chunks(["a" * ROOM, "b"]) == 1
    assert text.chunks(["a" * ROOM, "b" * (ROOM + 1)]) == 2
    assert (text.hits, text.misses) == (0, 0)


def test_a_text_beyond_all_measure_is_refused(tiny: Checkpoint) -> None:
    assert tiny.text.chunks(["a" * ROOM * MAX_CHUNKS]) == MAX_CHUNKS
    too_long = "a" * (ROOM * MAX_CHUNKS + 1)
    with pytest.raises(TextTooLong, match=f"{ROOM * MAX_CHUNKS + 1} tokens"):
        tiny.text.chunks([too_long])
    with pytest.raises(TextTooLong, match="at most"):
        tiny.text.encode(["a red fox", too_long])


def test_a_tokenizer_that_knows_no_length_is_held_to_the_models(tiny: Checkpoint) -> None:
    (clip,) = tiny.text.clips
    length = clip.tokenizer.model_max_length
    clip.tokenizer.model_max_length = 10**30
    try:
        assert ClipEncoder(clip.tokenizer, clip.model).window == length
    finally:
        clip.tokenizer.model_max_length = length


# Emphasis.


def test_a_weight_of_1_changes_nothing(tiny: Checkpoint) -> None:
    assert torch.equal(_states(tiny, "a (red:1) fox"), _states(tiny, "a red fox"))


def test_a_weight_moves_its_own_tokens_and_no_other(tiny: Checkpoint) -> None:
    plain, heavy = _states(tiny, "a red fox"), _states(tiny, "a (red:1.5) fox")
    moved = [place for place in range(TOKENS) if not torch.equal(plain[place], heavy[place])]
    assert moved == [2, 3, 4]  # after the start and “a”; each letter is a token
    nothing = _states(tiny, "")
    assert torch.allclose(heavy[2] - nothing[2], 1.5 * (plain[2] - nothing[2]), atol=1e-6)


def test_what_weighs_0_leaves_what_is_said_of_no_text(tiny: Checkpoint) -> None:
    assert torch.allclose(_states(tiny, "(a red fox:0)")[1:8], _states(tiny, "")[1:8], atol=1e-6)


def test_emphasis_reaches_over_chunks_and_both_encoders(xl: Checkpoint) -> None:
    letters = "a" * (ROOM + 2)
    plain, heavy = _one(xl, letters), _one(xl, f"({letters}:1.2)")
    changed = (plain.states != heavy.states).any(1)
    assert changed[1 : ROOM + 1].all()
    assert changed[TOKENS + 1 : TOKENS + 3].all()
    assert not changed[0]
    both = (plain.states != heavy.states)[1]
    assert both[:WIDTH].any()
    assert both[WIDTH:].any()


# What is kept.


def test_prompts_are_read_once_and_not_kept_for_ever(tiny: Checkpoint) -> None:
    text = _fresh(tiny)
    (first,) = text.encode(["prompt 0"])
    for number in range(1, CACHED_TEXTS):
        text.encode([f"prompt {number}"])
    assert text.encode(["prompt 0"])[0] is first
    assert (text.hits, text.misses) == (1, CACHED_TEXTS)
    text.encode(["one too many"])
    assert text.encode(["prompt 0"])[0] is first
    text.encode(["prompt 1"])
    assert (text.hits, text.misses) == (2, CACHED_TEXTS + 2)


def test_half_precision_is_a_matter_of_loading(tiny_folder: Path) -> None:
    half = load(tiny_folder, CPU, torch.bfloat16)
    assert _states(half, "a red fox").dtype == torch.bfloat16
    assert next(half.denoiser.parameters()).dtype == torch.bfloat16
    assert next(half.decoder.vae.parameters()).dtype == torch.float32
