"""What was typed survives a refusal: it can be copied from it, and edited with its button."""

import re
from dataclasses import replace

import pytest
from discord import AppCommandOptionType, app_commands
from sqlalchemy import delete, update

from bot.client import DarkroomBot
from bot.policy import rate_limit
from bot.ui.typed_text import TEXT_OPTIONS
from diffusion.protocol.requests import MAX_PROMPT_CHARS
from playground.state.limits import Limits
from playground.state.world import World
from playground.testing.member import Member, Upload
from playground.testing.views import Message, Modal
from storage.database import Database
from storage.models import DraftRow, JobRow
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import (
    CONFIRMED_PROMPT,
    LONG,
    QUICK_PROMPT,
    card,
    chosen,
    finished,
    job_id_of,
    job_of,
    question,
    single,
)

WRONG = "a fox --ar 0:1"


@pytest.fixture
def limits() -> Limits:
    """Without the pace of edits, which would only make these tests wait."""
    return replace(PATIENT, buckets={})


async def refusal(member: Member, answer: Message) -> Message:
    return await member.wait_for(
        lambda m: m.ephemeral and bool(m.embeds) and m.interaction_id == answer.interaction_id
    )


async def imagined(member: Member, prompt: str, **more: object) -> Message:
    return await refusal(member, await member.slash("darkroom", "imagine", prompt=prompt, **more))


async def edited(member: Member, refused: Message, label: str = "Edit prompt") -> Modal:
    modal = (await member.press(refused, label)).modal
    assert modal is not None
    return modal


def blocks(message: Message) -> list[str]:
    return re.findall("```\n(.*)\n```", message.content)


def values(modal: Modal) -> dict[str, str]:
    return {field.custom_id: field.value for field in modal.fields}


@pytest.mark.parametrize(
    "prompt",
    [
        WRONG,
        "a fox --stylise 3",
        "a {red fox",
        "a fox --v 9",
        "**a** `fox` @everyone <@1> --ar 0:1",
        "https://nowhere.example/a.png a fox --iw 9",
        "🦊 ثعلب --ar 0:1",
    ],
)
async def test_a_refused_prompt_is_given_back_whole_and_drawn_when_it_is_mended(
    bot: DarkroomBot, ada: Member, prompt: str
) -> None:
    refused = await imagined(ada, prompt)
    assert blocks(refused) == [prompt]
    modal = await edited(ada, refused)
    assert values(modal) == {"prompt": prompt}
    waiting = (await ada.submit(modal, {"prompt": QUICK_PROMPT})).message
    assert f"**{QUICK_PROMPT}**" in (await finished(ada, waiting)).content


