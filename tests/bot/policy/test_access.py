"""What is somebody else's: every custom_id that there is, tried by a stranger over real sockets."""

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest
from sqlalchemy import select

from bot.client import PRESSED, DarkroomBot
from bot.errors import (
    JobNotFound,
    NotInItsServer,
    NotYourButtons,
    NotYourJob,
    NotYoursToDelete,
    UserError,
)
from bot.messages.job_actions import JobAction
from bot.policy import rate_limit
from bot.policy.access import Action, Actor, check_job, jobs_in
from bot.ui.dynamic_items import view_of
from playground.state.limits import Limits
from playground.testing.member import Member, NoAnswer
from playground.testing.views import Message
from storage import drafts, jobs, servers
from storage.database import Database
from storage.jobs import Job
from storage.models import FavouriteRow, JobState
from storage.servers import ServerSettings
from tests.support.bot.deployment import PATIENT
from tests.support.bot.job_messages import (
    LONG,
    card,
    finished,
    job_id_of,
    letter,
    question,
    told,
    whoever,
)
from tests.support.stored_jobs import new_job, queue

SECRET = "a secret fox --steps 1 --n 2"
NOBODYS = "0" * 32
SILENCE = "nothing was answered"


@pytest.fixture
def limits() -> Limits:
    """The forgeries that the client library drops are answered by nobody, so the wait is short."""
    return replace(PATIENT, buckets={}, interaction_deadline=6)


@pytest.fixture(autouse=True)
def _as_often_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", 10_000)


def of_job(job_id: str) -> list[str]:
    """Every custom_id that says something of a job."""
    actions = [f"job:{job_id}:{action}" for action in JobAction if action != "cells"]
    numbered = [f"job:{job_id}:{action}:1" for action in ("upscale", "vary")]
    again = [f"edit:job:{job_id}:{more}" for more in ("vary:1", "zoom_custom", "region:3-1ff")]
    return [*actions, *numbered, f"job:{job_id}:zoom:20", f"job:{job_id}:raster:4", *again]


def of_moderators(job_id: str) -> list[str]:
    """The decisions of moderators, who alone are told more than that; see tests/bot/ui."""
    return [f"everywhere:{job_id}", f"review:{job_id}:approve", f"review:{job_id}:delete"]


def cells_of(job_id: str) -> list[str]:
    return [f"job:{job_id}:cells:{raster}" for raster in (3, 4)]


def of_draft(draft_id: str) -> list[str]:
    return [f"draft:{draft_id}:yes", f"draft:{draft_id}:no"]


BUTTONS_OF_NOBODY = (
    *(f"help:{topic}" for topic in ("start", "commands", "parameters", "models")),
    "history:0:",
    "history:0:secret",
    "history-of:grids:0:secret",
    "models:0:",
    "models:1:flux",
    "me:models:1",
    "me:raw",
    "me:stealth",
    "me:stealth:stealth",
    "me:mode:relax",
    "me:reset",
    "me:reset:yes",
    "server-reset:yes",
    "doctor:again",
    "setup:1:open",
    "setup:1:again",
    "setup:1:draw",
    "setup:1:quota:public",
    "defaults:server:1:reset",
    "defaults:channel:1:reset:yes",
    "privacy:delete:no",
    "privacy:delete:yes",
    "propose:draw:1",
    "propose:all",
    "propose:example:1",
    "propose:look:1",
    "edit:command:imagine",
    "appeal:command:imagine",
    "server-log:0::",
    "server-log:1:5:words",
    "edit:command:prefer option set",
)
"""Those that carry no id: what they are about is the presser's own, or stands in the message."""

MENUS_OF_NOBODY = (
    "again",
    "history-kind:",
    "me:model",
    "me:temperament",
    "me:stylize",
    "setup:1:language",
    "setup:1:channels",
    "setup:1:filter",
    "setup:1:review",
    "defaults-of",
    "defaults:role:1:file_format",
)


def test_no_template_is_left_out() -> None:
    """Whoever adds something to press has to say here how a stranger would try it."""
    tried = [
        *of_job(NOBODYS),
        *of_moderators(NOBODYS),
        *cells_of(NOBODYS),
        *of_draft(NOBODYS),
        *BUTTONS_OF_NOBODY,
        *MENUS_OF_NOBODY,
    ]
    for pressed in PRESSED:
        template = pressed.__discord_ui_compiled_template__
        assert any(template.fullmatch(custom_id) for custom_id in tried), pressed


