"""Models of waiting jobs in a column of their own, and how many of a member's jobs ended how."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("model", sa.Text(), nullable=True))
    _name_models()
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


def _name_models() -> None:
    """Write the model of each waiting job into its column, as the bot does with a new one."""
    jobs = sa.table(
        "jobs",
        sa.column("id", sa.String()),
        sa.column("state", sa.String()),
        sa.column("request", sa.JSON()),
        sa.column("model", sa.Text()),
    )
    # Of jobs that have ended nobody asks: they may be millions. Read here, not by the database:
    # Postgres cannot take a JSON apart that has half of a character, or the character 0, anywhere.
    waiting = jobs.c.state.in_(("queued", "running"))
    rows = op.get_bind().execute(sa.select(jobs.c.id, jobs.c.request).where(waiting)).all()
    named = [
        {"job_id": row.id, "named": _text(str(request.get("model") or ""))}
        for row in rows
        if "unresolved" not in (request := row.request if isinstance(row.request, dict) else {})
    ]
    if named:
        job_id = sa.bindparam("job_id", type_=sa.String())
        model = sa.bindparam("named", type_=sa.Text())
        op.get_bind().execute(jobs.update().where(jobs.c.id == job_id).values(model=model), named)


def _text(typed: str) -> str:
    """Without what a database cannot hold in a text, as in `storage.columns.AnyText`."""
    return typed.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def downgrade() -> None:
    op.drop_table("member_totals")
    op.drop_column("jobs", "model")
