"""How long pictures are kept, and what is still to be deleted for members who asked for it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "servers", sa.Column("keep_days", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("pictures", sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "unwanted_messages",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("reply_token", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_unwanted_messages")),
    )
    op.create_table(
        "erasures",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_erasures")),
    )


def downgrade() -> None:
    op.drop_table("erasures")
    op.drop_table("unwanted_messages")
    op.drop_column("pictures", "expired_at")
    op.drop_column("servers", "keep_days")