class Secrets:
    """What is Ada's, and what became of it."""

    def __init__(self, database: Database, stealth: str, direct: str, open: str, draft: str):
        self.database = database
        self.jobs = (stealth, direct, open)
        self.stealth, self.direct, self.open, self.draft = stealth, direct, open, draft

    async def look(self) -> list[Any]:
        """All that a stranger could have changed."""
        seen: list[Any] = []
        for job_id in self.jobs:
            job = await jobs.get(self.database, job_id)
            assert job is not None
            children = await jobs.children(self.database, job_id)
            seen.append((job.state, [child.id for child in children]))
        async with self.database.reading() as session:
            hearts = (await session.scalars(select(FavouriteRow.picture_id))).all()
        return [*seen, hearts, await drafts.get(self.database, self.draft)]


@pytest.fixture
async def secrets(bot: DarkroomBot, ada: Member, database: Database) -> Secrets:
    """A finished job in stealth, one in a direct message, one in stealth that waits, a draft."""
    stealth = await finished(
        ada, await ada.slash("darkroom", "imagine", prompt=f"{SECRET} --stealth")
    )
    direct = await finished(ada, await ada.slash("dm", "imagine", prompt=SECRET))
    asked = await question(ada, "a secret {cat, dog} --steps 1 --n 1")
    custom_id = asked.buttons[0].custom_id
    assert custom_id is not None
    (waiting,) = await jobs.add(
        database, [new_job(whoever(asked), stealth=True, prompt=SECRET)], limit=None
    )
    return Secrets(
        database, job_id_of(stealth), job_id_of(direct), waiting.id, custom_id.split(":")[1]
    )


@pytest.fixture
async def public(secrets: Secrets, owner: Member) -> Message:
    """A message of ours that everybody sees, under which to forge."""
    return await finished(
        owner, await owner.slash("darkroom", "imagine", prompt="a cat --steps 1 --n 1")
    )


async def answer_to(member: Member, forged: Any) -> str:
    """What a forgery is answered with: a card that its member alone sees, or silence."""
    try:
        answer = await forged
    except NoAnswer:
        return SILENCE
    assert answer.kind != "modal", "a modal shows the prompt"
    shown = await member.wait_for(
        lambda m: m.ephemeral and bool(m.embeds) and m.interaction_id == answer.interaction_id
    )
    return card(shown)


def without_secrets(messages: list[Message]) -> None:
    for message in messages:
        assert "secret" not in f"{message.content} {message.embeds}"


async def test_forged_buttons_and_menus_do_nothing(
    secrets: Secrets, public: Message, ben: Member
) -> None:
    """Of another's stealth job, of one in a conversation, of a draft: the message has no such
    button, so nobody is asked."""
    before = await secrets.look()
    buttons = [custom_id for job_id in secrets.jobs for custom_id in of_job(job_id)]
    buttons += [*of_draft(secrets.draft), *BUTTONS_OF_NOBODY]
    menus = [custom_id for job_id in secrets.jobs for custom_id in cells_of(job_id)]
    menus += MENUS_OF_NOBODY
    sent = [answer_to(ben, ben.forge(public, custom_id)) for custom_id in buttons]
    sent += [
        answer_to(ben, ben.forge(public, custom_id, values=[secrets.direct])) for custom_id in menus
    ]
    assert set(await asyncio.gather(*sent)) == {SILENCE}
    assert await secrets.look() == before
    shown = ben.latest(await ben.wait_for(lambda m: m.id == public.id))
    assert [b.custom_id for b in shown.buttons] == [b.custom_id for b in public.buttons]
    without_secrets(await ben.messages("darkroom"))


async def test_forged_modals_hand_nothing_out(
    secrets: Secrets, public: Message, ben: Member
) -> None:
    """Nothing tells whether a modal was ever opened, so each job is looked at."""
    before = await secrets.look()
    fields = {"prompt": "a cat --steps 1", "factor": "1.5"}
    regions = ("region:3-1ff", "region:4-1", "region:99999-1", "upscale_subtle:1", "zoom:9999")
    custom_ids = [
        custom_id
        for job_id in (*secrets.jobs, NOBODYS)
        for custom_id in (*of_job(job_id), *(f"job:{job_id}:{more}" for more in regions))
    ]
    # All at once: silence is heard when Discord's time for an answer is over.
    sent = [answer_to(ben, ben.forge(public, custom_id, fields=fields)) for custom_id in custom_ids]
    heard = dict(zip(custom_ids, await asyncio.gather(*sent), strict=True))
    for custom_id, answer in heard.items():
        # A job that is not there at all is refused in the same words.
        assert answer == SILENCE or "Job not found" in answer, custom_id
    remixes = [action for action in JobAction if action.can_remix]
    for job_id in (*secrets.jobs, NOBODYS):
        opened = [f"job:{job_id}:{a}" for a in (*remixes, "zoom_custom", "region:3-1ff")]
        assert all("Job not found" in heard[custom_id] for custom_id in opened)
    assert await secrets.look() == before
    without_secrets(await ben.messages("darkroom"))


