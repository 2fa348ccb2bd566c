"""The kernel's tables and what analytics keeps: facts, summaries, scores."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script, install_kernel, secure

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
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = analytics, pg_temp AS $$
    SELECT organisation_id FROM directory_state
$$;
REVOKE ALL ON FUNCTION organisations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisations() TO analytics;
"""


def upgrade() -> None:
    install_kernel("analytics")
    install_kernel("analytics", part="heading")
    op.create_table(
        "account_facts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("piece_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("lifecycle_stage", sa.Text(), nullable=True),
        sa.Column("relationship_level", sa.Text(), nullable=True),
        sa.Column("needs_tier", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("referred_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint(
            "organisation_id", "subject_id", "piece_id", "version", name=op.f("pk_account_facts")
        ),
    )
    op.create_index(
        "ix_account_facts_known",
        "account_facts",
        ["organisation_id", "recorded_at", "ended_at"],
        unique=False,
    )
    op.create_index(
        "ix_account_facts_owner_id",
        "account_facts",
        ["organisation_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_account_facts_team_id",
        "account_facts",
        ["organisation_id", "team_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ux_account_facts_present",
        "account_facts",
        ["organisation_id", "subject_id", "piece_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    secure("account_facts")
    op.create_table(
        "sale_facts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("piece_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("cost", sa.Numeric(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('bought', 'returned')", name=op.f("ck_sale_facts_kind")),
        sa.PrimaryKeyConstraint(
            "organisation_id", "subject_id", "piece_id", "version", name=op.f("pk_sale_facts")
        ),
    )
    op.create_index(
        "ix_sale_facts_account_id",
        "sale_facts",
        ["organisation_id", "account_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_sale_facts_customer_id",
        "sale_facts",
        ["organisation_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_sale_facts_known",
        "sale_facts",
        ["organisation_id", "recorded_at", "ended_at"],
        unique=False,
    )
    op.create_index(
        "ix_sale_facts_owner_id",
        "sale_facts",
        ["organisation_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_sale_facts_team_id",
        "sale_facts",
        ["organisation_id", "team_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_sale_facts_valid_on",
        "sale_facts",
        ["organisation_id", "valid_on"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ux_sale_facts_present",
        "sale_facts",
        ["organisation_id", "subject_id", "piece_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    secure("sale_facts")
    op.create_table(
        "sale_returns",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("cost", sa.Numeric(), nullable=True),
        sa.PrimaryKeyConstraint(
            "organisation_id", "order_id", "return_id", "line_id", name=op.f("pk_sale_returns")
        ),
    )
    secure("sale_returns")
    op.create_table(
        "deal_facts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("piece_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("pipeline_id", sa.Uuid(), nullable=True),
        sa.Column("stage_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("probability", sa.Numeric(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint(
            "organisation_id", "subject_id", "piece_id", "version", name=op.f("pk_deal_facts")
        ),
    )
    op.create_index(
        "ix_deal_facts_account_id",
        "deal_facts",
        ["organisation_id", "account_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_deal_facts_closed_at",
        "deal_facts",
        ["organisation_id", "closed_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_deal_facts_known",
        "deal_facts",
        ["organisation_id", "recorded_at", "ended_at"],
        unique=False,
    )
    op.create_index(
        "ix_deal_facts_owner_id",
        "deal_facts",
        ["organisation_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_deal_facts_team_id",
        "deal_facts",
        ["organisation_id", "team_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ux_deal_facts_present",
        "deal_facts",
        ["organisation_id", "subject_id", "piece_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    secure("deal_facts")
    op.create_table(
        "ticket_facts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("piece_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("requester_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("status_kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_count", sa.BigInteger(), nullable=False),
        sa.Column("is_met", sa.Boolean(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint(
            "organisation_id", "subject_id", "piece_id", "version", name=op.f("pk_ticket_facts")
        ),
    )
    op.create_index(
        "ix_ticket_facts_account_id",
        "ticket_facts",
        ["organisation_id", "account_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_ticket_facts_known",
        "ticket_facts",
        ["organisation_id", "recorded_at", "ended_at"],
        unique=False,
    )
    op.create_index(
        "ix_ticket_facts_opened_at",
        "ticket_facts",
        ["organisation_id", "opened_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_ticket_facts_owner_id",
        "ticket_facts",
        ["organisation_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_ticket_facts_team_id",
        "ticket_facts",
        ["organisation_id", "team_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ux_ticket_facts_present",
        "ticket_facts",
        ["organisation_id", "subject_id", "piece_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    secure("ticket_facts")
    op.create_table(
        "customer_summaries",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_account", sa.Boolean(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("bought", sa.Numeric(), nullable=False),
        sa.Column("day_squares", sa.Numeric(), nullable=False),
        sa.Column("first_day", sa.Numeric(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("cost", sa.Numeric(), nullable=False),
        sa.Column("costed", sa.Numeric(), nullable=False),
        sa.Column("is_costed", sa.Boolean(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "customer_id", "currency", name=op.f("pk_customer_summaries")
        ),
    )
    op.create_index(
        "ix_customer_summaries_last_on",
        "customer_summaries",
        ["organisation_id", "last_on"],
        unique=False,
    )
    secure("customer_summaries")
    op.create_table(
        "customer_scores",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("recency", sa.SmallInteger(), nullable=False),
        sa.Column("frequency", sa.SmallInteger(), nullable=False),
        sa.Column("monetary", sa.SmallInteger(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column(
            "scored_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "customer_id", "currency", name=op.f("pk_customer_scores")
        ),
    )
    secure("customer_scores")
    execute_script(ORGANISATIONS)


def downgrade() -> None:
    """The first migration has no way back: drop the schema instead."""
    raise RuntimeError("drop the schema analytics to go back before its first migration")
