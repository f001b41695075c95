"""The database: whether it can be used, and whether its schema is the one of this version."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.doctor.check import Check, Installation
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text
from storage.database import DatabaseState, StorageUnavailable, inspect_database


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """How the database stands; None with the sentence that says why it cannot be used."""

    state: DatabaseState | None
    unusable: str = ""


class DatabaseCheck(Check[DatabaseFacts]):
    """Whether the database can be reached, read and written, and its schema is up to date."""

    name = "database"
    for_servers = True

    async def gather(self, installation: Installation) -> DatabaseFacts:
        try:
            return DatabaseFacts(await inspect_database(installation.settings.database))
        except StorageUnavailable as error:
            return DatabaseFacts(None, str(error))

    def judge(self, facts: DatabaseFacts) -> Iterable[Finding]:
        state = facts.state
        if state is None:
            yield self._finding(Level.PROBLEM, "unusable", facts.unusable)
            return
        if not state.exists:
            text = Text("doctor-database.not-yet", {"kind": state.kind})
            yield Finding(self.name, Level.OK, text)
            return
        about = f"{state.schema}: {state.schema_title}" if state.schema_title else f"{state.schema}"
        if state.schema_title is None:
            yield self._finding(Level.PROBLEM, "newer", about)
        elif state.schema != state.newest:
            yield self._finding(Level.WARNING, "older", f"{about} The newest is {state.newest}.")
        if state.not_writable is not None:
            yield self._finding(Level.PROBLEM, "not-writable", state.not_writable)
        if state.schema == state.newest and state.not_writable is None:
            text = Text("doctor-database.usable", {"kind": state.kind})
            size_mb = state.size_bytes / 1e6
            yield Finding(self.name, Level.OK, text, None, f"{size_mb:.1f} MB, schema {about}")

    def _finding(self, level: Level, key: str, detail: str) -> Finding:
        text, remedy = Text(f"doctor-database.{key}"), Text(f"doctor-database.{key}-remedy")
        return Finding(self.name, level, text, remedy, detail)