async def test_the_button_works_after_a_restart_and_refuses_again(
    deployment: Deployment, ada: Member
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        refused = await imagined(ada, WRONG)
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_command("imagine")
        modal = await edited(ada, refused)
        again = await refusal(ada, (await ada.submit(modal, {"prompt": "b --s 9999"})).message)
        assert "0 to 1000" in card(again)
        assert blocks(again) == ["b --s 9999"]
        assert values(await edited(ada, again)) == {"prompt": "b --s 9999"}


@pytest.mark.parametrize(
    "prompt",
    [
        "fox " * 1000 + "--ar 0:1",
        "f" * 5000 + " fox --ar 0:1",
        "a ```fox``` and `` --ar 0:1",
        ("fox " * 1600)[: MAX_PROMPT_CHARS - 9].strip() + " --ar 0:1",
    ],
)
async def test_a_long_prompt_is_a_file_and_its_modal_says_that_it_needs_two_fields(
    bot: DarkroomBot, ada: Member, prompt: str
) -> None:
    refused = await imagined(ada, prompt)
    assert len(refused.content) <= 2000
    (file,) = refused.attachments
    assert file.filename == "prompt.txt"
    assert (await ada.download(file)).decode() == prompt
    modal = await edited(ada, refused)
    if len(prompt) > 4000:
        first, second = modal.fields
        assert (first.label, second.label) == ("Prompt (1 of 2)", "Prompt (2 of 2)")
        assert second.value.endswith("--ar 0:1")
    else:
        assert values(modal) == {"prompt": prompt}
    again = await refusal(ada, (await ada.submit(modal)).message)
    assert (await ada.download(again.attachments[0])).decode() == prompt


async def test_a_file_that_discord_does_not_hand_out_is_said_to_be_so(
    bot: DarkroomBot, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await imagined(ada, "fox " * 1000 + "--ar 0:1")
    monkeypatch.setattr(World, "file", lambda world, file_id: None)
    again = await refusal(ada, (await ada.press(refused, "Edit prompt")).message)
    assert "did not hand out the file `prompt.txt`" in card(again)
    monkeypatch.undo()
    assert len((await edited(ada, refused)).fields) == 2


async def test_what_grew_too_long_in_a_modal_is_not_lost_either(
    bot: DarkroomBot, ada: Member
) -> None:
    modal = await edited(ada, await imagined(ada, "fox " * 1400 + "--ar 0:1"))
    first, second = modal.fields
    longer = {first.custom_id: "f" * 4000, second.custom_id: "g" * 4000}
    refused = await refusal(ada, (await ada.submit(modal, longer)).message)
    assert "8,001 characters" in card(refused)
    assert len(await ada.download(refused.attachments[0])) == 8001


async def test_limits_and_floods_give_it_back_and_nothing_is_stored(
    bot: DarkroomBot,
    owner: Member,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await owner.slash("darkroom", "server settings", jobs_per_member=1)
    running = await owner.slash("darkroom", "imagine", prompt=LONG)
    refused = await imagined(owner, "a cat --r 1,000")
    full = await imagined(owner, "a cat")
    assert "1 of 1 jobs" in card(full)
    assert [blocks(refused), blocks(full)] == [["a cat --r 1,000"], ["a cat"]]
    modal = await edited(owner, full)
    # Its submission is admitted and counted as the command is.
    assert "1 of 1 jobs" in card(await refusal(owner, (await owner.submit(modal)).message))
    modal = await edited(owner, full)
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", 0)
    for answer in ((await owner.submit(modal)).message, await imagined(owner, "a cat")):
        fast = await refusal(owner, answer)
        assert "Too fast" in card(fast)
        assert blocks(fast) == ["a cat"]
    assert "Too fast" in card(
        await refusal(owner, (await owner.press(full, "Edit prompt")).message)
    )
    monkeypatch.undo()
    async with database.reading() as session:
        assert not (await session.execute(DraftRow.__table__.select())).all()
    await owner.press(running, "Cancel")


async def test_an_attached_file_is_not_kept_and_the_refusal_says_so(
    bot: DarkroomBot, ada: Member
) -> None:
    refused = await imagined(ada, WRONG, image=Upload("my_fox.png", b"not a picture"))
    assert "Attach `my_fox.png` again" in card(refused)
    assert blocks(refused) == [WRONG]


MANY = ", ".join(letter * 250 for letter in "abcdefghij")


@pytest.mark.parametrize("prompt", [CONFIRMED_PROMPT, f"a {{{MANY}}} --n 1"])
async def test_an_expired_question_still_has_the_prompt(
    bot: DarkroomBot, ada: Member, database: Database, prompt: str
) -> None:
    asked = await question(ada, prompt)
    async with database.transaction() as session:
        await session.execute(delete(DraftRow))
    refused = await refusal(ada, (await ada.press(asked, "Yes, start them")).message)
    assert "already answered" in card(refused)
    assert values(await edited(ada, refused)) == {"prompt": prompt}


async def test_what_was_typed_into_a_jobs_modal_opens_in_that_modal_again(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    alone = await single(ada)
    modal = (await ada.press(alone, "Custom Zoom")).modal
    assert modal is not None
    typed = {"prompt": "a cat --ar 0:1", "factor": "1.8"}
    refused = await refusal(ada, (await ada.submit(modal, typed)).message)
    assert blocks(refused) == ["1.8", "a cat --ar 0:1"]
    again = await edited(ada, refused)
    assert again.custom_id == modal.custom_id
    assert values(again) == typed
    refused = await refusal(ada, (await ada.submit(again, {"factor": "lots"})).message)
    assert "`lots` is not a valid zoom factor" in card(refused)
    again = await edited(ada, refused)
    assert values(again) == {**typed, "factor": "lots"}
    mended = {"prompt": f"a cat {QUICK_PROMPT[6:]}", "factor": "1.5"}
    zoomed = (await ada.submit(again, mended)).message
    job = await job_of(database, zoomed)
    # A zoom makes four pictures, so `--n` does not hold.
    assert (job.parent_id, job.prompt) == (job_id_of(alone), "a cat --steps 2")


async def test_remix_and_region_keep_what_was_typed_too(bot: DarkroomBot, ada: Member) -> None:
    await ada.slash("darkroom", "prefer remix")
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=QUICK_PROMPT))
    for pressed in ("V1", "🔄"):
        modal = (await ada.press(grid, pressed)).modal
        assert modal is not None
        refused = await refusal(ada, (await ada.submit(modal, {"prompt": WRONG})).message)
        again = await edited(ada, refused)
        assert (again.custom_id, values(again)) == (modal.custom_id, {"prompt": WRONG})
    alone = (await ada.press(grid, "U1")).message
    alone = await ada.wait_for(lambda m: m.id == alone.id and m.button("❤️"))
    cells = (await ada.press(alone, "Vary (Region)")).message
    modal = (await ada.choose(cells, "0", "4")).modal
    assert modal is not None
    refused = await refusal(ada, (await ada.submit(modal, {"prompt": WRONG})).message)
    again = await edited(ada, refused)
    assert (again.custom_id, values(again)) == (modal.custom_id, {"prompt": WRONG})


async def test_a_remix_of_a_long_prompt_keeps_its_parameters(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    prompt = "f" * 3990 + " fox and much more --steps 1 --n 1 --ar 2:1"
    await ada.slash("darkroom", "prefer remix")
    waiting = await ada.slash("darkroom", "imagine", prompt="a fox --steps 1 --n 1")
    grid = await finished(ada, waiting)
    # No model of the tests reads so many words.
    async with database.transaction() as session:
        await session.execute(update(JobRow).values(prompt=prompt))
    modal = (await ada.press(grid, "🔄")).modal
    assert modal is not None
    first, second = modal.fields
    assert len(first.value) <= 4000
    assert f"{first.value} {second.value}" == prompt
    assert second.value.endswith("--ar 2:1")
    # Unchanged, it is the same prompt again; changed, all of it is read.
    again = (await ada.submit(modal)).message
    assert (await job_of(database, again)).prompt == prompt
    wrong = {second.custom_id: "fox --seed x"}
    refused = await refusal(ada, (await ada.submit(modal, wrong)).message)
    assert "`x` is not a valid value" in card(refused)
    assert not second.required


@pytest.mark.parametrize(
    ("command", "typed", "label"),
    [
        ("prefer option set", {"option": "ar", "value": "--q 4"}, "Edit"),
        ("prefer option set", {"option": "mine", "value": "--ar 0:1"}, "Edit"),
        ("prefer suffix", {"value": "some words --ar 3:2"}, "Edit"),
        ("shorten", {"prompt": "fox"}, "Edit prompt"),
        ("describe", {"link": "http://nowhere.example/a.png"}, "Edit"),
        ("show", {"id": "nonsense"}, "Edit"),
    ],
)
async def test_other_commands_open_again_with_what_was_typed(
    bot: DarkroomBot, ada: Member, command: str, typed: dict[str, str], label: str
) -> None:
    refused = await refusal(ada, await ada.slash("darkroom", command, **typed))
    assert blocks(refused) == list(typed.values())
    modal = await edited(ada, refused, label)
    assert modal.title == f"/{command}"
    assert values(modal) == typed
    again = await refusal(ada, (await ada.submit(modal)).message)
    assert card(again) == card(refused)


async def test_a_command_that_was_mended_in_a_modal_is_done(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    refused = await refusal(ada, await ada.slash("darkroom", "prefer suffix", value="words --q 2"))
    done = (await ada.submit(await edited(ada, refused, "Edit"), {"value": "--q 2"})).message
    assert "--q 2" in card(await refusal(ada, done))
    assert (await chosen(database, done)).suffix == "--q 2"


async def test_what_a_modal_could_not_hold_is_only_shown(bot: DarkroomBot, owner: Member) -> None:
    answer = await owner.slash("darkroom", "server settings", style="cubist", stylize=100)
    refused = await refusal(owner, answer)
    assert refused.content == "style:\n```\ncubist\n```"
    assert not refused.buttons
    refused = await refusal(owner, await owner.slash("darkroom", "server settings", style="cubist"))
    assert values(await edited(owner, refused, "Edit")) == {"aspect": "", "style": "cubist"}


async def test_every_text_option_of_every_command_is_kept(bot: DarkroomBot) -> None:
    typed = {
        (command.qualified_name, option.display_name)
        for command in bot.tree.walk_commands()
        if isinstance(command, app_commands.Command)
        for option in command.parameters
        if option.type is AppCommandOptionType.string and not option.choices
    }
    kept = {(command, name) for command, names in TEXT_OPTIONS.items() for name in names}
    assert typed == kept
