"""The kernel's tables and the first tables of tickets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import create_search_table, execute_script, install_kernel, secure

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Whom a duty has work for, which is bound to nobody: the owner of the schema sees the directory by a
# policy of its own, and the service ids of organisations and no more, through this function.
ORGANISATIONS = """
CREATE POLICY rounds ON directory_state FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL);
CREATE FUNCTION organisations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT organisation_id FROM directory_state
$$;
REVOKE ALL ON FUNCTION organisations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisations() TO tickets;
"""


def upgrade() -> None:
    install_kernel("tickets")
    op.create_table(
        "known_accounts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_known_accounts")),
    )
    op.create_index(
        "ix_known_accounts_organisation_id_merged_into_id",
        "known_accounts",
        ["organisation_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_known_accounts_organisation_id_name",
        "known_accounts",
        ["organisation_id", "name", "id"],
        unique=False,
    )
    op.create_table(
        "known_contacts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_known_contacts")),
    )
    op.create_index(
        "ix_known_contacts_organisation_id_merged_into_id",
        "known_contacts",
        ["organisation_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_table(
        "merge_follows",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation_id",
            "merge_id",
            "resource",
            "field",
            "record_id",
            name=op.f("pk_merge_follows"),
        ),
    )
    op.create_table(
        "ticket_numbers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_ticket_numbers")),
    )
    op.create_table(
        "ticket_settings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "states",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "priorities",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
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
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = organisation_id", name=op.f("ck_ticket_settings_only_one")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_ticket_settings")),
    )
    op.create_table(
        "tickets",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="question", nullable=False),
        sa.Column("impact", sa.Text(), server_default="medium", nullable=False),
        sa.Column("urgency", sa.Text(), server_default="medium", nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("priority_rank", sa.BigInteger(), nullable=False),
        sa.Column("priority_source", sa.Text(), server_default="table", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_kind", sa.Text(), nullable=False),
        sa.Column(
            "status_changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("channel", sa.Text(), server_default="api", nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("is_account_verified", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("duplicate_of_id", sa.Uuid(), nullable=True),
        sa.Column(
            "related_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "follower_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("first_responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
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
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("as_shown", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status_kind = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_tickets_closed_at")
        ),
        sa.CheckConstraint(
            "(status_kind IN ('solved', 'closed')) = (solved_at IS NOT NULL)",
            name=op.f("ck_tickets_solved_at"),
        ),
        sa.CheckConstraint(
            "channel IN ('email', 'phone', 'chat', 'messaging', 'web', 'portal', 'in_person', 'api', 'other')",
            name=op.f("ck_tickets_channel"),
        ),
        sa.CheckConstraint("impact IN ('high', 'medium', 'low')", name=op.f("ck_tickets_impact")),
        sa.CheckConstraint(
            "kind IN ('question', 'incident', 'request', 'complaint')", name=op.f("ck_tickets_kind")
        ),
        sa.CheckConstraint(
            "priority IN ('urgent', 'high', 'normal', 'low')", name=op.f("ck_tickets_priority")
        ),
        sa.CheckConstraint(
            "priority_source IN ('table', 'given')", name=op.f("ck_tickets_priority_source")
        ),
        sa.CheckConstraint(
            "status_kind IN ('new', 'open', 'pending', 'on_hold', 'solved', 'closed')",
            name=op.f("ck_tickets_status_kind"),
        ),
        sa.CheckConstraint("urgency IN ('high', 'medium', 'low')", name=op.f("ck_tickets_urgency")),
        sa.CheckConstraint(
            "parent_id <> id AND duplicate_of_id <> id", name=op.f("ck_tickets_links")
        ),
        sa.CheckConstraint("priority_rank BETWEEN 1 AND 4", name=op.f("ck_tickets_priority_rank")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "duplicate_of_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_tickets_organisation_id_duplicate_of_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_tickets_organisation_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_tickets")),
        sa.UniqueConstraint(
            "organisation_id", "number", name=op.f("uq_tickets_organisation_id_number")
        ),
    )
    op.create_index(
        "ix_tickets_linked",
        "tickets",
        ["organisation_id", "follower_ids", "related_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_tickets_organisation_id_account_id",
        "tickets",
        ["organisation_id", "account_id", "id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_duplicate_of_id",
        "tickets",
        ["organisation_id", "duplicate_of_id", "id"],
        unique=False,
        postgresql_where=sa.text("duplicate_of_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_external_id",
        "tickets",
        ["organisation_id", "external_id", "id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_owner_id",
        "tickets",
        ["organisation_id", "owner_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_tickets_organisation_id_parent_id",
        "tickets",
        ["organisation_id", "parent_id", "id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_product_id",
        "tickets",
        ["organisation_id", "product_id", "id"],
        unique=False,
        postgresql_where=sa.text("product_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_requester_id",
        "tickets",
        ["organisation_id", "requester_id", "id"],
        unique=False,
        postgresql_where=sa.text("requester_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_status",
        "tickets",
        ["organisation_id", "status", "id"],
        unique=False,
    )
    op.create_index(
        "ix_tickets_organisation_id_team_id",
        "tickets",
        ["organisation_id", "team_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_updated_at",
        "tickets",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_tickets_owned", "tickets", ["organisation_id", "owner_id", "id"], unique=False
    )
    op.create_index(
        "ix_tickets_unsolved",
        "tickets",
        ["organisation_id", "priority_rank", "id"],
        unique=False,
        postgresql_where=sa.text("status_kind NOT IN ('solved', 'closed') AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_tickets_unverified",
        "tickets",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("NOT is_account_verified AND deleted_at IS NULL"),
    )
    op.create_table(
        "views",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column(
            "document", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("shared_with", sa.Text(), server_default="nobody", nullable=False),
        sa.Column("shared_team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
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
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(shared_with = 'team') = (shared_team_id IS NOT NULL)", name=op.f("ck_views_sharing")
        ),
        sa.CheckConstraint(
            "shared_with IN ('nobody', 'team', 'all')", name=op.f("ck_views_shared_with")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_views")),
    )
    op.create_index(
        "ix_views_organisation_id_owner_id",
        "views",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_views_organisation_id_team_id",
        "views",
        ["organisation_id", "team_id", "id"],
        unique=False,
    )
    op.create_table(
        "ticket_comments",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="public", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_kind", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column(
            "mention_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
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
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "author_kind IN ('agent', 'requester')", name=op.f("ck_ticket_comments_author_kind")
        ),
        sa.CheckConstraint("visibility IN ('public')", name=op.f("ck_ticket_comments_visibility")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_ticket_comments_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_ticket_comments")),
    )
    op.create_index(
        "ix_ticket_comments_organisation_id_ticket_id",
        "ticket_comments",
        ["organisation_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_ticket_comments_owned",
        "ticket_comments",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_table(
        "ticket_notes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="internal", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_kind", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column(
            "mention_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
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
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("author_kind IN ('agent')", name=op.f("ck_ticket_notes_author_kind")),
        sa.CheckConstraint("visibility IN ('internal')", name=op.f("ck_ticket_notes_visibility")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_ticket_notes_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_ticket_notes")),
    )
    op.create_index(
        "ix_ticket_notes_organisation_id_ticket_id",
        "ticket_notes",
        ["organisation_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_ticket_notes_owned", "ticket_notes", ["organisation_id", "owner_id", "id"], unique=False
    )
    create_search_table("tickets")
    secure(
        "known_accounts", "known_contacts", "merge_follows", "ticket_comments", "ticket_notes",
        "ticket_numbers", "ticket_settings", "tickets", "views",
    )  # fmt: skip
    execute_script(ORGANISATIONS)


def downgrade() -> None:
    """The first migration has no way back: drop the schema instead."""
    raise RuntimeError("drop the schema tickets to go back before its first migration")
