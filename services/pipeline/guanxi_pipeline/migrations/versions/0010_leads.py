"""Leads: their rules, forms and conversions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import create_search_table, execute_script, secure
from guanxi_shared.schedules import expiry_policy

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lead_assignment_rules",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "filter_groups",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "action",
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
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_lead_assignment_rules")),
    )
    op.create_index(
        "ix_lead_assignment_rules_position",
        "lead_assignment_rules",
        ["organisation_id", "position", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "lead_assignment_turns",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("last_user_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint(
            "organisation_id", "rule_id", name=op.f("pk_lead_assignment_turns")
        ),
    )
    op.create_table(
        "lead_conversions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column(
            "asked",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("new_account", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("new_contact", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("new_opportunity", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("new_consents", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "rights",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'undoing', 'done', 'refused')",
            name=op.f("ck_lead_conversions_status"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_lead_conversions")),
    )
    op.create_index(
        "ix_lead_conversions_of_lead",
        "lead_conversions",
        ["organisation_id", "lead_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_lead_conversions_unfinished",
        "lead_conversions",
        ["organisation_id", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'undoing')"),
    )
    op.create_index(
        "uq_lead_conversions_lead",
        "lead_conversions",
        ["organisation_id", "lead_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'refused'"),
    )
    op.create_table(
        "lead_form_counts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("trapped", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("limited", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation_id", "form_id", "day", name=op.f("pk_lead_form_counts")
        ),
    )
    op.create_table(
        "lead_form_hits",
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
            "organisation_id", "form_id", "address", name=op.f("pk_lead_form_hits")
        ),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "lead_forms",
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
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("consent_text", sa.Text(), nullable=True),
        sa.Column("consent_channel", sa.Text(), nullable=False),
        sa.Column("consent_purpose", sa.Text(), nullable=False),
        sa.Column("is_consent_required", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("thanks_text", sa.Text(), nullable=True),
        sa.Column("redirect_url", sa.Text(), nullable=True),
        sa.Column("first_response_minutes", sa.BigInteger(), nullable=True),
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
            "first_response_minutes > 0", name=op.f("ck_lead_forms_first_response_minutes")
        ),
        sa.CheckConstraint("hourly_limit > 0", name=op.f("ck_lead_forms_hourly_limit")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_lead_forms")),
    )
    op.create_index("uq_lead_forms_key", "lead_forms", ["organisation_id", "key"], unique=True)
    op.create_table(
        "lead_scorecards",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "criteria",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "questions",
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
        sa.CheckConstraint("id = organisation_id", name=op.f("ck_lead_scorecards_only_one")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_lead_scorecards")),
    )
    op.create_table(
        "lead_settings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_response_minutes", sa.BigInteger(), nullable=True),
        sa.Column(
            "disqualify_reasons",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("is_reason_free", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("max_claimed", sa.BigInteger(), nullable=True),
        sa.Column("is_common_pool_open", sa.Boolean(), server_default="false", nullable=False),
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
            "first_response_minutes > 0", name=op.f("ck_lead_settings_first_response_minutes")
        ),
        sa.CheckConstraint("id = organisation_id", name=op.f("ck_lead_settings_only_one")),
        sa.CheckConstraint("max_claimed > 0", name=op.f("ck_lead_settings_max_claimed")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_lead_settings")),
    )
    op.create_table(
        "leads",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column(
            "emails",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "phones",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("form_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="new", nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column(
            "answers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_by_rule_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_by_rule_name", sa.Text(), nullable=True),
        sa.Column("first_response_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_responded_by", sa.Uuid(), nullable=True),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_note", sa.Text(), nullable=True),
        sa.Column("disqualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recycled_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recycled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "consents",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), nullable=True),
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
        sa.Column(
            "score_reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conversion_id", sa.Uuid(), nullable=True),
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
            "(status = 'converted') = (converted_at IS NOT NULL)",
            name=op.f("ck_leads_converted_at"),
        ),
        sa.CheckConstraint(
            "(status = 'disqualified') = (disqualified_at IS NOT NULL)",
            name=op.f("ck_leads_disqualified_at"),
        ),
        sa.CheckConstraint(
            "status IN ('new', 'working', 'qualified', 'converted', 'disqualified')",
            name=op.f("ck_leads_status"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_leads")),
    )
    op.create_index(
        "ix_leads_load",
        "leads",
        ["organisation_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text(
            "status IN ('new', 'working', 'qualified') AND deleted_at IS NULL"
        ),
    )
    op.create_index(
        "ix_leads_organisation_id_account_id",
        "leads",
        ["organisation_id", "account_id", "id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_leads_organisation_id_contact_id",
        "leads",
        ["organisation_id", "contact_id", "id"],
        unique=False,
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index(
        "ix_leads_organisation_id_created_at",
        "leads",
        ["organisation_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_leads_organisation_id_external_id",
        "leads",
        ["organisation_id", "external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "ix_leads_organisation_id_owner_id",
        "leads",
        ["organisation_id", "owner_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_leads_organisation_id_team_id",
        "leads",
        ["organisation_id", "team_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_leads_organisation_id_updated_at",
        "leads",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index("ix_leads_owned", "leads", ["organisation_id", "owner_id", "id"], unique=False)
    op.create_index(
        "ix_leads_response_due",
        "leads",
        ["organisation_id", "first_response_due_at", "id"],
        unique=False,
        postgresql_where=sa.text(
            "first_responded_at IS NULL AND status IN ('new', 'working', 'qualified') AND deleted_at IS NULL"
        ),
    )
    op.create_index(
        "ix_leads_waiting",
        "leads",
        ["organisation_id", sa.literal_column("score DESC NULLS LAST"), "created_at", "id"],
        unique=False,
        postgresql_where=sa.text(
            "owner_id IS NULL AND status IN ('new', 'working', 'qualified') AND deleted_at IS NULL"
        ),
    )
    create_search_table("leads")
    secure(
        "lead_assignment_rules",
        "lead_assignment_turns",
        "lead_conversions",
        "lead_form_counts",
        "lead_form_hits",
        "lead_forms",
        "lead_scorecards",
        "lead_settings",
        "leads",
    )
    execute_script(expiry_policy("lead_form_hits", column="used_up_to", kept="1 day"))


def downgrade() -> None:
    """Leads are not thrown away by going back."""
    raise RuntimeError("restore a backup to go back before leads")
