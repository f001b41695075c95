"""From last latents to pictures, in a thread of its own, so that no step waits for a picture.

Knows nothing of requests but their keys.
"""

import logging
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.canvas import Canvas
from diffusion.pictures import Decoder, Pixels

NO_MEMORY = "There was not enough memory to draw this; a smaller size or fewer pictures may help."
OVERFLOWED = "The model's numbers overflowed; other settings may help."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a request: its pictures, or the reason why there are none."""

    key: int
    pictures: tuple[Pixels, ...]
    reason: str = ""


class Finisher:
    """Decodes one request after another. `notify` is called, in the thread, when one is done."""

    def __init__(self, decoder: Decoder, notify: Callable[[], None]) -> None:
        self._decoder = decoder
        self._notify = notify
        on_gpu = next(decoder.vae.parameters()).is_cuda
        self._stream = torch.cuda.Stream() if on_gpu else None  # type: ignore[no-untyped-call]
        self._thread = ThreadPoolExecutor(1, "finisher")
        self._finished: queue.SimpleQueue[Finished] = queue.SimpleQueue()

    def finish(
        self,
        key: int,
        latents: Sequence[Tensor],
        tile: bool,
        canvas: Canvas | None,
        wanted: Callable[[int], bool],
    ) -> None:
        """Decode latents [4, h, w], a picture each, unless by then nobody wants them.

        What the canvas keeps is put back into them.
        """
        drawn = torch.cuda.current_stream().record_event() if latents[0].is_cuda else None
        self._thread.submit(self._finish, key, tuple(latents), tile, canvas, wanted, drawn)

    def finished(self) -> list[Finished]:
        """Those that were done since the last call."""
        done = []
        while not self._finished.empty():
            done.append(self._finished.get())
        return done

    def _finish(
        self,
        key: int,
        latents: tuple[Tensor, ...],
        tile: bool,
        canvas: Canvas | None,
        wanted: Callable[[int], bool],
        drawn: torch.cuda.Event | None,
    ) -> None:
        if wanted(key):
            self._finished.put(self._decoded(key, latents, tile, canvas, drawn))
        self._notify()

    @torch.inference_mode()
    def _decoded(
        self,
        key: int,
        latents: tuple[Tensor, ...],
        tile: bool,
        canvas: Canvas | None,
        drawn: torch.cuda.Event | None,
    ) -> Finished:
        try:
            # A stream of its own on a GPU, or its work would queue up between the steps.
            with torch.cuda.stream(self._stream):
                if drawn and self._stream:
                    self._stream.wait_event(drawn)
                if not all(bool(one.isfinite().all()) for one in latents):
                    return Finished(key, (), OVERFLOWED)
                pictures = [self._decoder.picture(one, tile) for one in latents]
            if canvas:
                pictures = [canvas.keep(picture, self._decoder.factor) for picture in pictures]
            return Finished(key, tuple(pictures))
        except Exception as error:
            log.exception("a picture could not be decoded")
            if is_out_of_memory(error):
                return Finished(key, (), NO_MEMORY)
            return Finished(key, (), "The model failed while finishing the picture.")


def is_out_of_memory(error: Exception) -> bool:
    """Whether the device or the machine had no memory left; a CPU's allocator has no own error."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in said or "can't allocate memory" in said
    )
