"""What accounts may claim."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

# As of the timers of tickets: the worker learns the ids and no more.
TIMERS = """
CREATE POLICY timing ON entitlements FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND next_at <= now());
CREATE FUNCTION due_entitlements(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT e.organisation_id, e.id FROM entitlements e
    WHERE e.next_at IS NOT NULL AND e.next_at <= now() ORDER BY e.next_at LIMIT most
$$;
REVOKE ALL ON FUNCTION due_entitlements(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_entitlements(integer) TO tickets;
"""
# What tickets show has two new parts.
SHOWN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
UPDATE tickets SET as_shown = (as_shown::jsonb || '{"entitlement_id": null, "is_entitled": null}')::text;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "entitlements",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("is_account_verified", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("covers_children", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kinds", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("granted", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("used", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("remaining", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column(
            "starts_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("sla_policy_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("remind_days", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewed_from_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
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
            "unit IN ('incidents', 'hours', 'visits')", name=op.f("ck_entitlements_unit")
        ),
        sa.CheckConstraint(
            "granted >= 0 AND used >= 0 AND used <= granted", name=op.f("ck_entitlements_used")
        ),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_entitlements_term")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "calendar_id"],
            ["business_calendars.organisation_id", "business_calendars.id"],
            name=op.f("fk_entitlements_organisation_id_calendar_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "renewed_from_id"],
            ["entitlements.organisation_id", "entitlements.id"],
            name=op.f("fk_entitlements_organisation_id_renewed_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "sla_policy_id"],
            ["sla_policies.organisation_id", "sla_policies.id"],
            name=op.f("fk_entitlements_organisation_id_sla_policy_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_entitlements")),
    )
    op.create_index(
        "ix_entitlements_account_id",
        "entitlements",
        ["organisation_id", "account_id", "ends_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_entitlements_next_at",
        "entitlements",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_entitlements_organisation_id_owner_id",
        "entitlements",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_entitlements_organisation_id_team_id",
        "entitlements",
        ["organisation_id", "team_id", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_entitlements_unverified",
        "entitlements",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("NOT is_account_verified AND deleted_at IS NULL"),
    )
    op.create_index(
        "uq_entitlements_renewed_from_id",
        "entitlements",
        ["organisation_id", "renewed_from_id"],
        unique=True,
        postgresql_where=sa.text("renewed_from_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_table(
        "entitlement_bookings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("booked_by", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_entitlement_bookings_amount")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "entitlement_id"],
            ["entitlements.organisation_id", "entitlements.id"],
            name=op.f("fk_entitlement_bookings_organisation_id_entitlement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_entitlement_bookings_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_entitlement_bookings")),
    )
    op.create_index(
        "ix_entitlement_bookings_of",
        "entitlement_bookings",
        ["organisation_id", "entitlement_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_entitlement_bookings_ticket_id",
        "entitlement_bookings",
        ["organisation_id", "ticket_id"],
        unique=False,
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.create_index(
        "uq_entitlement_bookings_reverses_id",
        "entitlement_bookings",
        ["organisation_id", "reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.add_column("known_accounts", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column(
        "ticket_settings",
        sa.Column("without_entitlement", sa.Text(), server_default="allow", nullable=False),
    )
    op.add_column("tickets", sa.Column("entitlement_id", sa.Uuid(), nullable=True))
    op.add_column("tickets", sa.Column("is_entitled", sa.Boolean(), nullable=True))
    op.create_index(
        "ix_tickets_organisation_id_entitlement_id",
        "tickets",
        ["organisation_id", "entitlement_id", "id"],
        unique=False,
        postgresql_where=sa.text("entitlement_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_tickets_organisation_id_entitlement_id"),
        "tickets",
        "entitlements",
        ["organisation_id", "entitlement_id"],
        ["organisation_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_ticket_settings_without_entitlement"),
        "ticket_settings",
        "without_entitlement IN ('allow', 'mark', 'refuse')",
    )
    secure("entitlements", "entitlement_bookings")
    execute_script(TIMERS)
    execute_script(SHOWN)


def downgrade() -> None:
    op.execute("DROP FUNCTION due_entitlements(integer)")
    op.drop_constraint(
        op.f("fk_tickets_organisation_id_entitlement_id"), "tickets", type_="foreignkey"
    )
    op.drop_index(
        "ix_tickets_organisation_id_entitlement_id",
        table_name="tickets",
        postgresql_where=sa.text("entitlement_id IS NOT NULL"),
    )
    op.drop_column("tickets", "is_entitled")
    op.drop_column("tickets", "entitlement_id")
    op.drop_column("ticket_settings", "without_entitlement")
    op.drop_column("known_accounts", "parent_id")
    op.drop_index(
        "uq_entitlement_bookings_reverses_id",
        table_name="entitlement_bookings",
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_entitlement_bookings_ticket_id",
        table_name="entitlement_bookings",
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.drop_index("ix_entitlement_bookings_of", table_name="entitlement_bookings")
    op.drop_table("entitlement_bookings")
    op.drop_index(
        "uq_entitlements_renewed_from_id",
        table_name="entitlements",
        postgresql_where=sa.text("renewed_from_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_entitlements_unverified",
        table_name="entitlements",
        postgresql_where=sa.text("NOT is_account_verified AND deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_entitlements_organisation_id_team_id",
        table_name="entitlements",
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.drop_index("ix_entitlements_organisation_id_owner_id", table_name="entitlements")
    op.drop_index(
        "ix_entitlements_next_at",
        table_name="entitlements",
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.drop_index("ix_entitlements_account_id", table_name="entitlements")
    op.drop_table("entitlements")
