"""The first tables: servers, members, jobs and pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("aspect", sa.Text()),
        sa.Column("style", sa.Text()),
        sa.Column("stylize", sa.Integer()),
        sa.Column("temperament", sa.String(16)),
        sa.Column("jobs_per_member", sa.Integer(), nullable=False),
        sa.Column("permutations", sa.Integer(), server_default="10", nullable=False),
        sa.Column("buttons_for", sa.String(16), server_default="everyone", nullable=False),
        sa.Column("highlights_channel", sa.BigInteger()),
        sa.PrimaryKeyConstraint("server_id", name="pk_servers"),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True)),
        sa.Column("preferences", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
    )
    op.create_table(
        "options",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "name", name="pk_options"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_options_member_id_members"),
    )
    _create_jobs()
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_created_at", "drafts", ["created_at"])
    op.create_table(
        "pictures",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.Column("bytes_size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pictures"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_pictures_job_id_jobs"),
        sa.UniqueConstraint("job_id", "index", name="uq_pictures_job_id_index"),
    )
    op.create_table(
        "favourites",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("picture_id", sa.String(48), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "picture_id", name="pk_favourites"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name="fk_favourites_member_id_members"
        ),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["pictures.id"], name="fk_favourites_picture_id_pictures"
        ),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("member_name", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("parent_id", sa.String(32)),
        sa.Column("parent_index", sa.Integer()),
        sa.Column("attachment_limit", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(40)),
        sa.Column("mode", sa.String(16), server_default="fast", nullable=False),
        sa.Column("locale", sa.String(10), server_default="en-US", nullable=False),
        sa.Column("stealth", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reply_token", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("shown_at", sa.DateTime(timezone=True)),
        sa.Column("highlighted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_jobs_member_id_members"),
        sa.ForeignKeyConstraint(["parent_id"], ["jobs.id"], name="fk_jobs_parent_id_jobs"),
        sa.CheckConstraint(
            "kind IN ('imagine', 'vary', 'upscale', 'reroll', 'enlarge', 'region', 'zoom', 'pan', "
            "'square')",
            name=op.f("ck_jobs_kind"),
        ),
        sa.CheckConstraint("mode IN ('turbo', 'fast', 'relax')", name=op.f("ck_jobs_mode")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_jobs_state"),
        ),
    )
    op.create_index("ix_jobs_state_created_at", "jobs", ["state", "created_at"])
    op.create_index("ix_jobs_member_id_state", "jobs", ["member_id", "state"])
    op.create_index("ix_jobs_parent_id", "jobs", ["parent_id"])
    op.create_index("ix_jobs_shown_at", "jobs", ["shown_at"])


def downgrade() -> None:
    op.drop_table("favourites")
    op.drop_table("pictures")
    op.drop_table("drafts")
    op.drop_table("jobs")
    op.drop_table("options")
    op.drop_table("members")
    op.drop_table("servers")
