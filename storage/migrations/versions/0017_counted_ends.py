"""Models of waiting jobs in a column of their own, and how many of a member's jobs ended how."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("model", sa.Text(), nullable=True))
    jobs = sa.table(
        "jobs",
        sa.column("state", sa.String()),
        sa.column("request", sa.JSON()),
        sa.column("model", sa.Text()),
    )
    # Of jobs that have ended nobody asks: they may be millions.
    waiting = jobs.c.state.in_(("queued", "running"))
    # Postgres cannot take a JSON apart that has the character 0 in any of its strings. Such a job
    # stays without a model, and any engine may claim it.
    readable = ~sa.cast(jobs.c.request, sa.Text()).contains("\\u0000")
    unresolved = jobs.c.request["unresolved"].as_string().is_not(None)
    named = sa.func.coalesce(jobs.c.request["model"].as_string(), "")
    model = sa.case((~readable, None), (unresolved, None), else_=named)
    op.execute(jobs.update().where(waiting).values(model=model))
    # Filled with the next end of a member's job, or when they ask.
    op.create_table(
        "member_totals",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_totals")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_member_totals_member_id_members")
        ),
    )


def downgrade() -> None:
    op.drop_table("member_totals")
    op.drop_column("jobs", "model")
