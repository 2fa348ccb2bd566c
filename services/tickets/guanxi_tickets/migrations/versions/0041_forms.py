"""Forms by which anybody makes a ticket, who asks as they say it, and links by which customers follow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure
from guanxi_shared.schedules import expiry_policy

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


# What tickets show has new parts; whoever reads one reads it whole.
SHOWN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
UPDATE tickets SET as_shown = (as_shown::jsonb ||
  '{"from_name": null, "from_email": null, "from_phone": null, "form_id": null, "consent": null}')::text;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "ticket_form_counts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("trapped", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("limited", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation_id", "form_id", "day", name=op.f("pk_ticket_form_counts")
        ),
    )
    op.create_table(
        "ticket_form_hits",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "used_up_to",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "form_id", "address", name=op.f("pk_ticket_form_hits")
        ),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "ticket_forms",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "fields",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("honeypot", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("takes_files", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=True),
        sa.Column("is_consent_required", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("thanks_text", sa.Text(), nullable=True),
        sa.Column("redirect_url", sa.Text(), nullable=True),
        sa.Column("hourly_limit", sa.BigInteger(), server_default="20", nullable=False),
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
            "channel IN ('email', 'phone', 'chat', 'messaging', 'web', 'portal', 'in_person', 'api', 'other')",
            name=op.f("ck_ticket_forms_channel"),
        ),
        sa.CheckConstraint(
            "impact IN ('high', 'medium', 'low')", name=op.f("ck_ticket_forms_impact")
        ),
        sa.CheckConstraint(
            "kind IN ('question', 'incident', 'request', 'complaint')",
            name=op.f("ck_ticket_forms_kind"),
        ),
        sa.CheckConstraint(
            "urgency IN ('high', 'medium', 'low')", name=op.f("ck_ticket_forms_urgency")
        ),
        sa.CheckConstraint("hourly_limit > 0", name=op.f("ck_ticket_forms_hourly_limit")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_ticket_forms")),
    )
    op.create_index("uq_ticket_forms_key", "ticket_forms", ["organisation_id", "key"], unique=True)
    op.create_table(
        "portal_links",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("rights", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reach IN ('ticket', 'requester')", name=op.f("ck_portal_links_reach")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_portal_links_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_portal_links")),
    )
    op.create_index(
        "ix_portal_links_organisation_id_requester_id",
        "portal_links",
        ["organisation_id", "requester_id"],
        unique=False,
        postgresql_where=sa.text("requester_id IS NOT NULL"),
    )
    op.create_index(
        "ix_portal_links_organisation_id_ticket_id",
        "portal_links",
        ["organisation_id", "ticket_id", "id"],
        unique=False,
    )
    op.add_column("tickets", sa.Column("from_name", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("from_email", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("from_phone", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("form_id", sa.Uuid(), nullable=True))
    op.add_column(
        "tickets", sa.Column("consent", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "tickets", sa.Column("seek_requester_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_tickets_organisation_id_from_email",
        "tickets",
        ["organisation_id", "from_email", "id"],
        unique=False,
        postgresql_where=sa.text("from_email IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_seek_requester_at",
        "tickets",
        ["organisation_id", "seek_requester_at", "id"],
        unique=False,
        postgresql_where=sa.text("seek_requester_at IS NOT NULL"),
    )
    execute_script(SHOWN)
    secure("ticket_forms", "ticket_form_counts", "ticket_form_hits", "portal_links")
    execute_script(expiry_policy("ticket_form_hits", column="used_up_to", kept="1 day"))


def downgrade() -> None:
    op.drop_index(
        "ix_tickets_seek_requester_at",
        table_name="tickets",
        postgresql_where=sa.text("seek_requester_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_tickets_organisation_id_from_email",
        table_name="tickets",
        postgresql_where=sa.text("from_email IS NOT NULL"),
    )
    op.drop_column("tickets", "seek_requester_at")
    op.drop_column("tickets", "consent")
    op.drop_column("tickets", "form_id")
    op.drop_column("tickets", "from_phone")
    op.drop_column("tickets", "from_email")
    op.drop_column("tickets", "from_name")
    op.drop_index("ix_portal_links_organisation_id_ticket_id", table_name="portal_links")
    op.drop_index(
        "ix_portal_links_organisation_id_requester_id",
        table_name="portal_links",
        postgresql_where=sa.text("requester_id IS NOT NULL"),
    )
    op.drop_table("portal_links")
    op.drop_index("uq_ticket_forms_key", table_name="ticket_forms")
    op.drop_table("ticket_forms")
    op.drop_table("ticket_form_hits")
    op.drop_table("ticket_form_counts")
