"""The messages of jobs, and that they keep Discord's limits whatever members typed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import job_messages
from bot.messages.specs import AttachmentSpec, MessageSpec
from diffusion.protocol.requests import ImageRequest, Noise, SeedBlend
from storage.models import JobKind, JobMode, JobState
from tests.support.stored_jobs import CHILD, JOB

PICTURE = AttachmentSpec("x.png", b"", "a red fox")


def labels(message: MessageSpec) -> list[list[str]]:
    return [[button.label or button.emoji for button in row] for row in message.buttons]


def test_a_job_goes_from_waiting_to_its_pictures() -> None:
    assert job_messages.waiting(JOB, None).content == (
        "**a red fox --ar 3:2** - <@77> (Waiting to start)"
    )
    assert job_messages.running(JOB, None, 11, 35, None).content.endswith("<@77> (31%) (fast)")
    done = job_messages.done(JOB, None, PICTURE, ())
    assert done.content == "**a red fox --ar 3:2** - <@77> (fast)"
    hidden = replace(JOB, mode=JobMode.RELAX, stealth=True)
    assert job_messages.done(hidden, None, PICTURE, ()).content.endswith("<@77> (relaxed, stealth)")


def test_what_can_be_pressed_fits_the_state() -> None:
    assert labels(job_messages.waiting(JOB, None)) == [["Cancel"]]
    assert labels(job_messages.running(JOB, None, 1, 2, None)) == [["Cancel"]]
    assert labels(job_messages.stopped(JOB, None)) == [["🔄"]]


def test_a_prompt_that_was_read_before_is_shortened() -> None:
    long = replace(JOB, prompt="fox " * 200)
    assert len(job_messages.waiting(long, None).content) > 800
    assert len(job_messages.waiting(replace(CHILD, prompt=long.prompt), long).content) < 400


def test_of_a_long_prompt_the_words_are_cut_off_before_the_parameters() -> None:
    long = replace(JOB, prompt="fox " * 500 + "--ar 3:2 --raw")
    content = job_messages.waiting(long, None).content
    assert "fox … --ar 3:2 --raw** -" in content
    assert len(content) < 900
    many = replace(JOB, prompt="fox --no " + "x, " * 500)
    assert len(job_messages.waiting(many, None).content) < 900


def test_a_picture_by_itself_tells_its_seed() -> None:
    request = ImageRequest("mini", "a fox", (Noise(1234),), 64, 64, 4, 3.0)
    single = replace(CHILD, kind=JobKind.UPSCALE, request=request.to_json())
    assert job_messages.done(single, JOB, PICTURE, ()).content.endswith("\n-# Seed 1234")
    # No prompt starts from the noise of a variation, or of what was drawn anew from a picture.
    blends = (SeedBlend(1, 1.0), SeedBlend(2, 0.4))
    varied = replace(request, noises=(Noise(1234, blends),))
    job = replace(single, request=varied.to_json())
    assert "1234" not in job_messages.done(job, JOB, PICTURE, ()).content
    creative = replace(single, kind=JobKind.ENLARGE, detail="creative")
    assert "1234" not in job_messages.done(creative, JOB, PICTURE, ()).content


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (JobKind.VARY, "Variations (Strong) of image #2 by <@77>"),
        (JobKind.UPSCALE, "Image #2 by <@77>"),
        (JobKind.REROLL, "Re-rolled by <@77>"),
    ],
)
def test_a_child_says_what_it_came_from(kind: JobKind, words: str) -> None:
    content = job_messages.waiting(replace(CHILD, kind=kind), JOB).content
    assert words in content
    assert "https://discord.com/channels/3/5/9" in content


def test_a_failed_job_says_why_and_can_be_tried_again() -> None:
    message = job_messages.ended(
        replace(JOB, state=JobState.FAILED, reason="The disk is full."), None
    )
    assert message.embeds[0].text == "The disk is full.\n```\na red fox --ar 3:2\n```"
    assert labels(message) == [["🔄", "Edit prompt"]]
    assert message.attachment is None
    long = replace(JOB, state=JobState.FAILED, prompt="fox " * 1499 + "end")
    message = job_messages.ended(long, None)
    assert message.attachment is not None
    assert message.attachment.encoded.decode() == long.prompt


def test_file_names_are_safe_and_say_what_is_in_them() -> None:
    assert job_messages.file_name(JOB, "png") == f"ada_lovelace_a_red_fox_{JOB.id}.png"
    wild = replace(JOB, prompt="../../etc/passwd\\ CON: 🦊 ثعلب", member_name="ثعلب")
    assert job_messages.file_name(wild, "png") == f"etc_passwd_con_{JOB.id}.png"


def test_markdown_and_mentions_in_a_prompt_stay_text() -> None:
    content = job_messages.waiting(replace(JOB, prompt="**b** `c` <@1> [x](y)"), None).content
    assert r"\*\*b\*\* \`c\` \<@1\> \[x\](y)" in content


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6000), st.text())
def test_every_message_keeps_to_discords_limits(prompt: str, reason: str) -> None:
    job = replace(
        CHILD, prompt=prompt, state=JobState.FAILED, reason=reason[:500], kind=JobKind.VARY
    )
    for message in (
        job_messages.waiting(job, JOB),
        job_messages.waiting_for_inference(job, JOB),
        job_messages.running(job, JOB, 9, 0, None),
        job_messages.moved(job_messages.done(job, JOB, PICTURE, ()), "de"),
        job_messages.ended(job, JOB),
    ):
        assert len(message.content) <= 2000
        assert all(len(row) <= 5 for row in message.buttons)
        assert all(len(button.custom_id) <= 100 for row in message.buttons for button in row)
    assert len(job_messages.alt_text(job)) <= 1024
    assert len(job_messages.file_name(job, "png")) <= 200
