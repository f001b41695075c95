"""When sessions at Discord's gateway began, for bots of several processes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_starts",
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_at_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_session_starts")),
    )


def downgrade() -> None:
    op.drop_table("session_starts")
