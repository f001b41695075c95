"""Indexes of the start pictures that jobs name, which are searched before one is deleted.

Made as those of the migration before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

DIGESTS = {
    "sqlite": "json_extract(request, '$.start.{name}')",
    # As text: Postgres cannot take a JSON apart that has the character 0 in any of its strings.
    "postgresql": (
        "(substring(request::text from"
        """ '"start": [{{][^}}]*"{name}": "([0-9a-f]+)"'))"""
    ),
}
"""Where a job's request has the digest."""

INVALID = (
    "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid"
    " WHERE NOT indisvalid AND pg_table_is_visible(pg_class.oid)"
)


def upgrade() -> None:
    config = op.get_context().config
    if config is None or not config.attributes.get("beside_others"):
        _make("")
        return
    with op.get_context().autocommit_block():
        for name in op.get_bind().scalars(sa.text(INVALID)).all():
            if name in ("ix_jobs_start_image", "ix_jobs_start_mask"):
                op.execute(f'DROP INDEX CONCURRENTLY "{name}"')
        _make("CONCURRENTLY IF NOT EXISTS")


def _make(how: str) -> None:
    for name in ("image", "mask"):
        digest = DIGESTS[op.get_context().dialect.name].format(name=name)
        op.execute(
            f"CREATE INDEX {how} ix_jobs_start_{name} ON jobs ({digest}) WHERE {digest} IS NOT NULL"
        )


def downgrade() -> None:
    op.drop_index("ix_jobs_start_image", "jobs")
    op.drop_index("ix_jobs_start_mask", "jobs")
