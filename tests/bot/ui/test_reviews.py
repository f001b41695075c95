"""Reviews over the real client: what waits for a moderator, is decided once, and is shown then."""

import asyncio
import re
import signal

import discord
import pytest

from bot.client import DarkroomBot
from bot.messages.review_messages import CUSTOM_ID
from bot.ui.dynamic_items import view_of
from playground import Playground
from playground.app.faults import SEND_MESSAGE
from playground.state.people import Permission
from playground.testing.member import Member
from playground.testing.views import Message
from storage import history, jobs
from storage.database import Database
from storage.jobs import Job
from storage.moderation import reviews
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import card, job_id_of, labels, told, whoever
from tests.support.processes import RunningProcess

PROMPT = "a fox --steps 2 --n 2"
WAITS = "The picture waits for a moderator"


async def set_up(owner: Member, *, channel: bool = True) -> None:
    """Prompts with a fox have to be looked at, in the gallery."""
    await told(
        owner, await owner.slash("darkroom", "server words add", rule="fox", action="review")
    )
    if channel:
        await told(owner, await owner.slash("darkroom", "server review", channel="gallery"))


def is_review(message: Message) -> bool:
    return any((one.custom_id or "").startswith("review:") for one in message.buttons)


async def review_of(member: Member, text: str = "To review") -> Message:
    return await member.wait_for(lambda m: is_review(m) and text in m.content)


async def waiting_for_review(ada: Member, prompt: str = PROMPT) -> Message:
    asked = await ada.slash("darkroom", "imagine", prompt=prompt)
    return await ada.wait_for(lambda m: m.id == asked.id and bool(m.embeds) and WAITS in card(m))


async def grid_of(ada: Member) -> Message:
    return await ada.wait_for(lambda m: "U1" in labels(m))


async def only_job(database: Database, member_id: int) -> Job:
    job = await history.latest(database, member_id)
    assert job is not None
    return job


