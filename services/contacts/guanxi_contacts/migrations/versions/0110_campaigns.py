"""Campaigns and their members."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import create_search_table, secure

revision = "0110"
down_revision = "0100"
branch_labels = None
depends_on = None

CHANNELS = "'email', 'phone', 'sms', 'wechat', 'whatsapp', 'post', 'visit', 'push'"
TEXTS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    _campaigns()
    _members()
    create_search_table("campaigns")
    secure("campaigns", "campaign_members")


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="planned", nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("consent", sa.Text(), server_default="granted", nullable=False),
        sa.Column("goal", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("budget_amount", sa.Numeric(), nullable=True),
        sa.Column("budget_currency", sa.Text(), nullable=True),
        sa.Column("costs", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("cost_amount", sa.Numeric(), nullable=True),
        sa.Column("cost_currency", sa.Text(), nullable=True),
        sa.Column("hold_out_share", sa.Float(), server_default="0", nullable=False),
        sa.Column("hold_out_seed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("tags", TEXTS, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("custom", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        *_whose(),
        sa.Column("as_shown", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_campaigns")),
        _check("campaigns", "kind", "kind IN ('email', 'call', 'event', 'advert', 'mail', 'other')"),
        _check("campaigns", "status", "status IN ('planned', 'running', 'ended', 'cancelled')"),
        _check("campaigns", "channel", f"channel IN ({CHANNELS})"),
        _check("campaigns", "consent", "consent IN ('granted', 'not_refused')"),
        _check("campaigns", "budget", "(budget_amount IS NULL) = (budget_currency IS NULL)"),
        _check("campaigns", "cost", "(cost_amount IS NULL) = (cost_currency IS NULL)"),
        _check("campaigns", "ends_on", "ends_on >= starts_on"),
        _check("campaigns", "hold_out_share", "hold_out_share >= 0 AND hold_out_share < 1"),
    )  # fmt: skip
    op.create_index(
        "ix_campaigns_organisation_id_updated_at", "campaigns", ["organisation_id", "updated_at", "id"]
    )  # fmt: skip
    _owned("campaigns")


def _members() -> None:
    op.create_table(
        "campaign_members",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("member_type", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("member_group", sa.Text(), nullable=False),
        sa.Column("is_by_lot", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), server_default="targeted", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answers", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        *_whose(),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_campaign_members")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "campaign_id"], ["campaigns.organisation_id", "campaigns.id"],
            name=op.f("fk_campaign_members_organisation_id_campaign_id_campaigns"),
        ),
        _check("campaign_members", "member_type", "member_type IN ('account', 'contact')"),
        _check("campaign_members", "member_group", "member_group IN ('treated', 'held_out')"),
        _check("campaign_members", "status", "status IN ('targeted', 'sent', 'responded')"),
        _check("campaign_members", "held_out", "member_group = 'treated' OR status <> 'sent'"),
    )  # fmt: skip
    for name, columns in {
        "campaign": ["campaign_id", "id"], "member": ["member_id", "campaign_id"], "account": ["account_id"],
    }.items():  # fmt: skip
        op.create_index(
            f"ix_campaign_members_{name}", "campaign_members", ["organisation_id", *columns]
        )
    _owned("campaign_members")


def _whose() -> list[sa.Column[Any]]:
    now = sa.text("clock_timestamp()")
    return [
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _owned(table: str) -> None:
    op.create_index(
        f"ix_{table}_organisation_id_owner_id", table, ["organisation_id", "owner_id", "id"]
    )
    op.create_index(
        f"ix_{table}_organisation_id_team_id", table, ["organisation_id", "team_id", "id"],
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("campaign_members", "campaigns_search", "campaigns"):
        op.drop_table(table)
