"""litellm: generating under two names, our fields beside OpenAI's, and edits."""

import base64
import os
from pathlib import Path
from urllib.request import urlopen

import litellm

PNG = b"\x89PNG\r\n"
where = {"api_base": os.environ["OPENAI_BASE_URL"], "api_key": os.environ["OPENAI_API_KEY"]}

linked = litellm.image_generation(prompt="a red fox", model="openai/dall-e-3", **where)
with urlopen(linked.data[0].url) as response:
    assert response.read().startswith(PNG)

seeded = [
    litellm.image_generation(
        prompt="a red fox",
        model="openai/gpt-image-1",
        n=2,
        size="1024x1024",
        quality="high",
        extra_body={"seed": 7, "guidance_scale": 3},
        **where,
    )
    for _ in range(2)
]
first, second = ([entry.b64_json for entry in answer.data] for answer in seeded)
assert first == second
assert len(first) == 2
assert base64.b64decode(first[0]).startswith(PNG)
assert seeded[0].usage.output_tokens == 2 * 16

image, mask = Path("image.png"), Path("mask.png")
for files in (
    {"image": image.open("rb"), "mask": mask.open("rb")},
    {"image": [image.open("rb"), image.open("rb")]},
):
    edited = litellm.image_edit(prompt="a red fox", model="openai/gpt-image-1", **files, **where)
    assert base64.b64decode(edited.data[0].b64_json).startswith(PNG)

refused = ""
try:
    litellm.image_generation(prompt="a red fox", model="openai/dall-f", **where)
except litellm.BadRequestError as error:
    refused = str(error)
assert "no model" in refused
