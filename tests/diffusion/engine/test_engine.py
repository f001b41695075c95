"""The engine's contract: the same request gives the same bytes, whatever else is running."""

import itertools
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diffusion.engine.engine import Engine
from diffusion.engine.events import (
    EngineEvent,
    GenerationFailed,
    GenerationFinished,
    GenerationProgress,
    GenerationQueued,
)
from diffusion.engine.scheduler import QueueFull
from diffusion.engine.vae_thread import NO_MEMORY
from diffusion.loading.load import Checkpoint, load
from diffusion.nn.devices import prepare
from diffusion.protocol.requests import SAMPLER_NAMES, SPACING_NAMES, ImageRequest, Noise, SeedBlend
from diffusion.sampling.plan import Plan, steps_run
from diffusion.vision.image_files import Pixels
from tests.support.engine.inference_requests import EightRows, a_request


def _run(engine: Engine) -> list[EngineEvent]:
    events: list[EngineEvent] = []
    while len(engine):
        events += engine.step()
    return events


def _drawn(events: list[EngineEvent]) -> dict[int, tuple[Pixels, ...]]:
    return {event.key: event.pictures for event in events if isinstance(event, GenerationFinished)}


def _alone(tiny: Checkpoint, request: ImageRequest) -> tuple[Pixels, ...]:
    engine = Engine(tiny)
    key = engine.add(request).key
    return _drawn(_run(engine))[key]


def _same(one: tuple[Pixels, ...], two: tuple[Pixels, ...]) -> bool:
    return len(one) == len(two) and all(map(np.array_equal, one, two))


MIXED = tuple(
    a_request(
        prompt=f"a {sampler} fox",
        negative_prompt="blur" if place % 2 else "",
        noises=(Noise(place), Noise(place + 10, (SeedBlend(3, 0.4),)))[: 1 + place % 2],
        steps=3 + place % 4,
        guidance_scale=(1.0, 3.0, 0.0, 7.5)[place % 4],
        sampler=sampler,
        spacing=spacing,
        stop=(1.0, 0.6)[place % 2],
        width=(64, 72)[place % 3 == 0],
    )
    for place, (sampler, spacing) in enumerate(
        zip(SAMPLER_NAMES * 2, itertools.cycle(SPACING_NAMES))
    )
)
"""Requests that differ in everything, sizes included; the odd width gives latents of 9 cells."""


ON_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.fixture(
    scope="module",
    params=[
        ("cpu", torch.float32),
        ("cpu", torch.bfloat16),
        pytest.param(("cuda", torch.bfloat16), marks=ON_GPU),
    ],
    ids=str,
)
def model(request: pytest.FixtureRequest, tiny_folder: Path) -> Checkpoint:
    """The model in each of the number types that a device computes in."""
    name, dtype = request.param
    device = torch.device(name)
    checkpoint = load(tiny_folder, device, dtype)
    prepare(checkpoint.denoiser.unet, device, compiled=False)
    return checkpoint


@pytest.fixture(scope="module")
def alone(model: Checkpoint) -> list[tuple[Pixels, ...]]:
    return [_alone(model, request) for request in MIXED]


def test_pictures_are_those_asked_for(tiny: Checkpoint) -> None:
    one, two = _alone(tiny, a_request(width=72, height=56))
    assert one.shape == two.shape == (56, 72, 3)
    assert one.dtype == np.uint8
    assert one.std() > 10
    assert not np.array_equal(one, two)


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "a blue fox"},
        {"negative_prompt": "a blue fox"},
        {"noises": (Noise(5), Noise(6))},
        {"noises": (Noise(1, (SeedBlend(5, 0.5),)), Noise(2, (SeedBlend(5, 0.5),)))},
        {"steps": 5},
        {"stop": 0.5},
        {"guidance_scale": 1.0},
        {"guidance_scale": 9.0},
        {"sampler": "euler"},
        {"sampler": "ddpm"},
        {"spacing": "karras"},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_every_field_shows_in_the_pictures(tiny: Checkpoint, changes: dict[str, Any]) -> None:
    one, two = _alone(tiny, a_request()), _alone(tiny, a_request(**changes))
    assert not any(map(np.array_equal, one, two))


def test_the_same_bytes_in_company(model: Checkpoint, alone: list[tuple[Pixels, ...]]) -> None:
    engine = Engine(model)
    keys = [engine.add(request).key for request in MIXED]
    together = _drawn(_run(engine))
    for key, expected in zip(keys, alone, strict=True):
        assert _same(together[key], expected), MIXED[key]


