"""`/server block`, `unblock` and `blocked` through the real client."""

from typing import Any

import pytest

from bot.client import DarkroomBot
from playground.state.people import Permission
from playground.testing.member import Member, Refused, Upload
from storage import jobs
from storage.database import Database
from storage.models import JobState
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    LONG,
    caught_at_work,
    finished,
    job_of,
    letter,
    question,
    single,
    told,
    whoever,
)
from tests.support.pictures import picture

PROMPT = "a cat --steps 1 --n 1"
BLOCKED = "A moderator has blocked you from using this bot on this server"


async def test_whatever_a_blocked_member_uses_answers_with_the_reason_also_after_a_restart(
    deployment: Deployment, ada: Member, ben: Member, owner: Member
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        old = await single(ada, PROMPT)
        await ada.react(old, "✉️")
        copy = await letter(ada, old)
        asked = await question(ada, "a {cat, dog} --steps 1 --n 1")
        options = {"member": "Ada", "for": "2h", "reason": "*spam*"}
        shown = await told(owner, await owner.slash("darkroom", "server block", **options))
        assert f"<@{whoever(old)}> can no longer use the bot on this server until <t:" in shown
        assert "No job was waiting or running here." in shown
    async with deployment.open():
        await ada.wait_for_command("imagine")
        words = (
            BLOCKED + " until <t:",
            "Reason: \\*spam\\*",
            "Wait until then, or ask a moderator",
        )
        answers = [
            await ada.slash("darkroom", "imagine", prompt=PROMPT),
            await ada.slash("darkroom", "shorten", prompt="a red fox in the snow"),
            await ada.slash("darkroom", "describe", link="https://a.example/b.png"),
            (await ada.press(asked, asked.buttons[0].custom_id or "")).message,
            (await ada.press(old, "❤️")).message,
            (await ada.menu(old, "Seed and parameters")).message,
            (await ada.menu(old, "Delete")).message,
            # Of a job of this server, wherever it is shown.
            (await ada.press(copy, "❤️")).message,
        ]
        for answer in answers:
            refused = await told(ada, answer)
            assert all(one in refused for one in words), refused
        await ada.react(old, "✉️")
        # Elsewhere nobody has blocked them.
        await finished(ada, await ada.slash("dm", "imagine", prompt=PROMPT))
        # Others may still use the buttons of their pictures.
        assert "favourites" in (await ben.press(old, "❤️")).message.content.lower()
        listed = await told(owner, await owner.slash("darkroom", "server blocked"))
        assert f"<@{whoever(old)}> by <@" in listed
        assert "\\*spam\\*" in listed
        await owner.slash("darkroom", "server unblock", member="Ada")
        await finished(ada, await ada.slash("darkroom", "imagine", prompt=PROMPT))
        again = await owner.slash("darkroom", "server unblock", member="Ada")
        assert "This member is not blocked on this server." in await told(owner, again)
        empty = await told(owner, await owner.slash("darkroom", "server blocked"))
        assert "Nobody is blocked on this server." in empty


async def test_jobs_of_this_server_are_cancelled_waiting_and_running(
    bot: DarkroomBot, ada: Member, owner: Member, database: Database
) -> None:
    running = await ada.slash("darkroom", "imagine", prompt=LONG)
    running = await caught_at_work(ada, running)
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    elsewhere = await ada.slash("dm", "imagine", prompt=PROMPT)
    answer = await owner.slash("darkroom", "server block", member="Ada")
    assert "2 jobs were cancelled." in await told(owner, answer)
    for message in (running, waiting):
        assert (await finished(ada, message)).content.endswith("(Stopped)")
        assert (await job_of(database, message)).state is JobState.CANCELLED
    await finished(ada, elsewhere)
    assert (await job_of(database, elsewhere)).state is JobState.DONE


async def test_who_is_blocked_while_their_picture_is_prepared_gets_nothing(
    bot: DarkroomBot,
    ada: Member,
    owner: Member,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fetching pictures takes its time, in which a moderator may block."""
    builder = bot.services.generation._job_builder
    prepare = builder.with_pictures

    async def blocked_meanwhile(*given: Any) -> Any:
        await told(owner, await owner.slash("darkroom", "server block", member="Ada"))
        return await prepare(*given)

    monkeypatch.setattr(builder, "with_pictures", blocked_meanwhile)
    fox = Upload("fox.png", picture("orange"))
    answer = await ada.slash("darkroom", "imagine", prompt=PROMPT, image=fox)
    assert BLOCKED in await told(ada, answer)
    assert await jobs.open_jobs(database, whoever(answer)) == ()


async def test_who_cannot_be_blocked_and_what_is_no_duration(
    bot: DarkroomBot, ada: Member, ben: Member, owner: Member
) -> None:
    async def block(**options: str) -> str:
        return await told(owner, await owner.slash("darkroom", "server block", **options))

    assert "You cannot block yourself." in await block(member="you")
    assert "A bot cannot be blocked." in await block(member="Darkroom")
    await ben.give_role("Manager", Permission.MANAGE_GUILD)
    assert "Whoever may manage the server cannot be blocked." in await block(member="Ben")
    answer = await owner.slash(
        "darkroom", "server block", **{"member": "Ada", "for": "soon", "reason": "a long reason"}
    )
    assert "“soon” is not a length of time" in await told(owner, answer)
    kept = await owner.wait_for(lambda m: m.interaction_id == answer.interaction_id)
    assert "a long reason" in kept.content
    with pytest.raises(Refused):
        await ada.slash("darkroom", "server block", member="Ben")
