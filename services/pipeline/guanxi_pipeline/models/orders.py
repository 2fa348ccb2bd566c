"""The sales database: orders, their lines, what came back of them, and the last number given."""

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
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table

ORDER_STATUSES = (
    "draft", "placed", "confirmed", "partly_fulfilled", "fulfilled", "cancelled", "returned",
)  # fmt: skip


def number_column(*, nullable: bool = False, default: str | None = None) -> Any:
    return Field(default=None, sa_column=Column(Numeric, nullable=nullable, server_default=default))


class Order(Table, table=True):
    """What somebody ordered. Its lines are rows of their own, shown inside it; sums are of them."""

    __tablename__ = "orders"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        # Deleted ones too: a number is given once.
        UniqueConstraint("organisation_id", "number"),
        one_of("status", ORDER_STATUSES),
        CheckConstraint("status = 'draft' OR ordered_on IS NOT NULL", name="ordered_on"),
        CheckConstraint(
            "total_amount = subtotal_amount + tax_amount + shipping_amount", name="total"
        ),
        CheckConstraint("refunded_amount BETWEEN 0 AND subtotal_amount + tax_amount", name="refunded"),
        Index("ix_orders_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index(
            "ix_orders_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id"
        ),
        Index("ix_orders_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_orders_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index(
            "ix_orders_organisation_id_account_id", "organisation_id", "account_id", "id",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "ix_orders_organisation_id_contact_id", "organisation_id", "contact_id", "id",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index(
            "ix_orders_organisation_id_opportunity_id", "organisation_id", "opportunity_id",
            postgresql_where=text("opportunity_id IS NOT NULL"),
        ),
        Index(
            "ix_orders_organisation_id_quote_id", "organisation_id", "quote_id",
            postgresql_where=text("quote_id IS NOT NULL"),
        ),
        Index(
            "ix_orders_organisation_id_external_id", "organisation_id", "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("ix_orders_organisation_id_ordered_on", "organisation_id", "ordered_on", "id"),
        Index(
            "ix_orders_unverified", "organisation_id", "id",
            postgresql_where=text("NOT is_account_verified AND deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    number: str = text_column(nullable=False)
    account_id: UUID | None = id_column()  # contacts' account
    is_account_verified: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="true")
    )
    contact_id: UUID | None = id_column()  # contacts' contact
    opportunity_id: UUID | None = id_column()
    quote_id: UUID | None = id_column()  # the quote that was accepted
    ordered_on: date | None = Field(default=None, sa_column=Column(Date))  # null until it is placed
    currency: str = text_column(nullable=False)
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="draft"))
    subtotal_amount: Decimal = number_column()  # of the rounded lines
    tax_amount: Decimal = number_column()
    shipping_amount: Decimal = number_column()
    total_amount: Decimal = number_column()
    cost_amount: Decimal | None = number_column(nullable=True)  # of the lines whose cost is known
    costed_amount: Decimal = number_column()  # what those lines come to
    margin_amount: Decimal | None = number_column(nullable=True)  # null unless every cost is known
    refunded_amount: Decimal = number_column()
    cancel_reason: str | None = text_column()
    source: str | None = text_column()
    description: str | None = text_column()
    external_id: str | None = text_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    as_shown: str | None = text_column()  # the order as the API shows it


ORDER_SEARCH = add_search_table(Table.metadata.tables["orders"])


class OrderLine(Table, table=True):
    """Something ordered, in the order's currency. `amount` is net of discount, without tax."""

    __tablename__ = "order_lines"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        # What a return refers to: a line of its own order, or the database refuses.
        UniqueConstraint("organisation_id", "order_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "order_id"], ["orders.organisation_id", "orders.id"]
        ),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("fulfilled BETWEEN 0 AND quantity", name="fulfilled"),
        CheckConstraint("returned BETWEEN 0 AND fulfilled", name="returned"),
        CheckConstraint("refunded BETWEEN 0 AND amount + tax", name="refunded"),
        Index("ix_order_lines_organisation_id_order_id", "organisation_id", "order_id", "position"),
        Index(
            "ix_order_lines_organisation_id_product_id", "organisation_id", "product_id", "order_id",
            postgresql_where=text("product_id IS NOT NULL"),
        ),
        Index(
            "ix_order_lines_organisation_id_sku", "organisation_id", "sku", "order_id",
            postgresql_where=text("sku IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    order_id: UUID = id_column(nullable=False)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    product_id: UUID | None = id_column()
    sku: str | None = text_column()
    name: str | None = text_column()
    category: str | None = text_column()  # the product's, as it was then
    quantity: Decimal = number_column()
    unit_price: Decimal | None = number_column(nullable=True)  # null: the amount was given
    discount: Decimal = number_column(default="0")  # percent
    amount: Decimal = number_column()
    tax_rate: Decimal | None = number_column(nullable=True)  # percent; null: the tax was given
    tax: Decimal = number_column()
    cost: Decimal | None = number_column(nullable=True)  # of the whole line
    fulfilled: Decimal = number_column(default="0")
    returned: Decimal = number_column(default="0")
    refunded: Decimal = number_column(default="0")  # with its tax


class OrderReturn(Table, table=True):
    """What came back on a day, or was paid back. Never changed: another one is made."""

    __tablename__ = "order_returns"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "order_id"], ["orders.organisation_id", "orders.id"]
        ),
        Index("ix_order_returns_organisation_id_order_id", "organisation_id", "order_id", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    order_id: UUID = id_column(nullable=False)
    returned_on: date = Field(sa_column=Column(Date, nullable=False))
    reason: str = text_column(nullable=False)
    note: str | None = text_column()
    refund: Decimal = number_column()  # with tax, in the order's currency
    created_by: UUID | None = id_column()  # gateway's user
    created_at: datetime = instant_column("created_at")


class OrderReturnLine(Table, table=True):
    """The part of a return that is of one line; `amount` and `tax` were paid back."""

    __tablename__ = "order_return_lines"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "return_id"], ["order_returns.organisation_id", "order_returns.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "order_id", "line_id"],
            ["order_lines.organisation_id", "order_lines.order_id", "order_lines.id"],
        ),
        CheckConstraint("quantity >= 0", name="quantity"),
        Index("ix_order_return_lines_organisation_id_return_id", "organisation_id", "return_id"),
        Index("ix_order_return_lines_organisation_id_line_id", "organisation_id", "line_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    return_id: UUID = id_column(nullable=False)
    order_id: UUID = id_column(nullable=False)
    line_id: UUID = id_column(nullable=False)
    quantity: Decimal = number_column()
    amount: Decimal = number_column()
    tax: Decimal = number_column()
    cost: Decimal | None = number_column(nullable=True)  # of what came back


class OrderNumber(Table, table=True):
    """The last number an organisation's orders were given: a row that is locked while one is."""

    __tablename__ = "order_numbers"
    __table_args__ = (PrimaryKeyConstraint("organisation_id"),)

    organisation_id: UUID = id_column(nullable=False)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))
