"""Business calendars, policies, and what was promised of each ticket."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What tickets show has a new part; whoever reads one reads it whole.
SHOWN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
UPDATE tickets SET as_shown = (as_shown::jsonb || '{"sla_policy_id": null}')::text;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "business_calendars",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("always", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "hours",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "holidays",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "exceptional_days",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
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
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_business_calendars")),
    )
    op.create_index(
        "uq_business_calendars_organisation_id_name",
        "business_calendars",
        ["organisation_id", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "sla_policies",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "filter_groups",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column(
            "targets",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "pauses",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("on_reopen", sa.Text(), server_default="continue", nullable=False),
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
            "on_reopen IN ('continue', 'anew')", name=op.f("ck_sla_policies_on_reopen")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "calendar_id"],
            ["business_calendars.organisation_id", "business_calendars.id"],
            name=op.f("fk_sla_policies_organisation_id_calendar_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_sla_policies")),
    )
    op.create_index(
        "uq_sla_policies_organisation_id_name",
        "sla_policies",
        ["organisation_id", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.add_column("tickets", sa.Column("sla_policy_id", sa.Uuid(), nullable=True))
    op.add_column("tickets", sa.Column("sla_policy_version", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("sla_calendar_id", sa.Uuid(), nullable=True))
    op.add_column("tickets", sa.Column("sla_calendar_version", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_tickets_organisation_id_sla_policy_id",
        "tickets",
        ["organisation_id", "sla_policy_id", "id"],
        unique=False,
        postgresql_where=sa.text("sla_policy_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_tickets_organisation_id_sla_policy_id"),
        "tickets",
        "sla_policies",
        ["organisation_id", "sla_policy_id"],
        ["organisation_id", "id"],
    )
    execute_script(SHOWN)
    secure("business_calendars", "sla_policies")


def downgrade() -> None:
    op.drop_constraint(
        op.f("fk_tickets_organisation_id_sla_policy_id"), "tickets", type_="foreignkey"
    )
    op.drop_index(
        "ix_tickets_organisation_id_sla_policy_id",
        table_name="tickets",
        postgresql_where=sa.text("sla_policy_id IS NOT NULL"),
    )
    op.drop_column("tickets", "sla_calendar_version")
    op.drop_column("tickets", "sla_calendar_id")
    op.drop_column("tickets", "sla_policy_version")
    op.drop_column("tickets", "sla_policy_id")
    op.drop_index(
        "uq_sla_policies_organisation_id_name",
        table_name="sla_policies",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_table("sla_policies")
    op.drop_index(
        "uq_business_calendars_organisation_id_name",
        table_name="business_calendars",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_table("business_calendars")
