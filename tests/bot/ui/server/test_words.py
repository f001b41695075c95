"""Rules about words over the real client: refused before anything is queued, wherever typed."""

import discord
import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.delivery.messenger import Messenger
from bot.errors import ForbiddenWords
from bot.policy.actors import Location, Requester
from bot.policy.words import WordAction
from bot.services.moderation.events import ModerationLog
from bot.services.moderation.words import WordFilter
from playground.testing.member import Member, Refused, Upload
from playground.testing.views import Message
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.rules import words
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    QUICK_PROMPT,
    answered,
    card,
    chosen,
    finished,
    job_of,
    question,
    single,
    told,
    whoever,
)
from tests.support.queries import recorded_statements

REFUSED = "Words that are not allowed here"


async def ruled(owner: Member, rule: str, **more: str) -> str:
    return await told(owner, await owner.slash("darkroom", "server words add", rule=rule, **more))


async def refusal(member: Member, answer: Message) -> Message:
    return await member.wait_for(
        lambda m: m.ephemeral and bool(m.embeds) and m.interaction_id == answer.interaction_id
    )


def unconnected(database: Database) -> WordFilter:
    """The service of a bot that is not connected."""
    messenger = Messenger(discord.Client(intents=discord.Intents.none()))
    return WordFilter(database, ModerationLog(database, messenger))


async def imagined(member: Member, prompt: str, channel: str = "darkroom") -> Message:
    return await member.slash(channel, "imagine", prompt=prompt)


