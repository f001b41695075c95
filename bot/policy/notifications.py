"""Decides whether a job's end is a new message that mentions its member. Pure."""

from storage.models import JobState
from storage.servers import ServerSettings

MAX_JOBS_BY_TOKEN = 2
"""The most jobs of one reply token whose ends may be new messages.

Where the bot is a user install, Discord takes five messages after the first. Every job needs one of
them before it can start, and that comes first.
"""


def notifies(state: JobState, settings: ServerSettings | None, *, jobs_by_token: int) -> bool:
    """`settings` are those of the job's server, None in direct messages.

    `jobs_by_token` is how many jobs share the job's reply token, 0 if it has none. Whoever stopped
    a job knows of it already.
    """
    if state is JobState.CANCELLED or jobs_by_token > MAX_JOBS_BY_TOKEN:
        return False
    return settings is None or settings.finished == "notify"
