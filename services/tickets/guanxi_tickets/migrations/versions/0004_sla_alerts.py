"""Warnings and breaches, and what a ticket keeps of its clocks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Timers fall due in every organisation, and the worker's duty is bound to none. It learns the ids and no
# more: the owner of the schema sees due rows by a policy of its own, and only through this function.
TIMERS = """
CREATE POLICY timing ON tickets FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND sla_next_at <= now());
CREATE FUNCTION due_sla_timers(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT t.organisation_id, t.id FROM tickets t
    WHERE t.sla_next_at IS NOT NULL AND t.sla_next_at <= now() ORDER BY t.sla_next_at LIMIT most
$$;
REVOKE ALL ON FUNCTION due_sla_timers(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_sla_timers(integer) TO tickets;
"""
# What tickets show has a new part, which the worker fills in where something is promised.
SHOWN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
UPDATE tickets SET as_shown = (as_shown::jsonb || '{"sla": null}')::text,
  sla_next_at = CASE WHEN sla_policy_id IS NOT NULL AND deleted_at IS NULL THEN now() END;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "sla_alerts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=True),
        sa.Column(
            "happened_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy_id", sa.Uuid(), nullable=True),
        sa.Column("policy_version", sa.BigInteger(), nullable=True),
        sa.Column(
            "notified_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "actions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
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
        sa.CheckConstraint("what IN ('warning', 'breach')", name=op.f("ck_sla_alerts_what")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_sla_alerts_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_sla_alerts")),
    )
    op.create_index(
        "ix_sla_alerts_notified",
        "sla_alerts",
        ["organisation_id", "notified_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_sla_alerts_organisation_id_owner_id",
        "sla_alerts",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_sla_alerts_organisation_id_team_id",
        "sla_alerts",
        ["organisation_id", "team_id", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "uq_sla_alerts_once",
        "sla_alerts",
        [
            "organisation_id",
            "ticket_id",
            "clock",
            "number",
            "what",
            sa.literal_column("coalesce(percent, 0)"),
        ],
        unique=True,
    )
    op.add_column(
        "sla_policies",
        sa.Column(
            "escalations",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        "tickets", sa.Column("sla", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column("tickets", sa.Column("sla_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "tickets",
        sa.Column(
            "sla_breached",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column("tickets", sa.Column("sla_next_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_tickets_organisation_id_sla_due_at",
        "tickets",
        ["organisation_id", "sla_due_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_tickets_sla_next_at",
        "tickets",
        ["sla_next_at"],
        unique=False,
        postgresql_where=sa.text("sla_next_at IS NOT NULL"),
    )
    secure("sla_alerts")
    execute_script(TIMERS)
    execute_script(SHOWN)


def downgrade() -> None:
    op.execute("DROP FUNCTION due_sla_timers(integer)")
    op.execute("DROP POLICY timing ON tickets")
    op.drop_index(
        "ix_tickets_sla_next_at",
        table_name="tickets",
        postgresql_where=sa.text("sla_next_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_tickets_organisation_id_sla_due_at",
        table_name="tickets",
    )
    op.drop_column("tickets", "sla_next_at")
    op.drop_column("tickets", "sla_breached")
    op.drop_column("tickets", "sla_due_at")
    op.drop_column("tickets", "sla")
    op.drop_column("sla_policies", "escalations")
    op.drop_index("uq_sla_alerts_once", table_name="sla_alerts")
    op.drop_index(
        "ix_sla_alerts_organisation_id_team_id",
        table_name="sla_alerts",
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.drop_index("ix_sla_alerts_organisation_id_owner_id", table_name="sla_alerts")
    op.drop_index("ix_sla_alerts_notified", table_name="sla_alerts", postgresql_using="gin")
    op.drop_table("sla_alerts")
