"""In which turn of the queue a job was claimed: from it follows whose turn is next."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added, not made anew with the table: all jobs are in it, and more tables point to it.
    op.add_column("jobs", sa.Column("turn", sa.BigInteger()))
    op.create_index("ix_jobs_turn", "jobs", ["turn"])


def downgrade() -> None:
    op.drop_index("ix_jobs_turn", "jobs")
    op.drop_column("jobs", "turn")
