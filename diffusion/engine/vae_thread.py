"""Between pictures and latents, in a thread of its own, so that no step waits for it.

    encode    the picture that a request starts from, while the request waits
    decode    the last latents of a request, while others make steps

Knows nothing of requests but their keys.
"""

import logging
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

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
    """What a request starts from, on the CPU."""

    key: int
    init_latents: InitLatents


@dataclass(frozen=True, slots=True)
class Decoded:
    """The pictures of a request."""

    key: int
    pictures: tuple[Pixels, ...]


@dataclass(frozen=True, slots=True)
class VaeFailed:
    """Why there are none; one sentence for a person."""

    key: int
    reason: str


Outcome = Encoded | Decoded | VaeFailed
Wanted = Callable[[int], bool]


class VaeThread:
    """Encodes and decodes, one request after another.

    `notify` is called, in the thread, when one is done or turned out not to be wanted any more.
    """

    def __init__(self, decoder: Decoder, notify: Callable[[], None]) -> None:
        self._decoder = decoder
        self._notify = notify
        # A stream of its own on a GPU, or its work would queue up between the steps.
        on_gpu = next(decoder.vae.parameters()).is_cuda
        self._stream = torch.cuda.Stream() if on_gpu else None  # type: ignore[no-untyped-call]
        self._thread = ThreadPoolExecutor(1, "autoencoding")
        # Not in the thread's own queue, which would keep the pictures of those who have left.
        self._work: dict[int, Callable[[], Outcome]] = {}
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._lost: Exception | None = None

    def encode(self, key: int, canvas: InpaintCanvas, wanted: Wanted) -> None:
        """Read the canvas, unless by then nobody wants it."""

        def work() -> Outcome:
            return Encoded(key, self._encoded(canvas))

        trouble = "The model could not read the picture to start from."
        self._submit(key, work, trouble, wanted)

    def decode(
        self,
        key: int,
        latents: Sequence[Tensor],
        tile: bool,
        canvas: InpaintCanvas | None,
        wanted: Wanted,
    ) -> None:
        """Decode latents [4, h, w], a picture each, unless by then nobody wants them.

        What the canvas keeps is put back into them.
        """
        drawn = torch.cuda.current_stream().record_event() if latents[0].is_cuda else None

        def work() -> Outcome:
            if drawn and self._stream:
                self._stream.wait_event(drawn)
            return self._decoded(key, latents, tile, canvas)

        trouble = "The model failed while finishing the picture."
        self._submit(key, work, trouble, wanted)

    def drop(self, key: int) -> None:
        """Forget what waits to be encoded or decoded for a request; if nothing does, no mistake."""
        self._work.pop(key, None)

    def check_device(self) -> None:
        """Raises torch.AcceleratorError where the device has failed in the thread."""
        if self._lost is not None:
            raise self._lost

    def outcomes(self) -> list[Outcome]:
        """Those that there are since the last call; from any thread."""
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
                    # No request's fault: whoever asks next is told.
                    self._lost = error
                else:
                    reason = NO_MEMORY if is_out_of_memory(error) else trouble
                    self._outcomes.put(VaeFailed(key, reason))
        self._notify()

    def _encoded(self, canvas: InpaintCanvas) -> InitLatents:
        # By way of the CPU, because a stream's memory may be used anew while another still reads.
        latents = self._decoder.latents(canvas.pixels).cpu()
        return InitLatents(latents, canvas.mask_in_cells(self._decoder.factor))

    def _decoded(
        self, key: int, latents: Sequence[Tensor], tile: bool, canvas: InpaintCanvas | None
    ) -> Outcome:
        if not all(bool(one.isfinite().all()) for one in latents):
            return VaeFailed(key, OVERFLOWED)
        pictures = [self._decoder.picture(one, tile) for one in latents]
        if canvas:
            pictures = [canvas.keep(picture, self._decoder.factor) for picture in pictures]
        return Decoded(key, tuple(pictures))
