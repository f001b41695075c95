"""Draws pictures alone and then in changing company, and says how many came out different.

A program of its own, since number types of the processor and threads are chosen when one starts:

    python -m tests.support.engine.company --model tiny --dtype bfloat16 --threads 3 --pictures 500
"""

import argparse
import itertools
import json
import os
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffusion.engine.backends import openvino_decoder, openvino_unet
from diffusion.engine.engine import Engine
from diffusion.engine.events import GenerationFailed, GenerationFinished
from diffusion.loading.load import EMBEDDED, Checkpoint, load
from diffusion.nn.devices import DTYPES
from diffusion.protocol.requests import ImageRequest, Noise
from diffusion.vision.image_files import Pixels
from tests.support.models.tiny_model import build_tiny_model

AT_ONCE = 13
SAMPLERS = ("dpmpp_2m", "euler_ancestral", "euler")


def requests(native: int, count: int) -> list[ImageRequest]:
    """Requests of one to three pictures, some of other sizes, with guidance or without."""
    return [
        ImageRequest(
            model="",
            prompt=f"a fox number {number}",
            noises=tuple(Noise(10 * number + index) for index in range(1 + number % 3)),
            width=native if number % 4 else native // 2 + 8,
            height=native if number % 4 else native - 8,
            steps=4 + number % 5,
            guidance_scale=(3.0, 1.0, 5.0)[number % 3],
            sampler=SAMPLERS[number % 3],
            tile=number % 7 == 0,
        )
        for number in range(count)
    ]


def draw(
    engine: Engine, wanted: Sequence[ImageRequest], at_once: int, chance: random.Random
) -> list[tuple[Pixels, ...]]:
    """The pictures of all requests, of which some join at each step while there is room."""
    waiting, drawn = iter(enumerate(wanted)), dict[int, tuple[Pixels, ...]]()
    numbers: dict[int, int] = {}
    while len(drawn) < len(wanted):
        room = at_once - len(engine)
        for number, request in itertools.islice(waiting, chance.randint(0 if engine else 1, room)):
            numbers[engine.add(request).key] = number
        for event in engine.step():
            assert not isinstance(event, GenerationFailed), event
            if isinstance(event, GenerationFinished):
                drawn[numbers[event.key]] = event.pictures
    return [drawn[number] for number in range(len(wanted))]


def keep_latents(checkpoint: Checkpoint) -> None:
    """Let every picture come with the bytes of its latents, in which less is rounded away."""
    decode = checkpoint.decoder.picture

    def both(latents: Tensor, tile: bool = False) -> Pixels:
        held = latents.contiguous().view(torch.uint8).numpy()
        return np.concatenate([decode(latents, tile).reshape(-1), held.reshape(-1)])

    checkpoint.decoder.picture = both  # type: ignore[method-assign]


def compare(engine: Engine, native: int, pictures: int) -> dict[str, object]:
    """How many pictures of as many as are wanted differ, and how many of them visibly."""
    kinds = requests(native, 12)
    alone = [draw(engine, [request], 1, random.Random(0))[0] for request in kinds]
    chance, seen, different, visibly = random.Random(1), 0, 0, 0
    while seen < pictures:
        order = chance.choices(range(len(kinds)), k=4 * AT_ONCE)
        drawn = draw(engine, [kinds[kind] for kind in order], AT_ONCE, chance)
        for kind, those in zip(order, drawn, strict=True):
            for one, other in zip(alone[kind], those, strict=True):
                pixels = kinds[kind].width * kinds[kind].height * 3
                seen += 1
                different += not np.array_equal(one, other)
                visibly += not np.array_equal(one[:pixels], other[:pixels])
    return {"pictures": seen, "different": different, "visibly": visibly}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=("mini", "tiny"), default="tiny")
    parser.add_argument("--family", default="sd1")
    parser.add_argument("--dtype", choices=DTYPES, default="bfloat16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--backend", choices=("torch", "openvino"), default="torch")
    parser.add_argument("--pictures", type=int, default=500)
    said = parser.parse_args()
    torch.set_num_threads(said.threads)
    with tempfile.TemporaryDirectory() as folder:
        place = EMBEDDED
        if said.model == "tiny":
            place = build_tiny_model(Path(folder), family=said.family)
        checkpoint = load(place, torch.device("cpu"), DTYPES[said.dtype])
        openvino = openvino_unet(checkpoint, Path(folder), said.backend)
        checkpoint.decoder.run_by(openvino_decoder(checkpoint, Path(folder), said.backend))
        for network in (openvino, checkpoint.decoder.network):
            assert (network is not None) == (said.backend == "openvino")
    # What is composed of drawings has no place for latents, and no other shapes in the U-Net.
    checkpoint = replace(checkpoint, single_subject=False)
    keep_latents(checkpoint)
    engine = Engine(checkpoint, max_waiting=2 * AT_ONCE, openvino=openvino)
    sizes = Counter[int]()
    checkpoint.denoiser.register_forward_pre_hook(lambda _, inputs: sizes.update([len(inputs[0])]))
    found = compare(engine, checkpoint.info.native_size, said.pictures)
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "")
    print(json.dumps({**vars(said), "isa": limit, **found, "sizes": dict(sorted(sizes.items()))}))


if __name__ == "__main__":
    main()
