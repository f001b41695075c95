"""Compositions: how the pictures of a request are put together from what the model draws.

Most models draw a request as it is. One that draws a single thing on a plain background, in its
native size, draws each thing of a scene by itself, and other sizes get more background.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from diffusion.loading.load import Checkpoint
from diffusion.protocol.requests import SEED_COUNT, ImageRequest, Noise
from diffusion.text.scenes import names_background, read_scene
from diffusion.vision.compositing import Box, arrange, box_around, composite, cropped
from diffusion.vision.image_files import Pixels
from diffusion.vision.inpainting import InpaintCanvas

SEED_DISTANCE = 1_000_003
"""The seeds of two things in a scene differ by this, so that they are not drawn alike."""


@dataclass(frozen=True, slots=True)
class Composition:
    """A request, and what is drawn for each of its pictures.

    `drawings` are requests that the model draws; they differ in their texts and noises only. Each
    is put into one of the `boxes`. Without boxes, the only drawing is the picture. `around` is the
    picture whose background they get, if they do not bring their own.
    """

    request: ImageRequest
    drawings: tuple[ImageRequest, ...]
    boxes: tuple[Box, ...] = ()
    around: Pixels | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(
        cls, checkpoint: Checkpoint, request: ImageRequest, canvas: InpaintCanvas | None
    ) -> "Composition":
        """The composition for a model; the canvas is that of the request's init image."""
        if not checkpoint.single_subject:
            return cls(request, (request,))
        return cls.of_squares(request, canvas, checkpoint.info.native_size)

    @classmethod
    def of_squares(
        cls, request: ImageRequest, canvas: InpaintCanvas | None, side: int
    ) -> "Composition":
        """The model draws one thing at a time, `side` pixels square.

        What is redrawn inside a mask is one drawing, where most of the mask is. It gets the
        background of the init image, unless the prompt names one.
        """
        if canvas and canvas.mask is not None:
            return cls._inside(request, canvas, canvas.mask, side)
        things = _things(request)
        if len(things) == 1 and request.width == request.height == side:
            return cls(request, things)
        boxes = arrange(len(things), request.width, request.height)
        # Opposite borders of a larger picture meet where both are background.
        tile = request.tile and len(things) == 1 and request.width == request.height
        drawings = tuple(replace(one, width=side, height=side, tile=tile) for one in things)
        return cls(request, drawings, boxes)

    @classmethod
    def _inside(
        cls, request: ImageRequest, canvas: InpaintCanvas, mask: NDArray[np.float32], side: int
    ) -> "Composition":
        if request.width == request.height == side:
            return cls(request, (request,))
        around = None if names_background(request.prompt) else canvas.pixels
        drawing = replace(request, width=side, height=side, tile=False)
        return cls(request, (drawing,), (box_around(mask),), around)

    def canvases(self, canvas: InpaintCanvas) -> tuple[InpaintCanvas, ...]:
        """The part of the canvas that each drawing starts from."""
        if not self.boxes:
            return (canvas,)
        return tuple(
            cropped(canvas, box, one.width)
            for box, one in zip(self.boxes, self.drawings, strict=True)
        )

    def pictures(self, drawn: Sequence[Pixels]) -> tuple[Pixels, ...]:
        """The pictures, made of what was drawn: all drawings of the first, then of the second.

        Of smaller drawings, such as previews, they are as much smaller.
        """
        if not self.boxes:
            return tuple(drawn)
        count, scale = len(self.drawings), len(drawn[0]) / self.drawings[0].width
        width, height = (round(side * scale) for side in (self.request.width, self.request.height))
        boxes = [box.scaled(scale, width, height) for box in self.boxes]
        return tuple(
            composite(drawn[at : at + count], boxes, width, height, self.request.tile, self.around)
            for at in range(0, len(drawn), count)
        )


def _things(request: ImageRequest) -> tuple[ImageRequest, ...]:
    """A request for each thing of the scene; the request itself if it is of one thing."""
    if not request.parts:
        prompts = read_scene(request.prompt)
        return tuple(
            _with_seeds(replace(request, prompt=prompt), nth) for nth, prompt in enumerate(prompts)
        )
    scenes = [read_scene(part.text) for part in request.parts]
    count = max(map(len, scenes))
    if {len(scene) for scene in scenes} - {1, count}:
        # Two parts with different numbers of things are no one scene.
        return (request,)
    return tuple(
        _with_seeds(
            replace(
                request,
                parts=tuple(
                    replace(part, text=scene[min(nth, len(scene) - 1)])
                    for part, scene in zip(request.parts, scenes, strict=True)
                ),
            ),
            nth,
        )
        for nth in range(count)
    )


def _with_seeds(request: ImageRequest, nth: int) -> ImageRequest:
    """The request with seeds of its own for thing `nth`; the first has those of the request."""
    if nth == 0:
        return request

    def moved(seed: int) -> int:
        return (seed + nth * SEED_DISTANCE) % SEED_COUNT

    return replace(
        request,
        noises=tuple(
            Noise(
                moved(noise.seed),
                tuple(replace(blend, seed=moved(blend.seed)) for blend in noise.blends),
            )
            for noise in request.noises
        ),
    )
