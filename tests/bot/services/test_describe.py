"""`/describe` and `/shorten`, through the real client and a tiny real CLIP."""

import io

import pytest
from PIL import Image

from bot.client import DarkroomBot
from bot.errors import TooShort
from bot.services.describe import PictureDescription, WordWeights, shorter
from bot.ui.suggestions import description_embed, weights_embed
from playground.testing.member import Member, Upload
from storage import jobs
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import card, check, finished, job_id_of, labels, told

WEIGHTS = (("a", 0.1), ("red", 0.9), ("fox", 1.0), ("very", 0.0), ("quickly", 0.5))


def picture() -> Upload:
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 90).convert("RGB").save(buffer, "PNG")
    return Upload("fox.png", buffer.getvalue())


def test_shorter_prompts_keep_the_heaviest_words_in_their_order() -> None:
    found = shorter(WEIGHTS, "--ar 3:2")
    assert found == (
        "a red fox quickly --ar 3:2",
        "red fox --ar 3:2",
        "fox --ar 3:2",
    )
    assert shorter((("fox,", 1.0), ("noto", 0.5)), "") == ("fox",)
    with pytest.raises(TooShort):
        shorter((("fox", 1.0),), "")


def test_weights_are_to_be_seen_and_cards_keep_to_discords_limits() -> None:
    shown = weights_embed(WordWeights(WEIGHTS, ("red fox",)), "en").text
    assert "~~a~~ **red** **fox** ~~very~~ quickly" in shown
    words = tuple(("*" * 5, 1.0) for _ in range(100))
    check(weights_embed(WordWeights(words, ("`" * 600,) * 4), "de"))
    check(description_embed(PictureDescription(b"", ("x" * 2000,) * 4), "de"))


async def test_a_picture_becomes_prompts_and_these_pictures(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    described = await ada.slash("darkroom", "describe", image=picture())
    described = await ada.wait_for(lambda m: m.id == described.id and m.embeds)
    assert labels(described) == ["1", "2", "3", "4", "🔄", "Imagine all"]
    prompts = [field["value"].strip("`\n") for field in described.embeds[0]["fields"]]
    grid = await finished(ada, (await ada.press(described, "2")).message)
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.prompt == prompts[1]
    nearer = (await ada.press(described, "🔄")).message
    assert nearer.id == described.id
    linked = await ada.slash("dm", "describe", link=described.attachments[0].url)
    linked = await ada.wait_for(lambda m: m.id == linked.id and m.embeds)
    assert len(linked.embeds[0]["fields"]) == 4


async def test_all_prompts_are_drawn_also_after_a_restart(
    deployment: Deployment, ada: Member, database: Database
) -> None:
    async with deployment.open():
        await ada.wait_for_command("describe")
        await ada.slash("darkroom", "prefer suffix", value="--q .25")
        described = await ada.slash("darkroom", "describe", image=picture())
        described = await ada.wait_for(lambda m: m.id == described.id and m.embeds)
    async with deployment.open():
        await ada.wait_for_bot()
        await ada.press(described, "Imagine all")
        grids: set[str] = set()
        for _ in range(4):
            grid = await ada.wait_for(lambda m: m.button("U1") and m.id not in grids)
            grids.add(grid.id)


async def test_a_prompt_is_weighed_and_shortened(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    prompt = "a red fox in the snow --ar 2:1 --q .25"
    weighed = await ada.slash("darkroom", "shorten", prompt=prompt)
    weighed = await ada.wait_for(lambda m: m.id == weighed.id and m.embeds)
    assert "**" in card(weighed)
    assert set(labels(weighed)) >= {"1", "2"}
    grid = await finished(ada, (await ada.press(weighed, "1")).message)
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.prompt.endswith("--ar 2:1 --q .25")
    assert len(job.prompt) < len(prompt)


async def test_what_cannot_be_described_or_shortened_is_refused(
    bot: DarkroomBot, ada: Member
) -> None:
    assert "no picture to describe" in await told(ada, await ada.slash("darkroom", "describe"))
    for given, words in (
        ({"image": Upload("fox.png", b"no picture")}, "the file `fox.png` can't be used"),
        ({"link": "https://127.0.0.1/fox.png"}, "link"),
        ({"link": "a fox"}, "link"),
    ):
        refusal = await ada.slash("darkroom", "describe", **given)
        assert words in (await told(ada, refusal)).lower()
    refusal = await ada.slash("darkroom", "shorten", prompt="fox --ar 2:1")
    assert "too short" in await told(ada, refusal)
