"""What the files of a server's pictures say, and whether the bot has greeted it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "servers",
        sa.Column("pictures_carry", sa.String(16), server_default="recipe", nullable=False),
    )
    # A server that the bot is on already is greeted only if it is added again.
    op.add_column(
        "servers", sa.Column("greeted", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("servers", "greeted")
    op.drop_column("servers", "pictures_carry")
