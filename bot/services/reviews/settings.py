"""Where a server's moderators look at things: its review channel and its log channel."""

from dataclasses import replace
from typing import Any

from bot.delivery.review_publisher import ReviewPublisher
from storage import servers
from storage.database import Database
from storage.moderation import reviews
from storage.servers import ServerSettings


class ReviewSettings:
    def __init__(self, database: Database, publisher: ReviewPublisher) -> None:
        self._database = database
        self._publisher = publisher

    async def show(self, server_id: int) -> tuple[ServerSettings, int]:
        """The settings, and how many reviews wait for a decision."""
        settings = await servers.get_settings(self._database, server_id)
        return settings, len(await reviews.open_of_server(self._database, server_id))

    async def change(
        self,
        server_id: int,
        review_channel: int | None,
        log_channel: int | None,
        *,
        off: tuple[str, ...] = (),
    ) -> tuple[ServerSettings, int]:
        """Set channels; None keeps one, and those named in `off` are taken away.

        What waits for a decision is posted in the new channel.
        """

        def changed(now: ServerSettings) -> ServerSettings:
            if review_channel is not None:
                now = replace(now, review_channel=review_channel)
            if log_channel is not None:
                now = replace(now, log_channel=log_channel)
            taken: dict[str, Any] = dict.fromkeys(off)
            return replace(now, **taken)

        settings = await servers.change_settings(self._database, server_id, changed)
        waiting = await reviews.open_of_server(self._database, server_id)
        for review in waiting:
            self._publisher.publish(review.id)
        return settings, len(waiting)
