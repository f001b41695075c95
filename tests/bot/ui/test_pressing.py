"""Pressing again, and again, and all at once: the same picture is made once and linked then."""

import asyncio
import threading
from dataclasses import replace

import pytest

from bot.client import DarkroomBot
from bot.delivery import end_files
from bot.policy import rate_limit
from bot.services.container import MAX_SHOWINGS_PER_MEMBER
from playground import Playground
from playground.state.limits import Limits
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.models import JobKind
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import SUCCESS, card, finished, job_id_of, single

QUICK = "a fox --steps 1 --n 2"


@pytest.fixture
def limits() -> Limits:
    """Without the pace of edits, which would only make these tests wait."""
    return replace(PATIENT, buckets={})


async def children(database: Database, message: Message) -> tuple[Job, ...]:
    return await jobs.children(database, job_id_of(message))


async def answered(member: Member, answer_id: str, words: str) -> Message:
    """The answer that a member alone sees, with these words."""
    return await member.wait_for(
        lambda m: m.interaction_id == answer_id and m.ephemeral and words in m.content
    )


async def grid_of(member: Member, prompt: str = QUICK) -> Message:
    return await finished(member, await member.slash("darkroom", "imagine", prompt=prompt))


async def test_sixty_presses_make_one_job_one_file_and_words(
    deployment: Deployment,
    bot: DarkroomBot,
    ada: Member,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limit, "ACTIONS_PER_S", 0.001)
    grid = await grid_of(ada)
    files = len(list(deployment.settings.picture_folder.rglob("*.png")))
    answers = await asyncio.gather(*(ada.press(grid, "U1") for _ in range(60)))
    (made,) = await children(database, grid)
    assert (made.kind, made.parent_index) == (JobKind.UPSCALE, 0)
    # Each press is answered: by the job, by where it is, or by when to press again.
    said = []
    for answer in answers:
        shown = await ada.wait_for(
            lambda m, id=answer.interaction_id: m.interaction_id == id and not m.thinking
        )
        said.append(card(shown) if shown.embeds else shown.content)
    told_where = [words for words in said if "already" in words]
    told_when = [words for words in said if "Too fast" in words]
    # One of the burst was the prompt, and one made the job.
    assert len(told_where) == rate_limit.BURST_ACTIONS - 2
    assert len(told_when) == 60 - len(told_where) - 1
    assert all("Try again in" in words for words in told_when)
    await ada.wait_for(lambda m: f"job:{made.id}:like" in {b.custom_id for b in m.buttons})
    assert len(list(deployment.settings.picture_folder.rglob("*.png"))) == files + 1


