"""How explicit pictures are, and what each server, category and channel does about it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pictures", sa.Column("explicit_score", sa.Float(), nullable=True))
    op.add_column("jobs", sa.Column("held_back", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_jobs_held_back"), "jobs", ["held_back"])
    op.create_table(
        "picture_policies",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("threshold_percent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "place_id", name=op.f("pk_picture_policies")),
    )


def downgrade() -> None:
    op.drop_table("picture_policies")
    op.drop_index(op.f("ix_jobs_held_back"), "jobs")
    op.drop_column("jobs", "held_back")
    op.drop_column("pictures", "explicit_score")
