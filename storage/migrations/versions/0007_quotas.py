"""What roles may have, what members used of it, and whose turn it is by weight."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "jobs", sa.Column("counted_pictures", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("jobs", sa.Column("weight", sa.Integer(), server_default="1", nullable=False))
    op.add_column("jobs", sa.Column("at_a_time", sa.Integer(), nullable=True))
    op.create_table(
        "queue_shares",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("finish", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], "fk_queue_shares_member_id_members"),
        sa.PrimaryKeyConstraint("member_id", "mode", name="pk_queue_shares"),
    )
    op.create_index("ix_queue_shares_mode_start", "queue_shares", ["mode", "start"])
    op.create_table(
        "quotas",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quota", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "role_id", name="pk_quotas"),
    )
    op.create_table(
        "quota_usage",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("gpu_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "member_id", "period", name="pk_quota_usage"),
    )


def downgrade() -> None:
    op.drop_table("quota_usage")
    op.drop_table("quotas")
    op.drop_index("ix_queue_shares_mode_start", "queue_shares")
    op.drop_table("queue_shares")
    op.drop_column("jobs", "at_a_time")
    op.drop_column("jobs", "weight")
    op.drop_column("jobs", "counted_pictures")
    op.drop_column("members", "asked_at")