async def test_what_was_shown_is_linked_for_all_who_are_there(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    grid = await grid_of(ada)
    alone = await finished(ada, (await ada.press(grid, "U2")).message)
    for member in (ada, ben):
        answer = await member.press(grid, "U2")
        linked = await answered(member, answer.interaction_id, "already here")
        assert linked.content.endswith(f"/{alone.channel_id}/{alone.id}")
    assert len(await children(database, grid)) == 1
    # Another picture of the grid is another matter.
    await finished(ada, (await ada.press(grid, "U1")).message)
    assert len(await children(database, grid)) == 2


async def test_where_the_bot_is_brought_along_it_is_linked_too(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    await ada.install_app()
    grid = await finished(ada, await ada.slash("elsewhere", "imagine", prompt=QUICK))
    alone = await finished(ben, (await ben.press(grid, "U1")).message)
    answer = await ada.press(grid, "U1")
    assert alone.id in (await answered(ada, answer.interaction_id, "already here")).content
    assert len(await children(database, grid)) == 1


async def test_after_its_message_was_deleted_it_is_made_again_once(
    bot: DarkroomBot, playground: Playground, ada: Member, ben: Member, database: Database
) -> None:
    grid = await grid_of(ada)
    alone = await finished(ada, (await ada.press(grid, "U1")).message)
    await playground.faults.delete(alone)
    await asyncio.gather(*(member.press(grid, "U1") for member in (ada, ben, ada, ben)))
    _, again = await children(database, grid)
    await ada.wait_for(lambda m: f"job:{again.id}:like" in {b.custom_id for b in m.buttons})
    answer = await ada.press(grid, "U1")
    await answered(ada, answer.interaction_id, "already here")
    assert len(await children(database, grid)) == 2


async def test_what_only_its_member_sees_is_shown_once_more_without_a_job(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await grid_of(ada, f"{QUICK} --stealth")
    alone = await finished(ada, (await ada.press(grid, "U1")).message)
    answer = await ada.press(grid, "U1")
    again = await ada.wait_for(
        lambda m: m.interaction_id == answer.interaction_id and bool(m.attachments)
    )
    assert again.ephemeral
    assert job_id_of(again) == job_id_of(alone)
    assert len(await children(database, grid)) == 1


async def test_what_has_no_chance_in_it_is_upscaled_once_and_varied_as_often_as_one_likes(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    shown = await single(ada, QUICK)
    large = await finished(ada, (await ada.press(shown, "Upscale (Subtle)")).message)
    answer = await ada.press(shown, "Upscale (Subtle)")
    linked = await answered(ada, answer.interaction_id, "already here")
    assert large.id in linked.content
    for _ in range(2):
        await finished(ada, (await ada.press(shown, "Vary (Subtle)")).message)
    await ada.wait_for(lambda m: m.id == shown.id and m.button("Vary (Subtle)").style == SUCCESS)
    kinds = [child.kind for child in await children(database, shown)]
    assert sorted(kinds) == [JobKind.ENLARGE, JobKind.VARY, JobKind.VARY]


@pytest.mark.parametrize("act", ["slash", "menu", "modal", "react"])
async def test_everything_that_costs_something_is_counted(
    bot: DarkroomBot,
    ada: Member,
    ben: Member,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
) -> None:
    grid = await grid_of(ada)
    modal = None
    if act == "modal":
        await ben.slash("darkroom", "prefer remix")
        modal = (await ben.press(grid, "V1")).modal
    monkeypatch.setattr(rate_limit, "ACTIONS_PER_S", 0.001)
    for _ in range(rate_limit.BURST_ACTIONS):
        await ben.slash("darkroom", "info")
    if act == "react":
        await ben.react(grid, "✉️")
        # By the time that this has come, the letter would have.
        await ada.react(grid, "✉️")
        await ada.wait_for(lambda m: m.channel_id != grid.channel_id and bool(m.attachments))
        assert not [m for m in await ben.messages("dm") if m.attachments]
        return
    if act == "slash":
        refused = await ben.slash("darkroom", "imagine", prompt=QUICK)
    elif act == "menu":
        refused = (await ben.menu(grid, "Send to me")).message
    else:
        assert modal is not None
        refused = (await ben.submit(modal)).message
    assert "Too fast" in card(refused)


async def test_a_member_who_is_shown_much_holds_nobody_up(
    bot: DarkroomBot, ada: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, his = job_id_of(await grid_of(ada)), job_id_of(await grid_of(ben))
    compose, begun = end_files.compose_grid, 0
    first, go_on = threading.Event(), threading.Event()

    def compose_slowly(pictures: list[bytes], *, recipe: bool) -> bytes:
        nonlocal begun
        begun += 1
        if begun == 1:
            first.set()
            go_on.wait()
        return compose(pictures, recipe=recipe)

    monkeypatch.setattr(end_files, "compose_grid", compose_slowly)
    most = MAX_SHOWINGS_PER_MEMBER
    asked = [asyncio.create_task(ada.slash("darkroom", "show", id=hers)) for _ in range(most + 2)]
    try:
        # The two that are refused are answered while the others wait for the first.
        done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 2:
            more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        assert ["Too many pictures" in card(one.result()) for one in done] == [True, True]
        await asyncio.to_thread(first.wait, 60)
        assert begun == 1
        await ben.slash("darkroom", "show", id=his)
        assert begun == 2
    finally:
        go_on.set()
    await asyncio.gather(*asked)
    assert begun == most + 1


async def test_suggestions_while_typing_are_counted_too(
    bot: DarkroomBot, ada: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "ACTIONS_PER_S", 0.001)
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", 3)
    typed = [await ada.autocomplete("darkroom", "help", "parameter", "ar") for _ in range(20)]
    suggested = [len(names) for names in typed]
    assert suggested == [1] * sum(suggested) + [0] * (20 - sum(suggested))
    assert 0 < sum(suggested) <= 3 / rate_limit.AUTOCOMPLETE_COST
    assert await ben.autocomplete("darkroom", "help", "parameter", "ar")