async def test_a_picture_waits_for_a_moderator_and_is_shown_when_approved(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    await set_up(owner)
    waiting = await waiting_for_review(ada)
    # Nothing of it was ever shown: no preview, no picture.
    assert not any(version.attachments for version in ada.versions(waiting))
    assert not waiting.buttons
    review = await review_of(owner)
    assert review.attachments[0].filename.startswith("SPOILER_")
    assert "a fox" in review.content
    assert "Words in the prompt: “fox”" in review.content
    assert labels(review) == ["Approve", "Approve behind a spoiler", "Reject"]
    await owner.press(review, "Approve")
    grid = await grid_of(ada)
    assert grid.id != waiting.id
    assert grid.mentions == frozenset({"Ada"})
    assert not grid.attachments[0].filename.startswith("SPOILER_")
    await ada.wait_until_deleted(waiting)
    closed = await owner.wait_for(lambda m: m.id == review.id and not m.buttons)
    assert "Approved by <@" in card(closed)
    assert not closed.attachments
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert (job.verdict, job.verdict_reason) == (0, None)
    # What shows an approved picture needs no second look; what is drawn anew does.
    single = (await ada.press(grid, "U1")).message
    await ada.wait_for(lambda m: m.id == single.id and m.button("❤️"))


async def test_approved_behind_a_spoiler_it_is_one(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    await set_up(owner)
    await waiting_for_review(ada)
    await owner.press(await review_of(owner), "Approve behind a spoiler")
    assert (await grid_of(ada)).attachments[0].filename.startswith("SPOILER_")


async def test_a_rejected_picture_is_refused_and_appealed_once(
    bot: DarkroomBot, owner: Member, ada: Member, ben: Member, database: Database
) -> None:
    await set_up(owner)
    await waiting_for_review(ada)
    await owner.press(await review_of(owner), "Reject")
    refused = await ada.wait_for(lambda m: labels(m) == ["Appeal"])
    assert card(refused) == "The picture is not shown here\nA moderator has rejected it."
    assert refused.mentions == frozenset({"Ada"})
    assert "Not your job" in await told(ben, (await ben.press(refused, "Appeal")).message)
    assert "look at it" in await told(ada, (await ada.press(refused, "Appeal")).message)
    appeal = await review_of(owner, "Appeal: a refused picture")
    again = await told(ada, (await ada.press(refused, "Appeal")).message)
    assert "Appealed already" in again
    await owner.press(appeal, "Reject")
    final = await ada.wait_for(
        lambda m: (
            bool(m.embeds)
            and m.id != refused.id
            and not m.buttons
            and "not shown here" in card(m)
            and not m.ephemeral
        )
    )
    assert not final.attachments


async def test_without_a_review_channel_it_is_refused_and_says_what_to_set(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    await set_up(owner, channel=False)
    await ada.slash("darkroom", "imagine", prompt=PROMPT)
    refused = await ada.wait_for(lambda m: bool(m.embeds) and "not shown here" in card(m))
    assert "Words in the prompt: “fox”" in card(refused)
    assert "/server review" in card(refused)
    assert not refused.attachments
    assert not refused.buttons


async def test_nothing_is_made_of_or_shown_from_what_waits(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    await set_up(owner)
    waiting = await waiting_for_review(ada)
    review = await review_of(owner)
    job = await only_job(database, whoever(waiting))
    # Whoever sends what no button sends is refused too.
    actions = ("upscale:1", "vary:1", "reroll", "like")
    channel = bot.get_partial_messageable(int(waiting.channel_id))
    forged = [
        discord.ui.Button[discord.ui.View](label=one, custom_id=f"job:{job.id}:{one}")
        for one in actions
    ]
    posted = await channel.send("forged", view=view_of(*forged))
    there = await ada.wait_for(lambda m: m.id == str(posted.id))
    for action in actions:
        answer = (await ada.press(there, action)).message
        assert "The picture is not shown here" in await told(ada, answer)
    assert "not shown here" in await told(ada, (await ada.menu(waiting, "Send to me")).message)
    page = await ada.slash("darkroom", "history")
    await told(ada, page)
    assert not ada.latest(page).attachments
    shown = await ada.slash("darkroom", "show", id=job.id)
    again = await ada.wait_for(lambda m: m.id == shown.id and bool(m.embeds))
    assert WAITS in card(again)
    assert not again.attachments
    await owner.press(review, "Approve")
    await grid_of(ada)


async def test_of_two_moderators_at_once_one_decides_and_the_other_is_told(
    bot: DarkroomBot,
    playground: Playground,
    owner: Member,
    ada: Member,
    ben: Member,
    database: Database,
) -> None:
    playground.administration.add_role("Moderators", int(Permission.MANAGE_MESSAGES))
    playground.administration.give_role("Ben", "Moderators")
    await set_up(owner)
    waiting = await waiting_for_review(ada)
    review = await review_of(owner)
    answers = await asyncio.gather(owner.press(review, "Approve"), ben.press(review, "Reject"))
    said = [
        await told(one, answer.message) for one, answer in zip((owner, ben), answers, strict=True)
    ]
    assert sum("Decided already" in one for one in said) == 1
    job = await only_job(database, whoever(waiting))
    (stored,) = await reviews.of_job(database, job.id)
    assert stored.decision == ("approve" if "Decided already" in said[1] else "reject")
    late = next(one for one in said if "Decided already" in one)
    assert f"<@{stored.decided_by}>" in late


async def test_who_may_not_moderate_any_more_decides_nothing(
    bot: DarkroomBot,
    playground: Playground,
    owner: Member,
    ada: Member,
    ben: Member,
    database: Database,
) -> None:
    playground.administration.add_role("Moderators", int(Permission.MANAGE_MESSAGES))
    playground.administration.give_role("Ben", "Moderators")
    await set_up(owner)
    waiting = await waiting_for_review(ada)
    review = await review_of(ben)
    playground.administration.take_role("Ben", "Moderators")
    assert "For moderators only" in await told(ben, (await ben.press(review, "Approve")).message)
    job = await only_job(database, whoever(waiting))
    assert job.verdict == 2
    playground.administration.give_role("Ben", "Moderators")
    await ben.press(review, "Approve")
    await grid_of(ada)


async def test_a_review_is_decided_after_a_restart(
    deployment: Deployment, owner: Member, ada: Member, database: Database
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        await set_up(owner)
        await waiting_for_review(ada)
        review = await review_of(owner)
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        await owner.press(review, "Approve")
        await grid_of(ada)
        assert len([m for m in await owner.messages("gallery") if "To review" in m.content]) == 1


async def test_killed_between_decision_and_showing_the_next_start_shows_it(
    deployment: Deployment, playground: Playground, owner: Member, ada: Member, database: Database
) -> None:
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        await set_up(owner)
        waiting = await waiting_for_review(ada)
        review = await review_of(owner)
        held = playground.faults.hold(SEND_MESSAGE)
        await owner.press(review, "Approve")
        await held.waiting.wait()
        process.send(signal.SIGKILL)
        await process.wait()
    job = await only_job(database, whoever(waiting))
    assert (job.verdict, job.shown_at) == (0, None)
    async with deployment.open():
        held.release()
        await grid_of(ada)
        await ada.wait_until_deleted(waiting)
        await owner.wait_for(lambda m: m.id == review.id and not m.buttons)
    assert len([m for m in await ada.messages("darkroom") if "U1" in labels(m)]) == 1


@pytest.mark.parametrize("custom_id", ["review:" + "0" * 32 + ":approve"])
def test_the_buttons_keep_their_spelling(custom_id: str) -> None:
    assert re.fullmatch(CUSTOM_ID, custom_id)
