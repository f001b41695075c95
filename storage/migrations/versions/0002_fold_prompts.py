"""Prompts as they are searched: the same in small and in capital letters, in every script."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AT_ONCE = 500
"""Jobs in memory at a time."""


def upgrade() -> None:
    # Added, not made anew with the table: all jobs are in it, and more tables point to it.
    op.add_column("jobs", sa.Column("folded_prompt", sa.Text(), server_default="", nullable=False))
    jobs = sa.table("jobs", sa.column("id"), sa.column("prompt"), sa.column("folded_prompt"))
    connection, last = op.get_bind(), ""
    while rows := connection.execute(
        sa.select(jobs.c.id, jobs.c.prompt)
        .where(jobs.c.id > last)
        .order_by(jobs.c.id)
        .limit(AT_ONCE)
    ).all():
        for job_id, prompt in rows:
            connection.execute(
                jobs.update().where(jobs.c.id == job_id).values(folded_prompt=_folded(prompt))
            )
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_column("jobs", "folded_prompt")


def _folded(text: str) -> str:
    whole = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", whole)
