"""Which ends of jobs are new messages: not what was stopped, nor where the server says no."""

import pytest

from bot.policy.notifications import MAX_JOBS_BY_TOKEN, notifies
from storage.models import JobState
from storage.servers import ServerSettings

QUIET = ServerSettings(1, finished="quiet")


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED])
def test_pictures_and_failures_notify_unless_the_server_is_quiet(state: JobState) -> None:
    assert notifies(state, None, jobs_by_token=0)
    assert notifies(state, ServerSettings(1), jobs_by_token=0)
    assert not notifies(state, QUIET, jobs_by_token=0)


def test_whoever_stopped_a_job_knows_of_it() -> None:
    assert not notifies(JobState.CANCELLED, None, jobs_by_token=0)


def test_many_jobs_of_one_token_leave_its_messages_to_their_beginnings() -> None:
    assert notifies(JobState.DONE, None, jobs_by_token=MAX_JOBS_BY_TOKEN)
    assert not notifies(JobState.DONE, None, jobs_by_token=MAX_JOBS_BY_TOKEN + 1)
    # As many first messages and ends as Discord takes: the answer and five more.
    assert 2 * MAX_JOBS_BY_TOKEN <= 5