def test_the_same_bytes_joining_late_and_leaving_early(
    model: Checkpoint, alone: list[tuple[Pixels, ...]]
) -> None:
    """One request joins at each step, and every third is dropped two steps later."""
    engine = Engine(model)
    events: list[EngineEvent] = []
    keys = []
    for place, request in enumerate(MIXED):
        keys.append(engine.add(request).key)
        events += engine.step()
        if place >= 2 and (place - 2) % 3 == 0:
            engine.abort(keys[place - 2])
    events += _run(engine)
    together = _drawn(events)
    kept = [place for place in range(len(MIXED)) if place % 3]
    assert {keys[place] for place in kept} <= set(together)
    for place in kept:
        assert _same(together[keys[place]], alone[place]), MIXED[place]


def test_the_same_bytes_at_any_place_in_the_batch(tiny: Checkpoint) -> None:
    request = a_request(noises=(Noise(5),), guidance_scale=1.0)
    expected = _alone(tiny, request)[0]
    for place in range(8):
        noises = [Noise(100 + other) for other in range(8)]
        noises[place] = Noise(5)
        pictures = _alone(tiny, replace(request, noises=tuple(noises)))
        assert np.array_equal(pictures[place], expected)


def test_more_pictures_than_a_pass_has_rows(tiny: Checkpoint) -> None:
    many = _alone(tiny, a_request(noises=tuple(Noise(seed) for seed in range(16))))
    one = _alone(tiny, a_request(noises=(Noise(11),)))
    assert np.array_equal(many[11], one[0])


