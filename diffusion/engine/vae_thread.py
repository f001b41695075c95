"""Runs the autoencoder (VAE) in a thread of its own, so that steps do not wait for it.

encode    the init image of a request, while the request waits
decode    the final latents of a request, while other requests run
"""

import logging
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.engine.composition import Composition
from diffusion.nn.devices import is_device_lost, is_out_of_memory
from diffusion.sampling.trajectory import InitLatents
from diffusion.vision.autoencoder import Decoder
from diffusion.vision.image_files import Pixels
from diffusion.vision.inpainting import InpaintCanvas

NO_MEMORY = "There was not enough memory to draw this; a smaller size or fewer pictures may help."
OVERFLOWED = "The model's numbers overflowed; other settings may help."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The encoded init image of a request, on the CPU: of each drawing its part."""

    key: int
    init_latents: tuple[InitLatents, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The decoded pictures of a request, each [height, width, 3]."""

    key: int
    pictures: tuple[Pixels, ...]


@dataclass(frozen=True, slots=True)
class VaeFailed:
    """Encoding or decoding failed; `reason` is one sentence for the user."""

    key: int
    reason: str


Outcome = Encoded | Decoded | VaeFailed
Wanted = Callable[[int], bool]


class VaeThread:
    """Encodes and decodes one request after another.

    `notify` is called in the thread when one is done, or was skipped because its request was
    aborted.
    """

    def __init__(self, decoder: Decoder, notify: Callable[[], None]) -> None:
        self._decoder = decoder
        self._notify = notify
        # On a GPU it needs its own stream, or its work would queue between the steps.
        on_gpu = next(decoder.vae.parameters()).is_cuda
        self._stream = torch.cuda.Stream() if on_gpu else None  # type: ignore[no-untyped-call]
        self._thread = ThreadPoolExecutor(1, "vae")
        # Not in the executor's queue, which would keep the pictures of aborted requests in memory.
        self._work: dict[int, Callable[[], Outcome]] = {}
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._lost: Exception | None = None

    def encode(
        self,
        key: int,
        canvas: InpaintCanvas,
        composition: Composition,
        wanted: Wanted,
    ) -> None:
        """Encode the init image, unless it is no longer `wanted` by then."""

        def work() -> Outcome:
            parts = composition.canvases(canvas)
            return Encoded(key, tuple(self._encoded(part) for part in parts))

        trouble = "The model could not read the picture to start from."
        self._submit(key, work, trouble, wanted)

    def decode(
        self,
        key: int,
        latents: Sequence[Tensor],
        composition: Composition,
        canvas: InpaintCanvas | None,
        wanted: Wanted,
    ) -> None:
        """Decode latents [4, h, w], one per drawing, unless they are no longer `wanted` by then.

        The pictures are composed of the drawings. Pixels outside the mask of the canvas are
        replaced by those of the init image.
        """
        drawn = torch.cuda.current_stream().record_event() if latents[0].is_cuda else None

        def work() -> Outcome:
            if drawn and self._stream:
                self._stream.wait_event(drawn)
            return self._decoded(key, latents, composition, canvas)

        trouble = "The model failed while finishing the picture."
        self._submit(key, work, trouble, wanted)

    def drop(self, key: int) -> None:
        """Drop the work that waits for a request, if there is any."""
        self._work.pop(key, None)

    def check_device(self) -> None:
        """Raise torch.AcceleratorError if the device failed in this thread."""
        if self._lost is not None:
            raise self._lost

    def outcomes(self) -> list[Outcome]:
        """The outcomes since the last call. Safe from any thread."""
        done = []
        with suppress(queue.Empty):
            while True:
                done.append(self._outcomes.get_nowait())
        return done

    def _submit(self, key: int, work: Callable[[], Outcome], trouble: str, wanted: Wanted) -> None:
        self._work[key] = work
        self._thread.submit(self._do, key, trouble, wanted)

    @torch.inference_mode()
    def _do(self, key: int, trouble: str, wanted: Wanted) -> None:
        work = self._work.pop(key, None)
        if work and wanted(key):
            try:
                with torch.cuda.stream(self._stream):
                    self._outcomes.put(work())
            except Exception as error:
                log.exception("a picture could not be encoded or decoded")
                if is_device_lost(error):
                    # No request is to blame: `check_device` raises it.
                    self._lost = error
                else:
                    reason = NO_MEMORY if is_out_of_memory(error) else trouble
                    self._outcomes.put(VaeFailed(key, reason))
        self._notify()

    def _encoded(self, canvas: InpaintCanvas) -> InitLatents:
        # To the CPU, because another stream must not read memory that this one may reuse.
        latents = self._decoder.latents(canvas.pixels).cpu()
        return InitLatents(latents, canvas.mask_in_cells(self._decoder.factor))

    def _decoded(
        self,
        key: int,
        latents: Sequence[Tensor],
        composition: Composition,
        canvas: InpaintCanvas | None,
    ) -> Outcome:
        if not all(bool(one.isfinite().all()) for one in latents):
            return VaeFailed(key, OVERFLOWED)
        tile = composition.drawings[0].tile
        pictures = composition.pictures([self._decoder.picture(one, tile) for one in latents])
        if canvas:
            pictures = tuple(canvas.keep(picture, self._decoder.factor) for picture in pictures)
        return Decoded(key, pictures)
