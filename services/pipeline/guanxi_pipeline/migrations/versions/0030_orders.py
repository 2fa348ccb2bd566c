"""Orders, their lines and returns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0030"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_numbers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_order_numbers")),
    )
    op.create_table(
        "orders",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("is_account_verified", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("quote_id", sa.Uuid(), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("subtotal_amount", sa.Numeric(), nullable=False),
        sa.Column("tax_amount", sa.Numeric(), nullable=False),
        sa.Column("shipping_amount", sa.Numeric(), nullable=False),
        sa.Column("total_amount", sa.Numeric(), nullable=False),
        sa.Column("cost_amount", sa.Numeric(), nullable=True),
        sa.Column("costed_amount", sa.Numeric(), nullable=False),
        sa.Column("margin_amount", sa.Numeric(), nullable=True),
        sa.Column("refunded_amount", sa.Numeric(), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
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
            "status = 'draft' OR ordered_on IS NOT NULL", name=op.f("ck_orders_ordered_on")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'placed', 'confirmed', 'partly_fulfilled', 'fulfilled', 'cancelled', 'returned')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint(
            "refunded_amount BETWEEN 0 AND subtotal_amount + tax_amount",
            name=op.f("ck_orders_refunded"),
        ),
        sa.CheckConstraint(
            "total_amount = subtotal_amount + tax_amount + shipping_amount",
            name=op.f("ck_orders_total"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint(
            "organisation_id", "number", name=op.f("uq_orders_organisation_id_number")
        ),
    )
    op.create_index(
        "ix_orders_organisation_id_account_id",
        "orders",
        ["organisation_id", "account_id", "id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_organisation_id_contact_id",
        "orders",
        ["organisation_id", "contact_id", "id"],
        unique=False,
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_organisation_id_external_id",
        "orders",
        ["organisation_id", "external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_organisation_id_opportunity_id",
        "orders",
        ["organisation_id", "opportunity_id"],
        unique=False,
        postgresql_where=sa.text("opportunity_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_organisation_id_ordered_on",
        "orders",
        ["organisation_id", "ordered_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_orders_organisation_id_owner_id",
        "orders",
        ["organisation_id", "owner_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_orders_organisation_id_quote_id",
        "orders",
        ["organisation_id", "quote_id"],
        unique=False,
        postgresql_where=sa.text("quote_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_organisation_id_team_id",
        "orders",
        ["organisation_id", "team_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_organisation_id_updated_at",
        "orders",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_orders_owned", "orders", ["organisation_id", "owner_id", "id"], unique=False
    )
    op.create_index(
        "ix_orders_unverified",
        "orders",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("NOT is_account_verified AND deleted_at IS NULL"),
    )
    op.create_table(
        "order_lines",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("unit_price", sa.Numeric(), nullable=True),
        sa.Column("discount", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(), nullable=True),
        sa.Column("tax", sa.Numeric(), nullable=False),
        sa.Column("cost", sa.Numeric(), nullable=True),
        sa.Column("fulfilled", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("returned", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("refunded", sa.Numeric(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "fulfilled BETWEEN 0 AND quantity", name=op.f("ck_order_lines_fulfilled")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_lines_quantity")),
        sa.CheckConstraint(
            "refunded BETWEEN 0 AND amount + tax", name=op.f("ck_order_lines_refunded")
        ),
        sa.CheckConstraint(
            "returned BETWEEN 0 AND fulfilled", name=op.f("ck_order_lines_returned")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id"],
            ["orders.organisation_id", "orders.id"],
            name=op.f("fk_order_lines_organisation_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint(
            "organisation_id",
            "order_id",
            "id",
            name=op.f("uq_order_lines_organisation_id_order_id_id"),
        ),
    )
    op.create_index(
        "ix_order_lines_organisation_id_order_id",
        "order_lines",
        ["organisation_id", "order_id", "position"],
        unique=False,
    )
    op.create_index(
        "ix_order_lines_organisation_id_product_id",
        "order_lines",
        ["organisation_id", "product_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("product_id IS NOT NULL"),
    )
    op.create_index(
        "ix_order_lines_organisation_id_sku",
        "order_lines",
        ["organisation_id", "sku", "order_id"],
        unique=False,
        postgresql_where=sa.text("sku IS NOT NULL"),
    )
    op.create_table(
        "order_returns",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("refund", sa.Numeric(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id"],
            ["orders.organisation_id", "orders.id"],
            name=op.f("fk_order_returns_organisation_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_order_returns")),
    )
    op.create_index(
        "ix_order_returns_organisation_id_order_id",
        "order_returns",
        ["organisation_id", "order_id", "id"],
        unique=False,
    )
    op.create_table(
        "order_return_lines",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("tax", sa.Numeric(), nullable=False),
        sa.Column("cost", sa.Numeric(), nullable=True),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_order_return_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id", "line_id"],
            ["order_lines.organisation_id", "order_lines.order_id", "order_lines.id"],
            name=op.f("fk_order_return_lines_organisation_id_order_id_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "return_id"],
            ["order_returns.organisation_id", "order_returns.id"],
            name=op.f("fk_order_return_lines_organisation_id_return_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_order_return_lines")),
    )
    op.create_index(
        "ix_order_return_lines_organisation_id_line_id",
        "order_return_lines",
        ["organisation_id", "line_id"],
        unique=False,
    )
    op.create_index(
        "ix_order_return_lines_organisation_id_return_id",
        "order_return_lines",
        ["organisation_id", "return_id"],
        unique=False,
    )
    secure("order_numbers", "orders", "order_lines", "order_returns", "order_return_lines")


def downgrade() -> None:
    op.drop_table("order_return_lines")
    op.drop_table("order_returns")
    op.drop_table("order_lines")
    op.drop_table("orders")
    op.drop_table("order_numbers")
