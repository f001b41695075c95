"""All checks, and running them: at the same time, each bounded, none harming another."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.checks.account import IntentsCheck, TokenCheck
from bot.doctor.checks.channels import ChannelsCheck
from bot.doctor.checks.clock import ClockCheck
from bot.doctor.checks.database import DatabaseCheck
from bot.doctor.checks.disk import DiskCheck
from bot.doctor.checks.engines import EnginesCheck
from bot.doctor.checks.file_permissions import FilePermissionsCheck
from bot.doctor.checks.picture_filter import PictureFilterCheck
from bot.doctor.checks.pictures import PicturesCheck
from bot.doctor.checks.review import ReviewCheck
from bot.doctor.checks.signature import SignatureCheck
from bot.doctor.checks.versions import VersionsCheck
from bot.doctor.findings import Finding, Level, title_of
from bot.i18n.texts import Text, Value

CHECKS: tuple[Check[Any], ...] = (
    TokenCheck(),
    IntentsCheck(),
    ChannelsCheck(),
    ClockCheck(),
    DatabaseCheck(),
    EnginesCheck(),
    PictureFilterCheck(),
    ReviewCheck(),
    DiskCheck(),
    PicturesCheck(),
    SignatureCheck(),
    FilePermissionsCheck(),
    VersionsCheck(),
)
"""In the order in which they are shown."""

CHECK_TIMEOUT_S = 20.0
"""Seconds that a check may take."""

log = logging.getLogger(__name__)


async def examine(
    installation: Installation, checks: Sequence[Check[Any]] = CHECKS
) -> tuple[Finding, ...]:
    """Run the checks and return all findings, in the order of the checks."""
    found = await asyncio.gather(*(_bounded(check, installation) for check in checks))
    return tuple(finding for findings in found for finding in findings)


async def _bounded(check: Check[Any], installation: Installation) -> tuple[Finding, ...]:
    """The findings of a check; a problem of its own if it hangs or fails by a mistake of ours."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            facts = await check.gather(installation)
        return tuple(check.judge(facts))
    except NotApplicable:
        return ()
    except TimeoutError:
        values: dict[str, Value] = {
            "check": title_of(check.name),
            "seconds": round(CHECK_TIMEOUT_S),
        }
        return (_unknown(check, Text("doctor-hangs", values), Text("doctor-hangs.remedy"), ""),)
    except Exception as error:
        log.warning("The check %s failed.", check.name, exc_info=True)
        text = Text("doctor-failed", {"check": title_of(check.name)})
        detail = f"{type(error).__name__}: {error}"
        return (_unknown(check, text, Text("doctor-failed.remedy"), detail),)


def _unknown(check: Check[Any], text: Text, remedy: Text, detail: str) -> Finding:
    return Finding(check.name, Level.PROBLEM, text, remedy, detail)