def test_requests_at_different_steps_share_one_pass(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sigmas: list[list[float]] = []
    forward = tiny.denoiser.forward

    def counted(x: torch.Tensor, sigma: torch.Tensor, *others: Any) -> torch.Tensor:
        sigmas.append(sigma.tolist())
        return forward(x, sigma, *others)

    monkeypatch.setattr(tiny.denoiser, "forward", counted)
    engine = Engine(tiny)
    engine.add(a_request(noises=(Noise(1),), steps=4))
    engine.step()
    engine.add(a_request(noises=(Noise(2),), steps=9, guidance_scale=1.0))
    engine.step()
    assert [len(sigma) for sigma in sigmas] == [2, 3]
    # Two rows of the first, at its second level; one of the second, at its first.
    one, two, three = sigmas[1]
    assert one == two < three == sigmas[0][0]
    engine.step()
    assert [len(sigma) for sigma in sigmas[2:]] == [3]


@ON_GPU
def test_no_step_waits_for_the_gpu(tiny_folder: Path) -> None:
    engine = Engine(load(tiny_folder, torch.device("cuda")))
    for seed, sampler in enumerate(SAMPLER_NAMES):
        engine.add(a_request(noises=(Noise(seed),), sampler=sampler, steps=9))
    # The first ones read texts and examine the layers.
    for _ in range(3):
        engine.step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        events = [event for _ in range(3) for event in engine.step()]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert {type(event) for event in events} == {GenerationProgress}


def test_a_guidance_of_1_needs_no_rows_for_the_negative_prompt(tiny: Checkpoint) -> None:
    engine = Engine(tiny)
    engine.add(a_request(guidance_scale=1.0))
    engine.add(a_request(guidance_scale=2.0))
    engine.step()
    assert engine.rows_running == 2 + 4


def test_events_tell_of_waiting_steps_previews_and_the_end(tiny: Checkpoint) -> None:
    engine = Engine(tiny, costs=EightRows())
    four = tuple(Noise(seed) for seed in range(4))
    first = engine.add(a_request(noises=four, steps=4), previews=1)
    second = engine.add(a_request(noises=four, steps=2))
    third = engine.add(a_request(noises=four, steps=2))
    assert [first.position, second.position, third.position] == [0, 1, 2]
    events = _run(engine)
    of_first = [event for event in events if event.key == first.key]
    assert [
        (e.step, e.steps, len(e.previews)) for e in of_first if isinstance(e, GenerationProgress)
    ] == [
        (1, 4, 0),
        (2, 4, 4),
        (3, 4, 0),
    ]
    assert isinstance(of_first[-1], GenerationFinished)
    of_third = [event for event in events if event.key == third.key]
    assert of_third[:2] == [GenerationQueued(third.key, 1), GenerationQueued(third.key, 0)]
    assert of_third[2:-1] == [GenerationProgress(third.key, 1, 2, ())]


def test_stopping_early_gives_the_prediction_of_that_step(tiny: Checkpoint) -> None:
    engine = Engine(tiny)
    request = a_request(noises=(Noise(1),), steps=10, stop=0.5)
    key = engine.add(request).key
    events = _run(engine)
    assert len([event for event in events if isinstance(event, GenerationProgress)]) == 4
    full = Engine(tiny)
    full.add(replace(request, stop=1.0))
    for _ in range(steps_run(request)):
        full.step()
    (generation,) = full._generations.values()
    expected = tiny.decoder.picture(generation.trajectories[0].denoised)
    assert np.array_equal(_drawn(events)[key][0], expected)


def test_a_request_is_planned_once(tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    request = a_request(noises=tuple(map(Noise, range(4))), steps=3)
    planned: list[ImageRequest] = []

    def of(request: ImageRequest, told: bool, make: Any = Plan.of) -> Plan:
        planned.append(request)
        return make(request, told)  # type: ignore[no-any-return]

    monkeypatch.setattr(Plan, "of", of)
    engine = Engine(tiny)
    engine.add(request, previews=1)
    engine.step()
    assert engine.seconds_until_room() > 0
    assert isinstance(_run(engine)[-1], GenerationFinished)
    assert planned == [request]


def test_an_aborted_request_is_silent_and_its_rows_are_free(tiny: Checkpoint) -> None:
    engine = Engine(tiny, costs=EightRows())
    keys = [engine.add(a_request(steps=9)).key for _ in range(5)]
    engine.step()
    engine.abort(keys[0])
    engine.abort(keys[4])
    engine.abort(12345)
    assert engine.rows_running == 4
    assert engine.waiting == 2
    events = _run(engine)
    assert {event.key for event in events} == {keys[1], keys[2], keys[3]}
    assert not engine._generations


@pytest.mark.parametrize("part", ["denoiser", "decoder"])
def test_a_request_aborted_while_its_step_runs_is_silent(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    engine = Engine(tiny)
    key = engine.add(a_request(steps=1)).key
    method = {"denoiser": "forward", "decoder": "picture"}[part]
    real = getattr(getattr(tiny, part), method)

    def aborting(*arguments: Any) -> Any:
        engine.abort(key)
        return real(*arguments)

    monkeypatch.setattr(getattr(tiny, part), method, aborting)
    assert _run(engine) == []
    # The second picture may still be under way, which must not meet what other tests patch.
    engine._vae_thread._thread.shutdown()


def test_a_picture_that_nobody_wants_any_more_is_not_decoded(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is dropped while the first is being decoded."""
    decoding, dropped, decoded = threading.Event(), threading.Event(), []
    picture = tiny.decoder.picture

    def waiting(*arguments: Any) -> Pixels:
        decoding.set()
        assert dropped.wait(60), "the request was not dropped"
        decoded.append(arguments)
        return picture(*arguments)

    monkeypatch.setattr(tiny.decoder, "picture", waiting)
    engine = Engine(tiny)
    one = a_request(steps=1, noises=(Noise(1),))
    kept, unwanted = engine.add(one).key, engine.add(one).key
    engine.step()
    assert decoding.wait(60), "nothing is being finished"
    engine.abort(unwanted)
    dropped.set()
    events = _run(engine)
    engine._vae_thread._thread.shutdown()
    assert set(_drawn(events)) == {kept}
    assert len(decoded) == 1


def test_pictures_are_finished_while_others_make_steps(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decoder waits for a step that the other request makes after the first one's last."""
    stepped = threading.Event()
    picture = tiny.decoder.picture

    def waiting(latents: torch.Tensor, tile: bool) -> Pixels:
        assert stepped.wait(60), "no step was made while a picture was being finished"
        return picture(latents)

    expected = _alone(tiny, a_request(steps=1))
    monkeypatch.setattr(tiny.decoder, "picture", waiting)
    engine = Engine(tiny)
    short = engine.add(a_request(steps=1)).key
    engine.add(a_request(steps=5))
    engine.step()
    assert engine.rows_running == 4
    assert [type(event) for event in engine.step()] == [GenerationProgress]
    stepped.set()
    assert _same(_drawn(_run(engine))[short], expected)


def test_a_full_queue_refuses(tiny: Checkpoint) -> None:
    engine = Engine(tiny, max_waiting=2)
    for _ in range(2):
        engine.add(a_request())
    with pytest.raises(QueueFull):
        engine.add(a_request())
    assert len(_drawn(_run(engine))) == 2


def test_the_time_until_there_is_room_follows_from_steps_and_their_costs(tiny: Checkpoint) -> None:
    engine = Engine(tiny, costs=EightRows())
    assert engine.seconds_until_room() == 0
    engine.add(a_request(steps=9))
    engine.add(a_request(steps=5))
    engine.step()
    assert engine.seconds_until_room() == 4
    # Another shape takes turns with them.
    engine.add(a_request(width=128, steps=20))
    engine.step()
    engine.step()
    assert engine.seconds_until_room() == 6


def test_those_that_wait_can_be_dropped(tiny: Checkpoint) -> None:
    engine = Engine(tiny, costs=EightRows())
    keys = [engine.add(a_request()).key for _ in range(4)]
    engine.step()
    assert engine.drop_waiting() == (keys[2], keys[3])
    assert set(_drawn(_run(engine))) == {keys[0], keys[1]}


# What goes wrong breaks one request.


def test_numbers_that_overflow_break_only_their_request(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _alone(tiny, a_request())
    forward = tiny.denoiser.forward

    def overflowing(*arguments: Any) -> torch.Tensor:
        denoised = forward(*arguments)
        denoised[0] = torch.nan
        return denoised

    engine = Engine(tiny)
    sick = engine.add(a_request(noises=(Noise(9),))).key
    well = engine.add(a_request()).key
    monkeypatch.setattr(tiny.denoiser, "forward", overflowing)
    engine.step()
    monkeypatch.setattr(tiny.denoiser, "forward", forward)
    events = _run(engine)
    assert [event.key for event in events if isinstance(event, GenerationFailed)] == [sick]
    assert _same(_drawn(events)[well], expected)


@pytest.mark.parametrize(
    "kind", [torch.OutOfMemoryError, torch.AcceleratorError, RuntimeError, MemoryError]
)
def test_where_memory_does_not_suffice_the_newest_fails_and_the_rest_goes_on(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    expected = [_alone(tiny, a_request(noises=(Noise(seed),))) for seed in range(3)]
    forward = tiny.denoiser.forward

    def small(x: torch.Tensor, *others: Any) -> torch.Tensor:
        if len(x) > 4:
            raise kind("DefaultCPUAllocator: can't allocate memory: you tried")
        return forward(x, *others)

    engine = Engine(tiny)
    monkeypatch.setattr(engine._passes, "reference", lambda _: 4)
    monkeypatch.setattr(tiny.denoiser, "forward", small)
    keys = [engine.add(a_request(noises=(Noise(seed),))).key for seed in range(3)]
    events = _run(engine)
    (broken,) = [event for event in events if isinstance(event, GenerationFailed)]
    assert (broken.key, broken.reason) == (keys[2], NO_MEMORY)
    drawn = _drawn(events)
    assert _same(drawn[keys[0]], expected[0])
    assert _same(drawn[keys[1]], expected[1])
    assert engine.out_of_memory == 1
    # Only as many as fit in share a step from now on, so that nothing else fails.
    again = [engine.add(a_request(noises=(Noise(seed),))).key for seed in range(3)]
    drawn = _drawn(_run(engine))
    for key, pictures in zip(again, expected, strict=True):
        assert _same(drawn[key], pictures)
    assert engine.out_of_memory == 1


def test_a_picture_too_large_to_finish_fails_with_that_reason(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def large(*_arguments: object) -> Pixels:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(tiny.decoder, "picture", large)
    engine = Engine(tiny)
    key = engine.add(a_request(steps=1)).key
    assert _run(engine) == [GenerationFailed(key, NO_MEMORY)]


@pytest.mark.parametrize("part", ["text.encode", "denoiser.forward", "decoder.picture"])
def test_a_device_that_fails_is_the_end_of_the_engine(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def failing(*_arguments: object) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    network, method = part.split(".")
    engine = Engine(tiny)
    engine.add(a_request())
    monkeypatch.setattr(getattr(tiny, network), method, failing)
    with pytest.raises(torch.AcceleratorError):
        _run(engine)


def test_without_memory_for_a_preview_the_picture_comes_all_the_same(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise torch.OutOfMemoryError

    engine = Engine(tiny)
    key = engine.add(a_request(), previews=1).key
    expected = _alone(tiny, a_request())
    monkeypatch.setattr(tiny.decoder, "preview", full)
    events = _run(engine)
    assert not any(event.previews for event in events if isinstance(event, GenerationProgress))
    assert _same(_drawn(events)[key], expected)


@pytest.mark.parametrize("part", ["text", "denoiser", "decoder"])
def test_an_error_in_a_network_breaks_the_request_and_not_the_engine(
    tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def failing(*_arguments: object) -> None:
        raise MemoryError

    expected = _alone(tiny, a_request())
    engine = Engine(tiny)
    sick = engine.add(a_request()).key
    method = {"text": "encode", "denoiser": "forward", "decoder": "picture"}[part]
    with monkeypatch.context() as patch:
        patch.setattr(getattr(tiny, part), method, failing)
        broken = [event for event in _run(engine) if isinstance(event, GenerationFailed)]
    assert [event.key for event in broken] == [sick]
    well = engine.add(a_request()).key
    assert _same(_drawn(_run(engine))[well], expected)
