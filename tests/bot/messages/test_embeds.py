"""Embeds keep Discord's limits whatever they show, and commands its rules for names."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.client import COGS
from bot.engines.places import EngineStatus
from bot.i18n.markdown import Markup
from bot.i18n.texts import LANGUAGES, say
from bot.i18n.translator import called, key_of
from bot.messages import help_embeds, job_embeds, model_cards, settings_embeds
from bot.messages.help_embeds import CommandHelp
from bot.messages.job_embeds import HistoryPage, QueuePosition
from bot.messages.model_cards import models_page
from bot.models.versions import Versions
from bot.prompts.recipe import Recipe
from bot.ui import pagination, settings_panel
from bot.ui.cogs.context_menus import JobMenus
from diffusion.protocol.models import ModelInfo, Vocabulary
from diffusion.protocol.requests import ImageRequest, Noise
from storage.history import SearchResult
from storage.jobs import Queue, Totals
from storage.members import Preferences
from storage.models import JobKind
from storage.pictures import Picture
from storage.servers import ServerSettings
from tests.support.bot.job_messages import check
from tests.support.stored_jobs import CHILD

NAME = re.compile(r"[-_'\w]{1,32}")


@settings(deadline=None, max_examples=25)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6000))
@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_card_keeps_to_discords_limits(locale: str, prompt: str) -> None:
    job = replace(CHILD, prompt=prompt, member_name=prompt, kind=JobKind.VARY)
    request = ImageRequest(prompt, prompt, (Noise(2**32 - 1),) * 16, 512, 512, 20, 7.5)
    pictures = [Picture(n, 2**32 - 1, 8, 8, "", "", 8, id="", job_id="") for n in range(16)]
    queue = Queue((job,) * 30, (job,) * 200)
    preferences = Preferences(model=prompt[:40], suffix=prompt, stylize=3)
    options = {f"{'o' * 30}{number}": prompt for number in range(20)}
    for card in (
        job_embeds.info([job] * 60, Totals(10**9, 2, 3, 4), 3, Preferences(), locale),
        job_embeds.queue(QueuePosition(queue, job.member_id, 999.0, 2), job.channel_id, locale),
        job_embeds.queue(QueuePosition(queue, 1, None, 2), job.channel_id, locale),
        job_embeds.details(job, request, pictures, locale),
        job_embeds.details(job, request, pictures, locale, Recipe(prompt, 1, True)),
        job_embeds.ancestry([job] * 13, job.channel_id, locale),
        settings_embeds.own_options(options, locale),
        help_embeds.parameter(prompt, locale),
    ):
        check(card)
    panel = settings_panel.panel(
        preferences, options, {f"{n}" * 40: "t" * 200 for n in range(10, 90)}, locale, 1
    )
    jobs_of_a_page = replace(job, id="0" * 32)
    found = SearchResult((jobs_of_a_page,) * 5, frozenset({jobs_of_a_page.id}), 10**9)
    pages = (
        HistoryPage(prompt[:60], 10**6 - 2, 10**6, found, "extensions"),
        HistoryPage(prompt[:60], 0, 0, SearchResult((), frozenset(), 0)),
        HistoryPage(prompt[:60], 0, 0, SearchResult((), frozenset(), 0), "grids"),
    )
    layouts = [pagination.history_layout(page, {jobs_of_a_page.id}, (), locale) for page in pages]
    for layout in (panel, *layouts):
        assert layout.content_length() <= 4000
        assert layout.total_children_count <= 40
        for item in layout.walk_children():
            assert len(getattr(item, "custom_id", "")) <= 100


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_help_is_whole_in_every_language(locale: str) -> None:
    model = ModelInfo("m" * 300, 512, 20, 7.5, styles={f"{'s' * 50}{n}": "" for n in range(50)})
    odd = {f"{'o' * 90}{n}.safetensors": "a reason " * 33 for n in range(9)}
    model = replace(model, skipped_loras=odd)
    check(help_embeds.models(Versions({f"{n}": model for n in range(40)}, "0"), locale))
    check(help_embeds.models(None, locale))
    able = replace(
        model,
        title="*" * 300,
        sizes=("16384x16384",) * 9,
        examples=("`" * 120,),
        maker="_" * 300,
        licence="l" * 300,
        loras=("l",),
        upscales=4,
        **dict.fromkeys(("edits", "tiles", "describes"), True),
    )
    unable = replace(
        model,
        guidance="none",
        fixed_steps=True,
        **dict.fromkeys(
            ("negative_prompts", "seeds", "seed_blends", "samplers", "stops", "weirdness"), False
        ),
    )
    statuses = [EngineStatus("*" * 80, 1, 2, True, frozenset({model.id}))] * 9
    for described in (able, unable):
        versions = Versions({f"{n}" * 40: described for n in range(10, 40)}, "10" * 40)
        check(model_cards.cards(models_page(versions, "", 0), statuses, locale))
        check(model_cards.cards(models_page(versions, "x" * 60, 9), statuses, locale))
    commands = {one.qualified_name: one for one in registered()}
    mentions = {name: Markup(f"</{name}:{10**19}>") for name in commands}
    check(help_embeds.start(mentions, locale))
    demo = replace(model, examples=("e" * 200,) * 40, vocabulary=Vocabulary(things=("fox",)))
    check(help_embeds.start(mentions, locale, demo))
    slash = [
        CommandHelp(mentions[name], say(key_of(one), locale), name.startswith("server "))
        for name, one in commands.items()
    ]
    listed = help_embeds.commands(slash, ["x" * 32] * 4, locale)
    check(listed)
    assert all(mention in listed.text for mention in mentions.values())
    check(help_embeds.parameters(locale))
    assert "…" not in help_embeds.parameters(locale).text[-2:]
    check(settings_embeds.server(ServerSettings(3, highlights_channel=7), True, locale))


@pytest.mark.parametrize(("count", "shown"), [(6, "`s5`."), (7, "`s5`, …. ")])
def test_help_says_when_a_model_has_more_styles_than_it_shows(count: int, shown: str) -> None:
    model = ModelInfo("mini", 512, 20, 7.5, styles={f"s{n}": "" for n in range(count)})
    ((_, abilities),) = help_embeds.models(Versions({"1": model}, "1"), "en").fields
    assert shown in abilities
    assert "s6" not in abilities


def test_help_says_which_lora_files_cannot_be_used() -> None:
    reason = "It belongs to another model: this one has no layer for x."
    model = ModelInfo("mini", skipped_loras={f"*odd*{n}.safetensors": reason for n in range(3)})
    ((_, text),) = help_embeds.models(Versions({"1": model}, "1"), "en").fields
    assert f"The LoRA file `*odd*0.safetensors` cannot be used. {reason}" in text
    assert text.endswith("\n…")


def registered() -> list[app_commands.Command[Any, ..., Any] | app_commands.Group]:
    """All commands and groups, from the cogs alone."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    for cog in COGS:
        instance = cog(None)  # type: ignore[arg-type]
        for command in (instance.app_command, *instance.get_app_commands()):
            if command is not None and command.parent is None:
                tree.add_command(command, override=True)
    return list(tree.walk_commands())


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_command_is_described_and_may_be_called_so(locale: str) -> None:
    commands = registered()
    assert len(commands) > 15
    names = [called(command, locale) for command in commands]
    assert len(set(names)) == len(names)
    for command in commands:
        said = [(say(f"{key_of(command)}.name", locale), say(key_of(command), locale))]
        if isinstance(command, app_commands.Command):
            options = [parameter.name for parameter in command.parameters]
            said += [
                (
                    say(f"{key_of(command)}.{name}-name", locale),
                    say(f"{key_of(command)}.{name}", locale),
                )
                for name in options
            ]
            assert len({name for name, _ in said[1:]}) == len(options)
        for name, description in said:
            assert NAME.fullmatch(name), name
            assert name == name.lower()
            assert 1 <= len(description) <= 100, description


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_menu_has_a_name(locale: str) -> None:
    menus = JobMenus(None).commands()  # type: ignore[arg-type]
    names = {say(f"{key_of(menu)}.name", locale) for menu in menus}
    assert len(names) == 5
    assert all(1 <= len(name) <= 32 for name in names)


