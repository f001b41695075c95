"""Which actions make follow-up jobs; what they make is pressed in `tests/bot/ui`."""

from bot.messages.job_actions import JobAction
from bot.services.followup_jobs import BUILDERS


def test_every_action_makes_a_job_but_those_that_ask_or_mark_or_stop() -> None:
    others = {JobAction.CELLS, JobAction.RASTER, JobAction.LIKE, JobAction.CANCEL, JobAction.APPEAL}
    assert set(JobAction) - BUILDERS.keys() == others
