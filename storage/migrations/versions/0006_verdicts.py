"""What the rules of a place say about a job: whether it is shown as it is, and why not."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("verdict", sa.Integer(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("verdict_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "verdict_reason")
    op.drop_column("jobs", "verdict")
