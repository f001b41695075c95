"""`/server doctor`: what is right and wrong with the bot on this server, for its admins."""

from collections.abc import Sequence

import discord

from bot.doctor.findings import Finding, Level, count, title_of, worst
from bot.i18n.texts import say
from bot.invite import invite_link
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import managed_server_of, services_of
from bot.ui.responses import Responder

EXAMINATION_COST = 5.0
"""Actions that an examination counts as: it asks Discord and the engines."""

MAX_TEXT_CHARS = 3900
"""Characters of all findings; Discord takes 4,096, and the last line says what was left out."""

SIGNS = {Level.OK: "🟢", Level.WARNING: "🟡", Level.PROBLEM: "🔴"}
COLOURS = {
    Level.OK: EmbedColour.GREEN,
    Level.WARNING: EmbedColour.YELLOW,
    Level.PROBLEM: EmbedColour.RED,
}


class ExamineAgainButton(PersistentButton, template=r"doctor:again"):
    """Examines the server again, in place of what was found before."""

    async def act(self, interaction: discord.Interaction) -> None:
        await show_doctor(interaction)


async def show_doctor(interaction: discord.Interaction) -> None:
    """Examine the server and show what was found. Raises NotPermitted, TooFast."""
    server_id = managed_server_of(interaction)
    services, locale = services_of(interaction), interaction.locale.value
    skew_s = (discord.utils.utcnow() - interaction.created_at).total_seconds()
    # Besides the press or command itself, which has been counted already.
    services.rate_limiter.count(interaction.user.id, EXAMINATION_COST - 1)
    responder = Responder(interaction)
    work = services.doctor.examine(interaction.client, server_id, skew_s)
    findings = await responder.run(work, ephemeral=True, updates=True)
    buttons: list[discord.ui.Button[discord.ui.View]] = [
        discord.ui.Button(label=say("doctor.again", locale), custom_id="doctor:again")
    ]
    if interaction.client.application_id is not None:
        link = invite_link(interaction.client.application_id)
        buttons.append(discord.ui.Button(label=say("doctor.invite", locale), url=link))
    await responder.update_embed(embed_of(findings, locale), view_of(*buttons))


def embed_of(findings: Sequence[Finding], locale: str) -> EmbedSpec:
    """All findings, the worst first, without the details that only the operator may see. Pure."""
    ranked = sorted(findings, key=lambda finding: -finding.level)
    lines: list[str] = []
    length = 0
    for finding in ranked:
        line = _line(finding, locale)
        length += len(line) + 1
        if length > MAX_TEXT_CHARS:
            lines.append(say("doctor.left-out", locale, count=len(ranked) - len(lines)))
            break
        lines.append(line)
    problems, warnings = (count(findings, one) for one in (Level.PROBLEM, Level.WARNING))
    summary = say("doctor.summary", locale, problems=problems, warnings=warnings)
    return EmbedSpec(
        f"{say('doctor', locale)}: {summary}", "\n".join(lines), COLOURS[worst(findings)]
    )


def _line(finding: Finding, locale: str) -> str:
    title = say(title_of(finding.check), locale)
    line = f"{SIGNS[finding.level]} **{title}:** {say(finding.text, locale)}"
    if finding.remedy is None:
        return line
    remedy = finding.remedy if finding.by_admins else "doctor.tell-operator"
    return f"{line}\n→ {say(remedy, locale)}"
