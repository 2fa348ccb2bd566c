"""Files on tickets, and which of them are sent with replies and notes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_files("ticket_files", "ticket_comments", "public", "'agent', 'requester'")
    create_files("ticket_note_files", "ticket_notes", "internal", "'agent'")
    for said in ("ticket_comments", "ticket_notes"):
        op.add_column(
            said,
            sa.Column(
                "file_ids",
                postgresql.ARRAY(sa.Uuid()),
                server_default=sa.text("'{}'"),
                nullable=False,
            ),
        )


def create_files(table: str, said: str, visibility: str, authors: str) -> None:
    def moment(name: str) -> "sa.Column[object]":
        return sa.Column(
            name,
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        )

    def to(column: str, other: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(
            ["organisation_id", column],
            [f"{other}.organisation_id", f"{other}.id"],
            name=op.f(f"fk_{table}_organisation_id_{column}"),
        )

    op.create_table(
        table,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("visibility", sa.Text(), server_default=visibility, nullable=False),
        sa.Column("written_on_id", sa.Uuid(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("declared_type", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("storage", sa.Text(), nullable=False),
        sa.Column("author_kind", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        moment("created_at"),
        moment("updated_at"),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"author_kind IN ({authors})", name=op.f(f"ck_{table}_author_kind")),
        sa.CheckConstraint("storage IN ('local', 's3')", name=op.f(f"ck_{table}_storage")),
        sa.CheckConstraint(f"visibility IN ('{visibility}')", name=op.f(f"ck_{table}_visibility")),
        sa.CheckConstraint(
            "(written_on_id IS NULL) = (joined_at IS NULL)", name=op.f(f"ck_{table}_moved")
        ),
        to("comment_id", said),
        to("ticket_id", "tickets"),
        to("written_on_id", "tickets"),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f(f"pk_{table}")),
    )
    for column in ("comment_id", "deleted_at"):
        op.create_index(
            f"ix_{table}_organisation_id_{column}",
            table,
            ["organisation_id", column, "id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_index(
        f"ix_{table}_organisation_id_ticket_id",
        table,
        ["organisation_id", "ticket_id", "created_at", "id"],
    )
    op.create_index(f"ix_{table}_owned", table, ["organisation_id", "owner_id", "id"])
    op.create_index(
        f"uq_{table}_organisation_id_blob_id", table, ["organisation_id", "blob_id"], unique=True
    )
    secure(table)


def downgrade() -> None:
    for said in ("ticket_notes", "ticket_comments"):
        op.drop_column(said, "file_ids")
    for table in ("ticket_note_files", "ticket_files"):
        op.drop_table(table)
