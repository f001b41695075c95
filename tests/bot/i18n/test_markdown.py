"""What members type is shown so that it is no link and no Markdown, wherever it is shown."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bot
from bot import errors
from bot.client import DarkroomBot
from bot.i18n import markdown
from bot.i18n.markdown import Markup, code, code_block, names, plain, start_link, unboxed, visible
from bot.i18n.texts import say, say_unmarked
from bot.messages import job_messages
from playground.testing.member import Member, Upload
from tests.support.bot.discord_markdown import previews, read
from tests.support.bot.job_messages import finished, told
from tests.support.bot.shown_places import shown
from tests.support.pictures import picture
from tests.support.stored_jobs import JOB

LINKS = [
    "https://evil.example/login",
    "see:https://evil.example/login",
    "http://evil.example",
    "HTTPS://EVIL.example/_a_",
    "<https://evil.example>",
    "[picture](https://evil.example)",
    "[x](<https://evil.example>)",
    r"\https://evil.example",
    r"https:\//evil.example",
    "discord.gg/x",
    "https://discord.gg/x",
    "discord.com/invite/x",
    "steam://run/1",
    "<mailto:a@evil.example>",
    "<a@evil.example>",
    "<tel:+1555>",
]
MARKS = [
    "<@1>",
    "<@!1>",
    "<@&1>",
    "<#1>",
    "<t:1:R>",
    "</imagine:1>",
    "<id:home>",
    "<a:x:1>",
    "@everyone",
    "@here",
    "# big",
    "-# small",
    "> quoted",
    ">>> quoted",
    "- item",
    "+ item",
    "10. item",
    "**b**",
    "*i*",
    "__u__",
    "_i_",
    "~~s~~",
    "||hidden||",
    "`c`",
    "``c``",
    "a`b",
    "a ``b",
    "`a ``b ```c",
    "```\nblock\n```",
    "\\",
    "\\`",
]
UNSEEN = [
    "\u202e", "\u2066", "\u2069", "\u200b", "\u200e", "\u200f", "\u061c", "\ufeff", "\u00ad",
    "\u2060", "\u3164", "\u115f", "\u034f", "\x00", "\x1b[31m", "\x7f", "\u0085", "\u2028",
    "\U000e0041", "\U000e0100", "\ufff9", "\ud800", "\u200d",
]  # fmt: skip
PIECES = [*LINKS, *MARKS, *UNSEEN, *"ab _*`~|<>[]()@#:/.-+1\\\n🦊é\u0301", " "]

HOSTILE = st.lists(
    st.sampled_from(PIECES) | st.text(min_size=1, max_size=4), min_size=1, max_size=8
).map("".join)

# A text that begins with a link starts from a picture; here, none does.
HARMLESS = [(read(text).marks, previews(text)) for text in shown("fox fox")]


@settings(deadline=None, max_examples=60)
@given(HOSTILE)
def test_nothing_typed_is_a_link_or_markdown_wherever_it_is_shown(typed: str) -> None:
    for text, (marks, links) in zip(shown(f"a {typed}"), HARMLESS, strict=True):
        assert read(text).marks == marks, text
        assert previews(text) == links, text
        assert all(sign not in text for sign in UNSEEN if sign not in ("\u200d",)), text


@pytest.mark.parametrize("typed", [*LINKS, *MARKS])
def test_each_link_and_mark_alone_stays_text_also_at_the_beginning(typed: str) -> None:
    assert read(plain(typed)).marks == ()
    assert previews(plain(typed)) == []
    assert read(plain(typed)).seen == visible(typed)
    if not typed.lower().startswith(("http", "<http")):
        for text, (marks, _) in zip(shown(typed), HARMLESS, strict=True):
            assert read(text).marks == marks, text
            assert "evil" not in "".join(previews(text)), text


@given(HOSTILE)
@example("``c``\u202e`c`")
def test_what_is_shown_is_what_was_typed(typed: str) -> None:
    assert read(plain(typed)).seen == (visible(typed) or "…")
    assert read(plain(typed)).marks == ()
    assert read(code(typed)).marks == ("code",)
    assert read(code(typed)).seen.strip().replace("`", "ˋ") == (
        visible(typed).replace("`", "ˋ") or "…"
    )
    assert read(code_block(typed, 900)).marks == ("code block",)
    kept = unboxed(code_block(typed, 900))
    # Three signs may also come together where something invisible is left out between them.
    if "```" not in visible(typed):
        assert kept == (visible(typed) or "…")


@given(HOSTILE)
@example("a\u200d\ufe0f\u200db")
@example("é" + "\u0301\u200d" * 99)
def test_what_cannot_be_seen_is_left_out_once_and_for_all(typed: str) -> None:
    once = visible(typed)
    assert visible(once) == once
    once.encode()
    assert all(sign not in once for sign in UNSEEN if sign != "\u200d")


@pytest.mark.parametrize(
    "typed",
    [
        "👨‍👩‍👧 at home",
        "👩🏽‍🚀 ❤️‍🔥 1️⃣ ☺︎",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "نامه‌ای",
        "क्‍ष",
        "שלום é ệ",
        "ภาษาไทย",
    ],
)
def test_emoji_and_scripts_keep_the_signs_that_they_are_written_with(typed: str) -> None:
    assert visible(typed) == typed
    assert read(plain(typed)).seen == typed


def test_a_tower_of_accents_is_cut_down() -> None:
    assert visible("a" + "\u0301\u0316" * 50) == "a" + "\u0301\u0316" * 4
    assert visible("a" + "\u0301\u200d" * 50).count("\u0301") <= markdown.MAX_MARKS


def test_pictures_that_a_prompt_starts_from_can_be_followed() -> None:
    link = "https://cdn.example/1/you_a_sun_(2)__x__.png?ex=6a&hm=0f~1"
    prompt = f"{link} https://a.example/2.png see:https://evil.example/login _x_"
    line = job_messages.shown_prompt(prompt)
    assert line.startswith(f"<{link}> <https://a.example/2.png> see:")
    assert read(line).marks == ("link", "link")
    assert previews(line) == []
    # A link that would be cut in two is shown as text.
    cut_short = job_messages.shown_prompt(f"https://a.example/{'x' * 900}.png a fox")
    assert read(cut_short).marks == ()
    assert len(cut_short) < 900
    assert job_messages.shown_prompt(link) == f"<{link}>"


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        (
            "https://a.example/**b**`c`|d|.png",
            "<https://a.example/%2A%2Ab%2A%2A%60c%60%7Cd%7C.png>",
        ),
        ("https://a.example/ü%20\\.png", "<https://a.example/%C3%BC%20%5C.png>"),
        ("https://discord.com@evil.example/x.png", None),
        ("https://аpple.example/x.png", None),
        ("https://[::1/x.png", None),
        ("https://a`b.example/x.png", None),
    ],
)
def test_a_link_to_follow_has_nothing_but_plain_signs(link: str, followed: str | None) -> None:
    assert start_link(link) == followed


def test_a_value_keeps_its_place_whatever_it_is() -> None:
    mistyped = errors.MistypedParameter("`a`", "\U000f0000{ $written }")
    assert say(mistyped.problem) == "`` `a` `` is not written as a parameter."
    assert "\U000f0000{ $written }" in say(mistyped.remedy)
    assert (
        say_unmarked(errors.SuffixHasWords("a_b\n`c`").problem) == "“a_b `c`” is not a parameter."
    )
    known = errors.UnknownVersion("x", names(f"v{number}" for number in range(5000)))
    assert len(say(known.remedy)) < 1100
    assert isinstance(names(["a"]), Markup)


LABELS: list[Callable[[str], str]] = [
    lambda typed: job_messages.alt_text(replace(JOB, prompt=typed)),
    lambda typed: say_unmarked(errors.UnclearJob(typed).problem),
]


@given(HOSTILE)
def test_where_nothing_reads_markdown_only_the_unseen_is_left_out(typed: str) -> None:
    for label in LABELS:
        assert visible(typed) in label(typed)


UNTRUSTED = {"prompt", "member_name", "reason", "query"}
"""Attributes that hold what members, or other servers, wrote."""


def test_no_text_is_put_together_with_what_members_typed_as_it_is() -> None:
    for file in Path(bot.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            for part in node.values if isinstance(node, ast.JoinedStr) else ():
                value = part.value if isinstance(part, ast.FormattedValue) else None
                typed = isinstance(value, ast.Attribute) and value.attr in UNTRUSTED
                # The one that no one reads: a button carries its search.
                assert not typed or file.name == "pagination.py", f"{file.name}:{node.lineno}"


async def test_a_link_in_a_prompt_is_posted_as_text(bot: DarkroomBot, ada: Member) -> None:
    prompt = "see:https://evil.example/login discord.gg/x \u202e[a](https://b.example) --q .25"
    waiting = await ada.slash("darkroom", "imagine", prompt=prompt)
    grid = await finished(ada, waiting)
    for version in (waiting, *ada.versions(waiting), *ada.versions(grid)):
        assert previews(version.content) == []
        assert read(version.content).marks == ("strong", "mention")
        assert "\u202e" not in version.content
    assert read(grid.content).seen.startswith("see:https://evil.example/login discord.gg/x [a](")
    refusal = await ada.slash("darkroom", "imagine", prompt="a https://evil.example/login fox")
    text = await told(ada, refusal)
    assert "evil.example" in text
    assert previews(text) == []
    assert "link" not in read(text).marks


async def test_the_picture_that_a_prompt_starts_from_is_shown_with_its_link(
    bot: DarkroomBot, ada: Member
) -> None:
    described = await ada.slash(
        "darkroom", "describe", image=Upload("a_b_.png", picture("red", (64, 64)))
    )
    described = await ada.wait_for(lambda m: m.id == described.id and m.attachments)
    link = described.attachments[0].url
    grid = await finished(
        ada, await ada.slash("darkroom", "imagine", prompt=f"{link} a fox --steps 2")
    )
    assert f"**<{link}> a fox --steps 2**" in grid.content