def test_english_names_in_the_texts_are_those_in_the_code() -> None:
    for command in registered():
        assert say(f"{key_of(command)}.name") == command.name
        assert say(key_of(command)) == command.description
        for parameter in getattr(command, "parameters", ()):
            assert say(f"{key_of(command)}.{parameter.name}-name") == parameter.display_name
            assert say(f"{key_of(command)}.{parameter.name}") == parameter.description


def test_the_document_lists_every_command_with_its_options() -> None:
    document = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `/.*$", document, re.MULTILINE))
    expected = set()
    for command in registered():
        if isinstance(command, app_commands.Command):
            options = [
                f"`{one.display_name}`" if one.required else f"[`{one.display_name}`]"
                for one in command.parameters
            ]
            name = f"`/{command.qualified_name}`"
            expected.add(f"| {name} | {' '.join(options)} | {command.description} |")
    assert rows == expected


def test_the_page_for_admins_names_commands_and_options_that_there_are() -> None:
    document = (Path(__file__).parents[3] / "docs" / "admins.md").read_text(encoding="utf-8")
    known = {
        command.qualified_name: {one.display_name for one in getattr(command, "parameters", ())}
        for command in registered()
        if isinstance(command, app_commands.Command | app_commands.Group)
    }
    written = re.findall(
        r"`/((?:server|privacy|imagine|info)\b[^`]*)`", document.replace("\n", " ")
    )
    assert len(written) > 20
    for command in written:
        first, *rest = re.split(r"\s+(?=\w+:)", command)
        options = {option.partition(":")[0] for option in rest}
        # A single option may stand behind a command without its value.
        name = first if first in known else first.rpartition(" ")[0]
        options |= {first.rpartition(" ")[2]} - {first} if name != first else set()
        assert options <= known[name], command


def test_the_words_of_others_are_told_only_where_they_were_typed() -> None:
    job = replace(CHILD, stealth=False, reply_token=None)
    elsewhere = job.channel_id + 1
    assert job_embeds.tells(job, job.member_id, elsewhere)
    assert job_embeds.tells(job, 1, job.channel_id)
    assert not job_embeds.tells(job, 1, elsewhere)
    assert not job_embeds.tells(replace(job, server_id=None), 1, elsewhere)
    assert not job_embeds.tells(replace(job, stealth=True), 1, job.channel_id)
    assert not job_embeds.tells(replace(job, reply_token="a token"), 1, job.channel_id)
    # In the list of a job's ancestors too, where more text follows on the line.
    parent = replace(job, member_id=1, prompt="typed in private")
    there = job_embeds.ancestry([job, parent], job.channel_id, "en-US").text
    assert "typed in private" in there
    shown = job_embeds.ancestry([job, parent], elsewhere, "en-US").text.splitlines()
    assert shown[0] == "a job that is not shown here"
    assert "<@1>" not in "".join(shown)
    assert job.id[:8] in shown[1]
