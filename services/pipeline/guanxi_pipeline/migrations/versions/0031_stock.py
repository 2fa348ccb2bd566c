"""Distributors' monthly stock reports."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_reports",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("is_account_verified", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("product_key", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("opening", sa.Numeric(), nullable=False),
        sa.Column("bought", sa.Numeric(), nullable=False),
        sa.Column("sold", sa.Numeric(), nullable=False),
        sa.Column("adjusted", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("adjustment_reason", sa.Text(), nullable=True),
        sa.Column("closing", sa.Numeric(), nullable=False),
        sa.Column("restates_opening", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("restatement_reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
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
            "closing = opening + bought - sold + adjusted", name=op.f("ck_stock_reports_closing")
        ),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_stock_reports_month")),
        sa.CheckConstraint(
            "opening >= 0 AND bought >= 0 AND sold >= 0 AND closing >= 0",
            name=op.f("ck_stock_reports_quantities"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_stock_reports")),
    )
    op.create_index(
        "ix_stock_reports_organisation_id_account_id",
        "stock_reports",
        ["organisation_id", "account_id", "product_key", "month"],
        unique=False,
    )
    op.create_index(
        "ix_stock_reports_organisation_id_month",
        "stock_reports",
        ["organisation_id", "month", "id"],
        unique=False,
    )
    op.create_index(
        "ix_stock_reports_organisation_id_team_id",
        "stock_reports",
        ["organisation_id", "team_id", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_stock_reports_organisation_id_updated_at",
        "stock_reports",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_stock_reports_owned",
        "stock_reports",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_stock_reports_month",
        "stock_reports",
        ["organisation_id", "reporter_id", "product_key", "month"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    secure("stock_reports")


def downgrade() -> None:
    op.drop_table("stock_reports")
