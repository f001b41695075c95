"""OpenAI's moderation endpoint as the classifier. The pictures leave this machine for it."""

import asyncio
import base64
import io
import logging
from collections.abc import Sequence
from typing import Any

import aiohttp
from PIL import Image

from bot.images.classifiers.classifier import ClassifierAway
from bot.images.png import open_rgb

log = logging.getLogger(__name__)

DEFAULT_URL = "https://api.openai.com/v1"
MODEL = "omni-moderation-latest"

EXPLICIT_CATEGORIES = ("sexual", "sexual/minors")
"""The categories whose highest score is how explicit a picture is."""

MAX_SIDE_PX = 768
"""Pixels of the longer side that are sent: the whole picture, small enough to send quickly."""

CALL_TIMEOUT_S = 20.0
TRIES = 2
RETRY_PAUSE_S = 1.0
MAX_CONCURRENT_CALLS = 4


class OpenAIModeration:
    """See `PictureClassifier`. `url` ends in `/v1`, or what stands for it elsewhere."""

    at_once = 1

    def __init__(self, key: str | None, url: str = DEFAULT_URL) -> None:
        self.name = MODEL
        self._url = f"{url.rstrip('/')}/moderations"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._places = asyncio.Semaphore(MAX_CONCURRENT_CALLS)

    async def scores(self, pictures: Sequence[bytes]) -> Sequence[float]:
        return [await self.score(picture) for picture in pictures]

    async def score(self, picture: bytes) -> float:
        try:
            small = await asyncio.to_thread(_shrunk, picture)
        except (OSError, ValueError):
            log.warning("The filter cannot read a picture.")
            return 1.0
        address = f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
        asked = {"model": MODEL, "input": [{"type": "image_url", "image_url": {"url": address}}]}
        async with self._places:
            return _score_in(await self._ask(asked))

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _ask(self, asked: dict[str, Any]) -> Any:
        why = ""
        timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            for attempt in range(TRIES):
                if attempt:
                    await asyncio.sleep(RETRY_PAUSE_S)
                try:
                    async with session.post(self._url, json=asked) as response:
                        if response.status == 200:
                            return await response.json(content_type=None)
                        why = f"it answers with status {response.status}"
                        if response.status != 429 and response.status < 500:
                            break
                except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                    why = repr(error)
        log.warning("The moderation endpoint cannot be used: %s", why)
        raise ClassifierAway(f"the moderation endpoint cannot be used: {why}")


def _shrunk(picture: bytes) -> bytes:
    image = open_rgb(picture)
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _score_in(answer: Any) -> float:
    """The score in an answer. Raises ClassifierAway for one of another form."""
    try:
        scores = answer["results"][0]["category_scores"]
        found = [float(scores[name]) for name in EXPLICIT_CATEGORIES if name in scores]
        return max(found)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        log.warning("The moderation endpoint answers in a form that is not known: %r", error)
        raise ClassifierAway("the moderation endpoint's answer is not known") from error
