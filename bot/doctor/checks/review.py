"""The review channel: whether there is one wherever a rule wants a moderator to look first."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text
from storage.database import Database, StorageUnavailable, inspect_database
from storage.moderation.reviews import servers_without_channel


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """The servers with a rule that says `review`, and no review channel."""

    without_channel: tuple[int, ...]


class ReviewCheck(Check[ReviewFacts]):
    """Whether what waits for a moderator reaches one."""

    name = "review"
    for_servers = True

    async def gather(self, installation: Installation) -> ReviewFacts:
        server_id = installation.server_id
        try:
            if installation.database is not None:
                found = await servers_without_channel(installation.database, server_id)
                return ReviewFacts(found)
            url = installation.settings.database
            state = await inspect_database(url)
            if not state.exists or state.schema != state.newest:
                raise NotApplicable
            async with Database(url) as database:
                return ReviewFacts(await servers_without_channel(database, server_id))
        except StorageUnavailable as error:
            # The check of the database says so.
            raise NotApplicable from error

    def judge(self, facts: ReviewFacts) -> Iterable[Finding]:
        servers = facts.without_channel
        if not servers:
            yield Finding(self.name, Level.OK, Text("doctor-review.set"))
            return
        yield Finding(
            self.name,
            Level.WARNING,
            Text("doctor-review.missing", {"count": len(servers)}),
            Text("doctor-review.missing-remedy"),
            ", ".join(map(str, servers)),
            by_admins=True,
        )
