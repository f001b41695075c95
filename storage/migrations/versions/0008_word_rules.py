"""What each server, category and channel holds against the words of a prompt."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "word_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word_rules")),
        sa.UniqueConstraint(
            "server_id",
            "place_id",
            "pattern",
            name=op.f("uq_word_rules_server_id_place_id_pattern"),
        ),
        # Ids are never used again: a server's newest one says whether its rules have changed.
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("word_rules")
