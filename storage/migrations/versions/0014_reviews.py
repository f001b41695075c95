"""What moderators have to decide, who reported what, and the log of decisions and rules."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("servers", sa.Column("review_channel", sa.BigInteger(), nullable=True))
    op.add_column("servers", sa.Column("log_channel", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("approved_by", sa.BigInteger(), nullable=True))
    op.add_column(
        "copies", sa.Column("direct", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("prompt_key", sa.String(64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("open_key", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("post_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(24), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("open_key", name=op.f("uq_reviews_open_key")),
    )
    for column in ("member_id", "job_id", "settled_at"):
        op.create_index(op.f(f"ix_reviews_{column}"), "reviews", [column])
    op.create_table(
        "reports",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "member_id", name=op.f("pk_reports")),
    )
    op.create_table(
        "moderation_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.String(32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_log")),
    )
    op.create_index(op.f("ix_moderation_log_server_id_id"), "moderation_log", ["server_id", "id"])
    op.create_index(op.f("ix_moderation_log_created_at"), "moderation_log", ["created_at"])


def downgrade() -> None:
    op.drop_table("moderation_log")
    op.drop_table("reports")
    op.drop_table("reviews")
    op.drop_column("copies", "direct")
    op.drop_column("jobs", "approved_by")
    op.drop_column("servers", "log_channel")
    op.drop_column("servers", "review_channel")
