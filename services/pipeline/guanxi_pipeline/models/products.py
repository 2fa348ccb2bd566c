"""What is sold: products, the rates of tax on them, and price books with their entries."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    json_column,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table

PRESENT = text("deleted_at IS NULL")


class Product(Table, table=True):
    """Something that is sold. What is only read with it (prices, components) is JSON."""

    __tablename__ = "products"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("(cost_amount IS NULL) = (cost_currency IS NULL)", name="cost"),
        Index(
            "uq_products_organisation_id_sku", "organisation_id", "sku", unique=True,
            postgresql_where=PRESENT,
        ),
        Index("ix_products_organisation_id_category", "organisation_id", "category", "sku"),
        Index("ix_products_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index(
            "ix_products_components", "organisation_id", "component_ids", postgresql_using="gin",
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    sku: str = text_column(nullable=False)
    name: str = text_column(nullable=False)
    category: str | None = text_column()
    unit: str | None = text_column()
    tax_class: str | None = text_column()  # the code of a tax class
    cost_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    cost_currency: str | None = text_column()
    prices: list[Any] = json_column("[]")  # list prices without tax, one a currency
    description: str | None = text_column()
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    components: list[Any] = json_column("[]")  # {product_id, quantity}: what a bundle holds
    component_ids: list[UUID] = ids_column()  # those of `components`
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    as_shown: str | None = text_column()  # the product as the API shows it


PRODUCT_SEARCH = add_search_table(Table.metadata.tables["products"])


class TaxClass(Table, table=True):
    """The rate of a tax class from a day on, until its next one."""

    __tablename__ = "tax_classes"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("rate >= 0 AND rate <= 100", name="rate"),
        Index(
            "uq_tax_classes_organisation_id_code", "organisation_id", "code", "valid_from",
            unique=True, postgresql_where=PRESENT,
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    code: str = text_column(nullable=False)
    name: str = text_column(nullable=False)
    rate: Decimal = Field(sa_column=Column(Numeric(7, 4), nullable=False))  # percent
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class PriceBook(Table, table=True):
    """Prices that hold for some, for a while. Its entries are rows of their own."""

    __tablename__ = "price_books"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("valid_to >= valid_from", name="valid_to"),
        Index("ix_price_books_organisation_id_currency", "organisation_id", "currency", "id"),
        Index(
            "ix_price_books_account_ids", "organisation_id", "account_ids", postgresql_using="gin"
        ),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    currency: str = text_column(nullable=False)
    description: str | None = text_column()
    account_ids: list[UUID] = ids_column()  # contacts' accounts
    grades: list[str] = texts_column()
    industries: list[str] = texts_column()
    regions: list[str] = texts_column()
    valid_from: date | None = Field(default=None, sa_column=Column(Date))
    valid_to: date | None = Field(default=None, sa_column=Column(Date))
    priority: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    entry_count: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    entries_changed_at: datetime | None = instant_column("entries_changed_at", nullable=True)
    external_id: str | None = text_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class PriceBookEntry(Table, table=True):
    """The price of a product in a book from a quantity on, in the book's currency, without tax."""

    __tablename__ = "price_book_entries"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "price_book_id", "product_id", "min_quantity"),
        ForeignKeyConstraint(
            ["organisation_id", "price_book_id"], ["price_books.organisation_id", "price_books.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "product_id"], ["products.organisation_id", "products.id"]
        ),
        CheckConstraint("min_quantity >= 0", name="min_quantity"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        CheckConstraint("discount_limit >= 0 AND discount_limit <= 100", name="discount_limit"),
        # What a line costs is asked by product, over all books.
        Index("ix_price_book_entries_product", "organisation_id", "product_id", "price_book_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    price_book_id: UUID = id_column(nullable=False)
    product_id: UUID = id_column(nullable=False)
    min_quantity: Decimal = Field(sa_column=Column(Numeric(18, 6), nullable=False))
    unit_price: Decimal = Field(sa_column=Column(Numeric, nullable=False))
    discount_limit: Decimal | None = Field(default=None, sa_column=Column(Numeric(5, 2)))
