"""Reviews over the real client: what waits for a moderator, is decided once, and is shown then."""

import asyncio
import re
import signal
from collections.abc import Collection

import discord
import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.messages.review_messages import CUSTOM_ID
from bot.policy.reviews import MAX_OPEN_APPEALS
from bot.ui.dynamic_items import view_of
from bot.ui.review_buttons import everywhere_view
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
from tests.support.bot.job_messages import card, drawn, finished, job_id_of, labels, told, whoever
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


def make_moderator(playground: Playground, name: str) -> None:
    playground.administration.add_role("Moderators", int(Permission.MANAGE_MESSAGES))
    playground.administration.give_role(name, "Moderators")


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
    assert labels(review) == ["Approve", "Approve behind a spoiler", "Reject", "Reject and block"]
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
    assert "Not your picture" in await told(ben, (await ben.press(refused, "Appeal")).message)
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
    make_moderator(playground, "Ben")
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
    make_moderator(playground, "Ben")
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


async def moderated(owner: Member) -> None:
    await told(owner, await owner.slash("darkroom", "server review", channel="gallery"))


async def reported(member: Member, picture: Message, reason: str) -> str:
    modal = (await member.menu(picture, "Report picture")).modal
    assert modal is not None
    return await told(member, (await member.submit(modal, {"reason": reason})).message)


async def test_reports_of_one_picture_are_one_review_with_a_count(
    bot: DarkroomBot, owner: Member, ada: Member, ben: Member
) -> None:
    grid = await drawn(ada, "a fox")
    answer = (await ben.menu(grid, "Report picture")).message
    assert "no channel in which moderators look" in await told(ben, answer)
    await moderated(owner)
    assert "moderators look at it" in await reported(ben, grid, "this is *my* dog")
    review = await review_of(owner, "Reported: a picture")
    assert review.attachments[0].filename.startswith("SPOILER_")
    assert "One report:" in review.content
    assert r"this is \*my\* dog" in review.content
    again = (await ben.menu(grid, "Report picture")).message
    assert "Reported already" in await told(ben, again)
    await reported(owner, grid, "mine too")
    counted = await owner.wait_for(lambda m: m.id == review.id and "2 reports:" in m.content)
    assert counted.attachments
    await owner.press(counted, "Keep")
    closed = await owner.wait_for(lambda m: m.id == review.id and not m.buttons)
    assert "Kept by" in card(closed)
    assert ada.latest(grid).attachments


async def test_a_reported_picture_is_deleted_everywhere(
    bot: DarkroomBot,
    settings: Settings,
    owner: Member,
    ada: Member,
    ben: Member,
    database: Database,
) -> None:
    await moderated(owner)
    await told(ada, await ada.slash("darkroom", "prefer auto_dm"))
    grid = await drawn(ada, "a fox")
    direct = await ada.wait_for(lambda m: m.channel_id != grid.channel_id and m.attachments)
    answer = (await ben.press(grid, "U1")).message
    single = await ben.wait_for(lambda m: m.id == answer.id and m.button("❤️"))
    shown = await ada.slash("gallery", "show", id=job_id_of(grid))
    await ada.wait_for(lambda m: m.id == shown.id and m.attachments)
    # A picture of the grid is reported: the grid shows it too.
    await reported(owner, single, "no")
    review = await review_of(owner, "Reported: a picture")
    await owner.press(review, "Delete everywhere")
    for message, seen_by in ((grid, ada), (single, ben), (shown, ada), (direct, ada)):
        await seen_by.wait_until_deleted(message)
    await owner.wait_until_deleted(review)
    for one in (grid, single):
        assert await jobs.get(database, job_id_of(one)) is None
    assert not [file for file in settings.picture_folder.rglob("*") if file.is_file()]
    log = await told(owner, await owner.slash("darkroom", "server log"))
    assert "Report: deleted everywhere" in log
    assert "Picture reported" in log
    assert "a fox" in log


