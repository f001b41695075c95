"""Reading `POST /v1/images/edits`: the fields of a generation, and the files it starts from.

The form has OpenAI's fields and ours. Whatever cannot be used raises InvalidField.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web
from PIL import Image, ImageChops, ImageOps

from diffusion.decoding.decode import DecodedPicture, on_white
from diffusion.decoding.decoder import PictureDecoder
from diffusion.engine.shares import Caller
from diffusion.protocol.calls import GenerationCall, read_call
from diffusion.protocol.errors import refuse
from diffusion.protocol.models import ModelInfo
from diffusion.server.admission.bodies import body_of
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
        "quality",
        "style",
        "background",
        "moderation",
        "safety_identifier",
    }
)
"""The fields of the form that are plain text; all others are read as JSON."""

DEFAULT_STRENGTH = 0.8
"""The strength for a picture without a mask, if the caller gives none."""

MAX_IMAGES = 16
"""Pictures of one request, which are blended; OpenAI takes as many."""


async def read_edit(
    http: web.Request,
    reading: WorkQueue,
    decoder: PictureDecoder,
    models: Mapping[str, ModelInfo],
    default_model: str,
    new_seed: int,
    aliases: Collection[str] = (),
) -> tuple[GenerationCall, InpaintCanvas]:
    """The call, and the canvas made of its files, prepared in the queue `reading`.

    Raises InvalidField, DecoderBusy, shares.QueueFull, and what `read_form` raises.
    """
    form = await read_form(http, FILES, most_images=MAX_IMAGES)
    user = form.texts.get("safety_identifier") or form.texts.get("user", "")
    caller = Caller.at(http.remote, user)
    call, body = await reading.run(
        caller, lambda _: _read(form, models, default_model, new_seed, aliases)
    )
    model = models[call.request.model]
    decoded = await read_picture(decoder, form.files["image"], "image")
    file = form.files.get("mask")
    mask = None if file is None else await read_picture(decoder, file, "mask")
    may_have_hole = mask is None and body.get("start") is None and not form.more_images
    if may_have_hole and await reading.run(caller, lambda _: _has_hole(decoded)):
        mask, call = decoded, _with_hole(call, body)
    own_size = body.get("size") in (None, "auto")
    picture = await reading.run(caller, lambda _: on_white(decoded.image()))
    for number, more in enumerate(form.more_images, start=2):
        # One after the other: together they might not fit into memory.
        other = await read_picture(decoder, more, "image")
        picture = await reading.run(caller, partial(_mixed, picture, other, number))
    call, canvas = await reading.run(
        caller, lambda _: _prepared(call, model, picture, mask, own_size)
    )
    body_of(http).becomes(canvas.bytes_held)
    return call, canvas


def _read(
    form: Form,
    models: Mapping[str, ModelInfo],
    default_model: str,
    new_seed: int,
    aliases: Collection[str],
) -> tuple[GenerationCall, Mapping[str, Any]]:
    """The call and its body, before anything is decoded."""
    image, mask = (form.files.get(name) for name in FILES)
    if image is None:
        refuse("image", "“image” is missing: send the picture to start from as a file.")
    if mask is not None and form.more_images:
        refuse("mask", "A mask belongs to one picture: send one “image” with it.")
    body = _body(form.texts)
    start = _start(body, (image, *form.more_images), mask)
    without = {name: value for name, value in body.items() if name != "strength"}
    call = read_call(without | start, models, default_model, new_seed, aliases)
    model = models[call.request.model]
    if not model.edits:
        refuse("model", f"The model “{model.id}” cannot start from a picture.")
    return call, body


def _prepared(
    call: GenerationCall,
    model: ModelInfo,
    picture: Image.Image,
    mask: DecodedPicture | None,
    own_size: bool,
) -> tuple[GenerationCall, InpaintCanvas]:
    """The call, with the picture's own size if `own_size`, and its canvas. picture: RGB."""
    request = call.request
    if own_size:
        width, height = model.size_like(*picture.size)
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


def _start(body: Mapping[str, Any], images: Sequence[bytes], mask: bytes | None) -> dict[str, Any]:
    """The start of the request, by the files' digests. Raises InvalidField if it names others.

    Several images have the digest of all their bytes, one after the other.
    """
    said = body.get("start")
    if said is None:
        said = {}
    if not isinstance(said, Mapping):
        return {}
    digests = {"image": _digest(*images), "mask": None if mask is None else _digest(mask)}
    for name, digest in digests.items():
        if said.get(name) not in (None, digest):
            refuse(name, f"“{name}” is not the file that the request names.")
    usual = DEFAULT_STRENGTH if mask is None else 1.0
    strength = next(
        (at for at in (said.get("strength"), body.get("strength")) if at is not None), usual
    )
    return {"start": {**digests, "strength": strength}}


def _digest(*files: bytes) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(file)
    return whole.hexdigest()


def _has_hole(picture: DecodedPicture) -> bool:
    """Whether some of the picture is wholly transparent."""
    return picture.mode == "RGBA" and picture.image().getchannel("A").getextrema()[0] == 0


def _with_hole(call: GenerationCall, body: Mapping[str, Any]) -> GenerationCall:
    """The call with its picture as the mask too: OpenAI redraws what is transparent in it."""
    start = call.request.start
    assert start is not None, "an edit starts from a picture"
    strength = 1.0 if body.get("strength") is None else start.strength
    start = replace(start, mask=start.image, strength=strength)
    return replace(call, request=replace(call.request, start=start))


def _mixed(mixed: Image.Image, decoded: DecodedPicture, number: int, _: object) -> Image.Image:
    """The average of pictures so far, with picture `number` in it, cropped to the first's shape."""
    other = ImageOps.fit(on_white(decoded.image()), mixed.size, Image.Resampling.LANCZOS)
    return ImageChops.blend(mixed, other, 1 / number)
