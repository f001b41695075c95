"""Several bots on one Postgres: which of them has a job, or another piece of work, and how long."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("lease", sa.Integer(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "duties",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duties")),
    )


def downgrade() -> None:
    op.drop_table("duties")
    op.drop_column("jobs", "leased_until")
    op.drop_column("jobs", "lease")