async def test_a_refused_prompt_is_given_back_and_queues_nothing(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    assert "On the whole server, `blood` now means: refuse" in await ruled(owner, "blood")
    refused = await refusal(ada, await imagined(ada, "a fox in bl00d --ar 3:2"))
    assert card(refused) == (
        "Words that are not allowed here\n"
        "The rules of this server don't allow this in prompts: `bl00d`.\n"
        "Change or remove them. After `--no` they are allowed. If you think that this is a "
        "mistake, ask the people who manage this server."
    )
    assert refused.content == "```\na fox in bl00d --ar 3:2\n```"
    modal = (await ada.press(refused, "Edit prompt")).modal
    assert modal is not None
    again = (await ada.submit(modal)).message
    assert REFUSED in await told(ada, again)
    assert not await jobs.open_jobs(database, whoever(again))
    modal = (await ada.press(refused, "Edit prompt")).modal
    assert modal is not None
    allowed = (await ada.submit(modal, {"prompt": f"{QUICK_PROMPT} --no blood"})).message
    await finished(ada, allowed)


async def test_the_refusal_is_in_the_members_language(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    await ruled(owner, "blut*")
    await ruled(owner, "gift")
    ada.locale = "de"
    refused = await refusal(ada, await imagined(ada, "ein Fuchs mit Blutfleck und Gift"))
    assert card(refused) == (
        "Wörter, die hier nicht erlaubt sind\n"
        "Die Regeln dieses Servers erlauben diese Wörter in Prompts nicht: `Blutfleck`, `Gift`.\n"
        "Ändere oder entferne sie. Hinter `--no` sind sie erlaubt. Wenn du das für einen Irrtum "
        "hältst, frag die Leute, die diesen Server verwalten."
    )


async def test_only_members_who_manage_the_server_make_rules(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    names = await ada.command_names("darkroom")
    assert not [name for name in names if name.startswith("server words")]


async def test_rules_hold_after_a_restart_and_on_old_buttons_until_they_are_removed(
    deployment: Deployment, owner: Member, ada: Member, database: Database
) -> None:
    """Rules that are newer than a picture, a draft or a dialog hold for it all the same."""
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        await bot.wait_until_ready()
        await ada.slash("darkroom", "prefer remix")
        grid = await finished(ada, await imagined(ada, QUICK_PROMPT))
        asked = await question(ada, "a {red, blue} fox --steps 2 --n 1")
        modal = (await ada.press(grid, "V1")).modal
        assert modal is not None
        await ruled(owner, "fox")
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        await bot.wait_until_ready()
        # An old button that only shows a stored picture, and one that draws.
        assert REFUSED in await told(ada, (await ada.press(grid, "U1")).message)
        # The dialog that was open: its text as it was, and a new one.
        assert REFUSED in await told(ada, (await ada.submit(modal)).message)
        # The question that was asked before there was the rule.
        confirmed = await refusal(ada, (await ada.press(asked, "Yes, start them")).message)
        assert "`fox`" in card(confirmed)
        assert "a {red, blue} fox" in confirmed.content
        assert not await jobs.open_jobs(database, whoever(grid))
        modal = (await ada.press(grid, "V1")).modal
        assert modal is not None
        changed = (await ada.submit(modal, {"prompt": "a cat --steps 2 --n 2"})).message
        await finished(ada, changed)
        await owner.slash("darkroom", "server words remove", rule="fox")
        await ada.press(asked, "Yes, start them")
        await answered(ada, asked, "2 jobs started")


async def test_everything_that_a_member_types_is_held_against_the_rules(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    await ruled(owner, "blood")
    # What is saved is refused at once.
    for name, typed in (
        ("prefer option set", {"option": "mine", "value": "in blood --s 50"}),
        ("prefer option set", {"option": "blood", "value": "red"}),
        ("prefer suffix", {"value": "--style blood"}),
        ("shorten", {"prompt": "a fox in blood and snow"}),
    ):
        refused = await refusal(ada, await ada.slash("darkroom", name, **typed))
        assert REFUSED in card(refused), name
        assert "blood" in refused.content
    assert (await chosen(database, refused)).suffix == ""
    # What was saved before there was a rule, is pasted, or stands in one of several prompts.
    await ada.slash("darkroom", "prefer option set", option="mine", value="in snow")
    await ruled(owner, "snow")
    for prompt in (
        "a fox --mine",
        "a {red, snow} fox",
        "a fox, snow Steps: 2, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64",
        "a fox:: snow::2",
    ):
        assert REFUSED in await told(ada, await imagined(ada, prompt)), prompt
    for prompt in ("a fox:: snow::-.5 --steps 2 --n 1", "a fox --no snow, blood --steps 2 --n 1"):
        await finished(ada, await imagined(ada, prompt))


async def test_parts_to_redraw_are_described_by_the_rules(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    picture = await single(ada)
    await ruled(owner, "blood")
    numbered = (await ada.press(picture, "Vary (Region)")).message
    modal = (await ada.choose(numbered, "4")).modal
    assert modal is not None
    refused = await refusal(ada, (await ada.submit(modal, {"prompt": "a fox in blood"})).message)
    assert REFUSED in card(refused)
    assert "a fox in blood" in refused.content


async def test_rules_of_a_channel_hold_there_alone(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    said = await ruled(owner, "fox", place="gallery")
    assert "In <#" in said
    await finished(ada, await imagined(ada, QUICK_PROMPT))
    assert REFUSED in await told(ada, await imagined(ada, QUICK_PROMPT, "gallery"))
    everywhere = await told(owner, await owner.slash("darkroom", "server words list"))
    assert "There are no rules for the whole server" in everywhere
    assert "There are also rules for <#" in everywhere
    answer = await owner.slash("darkroom", "server words list", place="gallery")
    listed = await refusal(owner, answer)
    assert "`fox` → refuse" in card(listed)
    assert await owner.download(listed.attachments[0]) == b"fox | refuse\n"


async def test_a_spoiler_hides_the_picture_and_what_is_made_from_it(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    """Previews too."""
    await ruled(owner, "fox", action="spoiler")
    waiting = await imagined(ada, "a fox --steps 4 --n 2")
    grid = await finished(ada, waiting)
    names = {file.filename for version in ada.versions(grid) for file in version.attachments}
    assert names
    assert all(name.startswith("SPOILER_") for name in names)
    job = await job_of(database, grid)
    assert (job.verdict, job.verdict_reason) == (1, "Words in the prompt: “fox”")
    await owner.slash("darkroom", "server words remove", rule="fox")
    answer = (await ada.press(grid, "U1")).message
    upscaled = await ada.wait_for(lambda m: m.id == answer.id and m.button("❤️"))
    assert upscaled.attachments[0].filename.startswith("SPOILER_")
    plain = await finished(ada, await imagined(ada, QUICK_PROMPT))
    assert not plain.attachments[0].filename.startswith("SPOILER_")


async def test_what_is_only_noted_is_drawn_as_ever(
    bot: DarkroomBot,
    owner: Member,
    ada: Member,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await ruled(owner, "fox", action="log")
    with caplog.at_level("INFO", logger="bot.services.moderation.events"):
        grid = await finished(ada, await imagined(ada, QUICK_PROMPT))
    assert (await job_of(database, grid)).verdict == 0
    (line,) = [one.message for one in caplog.records if "words.log" in one.message]
    assert str(whoever(grid)) in line
    assert "a fox" not in line


async def test_a_list_is_imported_as_far_as_it_is_understood(
    bot: DarkroomBot, owner: Member, database: Database
) -> None:
    text = "# ours\n\nblood\ngore | spoiler\n/gu+n/ | LOG\na*b\nthis | that\n/(/\n"
    answer = await owner.slash(
        "darkroom",
        "server words import",
        file=Upload("words.txt", text.encode()),
        action="review",
    )
    report = await told(owner, answer)
    assert "4 rules saved" in report
    assert "2 lines were not understood" in report
    assert "Line 6: `a*b` The rule `a*b` has a `*` in its middle" in report
    assert "Line 8: `/(/`" in report
    listed = await refusal(owner, await owner.slash("darkroom", "server words list"))
    exported = await owner.download(listed.attachments[0])
    assert exported.decode().splitlines() == [
        "/gu+n/ | log",
        "blood | review",
        "gore | spoiler",
        "this | that | review",
    ]
    server_id = int(listed.raw.get("guild_id") or bot.guilds[0].id)
    before = await words.rules_of(database, server_id)
    again = Upload("words.txt", exported)
    await told(owner, await owner.slash("darkroom", "server words import", file=again))
    assert await words.rules_of(database, server_id) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * 300_000, "larger than 256 KiB"),
        (b"\x89PNG\xff\xfe\x00", "not plain text"),
        ("\n".join(f"word{n}" for n in range(1001)).encode(), "can have 1,000 rules"),
        ("\n".join(f"/word{n}/" for n in range(201)).encode(), "200 rules that are regular"),
    ],
)
async def test_what_is_no_list_stores_nothing(
    bot: DarkroomBot, owner: Member, database: Database, content: bytes, said: str
) -> None:
    file = Upload("words.txt", content)
    assert said in await told(
        owner, await owner.slash("darkroom", "server words import", file=file)
    )
    assert await words.rules_of(database, bot.guilds[0].id) == ()


async def test_a_prompt_can_be_tried_without_drawing_it(
    bot: DarkroomBot, owner: Member, database: Database
) -> None:
    await ruled(owner, "blood", action="spoiler")
    await ruled(owner, "/gu+n/")
    await ruled(owner, "snow", place="gallery")
    answer = await owner.slash("darkroom", "server words test", prompt="b l o o d, snow, a guuun")
    report = await told(owner, answer)
    assert "A job with this prompt, in this channel: refuse" in report
    assert "`guuun` ← `/gu+n/` → refuse" in report
    assert "`b l o o d` ← `blood` → show as a spoiler" in report
    assert "snow" not in report
    answer = await owner.slash("darkroom", "server words test", prompt="a fox --no blood")
    assert "No rule of this channel finds anything" in await told(owner, answer)
    assert not await jobs.open_jobs(database, whoever(answer))


async def test_a_rule_that_cannot_be_used_is_given_back(bot: DarkroomBot, owner: Member) -> None:
    refused = await refusal(
        owner, await owner.slash("darkroom", "server words add", rule=r"/(a)\1/")
    )
    assert "no back references" in card(refused)
    assert r"/(a)\1/" in refused.content
    answer = await owner.slash("darkroom", "server words remove", rule="nothing")
    assert "There is no rule `nothing` there" in await told(owner, answer)
    await ruled(owner, "blood")
    await ruled(owner, "blossom", place="gallery")
    found = await owner.autocomplete("darkroom", "server words remove", "rule", "blo")
    assert [option.value for option in found] == ["blood"]


async def test_a_prompt_that_waited_for_its_model_is_held_against_newer_rules(
    deployment: Deployment, settings: Settings, owner: Member, ada: Member, database: Database
) -> None:
    away = settings.model_copy(update={"inference_url": "http://127.0.0.1:9"})
    async with Deployment(away, database).open():
        await ada.wait_for_command("imagine")
        waiting = await imagined(ada, "a fox --steps 2 --n 1")
        other = await imagined(ada, "a cat --steps 2 --n 1")
        await ruled(owner, "fox")
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        failed = await finished(ada, waiting)
        assert "don't allow this in prompts" in card(failed)
        assert "fox" in card(failed)
        assert not failed.attachments
        await finished(ada, other)


async def test_suggestions_that_are_refused_are_left_out(database: Database) -> None:
    filtering, here = unconnected(database), Location(5, 6, 7)
    await filtering.add(5, 5, "blood", WordAction.REFUSE)
    await filtering.add(5, 6, "snow", WordAction.SPOILER)
    suggested = ["a fox", "a fox in blood", "a fox in snow"]
    assert await filtering.allowed(here, suggested) == ("a fox", "a fox in snow")
    with pytest.raises(ForbiddenWords, match="blood"):
        await filtering.allowed(here, ["blood and snow"])
    assert await filtering.allowed(Location(None, 6, 7), suggested) == tuple(suggested)


async def test_a_change_by_another_bot_holds_at_once(database: Database) -> None:
    one, other, here = unconnected(database), unconnected(database), Location(8, 6, 7, (9,))
    await one.add(8, 9, "blood", WordAction.REFUSE)
    for filtering in (one, other):
        with pytest.raises(ForbiddenWords):
            await filtering.check(here, "blood")
    await one.add(8, 9, "blood", WordAction.LOG)
    await other.check(here, "blood")
    await other.remove(8, 9, "blood")
    await one.add(8, 8, "snow", WordAction.REFUSE)
    with pytest.raises(ForbiddenWords):
        await other.check(here, "blood, snow")


async def test_a_server_without_rules_costs_one_small_query(database: Database) -> None:
    filtering, here = unconnected(database), Location(12, 6, 7)
    with recorded_statements() as queries:
        await filtering.check(here, "a fox", "a cat")
    assert len([one for one in queries if one.startswith("SELECT")]) == 1
    await filtering.add(12, 12, "blood", WordAction.REFUSE)
    await filtering.check(here, "a fox")
    with recorded_statements() as queries:
        await filtering.check(here, "a fox", "a cat")
    assert len([one for one in queries if one.startswith("SELECT")]) == 1


async def test_that_a_channel_is_for_adults_reaches_what_decides(
    bot: DarkroomBot, owner: Member, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    check = bot.services.generation._authorization.check_requester

    async def noted(requester: Requester, job: Job | None = None) -> None:
        seen.append(requester.age_restricted)
        await check(requester, job)

    monkeypatch.setattr(bot.services.generation._authorization, "check_requester", noted)
    with pytest.raises(Refused):
        await ada.restrict_age("gallery")
    for restricted in (False, True, False):
        await owner.restrict_age("gallery", restricted)
        await imagined(ada, "a fox --steps 1 --n 1", "gallery")
    assert seen == [False, True, False]