async def test_a_refusal_lends_no_right_to_the_job_of_a_forged_modal(
    secrets: Secrets, public: Message, ben: Member
) -> None:
    """Its button to edit what was typed would make the refusal a message that shows the job."""
    for action, fields in (
        ("vary:1", {"prompt": "a cat --steps 1"}),
        ("zoom_custom", {"prompt": "a cat", "factor": "1.5"}),
        # What is wrong with these is found before the job is looked at.
        ("zoom_custom", {"prompt": "a cat", "factor": "wide"}),
        ("zoom_custom", {"factor": "wide"}),
    ):
        answer = await ben.forge(public, f"job:{secrets.direct}:{action}", fields=fields)
        refused = await ben.wait_for(
            lambda m, of=answer.interaction_id: m.ephemeral and m.interaction_id == of
        )
        assert not refused.buttons, action
        text = f"{refused.content} {refused.embeds}"
        assert all(typed in text for typed in fields.values())


async def planted(bot: DarkroomBot, place: Message, custom_ids: list[str], member: Member) -> Any:
    """A message of ours with these buttons and menus, wherever they came from."""
    channel = bot.get_partial_messageable(int(place.channel_id))
    items: list[discord.ui.Item[Any]] = []
    for custom_id in custom_ids:
        if ":cells:" in custom_id:
            lines = [discord.SelectOption(label="1", value="0")]
            items.append(discord.ui.Select(custom_id=custom_id, options=lines))
        else:
            items.append(discord.ui.Button(custom_id=custom_id, label="."))
    sent = await channel.send("here", view=view_of(*items))
    return await member.wait_for(lambda m: m.id == str(sent.id))


@pytest.mark.parametrize("remix", [False, True])
async def test_even_a_message_that_has_the_button_hands_out_nothing_of_stealth_or_drafts(
    bot: DarkroomBot, secrets: Secrets, public: Message, ben: Member, remix: bool
) -> None:
    if remix:
        await ben.slash("darkroom", "prefer remix")
    before = await secrets.look()
    for job_id in (secrets.stealth, secrets.open):
        custom_ids = of_job(job_id)
        for some in (custom_ids[:20], custom_ids[20:], cells_of(job_id)):
            message = await planted(bot, public, some, ben)
            for custom_id in some:
                act = (
                    ben.choose(message, "0", select=custom_id)
                    if ":cells:" in custom_id
                    else ben.press(message, custom_id)
                )
                assert "Job not found" in await answer_to(ben, act), custom_id
        message = await planted(bot, public, of_moderators(job_id), ben)
        for custom_id in of_moderators(job_id):
            refused = await answer_to(ben, ben.press(message, custom_id))
            assert "For moderators only" in refused, custom_id
    message = await planted(bot, public, of_draft(secrets.draft), ben)
    for custom_id in of_draft(secrets.draft):
        assert "Nothing to confirm" in await answer_to(ben, ben.press(message, custom_id))
    assert await secrets.look() == before
    message = await planted(bot, public, [f"job:{secrets.stealth}:like"], ben)
    for command in ("Seed and parameters", "Send to me", "Cancel job", "Delete"):
        assert "Job not found" in await told(ben, (await ben.menu(message, command)).message)
    without_secrets(await ben.messages("darkroom"))


async def test_a_copy_obeys_the_server_that_its_job_belongs_to(
    bot: DarkroomBot, ada: Member, ben: Member, owner: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=SECRET))
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.server_id is not None
    await ben.react(grid, "✉️")
    copy = await letter(ben, grid)
    await servers.save_settings(database, ServerSettings(job.server_id, buttons_for="owner"))
    for button in ("U1", "V1", "🔄"):
        refused = (await ben.press(copy, button)).message
        assert "only the member who started a job" in await told(ben, refused)
    forged = ben.forge(copy, f"job:{job.id}:vary:1", fields={"prompt": "a cat --steps 1"})
    assert "only the member who started a job" in await answer_to(ben, forged)
    assert not await jobs.children(database, job.id)
    # Its member may, there as here.
    await ada.react(grid, "✉️")
    own = await letter(ada, grid)
    assert (await finished(ada, (await ada.press(own, "U1")).message)).attachments


