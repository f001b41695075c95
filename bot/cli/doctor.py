"""`darkroom doctor`: what is right and wrong with this installation, for its operator.

It changes nothing, and the bot may run meanwhile or not.
"""

import json
import logging
from collections.abc import Sequence

from bot.client import point_at
from bot.config import Settings
from bot.doctor.check import Installation
from bot.doctor.discord_login import DiscordLogin
from bot.doctor.examination import examine
from bot.doctor.findings import Finding, Level, count, title_of, worst
from bot.i18n.texts import Text, say_unmarked

WORDS = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "problem"}
INDENT = " " * 9


async def doctor(settings: Settings, *, as_json: bool = False, strict: bool = False) -> int:
    """Examine everything, print what was found, and return the exit status.

    It is 1 if there is a problem, with `strict` also if there is a warning, and otherwise 0.
    """
    logging.getLogger("discord").setLevel(logging.ERROR)
    if settings.discord_url:
        point_at(settings.discord_url)
    token = settings.discord_token
    login = DiscordLogin(token.get_secret_value() if token else None)
    try:
        findings = await examine(Installation(settings, login))
    finally:
        await login.close()
    print(_as_json(findings) if as_json else _as_text(findings))
    return int(worst(findings) >= (Level.WARNING if strict else Level.PROBLEM))


def _as_text(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        title, text = say_unmarked(title_of(finding.check)), say_unmarked(finding.text)
        lines.append(f"{WORDS[finding.level]:<8} {title}: {text}")
        if finding.detail:
            lines.append(f"{INDENT}({finding.detail})")
        if finding.remedy is not None:
            lines.append(f"{INDENT}→ {say_unmarked(finding.remedy)}")
    problems, warnings = (count(findings, one) for one in (Level.PROBLEM, Level.WARNING))
    summary = Text("doctor.summary", {"problems": problems, "warnings": warnings})
    return "\n".join([*lines, "", say_unmarked(summary)])


def _as_json(findings: Sequence[Finding]) -> str:
    return json.dumps(
        {
            "level": WORDS[worst(findings)],
            "findings": [
                {
                    "check": finding.check,
                    "level": WORDS[finding.level],
                    "text": say_unmarked(finding.text),
                    "detail": finding.detail,
                    "remedy": say_unmarked(finding.remedy) if finding.remedy else None,
                }
                for finding in findings
            ],
        },
        ensure_ascii=False,
        indent=2,
    )
