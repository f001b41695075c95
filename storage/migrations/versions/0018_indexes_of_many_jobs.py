"""Indexes with which a database with millions of jobs answers as one with thousands.

Postgres makes and drops them beside the bots that use the tables, each by itself and outside of the
transaction. So a process that is killed may leave some done, and an invalid one that is made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UNFINISHED = (
    "state, member_id, mode, weight, at_a_time, kind, created_at, message_id, model, id,"
    " finished_at"
)

NEW = {
    "ix_jobs_unfinished": f"jobs ({UNFINISHED}) WHERE finished_at IS NULL",
    "ix_jobs_unshown": "jobs (finished_at) WHERE shown_at IS NULL",
    "ix_jobs_to_check": "jobs (created_at, id) WHERE held_back IS NOT NULL",
    "ix_jobs_progress_left": "jobs (created_at, id) WHERE progress_id IS NOT NULL",
    "ix_jobs_reply_token": "jobs (reply_token) WHERE reply_token IS NOT NULL",
    "ix_jobs_message_id": "jobs (message_id)",
    "ix_jobs_member_id_created_at": "jobs (member_id, created_at)",
    "ix_jobs_member_id_id": "jobs (member_id, id)",
    "ix_jobs_member_id_server_id_created_at": "jobs (member_id, server_id, created_at)",
    "ix_jobs_server_id_finished_at_id": "jobs (server_id, finished_at, id)",
    "ix_jobs_finished_at_id": "jobs (finished_at, id)",
    "ix_quota_usage_member_id": "quota_usage (member_id)",
    "ix_drafts_member_id_created_at": "drafts (member_id, created_at)",
    "ix_favourites_picture_id": "favourites (picture_id)",
    "ix_reviews_open": "reviews (server_id) WHERE open_key IS NOT NULL",
    "ix_reports_member_id_created_at": "reports (member_id, created_at)",
    "ix_moderation_log_server_id_created_at": "moderation_log (server_id, created_at)",
    "ix_moderation_log_member_id_id": "moderation_log (member_id, id)",
    "ix_moderation_log_actor_id_id": "moderation_log (actor_id, id)",
    "ix_blocks_member_id": "blocks (member_id)",
}
OLD = {
    "ix_jobs_state_created_at": "jobs (state, created_at)",
    "ix_jobs_member_id_state": "jobs (member_id, state)",
    "ix_jobs_shown_at": "jobs (shown_at)",
    "ix_jobs_progress_id": "jobs (progress_id)",
    "ix_jobs_held_back": "jobs (held_back)",
}

INVALID = (
    "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid"
    " WHERE NOT indisvalid AND pg_table_is_visible(pg_class.oid)"
)


def upgrade() -> None:
    config = op.get_context().config
    if config is None or not config.attributes.get("beside_others"):
        _replace(OLD, NEW, "", "")
        return
    with op.get_context().autocommit_block():
        for name in op.get_bind().scalars(sa.text(INVALID)).all():
            if name in NEW:
                op.execute(f'DROP INDEX CONCURRENTLY "{name}"')
        _replace(OLD, NEW, "CONCURRENTLY IF EXISTS", "CONCURRENTLY IF NOT EXISTS")


def downgrade() -> None:
    _replace(NEW, OLD, "", "")


def _replace(old: dict[str, str], new: dict[str, str], drop_how: str, make_how: str) -> None:
    for name, what in new.items():
        op.execute(f"CREATE INDEX {make_how} {name} ON {what}")
    for name in old:
        op.execute(f"DROP INDEX {drop_how} {name}")
