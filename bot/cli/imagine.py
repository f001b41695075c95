"""`darkroom imagine`: draw a prompt into files, without Discord."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.cli.errors import CannotStart
from bot.config import Settings
from bot.engines.configuration import Configuration, read_configuration
from bot.engines.connections import open_engines
from bot.engines.pool import EnginePool
from bot.errors import InvalidUpload
from bot.i18n.texts import Text, say_unmarked
from bot.images.credentials import UnusableCertificate
from bot.images.fetch import PictureFetcher
from bot.images.grid import compose_grid, fit
from bot.images.provenance import Origin, Parent, PictureMarker
from bot.images.sanitize import UnusablePicture, blend
from bot.models.registry import ModelRegistry
from bot.models.versions import name_models
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.expand import expand
from bot.prompts.parameters import MAX_REPEATS
from bot.prompts.parser import parse_normalised
from bot.prompts.recipe import left_out_of
from bot.prompts.resolve import resolve, with_init_image
from bot.services.container import picture_marker
from diffusion.protocol import events
from diffusion.protocol import requests as protocol
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.engine import Engine
from diffusion.protocol.events import Failed, Finished, Queued

FILE_FORMATS = {"": "png", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
"""What a file becomes, by the end of its name."""


async def imagine(
    settings: Settings, typed: str, output: Path, images: Sequence[Path] = ()
) -> None:
    """Draw a prompt, or all that its braces and repeats stand for, into files.

    The first grid goes to `output`, the next to `output` with `_2` behind its name, and so on.
    `images` are pictures to start from. Raises UserError, CannotStart, InvalidConfiguration.
    """
    file_format = _file_format(output)
    expanded = expand(typed, {}, "", MAX_REPEATS, has_pictures=bool(images))
    prompts = [parse_normalised(written) for written in expanded]
    configuration = read_configuration(settings)
    named = {**configuration.named_versions, **settings.named_versions}
    async with (
        PictureFetcher(proxies=settings.proxies) as fetcher,
        _engines(settings, configuration) as inference,
        _marker(settings) as marker,
    ):
        attached = [await _read_picture(fetcher, image) for image in images]
        versions = name_models(await inference.models(), named, settings.model)
        number = 0
        for written, prompt in zip(expanded, prompts, strict=True):
            chosen = effective_settings(
                prompt, SettingsSources(), versions, has_pictures=bool(attached)
            )
            requests = resolve(prompt, chosen, secrets.randbelow(protocol.SEED_COUNT))
            fetched = [await fetcher.fetch(link) for link in prompt.links]
            files = _init_image([*attached, *fetched])
            if left_out := left_out_of(written, requests[0], chosen.model.vocabulary):
                text = Text("left-out", {"words": ", ".join(left_out)})
                print(say_unmarked(text), file=sys.stderr)
            for request in requests:
                number += 1
                file = output if number == 1 else output.with_stem(f"{output.stem}_{number}")
                request = with_init_image(request, chosen, next(iter(files), None))
                pictures = await _draw(inference, request, files)
                # A file on a disk may have any size.
                picture = fit(compose_grid(pictures), sys.maxsize, file_format)
                file.write_bytes((await marker.mark(picture, _origin(request))).encoded)
                print(f"{file}: seed {request.noises[0].seed}")


def _file_format(output: Path) -> str:
    """The format of a file that can be written. Raises CannotStart, before anything is drawn."""
    if not output.parent.is_dir():
        raise CannotStart(
            f"There is no folder {output.parent}. Make it, or choose another with -o."
        )
    if output.is_dir():
        raise CannotStart(
            f"{output} is a folder. Write the name of a file behind it: -o {output}/fox.png."
        )
    if not os.access(output if output.exists() else output.parent, os.W_OK):
        raise CannotStart(f"{output} cannot be written. Choose another file with -o.")
    if (file_format := FILE_FORMATS.get(output.suffix.lower())) is None:
        raise CannotStart(f"{output}: a picture's file must end in .png, .jpg or .webp.")
    return file_format


@contextlib.asynccontextmanager
async def _marker(settings: Settings) -> AsyncIterator[PictureMarker]:
    try:
        marker = picture_marker(settings)
    except UnusableCertificate as error:
        raise CannotStart(str(error)) from error
    try:
        yield marker
    finally:
        marker.close()


def _origin(request: protocol.ImageRequest) -> Origin:
    start = request.start
    return Origin("picture", request.model, Parent("start picture", start.image) if start else None)


async def _read_picture(fetcher: PictureFetcher, image: Path) -> bytes:
    try:
        return await fetcher.rewrite(await asyncio.to_thread(image.read_bytes))
    except UnusablePicture as error:
        raise InvalidUpload(str(image), error.reason) from error


def _init_image(pictures: Sequence[bytes]) -> dict[str, bytes]:
    """The picture to start from, by its SHA-256: all pictures blended. Empty without any."""
    if not pictures:
        return {}
    picture = blend(pictures)
    return {hashlib.sha256(picture).hexdigest(): picture}


async def _draw(
    inference: Engine, request: protocol.ImageRequest, files: Mapping[str, bytes]
) -> tuple[bytes, ...]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task("drawing", total=request.steps)
        async for event in inference.generate(request, previews=0, files=files):
            match event:
                case events.Progress(step, steps, _):
                    bar.update(task, completed=step, total=steps)
                case Finished(pictures):
                    return pictures
                case Failed(reason):
                    raise CannotStart(reason)
                case Queued():
                    pass
    raise AssertionError("the client ends every stream with Finished or Failed")


@contextlib.asynccontextmanager
async def _engines(settings: Settings, configuration: Configuration) -> AsyncIterator[EnginePool]:
    """The engines in the settings, or one that is started for this command."""
    async with contextlib.AsyncExitStack() as opened:
        if not configuration.engines:
            url = await opened.enter_async_context(_own_server(settings))
            known = settings.model_copy(update={"inference_url": url})
            configuration = read_configuration(known)
        connected = await opened.enter_async_context(open_engines(configuration))
        clients = {one.name: one.engine for one in connected.engines}
        registry = ModelRegistry(clients, None, None, {}, configuration.apply)
        try:
            yield EnginePool(connected.engines, registry)
        except InferenceUnavailable as error:
            raise CannotStart(f"The inference server does not answer: {error}") from error
        except InferenceRefused as error:
            raise CannotStart(str(error)) from error


@contextlib.asynccontextmanager
async def _own_server(settings: Settings) -> AsyncIterator[str]:
    """Run an inference server; yields its URL once it is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "diffusion", "--port", "0", *settings.inference_arguments),
        env={**os.environ, **settings.for_inference},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        while line := (await process.stdout.readline()).decode():
            if "inference ready at " in line:
                yield line.split("inference ready at ")[1].split()[0]
                return
        raise CannotStart("The inference process did not start; its message is above.")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
