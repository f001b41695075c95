"""The key that signs pictures (C2PA): whose it is, and when its certificate ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.config import Settings
from bot.doctor.check import Check, Installation
from bot.doctor.findings import Finding, Level
from bot.doctor.threads import in_thread
from bot.i18n.texts import Text
from bot.images.credentials import (
    RENEWED_DAYS,
    UnusableCertificate,
    read_credentials,
    valid_from,
    valid_until,
)


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """`own` is whether the key is self-made. Without dates there is no key yet, or `unusable` says
    what is wrong with it."""

    own: bool
    now: datetime
    begins: datetime | None = None
    ends: datetime | None = None
    unusable: str = ""
    where: str = ""


class SignatureCheck(Check[SignatureFacts]):
    """Whether pictures can be signed, and how long still."""

    name = "signature"
    for_servers = True

    async def gather(self, installation: Installation) -> SignatureFacts:
        return await in_thread(lambda: _read(installation.settings))

    def judge(self, facts: SignatureFacts) -> Iterable[Finding]:
        if facts.unusable and not facts.own:
            yield self._finding(Level.PROBLEM, "unusable", facts.unusable)
        elif facts.ends is None or facts.begins is None:
            # A self-made key that is damaged is replaced at the next start.
            yield Finding(self.name, Level.OK, Text("doctor-signature.not-yet"))
        elif facts.begins > facts.now:
            yield self._finding(Level.PROBLEM, "not-valid-yet", facts.where, facts.begins)
        elif facts.ends <= facts.now:
            key = "own-ended" if facts.own else "ended"
            yield self._finding(Level.PROBLEM, key, facts.where, facts.ends)
        elif facts.ends <= facts.now + timedelta(days=RENEWED_DAYS):
            key = "own-ends-soon" if facts.own else "ends-soon"
            yield self._finding(Level.WARNING, key, facts.where, facts.ends)
        else:
            key = "doctor-signature.own" if facts.own else "doctor-signature.operators"
            text = Text(key, {"date": _day(facts.ends)})
            yield Finding(self.name, Level.OK, text, None, facts.where)

    def _finding(
        self, level: Level, key: str, detail: str, date: datetime | None = None
    ) -> Finding:
        text = Text(f"doctor-signature.{key}", {"date": _day(date)} if date else {})
        return Finding(self.name, level, text, Text(f"doctor-signature.{key}-remedy"), detail)


def _day(date: datetime) -> str:
    return date.date().isoformat()


def _read(settings: Settings) -> SignatureFacts:
    own = settings.own_c2pa_file
    certificates, key = settings.c2pa_certificate or own, settings.c2pa_key or own
    is_own, now = certificates == own, datetime.now(UTC)
    if is_own and not own.exists():
        return SignatureFacts(is_own, now)
    try:
        credentials = read_credentials(certificates, key)
    except UnusableCertificate as error:
        return SignatureFacts(is_own, now, unusable=str(error))
    begins, ends = valid_from(credentials), valid_until(credentials)
    return SignatureFacts(is_own, now, begins, ends, where=str(certificates))