async def test_a_moderator_deletes_everywhere_from_the_menu_and_nobody_else_does(
    bot: DarkroomBot, owner: Member, ada: Member, ben: Member, database: Database
) -> None:
    grid = await drawn(ada, "a fox")
    answer = (await ada.press(grid, "U1")).message
    single = await ada.wait_for(lambda m: m.id == answer.id and m.button("❤️"))
    deleted = (await owner.menu(single, "Delete")).message
    asked = await owner.wait_for(lambda m: m.id == deleted.id and "Delete everywhere" in labels(m))
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    channel = bot.get_partial_messageable(int(grid.channel_id))
    forged = await channel.send("forged", view=everywhere_view(job.id, "en"))
    there = await ben.wait_for(lambda m: m.id == str(forged.id))
    refused = (await ben.press(there, "Delete everywhere")).message
    assert "For moderators only" in await told(ben, refused)
    await owner.press(asked, "Delete everywhere")
    await ada.wait_until_deleted(grid)
    assert await jobs.get(database, job.id) is None


async def test_what_is_asked_for_during_a_deletion_is_deleted_too(
    bot: DarkroomBot,
    owner: Member,
    ada: Member,
    ben: Member,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grid = await drawn(ada, "a fox --steps 1")
    answer = (await ada.press(grid, "U1")).message
    shown = await ada.wait_for(lambda m: m.id == answer.id and m.button("❤️") is not None)
    erasure = bot.services.takedown._erasure
    erase, asked = erasure.erase_jobs, list[Message]()

    async def pressed_meanwhile(job_ids: Collection[str]) -> None:
        if not asked:
            answer = (await ben.press(grid, "U2")).message
            asked.append(
                await ben.wait_for(lambda m: m.id == answer.id and m.button("❤️") is not None)
            )
        await erase(job_ids)

    monkeypatch.setattr(erasure, "erase_jobs", pressed_meanwhile)
    deleted = (await owner.menu(shown, "Delete")).message
    question = await owner.wait_for(
        lambda m: m.id == deleted.id and "Delete everywhere" in labels(m)
    )
    await owner.press(question, "Delete everywhere")
    await ben.wait_until_deleted(asked[0])
    assert await jobs.get(database, job_id_of(asked[0])) is None


async def test_a_refused_prompt_is_appealed_and_its_member_told(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    rule = {"rule": "fox", "action": "refuse"}
    await told(owner, await owner.slash("darkroom", "server words add", **rule))
    await moderated(owner)
    answer = await ada.slash("darkroom", "imagine", prompt=PROMPT)
    refused = await ada.wait_for(
        lambda m: m.ephemeral and m.interaction_id == answer.interaction_id and bool(m.embeds)
    )
    assert labels(refused) == ["Edit prompt", "Appeal"]
    assert "look at it" in await told(ada, (await ada.press(refused, "Appeal")).message)
    await ada.press(refused, "Appeal")
    review = await review_of(owner, "Appeal: a refused prompt")
    assert "Words in the prompt: “fox”" in review.content
    await owner.press(review, "Approve")
    letter = await ada.wait_for(lambda m: bool(m.embeds) and "Your appeal" in card(m))
    assert "Moderators allow this prompt" in letter.content
    await finished(ada, await ada.slash("darkroom", "imagine", prompt=PROMPT))
    # Only this prompt is allowed, and to its member alone.
    other = await ada.slash("darkroom", "imagine", prompt="two foxes and a fox")
    assert "not allowed here" in await told(ada, other)
    same = await owner.slash("darkroom", "imagine", prompt=PROMPT)
    assert "not allowed here" in await told(owner, same)
    assert len([m for m in await owner.messages("gallery") if "Appeal:" in m.content]) == 1


async def test_appeals_are_limited(bot: DarkroomBot, owner: Member, ada: Member) -> None:
    rule = {"rule": "fox", "action": "refuse"}
    await told(owner, await owner.slash("darkroom", "server words add", **rule))
    await moderated(owner)
    said = []
    for number in range(MAX_OPEN_APPEALS + 1):
        answer = await ada.slash("darkroom", "imagine", prompt=f"fox {number}")
        refused = await ada.wait_for(
            lambda m, own=answer.interaction_id: m.interaction_id == own and bool(m.embeds)
        )
        said.append(await told(ada, (await ada.press(refused, "Appeal")).message))
    assert ["Too many appeals" in one for one in said] == [False] * MAX_OPEN_APPEALS + [True]


async def test_what_cannot_be_posted_is_posted_in_the_next_channel(
    bot: DarkroomBot, playground: Playground, owner: Member, ada: Member
) -> None:
    await set_up(owner)
    playground.faults.deny("gallery", Permission.SEND_MESSAGES)
    await waiting_for_review(ada)
    shown = await told(owner, await owner.slash("darkroom", "server review"))
    assert "cannot post pictures in the review channel" in shown
    assert "One decision is waiting." in shown
    assert "not age-restricted" in shown
    moved = await told(owner, await owner.slash("darkroom", "server review", channel="darkroom"))
    assert "One decision is waiting." in moved
    review = await review_of(owner)
    await owner.press(review, "Approve")
    await grid_of(ada)


async def test_the_log_is_for_moderators_and_shown_in_its_channel(
    bot: DarkroomBot, owner: Member, ada: Member, ben: Member
) -> None:
    await set_up(owner)
    await told(owner, await owner.slash("darkroom", "server review", log="darkroom"))
    waiting = await waiting_for_review(ada)
    await owner.press(await review_of(owner), "Reject")
    await owner.wait_for(lambda m: "**Rejected**" in m.content)
    whole = await told(owner, await owner.slash("darkroom", "server log"))
    assert whole.index("Rejected") < whole.index("Prompt for review by a rule")
    only = await told(owner, await owner.slash("darkroom", "server log", kind="log-words"))
    assert "Rejected" not in only
    assert f"<@{whoever(waiting)}>" in only
    nobody = await told(owner, await owner.slash("darkroom", "server log", member="Ben"))
    assert "There is nothing in the log." in nobody
    # Its buttons say no more than the command, to which Ben has no right.
    turn = discord.ui.Button[discord.ui.View](label="Turn", custom_id="server-log:0::")
    channel = bot.get_partial_messageable(int(waiting.channel_id))
    posted = await channel.send("forged", view=view_of(turn))
    there = await ben.wait_for(lambda m: m.id == str(posted.id))
    assert "For moderators only" in await told(ben, (await ben.press(there, "Turn")).message)


async def test_rejected_and_blocked_its_member_asks_for_nothing_more(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    await set_up(owner)
    await waiting_for_review(ada)
    review = await review_of(owner)
    await owner.press(review, "Reject and block")
    closed = await owner.wait_for(lambda m: m.id == review.id and not m.buttons)
    assert "and the member blocked, by <@" in card(closed)
    refused = await ada.wait_for(lambda m: labels(m) == ["Appeal"])
    assert "You are blocked" in await told(ada, (await ada.press(refused, "Appeal")).message)
    asked = await ada.slash("darkroom", "imagine", prompt="a cat")
    assert "You are blocked" in await told(ada, asked)


async def test_nobody_is_blocked_who_manages_the_server(
    bot: DarkroomBot, playground: Playground, owner: Member, ben: Member
) -> None:
    make_moderator(playground, "Ben")
    await set_up(owner)
    await waiting_for_review(owner)
    review = await review_of(ben)
    answer = (await ben.press(review, "Reject and block")).message
    assert "manage" in await told(ben, answer)
    assert ben.latest(review).buttons
    await ben.press(review, "Reject")
    await owner.wait_for(lambda m: labels(m) == ["Appeal"])
