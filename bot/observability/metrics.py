"""The bot's metrics, in Prometheus's format: what was counted since the process started.

Labels have few values, whatever members type: never a member, a channel, a server or a prompt.
What is read anew for each answer, such as the queue, is in `bot.observability.gauges`.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

from storage.jobs import FailureCause, JobStep
from storage.models import JobKind, JobMode, JobState

REGISTRY = CollectorRegistry()

WAIT_BUCKETS_S = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
ANSWER_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5)
"""Discord waits for 3 s; what comes later is lost."""

ENDS = (
    (JobState.DONE, ""),
    (JobState.CANCELLED, ""),
    *((JobState.FAILED, cause.value) for cause in FailureCause),
)
INTERACTION_TYPES = ("application_command", "component", "autocomplete", "modal_submit")
RATE_LIMIT_SCOPES = ("user", "global", "shared")
RETRIED = ("database", "discord", "pictures")

JOB_STEPS = Counter(
    "darkroom_job_steps", "What happened to jobs.", ["step", "kind"], registry=REGISTRY
)
JOBS_ENDED = Counter(
    "darkroom_jobs_ended",
    "Jobs by how they ended; failed ones by their cause.",
    ["state", "cause"],
    registry=REGISTRY,
)
JOB_WAIT = Histogram(
    "darkroom_job_wait_seconds",
    "From a job's acceptance to its first claim.",
    ["mode"],
    buckets=WAIT_BUCKETS_S,
    registry=REGISTRY,
)
JOB_RUN = Histogram(
    "darkroom_job_run_seconds",
    "From a job's last claim to its end.",
    ["kind"],
    buckets=WAIT_BUCKETS_S,
    registry=REGISTRY,
)
INTERACTIONS = Counter(
    "darkroom_interactions", "Interactions that members began.", ["type"], registry=REGISTRY
)
ANSWER = Histogram(
    "darkroom_interaction_answer_seconds",
    "From an interaction to Discord having its first answer.",
    ["type"],
    buckets=ANSWER_BUCKETS_S,
    registry=REGISTRY,
)
HANDLING = Histogram(
    "darkroom_interaction_handling_seconds",
    "From an interaction to the bot sending its first answer: the bot's own part.",
    ["type"],
    buckets=ANSWER_BUCKETS_S,
    registry=REGISTRY,
)
DISCORD_ANSWERS = Counter(
    "darkroom_discord_answers",
    "Discord's answers to the bot by status; `none` where there was no answer.",
    ["method", "status"],
    registry=REGISTRY,
)
RATE_LIMITS = Counter(
    "darkroom_discord_rate_limits",
    "Discord's answers that the bot asks too often (429), by whose limit it is.",
    ["scope"],
    registry=REGISTRY,
)
DATABASE_ERRORS = Counter(
    "darkroom_database_errors",
    "Questions that the database did not answer.",
    registry=REGISTRY,
)
RETRIES = Counter(
    "darkroom_retries",
    "What is tried again after the database, Discord or the pictures' store did not answer.",
    ["of"],
    registry=REGISTRY,
)


def _begin_at_zero() -> None:
    """Show what has not happened yet as 0, so that its first time is seen as a rise."""
    for state, cause in ENDS:
        JOBS_ENDED.labels(state.value, cause)
    for step in JobStep:
        for kind in JobKind:
            JOB_STEPS.labels(step.value, kind.value)
    for mode in JobMode:
        JOB_WAIT.labels(mode.value)
    for kind in JobKind:
        JOB_RUN.labels(kind.value)
    for name in INTERACTION_TYPES:
        INTERACTIONS.labels(name)
        ANSWER.labels(name)
        HANDLING.labels(name)
    for scope in (*RATE_LIMIT_SCOPES, "other"):
        RATE_LIMITS.labels(scope)
    for of in RETRIED:
        RETRIES.labels(of)


_begin_at_zero()
