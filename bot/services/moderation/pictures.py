"""The filter for explicit pictures: refusals, the pictures that members bring, and its policies.

Knows nothing of Discord's API.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.delivery.picture_gate import PictureGate
from bot.errors import ExplicitPicture, FilterAway, PictureWithheld, TooManyPolicies
from bot.policy.actors import Requester
from bot.policy.picture_policy import (
    DEFAULT_THRESHOLD_PERCENT,
    PictureAction,
    PicturePolicy,
    ShowingPlace,
)
from bot.policy.verdicts import Ruling, Verdict
from bot.services.moderation.events import ModerationLog
from storage.database import Database
from storage.moderation.log import NewEntry
from storage.rules import pictures
from storage.rules.pictures import PolicyLimitReached, StoredPicturePolicy

MAX_POLICIES = 50
"""Places of one server that may have a policy of their own."""


def check_shown(ruling: Ruling) -> Ruling:
    """The ruling on pictures that are shown. Raises PictureWithheld for others."""
    if ruling.verdict >= Verdict.REVIEW:
        raise PictureWithheld(ruling.reason)
    return ruling


class StartPictureCheck:
    """Checks the pictures that members bring, before anything is made of them."""

    def __init__(self, gate: PictureGate, log: ModerationLog) -> None:
        self._gate = gate
        self._log = log

    async def check_for(self, requester: Requester, fetched: Sequence[bytes]) -> None:
        """Check pictures for a job. Raises ExplicitPicture, FilterAway."""
        await self.check(self.place_of(requester), requester.member_id, fetched)

    def place_of(self, requester: Requester) -> ShowingPlace:
        """Where what is asked for will be shown."""
        if requester.server_id is None:
            return self._gate.places.direct_messages(
                requester.channel_id, is_own=not requester.guest
            )
        return ShowingPlace(
            requester.server_id,
            requester.channel_id,
            requester.location.above,
            for_adults=requester.age_restricted,
        )

    async def check(self, place: ShowingPlace, member_id: int, fetched: Sequence[bytes]) -> None:
        """Raises ExplicitPicture, FilterAway for a member's pictures that a place may not have.

        No moderator looks at them, so what would wait for one is refused. The moderators' log
        says so.
        """
        ruling = await self._gate.ruling_on(place, fetched)
        if ruling.verdict < Verdict.REVIEW:
            return
        if ruling.reason == "picture-verdict.unchecked":
            raise FilterAway
        if place.server_id is not None:
            await self._log.note(
                NewEntry(place.server_id, "filter.brought", "", None, member_id, place.channel_id)
            )
        raise ExplicitPicture(for_adults=place.for_adults)


@dataclass(frozen=True, slots=True)
class ServerPolicies:
    """What a server decided: for itself, None if nothing, and for its categories and channels.

    `filter_name` is what checks pictures; None if nothing does.
    """

    own: PicturePolicy | None
    places: tuple[tuple[int, PicturePolicy], ...]
    filter_name: str | None


class PictureFilter:
    """The policies of servers. Refusals are `bot.errors.UserError`s."""

    def __init__(self, database: Database, gate: PictureGate) -> None:
        self._database = database
        self._gate = gate

    async def policies(self, server_id: int) -> ServerPolicies:
        stored = {
            one.place_id: PicturePolicy(PictureAction(one.action), one.threshold_percent)
            for one in await pictures.policies_of(self._database, server_id)
        }
        own = stored.pop(server_id, None)
        return ServerPolicies(own, tuple(stored.items()), self._gate.filter_name)

    async def change(
        self,
        server_id: int,
        place_id: int,
        action: PictureAction | None,
        threshold_percent: int | None,
    ) -> ServerPolicies:
        """Change what a place does; None leaves it. Raises TooManyPolicies."""
        there = {one.place_id: one for one in await pictures.policies_of(self._database, server_id)}
        # What a place says for the first time begins with what holds for the server.
        before = there.get(place_id) or there.get(server_id)
        usual = before.action if before else PicturePolicy().action
        usual_threshold = before.threshold_percent if before else DEFAULT_THRESHOLD_PERCENT
        policy = StoredPicturePolicy(
            place_id,
            str(action or usual),
            usual_threshold if threshold_percent is None else threshold_percent,
        )
        try:
            await pictures.store(self._database, server_id, policy, limit=MAX_POLICIES)
        except PolicyLimitReached as error:
            raise TooManyPolicies(MAX_POLICIES) from error
        return await self.policies(server_id)

    async def forget(self, server_id: int, place_id: int) -> ServerPolicies:
        """Let a place follow what is above it again."""
        await pictures.forget(self._database, server_id, place_id)
        return await self.policies(server_id)
