"""The engine's contract for every family: what a request is told changes its own bytes alone.

Long texts, emphasis, LoRAs and seamless pictures, in company with plain ones, alone, and late.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diffusion.engine.backends import openvino_unet
from diffusion.engine.engine import Engine
from diffusion.engine.events import EngineEvent, GenerationFinished
from diffusion.loading.load import Checkpoint, load
from diffusion.nn.openvino_unet import OpenvinoUnet
from diffusion.protocol.requests import Lora, Noise
from diffusion.text.encoder import TextTooLong
from diffusion.vision.image_files import Pixels
from tests.support.engine.inference_requests import a_request
from tests.support.models.tiny_loras import tiny_factors, write_tiny_lora
from tests.support.models.tiny_model import build_tiny_model

CPU = torch.device("cpu")
LONG = "a red fox in the snow beside two blue birds"
INK, OIL = Lora("ink", 0.8), Lora("oil", -0.5)

CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"prompt": LONG},
    {"negative_prompt": LONG},
    {"prompt": "a (red:1.4) fox", "guidance_scale": 1.0},
    {"loras": (INK,)},
    {"loras": (OIL, INK), "prompt": LONG, "sampler": "euler"},
    {"tile": True},
    {"tile": True, "loras": (OIL,), "spacing": "karras"},
    {"width": 72, "steps": 3},
)
REQUESTS = [
    a_request(noises=(Noise(place % 3),), **{"steps": 2 + place % 2, **changes})
    for place, changes in enumerate(CHANGES)
]


@pytest.fixture(
    scope="module",
    params=[("sd1", torch.float32), ("sdxl", torch.bfloat16)],
    ids=str,
)
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Checkpoint]:
    """Loads the model of a family, with two LoRAs, in a number type."""
    family, dtype = request.param
    folder: Path = tmp_path_factory.mktemp(family)
    build_tiny_model(folder / "model", family=family)
    plain = load(folder / "model", CPU)
    (folder / "loras").mkdir()
    for seed, name in enumerate(("ink", "oil")):
        write_tiny_lora(tiny_factors(plain, seed), folder / "loras" / f"{name}.safetensors", "peft")
    return lambda: load(folder / "model", CPU, dtype, folder / "loras")


@pytest.fixture(scope="module")
def model(loaded: Callable[[], Checkpoint]) -> Checkpoint:
    return loaded()


def _run(engine: Engine) -> list[EngineEvent]:
    events: list[EngineEvent] = []
    while len(engine):
        events += engine.step()
    return events


def _drawn(events: list[EngineEvent]) -> dict[int, Pixels]:
    return {
        event.key: event.pictures[0] for event in events if isinstance(event, GenerationFinished)
    }


@pytest.fixture(
    scope="module",
    params=[
        "torch",
        pytest.param(
            "openvino",
            marks=pytest.mark.skipif(
                find_spec("openvino") is None,
                reason="the extra darkroom[openvino] is not installed",
            ),
        ),
    ],
)
def openvino(
    request: pytest.FixtureRequest,
    loaded: Callable[[], Checkpoint],
    tmp_path_factory: pytest.TempPathFactory,
) -> OpenvinoUnet | None:
    """The U-Net as OpenVINO runs it, or None for torch."""
    if request.param == "torch":
        return None
    # Loaded again, because an engine changes the layers.
    network = openvino_unet(loaded(), tmp_path_factory.mktemp("openvino"), request.param)
    assert network
    return network


@pytest.fixture(scope="module")
def alone(model: Checkpoint, openvino: OpenvinoUnet | None) -> list[Pixels]:
    pictures = []
    for request in REQUESTS:
        engine = Engine(model, openvino=openvino)
        key = engine.add(request).key
        pictures.append(_drawn(_run(engine))[key])
    return pictures


def test_the_same_bytes_in_company(
    model: Checkpoint, openvino: OpenvinoUnet | None, alone: list[Pixels]
) -> None:
    engine = Engine(model, openvino=openvino)
    keys = [engine.add(request).key for request in REQUESTS]
    drawn = _drawn(_run(engine))
    for key, expected, changes in zip(keys, alone, CHANGES, strict=True):
        assert np.array_equal(drawn[key], expected), changes


def test_the_same_bytes_joining_late_in_another_order(
    model: Checkpoint, openvino: OpenvinoUnet | None, alone: list[Pixels]
) -> None:
    engine = Engine(model, openvino=openvino)
    events: list[EngineEvent] = []
    keys: dict[int, int] = {}
    for place in reversed(range(len(REQUESTS))):
        keys[place] = engine.add(REQUESTS[place]).key
        events += engine.step()
    drawn = _drawn(events + _run(engine))
    for place, expected in enumerate(alone):
        assert np.array_equal(drawn[keys[place]], expected), CHANGES[place]


def test_a_text_beyond_all_measure_is_refused_before_it_waits(model: Checkpoint) -> None:
    engine = Engine(model)
    with pytest.raises(TextTooLong):
        engine.add(a_request(prompt="a fox " * 500))
    assert len(engine) == 0
