"""Defaults of servers, categories, channels and roles, and the file format of a job's pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "defaults",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "scope", "scope_id", name="pk_defaults"),
    )
    op.add_column("jobs", sa.Column("file_format", sa.String(8), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "file_format")
    op.drop_table("defaults")
