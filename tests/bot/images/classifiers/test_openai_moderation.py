"""OpenAI's moderation endpoint, which is here a server that speaks its published models."""

import base64
import io
from collections.abc import AsyncIterator
from typing import get_args

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from openai.types import ModerationCreateResponse, ModerationModel
from openai.types.moderation import CategoryScores
from PIL import Image

from bot.images.classifiers import openai_moderation
from bot.images.classifiers.choice import chosen_classifier
from bot.images.classifiers.classifier import ClassifierAway
from bot.images.classifiers.openai_moderation import OpenAIModeration
from tests.support.pictures import picture


class StandIn:
    """Finds red pictures sexual. Refuses for as many calls as `statuses` says."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.sizes: list[tuple[int, int]] = []
        self.url = ""

    async def moderate(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer sk-test"
        if self.statuses:
            return web.json_response({"error": {"message": "no"}}, status=self.statuses.pop(0))
        asked = await request.json()
        assert asked["model"] in get_args(ModerationModel)
        (part,) = asked["input"]
        # As `openai.types.ModerationImageURLInputParam` says.
        assert part.keys() == {"type", "image_url"}
        header, _, encoded = part["image_url"]["url"].partition(",")
        assert header == "data:image/jpeg;base64"
        image = Image.open(io.BytesIO(base64.b64decode(encoded)))
        self.sizes.append(image.size)
        red, green, _ = image.convert("RGB").getpixel((0, 0))  # type: ignore[misc]
        names = [field.alias or name for name, field in CategoryScores.model_fields.items()]
        scores = dict.fromkeys(names, 0.01)
        scores |= {"sexual": 0.9 if red > 200 > green else 0.02, "violence": 1.0}
        result = {
            "flagged": True,
            "categories": dict.fromkeys(names, False),
            "category_scores": scores,
            "category_applied_input_types": {name: [] for name in names},
        }
        answer = {"id": "modr-1", "model": asked["model"], "results": [result]}
        ModerationCreateResponse.model_validate(answer)
        return web.json_response(answer)


@pytest.fixture
async def endpoint() -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    app = web.Application()
    app.router.add_post("/v1/moderations", stand_in.moderate)
    async with TestServer(app) as server:
        stand_in.url = str(server.make_url("/v1"))
        yield stand_in


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_moderation, "RETRY_PAUSE_S", 0)


async def test_only_sexual_scores_count_and_large_pictures_are_sent_small(
    endpoint: StandIn,
) -> None:
    classifier = chosen_classifier(f"openai+{endpoint.url}", "sk-test")
    assert classifier is not None
    assert await classifier.score(picture("red", (2000, 1000))) == 0.9
    assert await classifier.score(picture("lime", (64, 32))) == 0.02
    assert endpoint.sizes == [(768, 384), (64, 32)]


@pytest.mark.parametrize("statuses", [[429], [500]])
async def test_it_is_asked_once_more_where_that_may_help(
    endpoint: StandIn, statuses: list[int]
) -> None:
    endpoint.statuses = statuses
    assert await OpenAIModeration("sk-test", endpoint.url).score(picture("red")) == 0.9


@pytest.mark.parametrize("statuses", [[429, 429], [401, 200]])
async def test_otherwise_the_filter_is_away(endpoint: StandIn, statuses: list[int]) -> None:
    endpoint.statuses = statuses
    with pytest.raises(ClassifierAway, match=f"status {statuses[0]}"):
        await OpenAIModeration("sk-test", endpoint.url).score(picture("red"))


async def test_nobody_there_is_away_too() -> None:
    with pytest.raises(ClassifierAway):
        await OpenAIModeration("sk-test", "http://127.0.0.1:9/v1").score(picture("red"))


@pytest.mark.parametrize("answer", [[], {}, {"results": []}, {"results": [{"flagged": True}]}])
async def test_an_answer_in_another_form_is_away(answer: object) -> None:
    app = web.Application()

    async def moderate(request: web.Request) -> web.Response:
        return web.json_response(answer)

    app.router.add_post("/v1/moderations", moderate)
    async with TestServer(app) as server:
        with pytest.raises(ClassifierAway):
            await OpenAIModeration(None, str(server.make_url("/v1"))).score(picture("red"))
