"""The server's answers: pictures, events and errors in the shapes of OpenAI's Images API.

Turns the engine's events into bytes or JSON, and does no input or output. Our fields stand beside
OpenAI's. Our own events are sent only to callers who asked for them.
"""

import base64
import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from diffusion.engine.events import (
    EngineEvent,
    GenerationFailed,
    GenerationFinished,
    GenerationProgress,
    GenerationQueued,
)
from diffusion.protocol.calls import GenerationCall
from diffusion.protocol.infotext import infotext
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.openai_fields import Warned
from diffusion.sampling.plan import preview_steps, steps_run
from diffusion.server.admission.refusals import error_event, event_bytes
from diffusion.vision.image_files import USUAL_QUALITY, encode, encode_preview

TOKEN_SIDE_PX = 16
"""In `usage`, a picture has one token for each square of this side."""


def completed(call: GenerationCall, pictures: Sequence[bytes | str], text_tokens: int) -> bytes:
    """The JSON answer to a call without a stream.

    `pictures` are files, or links to them. `text_tokens` is how many tokens the texts have.
    """
    data = []
    for picture, noise in zip(pictures, call.request.noises, strict=True):
        shown = {"url": picture} if isinstance(picture, str) else {"b64_json": _base64(picture)}
        data.append({**shown, "seed": noise.seed})
    answer = {
        "created": int(time.time()),
        **_about(call),
        "output_format": call.output_format,
        "data": data,
        "usage": _usage(call, text_tokens, len(pictures)),
        **with_warnings(call.warnings),
    }
    return json.dumps(answer).encode()


def events(
    call: GenerationCall, event: EngineEvent, model: ModelInfo, text_tokens: int
) -> list[bytes]:
    """The server-sent events for an event of the engine; none if the caller did not ask for it.

    `text_tokens` is how many tokens the texts have.
    """
    match event:
        case GenerationQueued(position=position):
            return _ours(call, "queued", {"position": position})
        case GenerationProgress(step=step, steps=steps, previews=()):
            return _ours(call, "progress", {"step": step, "steps": steps})
        case GenerationProgress():
            return _partial_images(call, event)
        case GenerationFinished():
            more = {"usage": _usage(call, text_tokens, 1), **with_warnings(call.warnings)}
            return _images(call, "completed", call.output_format, files(call, event, model), more)
        case GenerationFailed(reason=reason):
            return [error_event(500, reason, "generation_failed")]


def _partial_images(call: GenerationCall, event: GenerationProgress) -> list[bytes]:
    shown = sorted(preview_steps(steps_run(call.request), call.partial_images))
    place = {
        "partial_image_index": shown.index(event.step),
        "step": event.step,
        "steps": event.steps,
    }
    size = call.request.width, call.request.height
    shown_files = [encode_preview(pixels, *size) for pixels in event.previews]
    return _images(call, "partial_image", "jpeg", shown_files, place)


def _images(
    call: GenerationCall, kind: str, form: str, encoded: Sequence[bytes], more: Mapping[str, Any]
) -> list[bytes]:
    return [
        event_bytes(
            _kind(call, kind),
            {
                "created_at": int(time.time()),
                **_about(call),
                **more,
                "output_format": form,
                "index": index,
                "seed": call.request.noises[index].seed,
                "b64_json": _base64(file),
            },
        )
        for index, file in enumerate(encoded)
    ]


def _ours(call: GenerationCall, kind: str, content: dict[str, int]) -> list[bytes]:
    return [event_bytes(_kind(call, kind), content)] if call.progress else []


def _kind(call: GenerationCall, kind: str) -> str:
    """The full name of an event: OpenAI puts what was asked for before it."""
    return f"image_edit.{kind}" if call.request.start else f"image_generation.{kind}"


def _about(call: GenerationCall) -> dict[str, str]:
    size = f"{call.request.width}x{call.request.height}"
    return {"size": size, "quality": call.quality, "background": "opaque"}


def with_warnings(warnings: Sequence[Warned]) -> dict[str, Any]:
    """The field of an answer that says what was asked for and is not done; none if all of it is."""
    return {"warnings": [each.to_json() for each in warnings]} if warnings else {}


def _usage(call: GenerationCall, text_tokens: int, pictures: int) -> dict[str, Any]:
    """How much was read and drawn, in OpenAI's form. Texts and start pictures count once."""
    sides = (call.request.width, call.request.height)
    each = math.prod(math.ceil(side / TOKEN_SIDE_PX) for side in sides)
    read = {"text_tokens": text_tokens, "image_tokens": each if call.request.start else 0}
    drawn = {"text_tokens": 0, "image_tokens": each * pictures}
    return {
        "input_tokens": sum(read.values()),
        "input_tokens_details": read,
        "output_tokens": sum(drawn.values()),
        "output_tokens_details": drawn,
        "total_tokens": sum(read.values()) + sum(drawn.values()),
    }


def files(call: GenerationCall, drawn: GenerationFinished, model: ModelInfo) -> list[bytes]:
    """The finished pictures as files."""
    quality = USUAL_QUALITY if call.output_compression is None else call.output_compression
    return [
        encode(pixels, call.output_format, infotext(call.request, index, model), quality)
        for index, pixels in enumerate(drawn.pictures)
    ]


def _base64(file: bytes) -> str:
    return base64.b64encode(file).decode("ascii")
