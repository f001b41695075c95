"""Who had a job's message taken away, and the further messages that show a job."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("removed_by", sa.String(16), nullable=True))
    op.create_table(
        "copies",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_copies"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_copies_job_id_jobs"),
    )
    op.create_index("ix_copies_job_id", "copies", ["job_id"])


def downgrade() -> None:
    op.drop_table("copies")
    op.drop_column("jobs", "removed_by")
