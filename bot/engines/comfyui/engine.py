"""A ComfyUI server as an engine."""

import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.engines.comfyui.choices import Nodes
from bot.engines.comfyui.connection import Connection, described_nodes
from bot.engines.comfyui.graph import StartFiles, fill
from bot.engines.comfyui.messages import PreviewFrame
from bot.engines.comfyui.models import Offer, Offers, node_classes, offers
from bot.engines.comfyui.pictures import GridPreviews, finished
from bot.engines.comfyui.run import Drawn, Ears, PromptRun, Steps, Waits
from bot.engines.comfyui.workflow import read_workflows
from bot.engines.noise_seed import noise_seed
from diffusion.decoding.decoder import PictureDecoder
from diffusion.protocol.client import NO_FILES
from diffusion.protocol.events import Event, Failed, Finished, Progress, Queued
from diffusion.protocol.infotext import infotext
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest
from diffusion.protocol.stream_parser import InferenceRefused

log = logging.getLogger(__name__)


class ComfyUIEngine:
    """Draws with ComfyUI: `async with ComfyUIEngine(url, key) as engine`.

    `url` is the server's root. `workflows` is a folder with the admin's own workflows. `models`,
    what is configured of models, needs nothing of this engine: it is put over what `models` says.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        models: Mapping[str, object] = NO_FILES,
        proxy: str | None = None,
        workflows: Path | None = None,
    ) -> None:
        self._connection = Connection(url, key, proxy)
        self._workflows = read_workflows(workflows)
        self._offers = Offers({})
        self._decoder = PictureDecoder()

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._decoder.close()
        await self._connection.__aexit__(kind, error, trace)

    async def models(self) -> tuple[ModelInfo, ...]:
        """The workflows whose nodes and files the server has; one model for each checkpoint.

        Raises InferenceUnavailable, and InferenceRefused where it has those of none.
        """
        classes = node_classes(self._workflows)
        nodes = Nodes(await described_nodes(self._connection, classes))
        found = offers(self._workflows, nodes)
        if found.left_out != self._offers.left_out:
            for reason in found.left_out:
                log.info("ComfyUI does not offer %s.", reason)
        self._offers = found
        if not found.by_id:
            reasons = "; ".join(found.left_out)
            raise InferenceRefused(f"ComfyUI has no model that a workflow is for. {reasons}")
        return tuple(offer.info for offer in found.by_id.values())

    async def generate(
        self,
        request: ImageRequest,
        *,
        previews: int,
        user: str = "",
        files: Mapping[str, bytes] = NO_FILES,
    ) -> AsyncGenerator[Event, None]:
        """Queued and Progress as they come, then one Finished or Failed.

        The pictures are drawn one after another. Raises InferenceUnavailable.
        """
        try:
            offer = await self._offer(request.model)
            _check(request, offer.info)
            ears = Ears(self._connection)
            async with aclosing(self._draw(request, offer, ears, previews, files)) as events:
                async for event in events:
                    yield event
        except InferenceRefused as refused:
            yield Failed(str(refused))

    async def _draw(
        self,
        request: ImageRequest,
        offer: Offer,
        ears: Ears,
        previews: int,
        files: Mapping[str, bytes],
    ) -> AsyncGenerator[Event, None]:
        start = await self._uploaded(request, files)
        shown = GridPreviews(self._decoder, len(request.noises), (request.width, request.height))
        progress = _GridProgress(request, previews)
        pictures: list[bytes] = []
        async with contextlib.AsyncExitStack() as opened:
            opened.push_async_callback(ears.close)
            await ears.open()
            for index, noise in enumerate(request.noises):
                graph = fill(
                    offer.workflow,
                    offer.files,
                    request,
                    noise_seed(noise),
                    start,
                    offer.lora_files,
                )
                run = PromptRun(self._connection, ears, graph, offer.workflow.table.output)
                async with aclosing(run.news()) as news:
                    async for one in news:
                        match one:
                            case Waits(position):
                                if index == 0:
                                    yield Queued(position)
                            case Steps(share):
                                yield progress.at(index, share, shown.tiles if pictures else ())
                            case PreviewFrame(frame):
                                if progress.wants_preview(index):
                                    await shown.show(index, frame)
                                    yield progress.now(shown.tiles)
                            case Drawn(file):
                                label = infotext(request, index, offer.info)
                                pictures.append(await finished(self._decoder, file, label))
                if previews and len(pictures) < len(request.noises):
                    await shown.show(index, pictures[-1])
        yield Finished(tuple(pictures))

    async def _offer(self, model_id: str) -> Offer:
        """The model of this id; the server is asked again if it is not known."""
        if model_id not in self._offers.by_id:
            await self.models()
        offer = self._offers.by_id.get(model_id)
        if offer is None:
            raise InferenceRefused(f"ComfyUI has no model “{model_id}” any more.")
        return offer

    async def _uploaded(
        self, request: ImageRequest, files: Mapping[str, bytes]
    ) -> StartFiles | None:
        if request.start is None:
            return None
        image, mask = request.start.image, request.start.mask
        return StartFiles(
            await self._connection.upload(files[image], image),
            await self._connection.upload(files[mask], mask) if mask else None,
        )

    async def describe(
        self, picture: bytes, model: str | None = None, user: str = ""
    ) -> tuple[str, ...]:
        """Raises InferenceRefused: no workflow does this."""
        raise InferenceRefused("ComfyUI does not describe pictures here.")

    async def weigh(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[tuple[str, float], ...]:
        """Raises InferenceRefused: no workflow does this."""
        raise InferenceRefused("ComfyUI does not say how much each word counts.")

    async def count_tokens(
        self, prompt: str, model: str | None = None, user: str = ""
    ) -> tuple[int, int]:
        """Raises InferenceRefused: no workflow does this."""
        raise InferenceRefused("ComfyUI does not count tokens.")

    async def upscale(self, picture: bytes, model: str | None = None, user: str = "") -> bytes:
        """Raises InferenceRefused: no workflow does this."""
        raise InferenceRefused("ComfyUI does not enlarge pictures here.")


class _GridProgress:
    """How far all pictures of a request are, counted in steps."""

    def __init__(self, request: ImageRequest, previews: int) -> None:
        self._steps = request.steps
        self._count = len(request.noises)
        self._previews = previews
        self._shown: tuple[int, int] | None = None
        self._step = 0
        self._share = 0.0

    def at(self, index: int, share: float, tiles: tuple[bytes, ...]) -> Progress:
        """This share of picture `index` is done."""
        self._share = share
        self._step = index * self._steps + round(share * self._steps)
        return self.now(tiles if self._previews else ())

    def now(self, tiles: tuple[bytes, ...]) -> Progress:
        return Progress(self._step, self._steps * self._count, tiles)

    def wants_preview(self, index: int) -> bool:
        """Whether it is time for another preview of picture `index`."""
        place = (index, int(self._share * self._previews))
        if not self._previews or place == self._shown:
            return False
        self._shown = place
        return True


def _check(request: ImageRequest, model: ModelInfo) -> None:
    """Raises InferenceRefused for what a workflow has no place for."""
    cannot = {
        "stop early (--stop)": request.stop < 1,
        "make seamless tiles (--tile)": request.tile,
        "be weird (--weird)": request.condition_noise > 0,
        "start from a picture": request.start is not None and not model.edits,
        "redraw only a part": request.start is not None
        and request.start.mask is not None
        and not model.masks,
    }
    for ability, is_wanted in cannot.items():
        if is_wanted:
            raise InferenceRefused(f"The model {model.id} cannot {ability} in ComfyUI.")
    for lora in request.loras:
        if lora.name not in model.loras:
            raise InferenceRefused(f"ComfyUI has no LoRA “{lora.name}” for the model {model.id}.")
