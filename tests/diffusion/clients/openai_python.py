"""The official client for Python: models, links, streams with usage, edits, refusals."""

import base64
from pathlib import Path
from urllib.request import urlopen

import openai

client = openai.OpenAI(max_retries=0)
PNG = b"\x89PNG\r\n"

assert [model.id for model in client.models.list()] == ["tiny"]
assert client.models.retrieve("tiny").id == "tiny"
assert client.models.retrieve("gpt-image-2").id == "gpt-image-2"

answer = client.images.generate(
    prompt="a red fox",
    model="gpt-image-2",
    n=2,
    size="1024x1024",
    quality="low",
    background="opaque",
    moderation="low",
    output_format="webp",
    output_compression=60,
    safety_identifier="ada",
)
assert (answer.size, answer.quality, answer.background) == ("64x64", "low", "opaque")
assert answer.usage.total_tokens == answer.usage.input_tokens + 2 * 16
for entry in answer.data:
    assert base64.b64decode(entry.b64_json)[8:12] == b"WEBP"

linked = client.images.generate(prompt="a red fox", model="dall-e-3", response_format="url")
with urlopen(linked.data[0].url) as response:
    assert response.headers["Content-Type"] == "image/png"
    assert response.read().startswith(PNG)

kinds = []
for event in client.images.generate(prompt="a red fox", stream=True, partial_images=1):
    kinds.append(event.type)
assert kinds == ["image_generation.partial_image", "image_generation.completed"]
assert event.usage.output_tokens == 16

image, mask = Path("image.png"), Path("mask.png")
for more in ({"mask": mask}, {}):
    edited = client.images.edit(image=image, prompt="a red fox", quality="low", **more)
    assert base64.b64decode(edited.data[0].b64_json).startswith(PNG)
blended = client.images.edit(image=[image, image], prompt="a red fox")
assert blended.usage.input_tokens_details.image_tokens == 16

refused = []
for wrong in (
    {"background": "transparent"},
    {"style": "vivid"},
    {"extra_body": {"strict": True, "colour": "red"}},
):
    try:
        client.images.generate(prompt="a red fox", **wrong)
    except openai.BadRequestError as error:
        refused.append(error.param)
assert refused == ["background", "style", "colour"]
