"""Reading `POST /v1/images/edits`: the fields of a generation, and the files it starts from.

The form has OpenAI's fields and ours. Whatever cannot be used raises InvalidField.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web
from PIL import Image

from diffusion.decoding.decode import DecodedPicture, on_white
from diffusion.decoding.decoder import PictureDecoder
from diffusion.engine.shares import Caller
from diffusion.protocol.calls import GenerationCall, read_call
from diffusion.protocol.errors import refuse
from diffusion.protocol.models import ModelInfo
from diffusion.server.bodies import body_of
from diffusion.server.uploads import Form, read_form, read_picture
from diffusion.server.work_queue import WorkQueue
from diffusion.vision.inpainting import InpaintCanvas, prepare

FILES = ("image", "mask")

TEXTS = frozenset(
    {
        "model",
        "prompt",
        "negative_prompt",
        "size",
        "sampler",
        "spacing",
        "response_format",
        "output_format",
        "user",
    }
)
"""The fields of the form that are plain text; all others are read as JSON."""

DEFAULT_STRENGTH = 0.8
"""The strength for a picture without a mask, if the caller gives none."""


async def read_edit(
    http: web.Request,
    reading: WorkQueue,
    decoder: PictureDecoder,
    models: Mapping[str, ModelInfo],
    default_model: str,
    new_seed: int,
) -> tuple[GenerationCall, InpaintCanvas]:
    """The call, and the canvas made of its files, prepared in the queue `reading`.

    Raises InvalidField, DecoderBusy, shares.QueueFull, and what `read_form` raises.
    """
    form = await read_form(http, FILES)
    caller = Caller.at(http.remote, form.texts.get("user", ""))
    call, body = await reading.run(caller, lambda _: _read(form, models, default_model, new_seed))
    model = models[call.request.model]
    picture = await read_picture(decoder, form.files["image"], "image")
    file = form.files.get("mask")
    mask = None if file is None else await read_picture(decoder, file, "mask")
    own_size = body.get("size") in (None, "auto")
    call, canvas = await reading.run(
        caller, lambda _: _prepared(call, model, picture, mask, own_size)
    )
    body_of(http).becomes(canvas.bytes_held)
    return call, canvas


def _read(
    form: Form, models: Mapping[str, ModelInfo], default_model: str, new_seed: int
) -> tuple[GenerationCall, Mapping[str, Any]]:
    """The call and its body, before anything is decoded."""
    image, mask = (form.files.get(name) for name in FILES)
    if image is None:
        refuse("image", "“image” is missing: send the picture to start from as a file.")
    body = _body(form.texts)
    call = read_call(body | _start(body, image, mask), models, default_model, new_seed)
    model = models[call.request.model]
    if not model.edits:
        refuse("model", f"The model “{model.id}” cannot start from a picture.")
    return call, body


def _prepared(
    call: GenerationCall,
    model: ModelInfo,
    image: DecodedPicture,
    mask: DecodedPicture | None,
    own_size: bool,
) -> tuple[GenerationCall, InpaintCanvas]:
    """The call, with the picture's own size if `own_size`, and its canvas."""
    picture, request = on_white(image.image()), call.request
    if own_size:
        width, height = _size_for(picture, model)
        request = replace(request, width=width, height=height)
    chosen = None if mask is None else mask.image()
    canvas = prepare(picture, chosen, request.width, request.height)
    return replace(call, request=request), canvas


def _body(texts: Mapping[str, str]) -> dict[str, Any]:
    """The form's fields as the JSON body of a generation. Those in `request` win."""
    body = {name: text if name in TEXTS else _value(text) for name, text in texts.items()}
    whole = body.pop("request", None)
    if whole is None:
        return body
    if not isinstance(whole, Mapping):
        refuse("request", "“request” must be a JSON object.")
    return body | dict(whole)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _start(body: Mapping[str, Any], image: bytes, mask: bytes | None) -> dict[str, Any]:
    """The start of the request, by the files' digests. Raises InvalidField if it names others."""
    said = body.get("start")
    if said is None:
        said = {}
    if not isinstance(said, Mapping):
        return {}
    digests = {
        name: hashlib.sha256(file).hexdigest() if file is not None else None
        for name, file in (("image", image), ("mask", mask))
    }
    for name, digest in digests.items():
        if said.get(name) not in (None, digest):
            refuse(name, f"“{name}” is not the file that the request names.")
    usual = DEFAULT_STRENGTH if mask is None else 1.0
    strength = next(
        (at for at in (said.get("strength"), body.get("strength")) if at is not None), usual
    )
    return {"start": {**digests, "strength": strength}}


def _size_for(picture: Image.Image, model: ModelInfo) -> tuple[int, int]:
    """The picture's own size if the model can draw it, else its shape in the model's size."""
    width, height = picture.size
    if all(
        model.min_size <= side <= model.max_size and side % model.multiple == 0
        for side in (width, height)
    ):
        return width, height
    scale = model.native_size / math.sqrt(width * height)

    def fitting(side: int) -> int:
        nearest = round(side * scale / model.multiple) * model.multiple
        return min(max(nearest, model.min_size), model.max_size)

    return fitting(width), fitting(height)
