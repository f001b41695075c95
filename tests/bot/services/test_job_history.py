"""Questions about jobs, asked of a real database."""

from collections.abc import AsyncIterator

import discord
import pytest

from bot.config import Settings
from bot.delivery.end_messages import EndMessages
from bot.delivery.job_publisher import JobPublisher
from bot.delivery.messenger import Messenger
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.delivery.review_publisher import ReviewPublisher
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.engines.places import EnginePlaces
from bot.images.turns import MemberTurns
from bot.leases import Leases
from bot.models.registry import ModelRegistry
from bot.policy.showing_places import ShowingPlaces
from bot.services.container import picture_marker
from bot.services.job_history import JobHistory
from bot.services.moderation.events import ModerationLog
from bot.services.removals import Removals
from diffusion.protocol.requests import ImageRequest
from storage.database import Database
from storage.models import JobKind
from storage.pictures import PictureFolder
from tests.support.bot.image_requests import request_for
from tests.support.queries import recorded_statements
from tests.support.stored_jobs import queue


@pytest.fixture
async def history(settings: Settings, database: Database) -> AsyncIterator[JobHistory]:
    """The service of a bot that is not connected."""
    async with open_engines(read_configuration(settings)) as connected:
        folder = PictureFolder(settings.picture_folder)
        client = discord.Client(intents=discord.Intents.none())
        messenger = Messenger(client)
        registry = ModelRegistry(
            {one.name: one.engine for one in connected.engines}, settings.models_file, None, {}
        )
        marker = picture_marker(settings)
        marks = PictureMarks(database, folder, marker)
        showing_places = ShowingPlaces(client, explicit_direct_messages=False)
        gate = PictureGate(
            database, folder, None, showing_places, ModerationLog(database, messenger).note
        )
        messages = EndMessages(database, folder, registry, marks, gate)
        reviews = ReviewPublisher(database, messenger, messages)
        publisher = JobPublisher(
            database, messenger, messages, marks, reviews, gate, Leases(database)
        )
        removals = Removals(database, folder, messenger)
        turns = MemberTurns(concurrency=1, most_waiting=1, most_of_one=1)
        places = EnginePlaces(connected.engines, registry)
        yield JobHistory(
            database, folder, registry, publisher, messenger, removals, turns, places, marks, gate
        )
        marker.close()


async def test_details_are_one_query_however_long_the_line_of_descent(
    history: JobHistory, database: Database
) -> None:
    request = request_for("a fox")
    job = None
    for _ in range(3):
        parent = {"parent_id": job.id, "parent_index": 0, "kind": JobKind.VARY} if job else {}
        (job,) = await queue(database, request=request.to_json(), **parent)
    assert job is not None
    with recorded_statements() as statements:
        details = await history.details(job)
    assert details.request == request == ImageRequest.from_json(job.request)
    assert details.pictures == ()
    (statement,) = [one for one in statements if "SELECT" in one]
    assert "FROM pictures" in statement
