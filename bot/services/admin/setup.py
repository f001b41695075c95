"""What `/server setup` shows: the few settings that a new server begins with."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.services.admin.access_settings import AccessSettings
from bot.services.admin.blocking import BlockService
from bot.services.admin.defaults import DefaultsService
from bot.services.admin.quotas import QuotaService, ServerQuotas
from bot.services.moderation.pictures import PictureFilter, ServerPolicies
from bot.services.moderation.words import WordFilter
from storage import servers
from storage.database import Database
from storage.models import Scope
from storage.rules.access import AccessRules
from storage.servers import ServerSettings


@dataclass(frozen=True, slots=True)
class SetupState:
    """What is set on a server.

    `language` is that of messages; None for the one that the server has at Discord. `role_quotas`
    are the roles with limits of their own, `own_defaults` the categories, channels and roles with
    defaults. `filter` is what happens to explicit pictures.
    """

    settings: ServerSettings
    quotas: ServerQuotas
    language: str | None
    access: AccessRules
    filter: ServerPolicies
    role_quotas: int
    blocked: int
    word_rules: int
    own_defaults: int


class SetupService:
    """Reads and changes them. Knows nothing of Discord's API."""

    def __init__(
        self,
        database: Database,
        quotas: QuotaService,
        defaults: DefaultsService,
        words: WordFilter,
        access: AccessSettings,
        blocks: BlockService,
        picture_filter: PictureFilter,
    ) -> None:
        self._database = database
        self._quotas = quotas
        self._defaults = defaults
        self._words = words
        self._access = access
        self._blocks = blocks
        self._picture_filter = picture_filter

    async def state(self, server_id: int) -> SetupState:
        quotas = await self._quotas.of_server(server_id)
        by_scope = {one.scope_id: one for one in await self._defaults.all_of(server_id)}
        everywhere = by_scope.pop(server_id, None)
        return SetupState(
            await servers.get_settings(self._database, server_id),
            quotas,
            everywhere.chosen.language if everywhere else None,
            await self._access.rules(server_id),
            await self._picture_filter.policies(server_id),
            blocked=len(await self._blocks.blocked(server_id)),
            role_quotas=len(quotas.by_role.keys() - {server_id}),
            word_rules=len(await self._words.rules(server_id)),
            own_defaults=len(by_scope),
        )

    async def draw_in(self, server_id: int, channels: Sequence[int]) -> None:
        """Draw in these channels and categories alone; everywhere if there are none."""
        await self._access.draw_only_in(server_id, channels)

    async def use_preset(self, server_id: int, name: str) -> None:
        """Give @everyone ready-made limits."""
        await self._quotas.use_preset(server_id, name)

    async def use_language(self, server_id: int, language: str | None) -> None:
        """Write messages in this language."""
        await self._defaults.change(server_id, Scope.SERVER, server_id, {"language": language})