async def test_the_limit_of_a_server_holds_where_its_jobs_copies_are_pressed(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=SECRET))
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.server_id is not None
    await servers.save_settings(database, ServerSettings(job.server_id, jobs_per_member=1))
    await ada.react(grid, "✉️")
    copy = await letter(ada, grid)
    await queue(database, job.member_id, server_id=None)
    refused = (await ada.press(copy, "V1")).message
    assert "1 of 1 jobs queued or running" in await told(ada, refused)


async def test_a_star_in_a_direct_message_reaches_no_highlights(
    bot: DarkroomBot, ada: Member, ben: Member, owner: Member
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=SECRET))
    gallery = (await owner.say("gallery", "here")).channel_id
    await owner.slash("darkroom", "server settings", highlights="gallery")
    await ben.react(grid, "✉️")
    copy = await letter(ben, grid)
    await ben.react(copy, "⭐")
    # By the time that this has come, the star would have shown it.
    await ben.react(copy, "✉️")
    await ben.wait_for(
        lambda m: m.channel_id == copy.channel_id and m.id != copy.id and bool(m.attachments)
    )
    assert not [m for m in await ada.messages("gallery") if m.attachments]
    await ben.react(grid, "⭐")
    await ada.wait_for(lambda m: m.channel_id == gallery and bool(m.attachments))


async def test_who_moderates_one_channel_cancels_there_and_nowhere_else(
    bot: DarkroomBot, ada: Member, owner: Member, database: Database
) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    job_id = job_id_of(waiting)
    elsewhere = await owner.say("gallery", "here")
    message = await planted(bot, elsewhere, [f"job:{job_id}:cancel"], owner)
    answer = await answer_to(owner, owner.press(message, f"job:{job_id}:cancel"))
    assert "Only the member who started a job" in answer
    await owner.press(waiting, "Cancel")
    assert (await finished(ada, waiting)).content.endswith("(Stopped)")
    job = await jobs.get(database, job_id)
    assert job is not None
    assert job.state is JobState.CANCELLED


# The decision by itself.

OWNER, STRANGER = 1, 2
HERE, SERVER = 10, 20


@pytest.fixture
async def job(database: Database) -> Job:
    (job,) = await jobs.add(
        database, [new_job(OWNER, channel_id=HERE, server_id=SERVER)], limit=None
    )
    return job


def refusal(action: Action, who: Actor, job: Job, buttons_for: str = "everyone") -> type | None:
    settings = ServerSettings(job.server_id or 0, buttons_for=buttons_for)
    try:
        check_job(action, who, job, settings)
    except UserError as error:
        return type(error)
    return None


async def test_every_action_asks_for_owner_stealth_and_place(job: Job) -> None:
    stranger = Actor(STRANGER, SERVER, HERE)
    moderator = replace(stranger, moderates=True)
    holding_copy = Actor(STRANGER, None, 99, shown_jobs=frozenset({job.id}))
    moderating_elsewhere = replace(holding_copy, moderates=True)
    unseen = Actor(STRANGER, SERVER, 99, moderates=True)
    followed = {Action.FOLLOW_UP, Action.LIKE}
    for action in Action:
        assert refusal(action, unseen, job) is JobNotFound
        hidden = replace(job, stealth=True)
        for who in (stranger, moderator, holding_copy, unseen):
            assert refusal(action, who, hidden) is JobNotFound
            rule = refusal(action, who, job, "owner")
            assert (rule is NotYourButtons) == (action in followed and who is not unseen)
        own = Actor(OWNER, None, 99)
        assert refusal(action, own, hidden, "owner") == (
            NotInItsServer if action is Action.HIGHLIGHT else None
        )
    assert refusal(Action.CANCEL, stranger, job) is NotYourJob
    assert refusal(Action.CANCEL, moderator, job) is None
    assert refusal(Action.CANCEL, moderating_elsewhere, job) is NotYourJob
    assert refusal(Action.DELETE, stranger, job) is NotYoursToDelete
    assert refusal(Action.DELETE, moderator, job) is None
    assert refusal(Action.HIGHLIGHT, stranger, job) is None
    assert refusal(Action.HIGHLIGHT, holding_copy, job) is NotInItsServer
    assert refusal(Action.READ, holding_copy, job) is None


def test_only_what_is_written_as_ours_shows_a_job() -> None:
    shown = jobs_in([f"job:{NOBODYS}:vary:1", f"xjob:{'1' * 32}:like", "job:2:like", "again"])
    assert shown == {NOBODYS}
