"""Products, tax classes and price books."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import create_search_table, secure

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_books",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "account_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "grades", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "industries",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "regions", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("priority", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("entry_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("entries_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
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
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_price_books_valid_to")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_price_books")),
    )
    op.create_index(
        "ix_price_books_account_ids",
        "price_books",
        ["organisation_id", "account_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_price_books_organisation_id_currency",
        "price_books",
        ["organisation_id", "currency", "id"],
        unique=False,
    )
    op.create_table(
        "products",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("tax_class", sa.Text(), nullable=True),
        sa.Column("cost_amount", sa.Numeric(), nullable=True),
        sa.Column("cost_currency", sa.Text(), nullable=True),
        sa.Column(
            "prices",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "components",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "component_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
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
            "(cost_amount IS NULL) = (cost_currency IS NULL)", name=op.f("ck_products_cost")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_products")),
    )
    op.create_index(
        "ix_products_components",
        "products",
        ["organisation_id", "component_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_products_organisation_id_category",
        "products",
        ["organisation_id", "category", "sku"],
        unique=False,
    )
    op.create_index(
        "ix_products_organisation_id_updated_at",
        "products",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_products_organisation_id_sku",
        "products",
        ["organisation_id", "sku"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "tax_classes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
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
        sa.CheckConstraint("rate >= 0 AND rate <= 100", name=op.f("ck_tax_classes_rate")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_tax_classes")),
    )
    op.create_index(
        "uq_tax_classes_organisation_id_code",
        "tax_classes",
        ["organisation_id", "code", "valid_from"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "price_book_entries",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("price_book_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("min_quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", sa.Numeric(), nullable=False),
        sa.Column("discount_limit", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.CheckConstraint(
            "discount_limit >= 0 AND discount_limit <= 100",
            name=op.f("ck_price_book_entries_discount_limit"),
        ),
        sa.CheckConstraint("min_quantity >= 0", name=op.f("ck_price_book_entries_min_quantity")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_price_book_entries_unit_price")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "price_book_id"],
            ["price_books.organisation_id", "price_books.id"],
            name=op.f("fk_price_book_entries_organisation_id_price_book_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "product_id"],
            ["products.organisation_id", "products.id"],
            name=op.f("fk_price_book_entries_organisation_id_product_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id",
            "price_book_id",
            "product_id",
            "min_quantity",
            name=op.f("pk_price_book_entries"),
        ),
    )
    op.create_index(
        "ix_price_book_entries_product",
        "price_book_entries",
        ["organisation_id", "product_id", "price_book_id"],
        unique=False,
    )
    create_search_table("products")
    secure("products", "tax_classes", "price_books", "price_book_entries")


def downgrade() -> None:
    op.drop_table("price_book_entries")
    op.drop_table("tax_classes")
    op.drop_table("products_search")
    op.drop_table("products")
    op.drop_table("price_books")
