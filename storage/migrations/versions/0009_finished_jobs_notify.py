"""How a server's members hear of a finished job, and the message that its end is shown in."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "servers", sa.Column("finished", sa.String(16), server_default="notify", nullable=False)
    )
    # Added, not made anew with the table: all jobs are in it, and more tables point to it.
    op.add_column("jobs", sa.Column("end_tried_at", sa.DateTime(timezone=True)))
    op.add_column("jobs", sa.Column("progress_id", sa.BigInteger()))
    op.create_index("ix_jobs_progress_id", "jobs", ["progress_id"])


def downgrade() -> None:
    op.drop_index("ix_jobs_progress_id", "jobs")
    op.drop_column("jobs", "progress_id")
    op.drop_column("jobs", "end_tried_at")
    op.drop_column("servers", "finished")
