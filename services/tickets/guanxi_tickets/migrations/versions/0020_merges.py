"""Merges and splits of tickets: what moved, where a reply was written, which numbers a ticket answers for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0020"
down_revision = "0005"
branch_labels = None
depends_on = None

# What tickets show has a new part; whoever reads one reads it whole.
SHOWN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
UPDATE tickets SET as_shown = (as_shown::jsonb || '{"merged_numbers": []}')::text;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "ticket_merges",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "before",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "after",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "moved",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), server_default="done", nullable=False),
        sa.Column(
            "kept",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('done', 'undone')", name=op.f("ck_ticket_merges_status")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "survivor_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_ticket_merges_organisation_id_survivor_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_ticket_merges")),
    )
    op.create_index(
        "ix_ticket_merges_organisation_id_survivor_id",
        "ticket_merges",
        ["organisation_id", "survivor_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_ticket_merges_owned",
        "ticket_merges",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_ticket_merges_sources",
        "ticket_merges",
        ["organisation_id", "source_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "ticket_merge_moves",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "merge_id"],
            ["ticket_merges.organisation_id", "ticket_merges.id"],
            name=op.f("fk_ticket_merge_moves_organisation_id_merge_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id",
            "merge_id",
            "resource",
            "field",
            "record_id",
            name=op.f("pk_ticket_merge_moves"),
        ),
    )
    op.add_column("ticket_comments", sa.Column("written_on_id", sa.Uuid(), nullable=True))
    op.add_column(
        "ticket_comments", sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_ticket_comments_written_on",
        "ticket_comments",
        ["organisation_id", "written_on_id"],
        unique=False,
        postgresql_where=sa.text("written_on_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_ticket_comments_organisation_id_written_on_id"),
        "ticket_comments",
        "tickets",
        ["organisation_id", "written_on_id"],
        ["organisation_id", "id"],
    )
    op.add_column("ticket_notes", sa.Column("written_on_id", sa.Uuid(), nullable=True))
    op.add_column("ticket_notes", sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_ticket_notes_organisation_id_written_on_id"),
        "ticket_notes",
        "tickets",
        ["organisation_id", "written_on_id"],
        ["organisation_id", "id"],
    )
    op.add_column("tickets", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.add_column(
        "tickets",
        sa.Column(
            "merged_numbers",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.create_foreign_key(
        op.f("fk_tickets_organisation_id_merged_into_id"),
        "tickets",
        "tickets",
        ["organisation_id", "merged_into_id"],
        ["organisation_id", "id"],
    )
    for table in ("ticket_comments", "ticket_notes"):
        op.create_check_constraint(
            op.f(f"ck_{table}_moved"), table, "(written_on_id IS NULL) = (joined_at IS NULL)"
        )
    op.create_check_constraint(
        op.f("ck_tickets_merged"), "tickets", "merged_into_id IS NULL OR deleted_at IS NOT NULL"
    )
    execute_script(SHOWN)
    secure("ticket_merges", "ticket_merge_moves")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_tickets_merged"), "tickets", type_="check")
    for table in ("ticket_comments", "ticket_notes"):
        op.drop_constraint(op.f(f"ck_{table}_moved"), table, type_="check")
    op.drop_constraint(
        op.f("fk_tickets_organisation_id_merged_into_id"), "tickets", type_="foreignkey"
    )
    op.drop_column("tickets", "merged_numbers")
    op.drop_column("tickets", "merged_into_id")
    op.drop_constraint(
        op.f("fk_ticket_notes_organisation_id_written_on_id"), "ticket_notes", type_="foreignkey"
    )
    op.drop_column("ticket_notes", "joined_at")
    op.drop_column("ticket_notes", "written_on_id")
    op.drop_constraint(
        op.f("fk_ticket_comments_organisation_id_written_on_id"),
        "ticket_comments",
        type_="foreignkey",
    )
    op.drop_index(
        "ix_ticket_comments_written_on",
        table_name="ticket_comments",
        postgresql_where=sa.text("written_on_id IS NOT NULL"),
    )
    op.drop_column("ticket_comments", "joined_at")
    op.drop_column("ticket_comments", "written_on_id")
    op.drop_table("ticket_merge_moves")
    op.drop_index("ix_ticket_merges_sources", table_name="ticket_merges", postgresql_using="gin")
    op.drop_index("ix_ticket_merges_owned", table_name="ticket_merges")
    op.drop_index("ix_ticket_merges_organisation_id_survivor_id", table_name="ticket_merges")
    op.drop_table("ticket_merges")
