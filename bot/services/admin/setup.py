"""What `/server setup` shows: the few settings that a new server begins with."""

from dataclasses import dataclass

from bot.services.admin.defaults import DefaultsService
from bot.services.admin.quotas import QuotaService, ServerQuotas
from storage.models import Scope


@dataclass(frozen=True, slots=True)
class SetupState:
    """`language` is that of messages; None for the one that the server has at Discord."""

    quotas: ServerQuotas
    language: str | None


class SetupService:
    """Reads and changes them. Knows nothing of Discord's API."""

    def __init__(self, quotas: QuotaService, defaults: DefaultsService) -> None:
        self._quotas = quotas
        self._defaults = defaults

    async def state(self, server_id: int) -> SetupState:
        chosen = await self._defaults.of_scope(server_id, Scope.SERVER, server_id)
        return SetupState(await self._quotas.of_server(server_id), chosen.language)

    async def use_preset(self, server_id: int, name: str) -> None:
        """Give @everyone ready-made limits."""
        await self._quotas.use_preset(server_id, name)

    async def use_language(self, server_id: int, language: str | None) -> None:
        """Write messages in this language."""
        await self._defaults.change(server_id, Scope.SERVER, server_id, {"language": language})
