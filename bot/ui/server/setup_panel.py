"""What the panel of `/server setup` looks like: its steps, each with what is set now. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.doctor.checks.channels import ChannelFacts, ServerFacts, permission_names
from bot.doctor.findings import Finding, Level
from bot.i18n.markdown import Markup, visible
from bot.i18n.texts import LANGUAGES, Text, say, say_unmarked
from bot.messages import access_embeds, filter_embeds, quota_embeds
from bot.messages.specs import EmbedColour
from bot.policy.picture_policy import PictureAction, PicturePolicy
from bot.policy.quotas import PRESETS, preset_of
from bot.services.admin.setup import SetupState
from bot.ui.dynamic_items import layout_of
from bot.ui.server.menu_pages import page_of, turning_line
from storage.rules.quotas import Quota

LEFT_OPEN = "open"
"""The value in a menu that chooses nothing."""

MAX_PROBLEMS = 3
"""Problems that the panel names; `/server doctor` shows all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a panel shows of a server.

    `places` are the channels that can be chosen, `problems` what the doctor found where the bot is
    to draw. `draws_in` is the channel in which it can draw the first picture, None if there is
    none. `changed` says what was just done. `page` is that of the menu of channels, `review_page`
    that of the menu for the review channel. `imagine_id` is Discord's id of `/imagine`.
    """

    server_id: int
    places: ServerFacts
    state: SetupState
    problems: Sequence[Finding] = ()
    draws_in: int | None = None
    changed: Text | None = None
    page: int = 0
    review_page: int = 0
    review_warnings: Sequence[Text] = ()
    """What is wrong with the review channel."""
    imagine_id: int | None = None
    invites: bool = False
    """Whether it comes unasked, to whoever added the bot."""


def panel(shown: Shown, locale: str) -> discord.ui.LayoutView:
    """The steps, and below them the way to the first picture."""
    items: list[discord.ui.Item[Any]] = [discord.ui.TextDisplay(_heading(shown, locale))]
    items += _where(shown, locale)
    items += _how_much(shown, locale)
    items += _filter(shown, locale)
    items += _review(shown, locale)
    items += _language(shown, locale)
    items.append(discord.ui.Separator())
    items += _first_picture(shown, locale)
    return layout_of(
        *items, colour=(EmbedColour.YELLOW if shown.problems else EmbedColour.GREEN).value
    )


def open_button(server_id: int, locale: str) -> discord.ui.Button[Any]:
    """Opens the panel, for whoever may manage the server."""
    return discord.ui.Button(
        style=discord.ButtonStyle.primary,
        label=say("setup.open", locale),
        custom_id=f"setup:{server_id}:open",
    )


def _heading(shown: Shown, locale: str) -> str:
    lines = [f"### {say('setup', locale, server=shown.places.name)}"]
    if shown.invites:
        lines += [say("setup.invited", locale), say("by-ai", locale)]
    lines.append(say("setup.text", locale))
    if shown.changed is not None:
        lines.append(f"✓ {say(shown.changed, locale)}")
    return "\n".join(lines)


def _where(shown: Shown, locale: str) -> list[discord.ui.Item[Any]]:
    """The channels of which some can be chosen; none of them means all."""
    rules = shown.state.access
    chosen = rules.channels if rules.channels_rule == "only" else ()
    channels = shown.places.channels
    lines, turn = page_of(channels, shown.page)
    options = [
        discord.SelectOption(
            label=visible(f"#{one.name}", 100),
            value=str(one.id),
            description=None if one.can_draw else visible(_lacks(one, locale), 100),
            default=one.id in chosen,
        )
        for one in lines
    ]
    if turn is not None:
        options.append(turning_line(turn, len(channels), locale))
    where = say("setup.where", locale, where=Markup(access_embeds.channels(rules, locale)))
    text: discord.ui.TextDisplay[Any] = discord.ui.TextDisplay(where)
    if not options:
        return [text]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"setup:{shown.server_id}:channels",
        placeholder=say("setup.everywhere", locale),
        options=options,
        min_values=0,
        max_values=len(options),
    )
    return [text, discord.ui.ActionRow(menu)]


def _lacks(channel: ChannelFacts, locale: str) -> str:
    names = permission_names(channel.missing)
    return say_unmarked(Text("setup.lacks", {"names": names}), locale)


def _how_much(shown: Shown, locale: str) -> list[discord.ui.Item[Any]]:
    quotas = shown.state.quotas
    everyone = quotas.by_role.get(shown.server_id, Quota())
    held = preset_of(everyone, quotas.jobs_per_member)
    # What limits nothing is not said.
    said = replace(
        everyone,
        cooldown_s=everyone.cooldown_s or None,
        weight=None if everyone.weight == 1 else everyone.weight,
    )
    limits = Markup(quota_embeds.limits(said, locale, quotas.jobs_per_member))
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    for name in PRESETS:
        label = preset_label(name, locale)
        row.add_item(
            discord.ui.Button(
                label=f"✓ {label}" if name == held else label,
                style=discord.ButtonStyle.success
                if name == held
                else discord.ButtonStyle.secondary,
                custom_id=f"setup:{shown.server_id}:quota:{name}",
            )
        )
    return [discord.ui.TextDisplay(say("setup.how-much", locale, limits=limits)), row]


def preset_label(name: str, locale: str) -> str:
    pictures = PRESETS[name].pictures
    amount = None if pictures is None else pictures.amount
    kind = Text(f"choice-{name}")
    if amount is None:
        return say("setup.preset-unlimited", locale, kind=kind)
    return say("setup.preset", locale, kind=kind, amount=amount)


def _filter(shown: Shown, locale: str) -> list[discord.ui.Item[Any]]:
    """What happens to explicit pictures on the server; its channels may say otherwise."""
    policies = shown.state.filter
    own = policies.own or PicturePolicy()
    lines = [say("setup.filter", locale, what=Markup(filter_embeds.policy(own, locale)))]
    if policies.filter_name is None:
        lines.append(f"⚠️ {say('filter.nothing-checks', locale)}")
    if policies.places:
        lines.append(f"-# {say('setup.filter-places', locale, count=len(policies.places))}")
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"setup:{shown.server_id}:filter",
        options=[
            discord.SelectOption(
                label=visible(say(f"setup.filter-{action}", locale), 100),
                value=action,
                default=action is own.action,
            )
            for action in PictureAction
        ],
    )
    return [discord.ui.TextDisplay("\n".join(lines)), discord.ui.ActionRow(menu)]


def _review(shown: Shown, locale: str) -> list[discord.ui.Item[Any]]:
    """The channel in which moderators decide."""
    chosen = shown.state.settings.review_channel
    named = Text("review-settings.none") if chosen is None else Markup(f"<#{chosen}>")
    lines = [say("setup.review", locale, channel=named)]
    lines += [say(one, locale) for one in shown.review_warnings]
    if chosen is None:
        lines.append(f"-# {say('setup.review-without', locale)}")
    channels = [one for one in shown.places.channels if not one.is_forum]
    on_page, turn = page_of(channels, shown.review_page)
    options = [
        discord.SelectOption(
            label=visible(say("setup.no-review", locale), 100),
            value=LEFT_OPEN,
            default=chosen is None,
        )
    ]
    options += [
        discord.SelectOption(
            label=visible(f"#{one.name}", 100),
            value=str(one.id),
            description=None if one.can_draw else visible(_lacks(one, locale), 100),
            default=one.id == chosen,
        )
        for one in on_page
    ]
    if turn is not None:
        options.append(turning_line(turn, len(channels), locale))
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"setup:{shown.server_id}:review",
        placeholder=say("setup.choose-review", locale),
        options=options,
    )
    return [discord.ui.TextDisplay("\n".join(lines)), discord.ui.ActionRow(menu)]


def _language(shown: Shown, locale: str) -> list[discord.ui.Item[Any]]:
    chosen = shown.state.language
    options = [
        discord.SelectOption(
            label=visible(say(f"language.{value}", locale), 100),
            value=LEFT_OPEN if value == "server" else value,
            default=value == (chosen or "server"),
        )
        for value in ("server", *LANGUAGES)
    ]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"setup:{shown.server_id}:language", options=options
    )
    return [discord.ui.TextDisplay(say("setup.language", locale)), discord.ui.ActionRow(menu)]


def _first_picture(shown: Shown, locale: str) -> list[discord.ui.Item[Any]]:
    lines = []
    if shown.draws_in is not None:
        command = f"</imagine:{shown.imagine_id}>" if shown.imagine_id else "`/imagine`"
        lines.append(
            say(
                "setup.ready",
                locale,
                command=Markup(command),
                channel=Markup(f"<#{shown.draws_in}>"),
            )
        )
    lines += [_problem(one, locale) for one in shown.problems[:MAX_PROBLEMS]]
    draw: discord.ui.Button[Any] = discord.ui.Button(
        style=discord.ButtonStyle.primary,
        label=say("setup.draw", locale),
        custom_id=f"setup:{shown.server_id}:draw",
        disabled=shown.draws_in is None,
    )
    again: discord.ui.Button[Any] = discord.ui.Button(
        label=say("doctor.again", locale), custom_id=f"setup:{shown.server_id}:again"
    )
    return [
        discord.ui.TextDisplay("\n".join(lines) or say("setup.nowhere", locale)),
        discord.ui.ActionRow(draw, again),
        discord.ui.Separator(),
        discord.ui.TextDisplay(_at_a_glance(shown.state, locale)),
    ]


def _at_a_glance(state: SetupState, locale: str) -> str:
    """What else is set on the server, and by which command it is changed."""
    lines = [say("setup.more", locale)]
    for key, count in (
        ("role-quotas", state.role_quotas),
        ("role-bounds", len(state.access.bounds)),
        ("blocked", state.blocked),
        ("word-rules", state.word_rules),
        ("own-defaults", state.own_defaults),
    ):
        lines.append(f"- {say(f'setup.{key}', locale, count=count)}")
    finished = say(f"server-settings.finished-{state.settings.finished}", locale)
    carry = say(f"server-settings.pictures-{state.settings.pictures_carry}", locale)
    lines.append(f"- {say('setup.finished', locale, how=Markup(finished))}")
    lines.append(f"- {say('setup.carry', locale, what=Markup(carry))}")
    lines.append(say("setup.doctor", locale))
    return "\n".join(lines)


def _problem(finding: Finding, locale: str) -> str:
    sign = "🔴" if finding.level is Level.PROBLEM else "🟡"
    line = f"{sign} {say(finding.text, locale)}"
    return line if finding.remedy is None else f"{line}\n→ {say(finding.remedy, locale)}"
