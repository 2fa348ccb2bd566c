"""The allow-list of orders. Their lines are rows of their own, which purchases are summed from, and are
shown inside the order: a get and a list read them from its document, in one statement."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Float,
    Table,
    Text,
    Uuid,
    any_,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from guanxi_pipeline import models
from guanxi_pipeline.orders.schemas import OrderRead
from guanxi_shared import resources as r
from guanxi_shared.copies import by_copied, shown_copy
from guanxi_shared.resources import (
    Field,
    Include,
    Resource,
    Where,
    fields_of,
    looked_up,
    money_field,
    money_shown,
)
from guanxi_shared.search import tagged

METADATA = models.Order.metadata
ORDER: Final[Table] = METADATA.tables["orders"]
LINE: Final[Table] = METADATA.tables["order_lines"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]
OF_ACCOUNT: Final = ("name", "industry", "region", "grade")
MONEYS = ("subtotal", "tax", "shipping", "total", "cost", "costed", "margin", "refunded")
EMPTY = text("'[]'::jsonb")


def _lines() -> ColumnElement[Any]:
    """The lines of an order as the API shows them, in their order."""
    line = LINE.c
    shown: list[Any] = ["id", cast(line.id, Text), "product_id", cast(line.product_id, Text)]
    for name in ("sku", "name", "category"):
        shown += [name, line[name]]
    for name in ("quantity", "discount", "tax_rate", "fulfilled", "returned"):
        shown += [name, cast(line[name], Float)]
    for name in ("unit_price", "amount", "tax", "cost", "refunded"):
        shown += [name, money_shown(line[name], ORDER.c.currency)]
    ordered = aggregate_order_by(func.jsonb_build_object(*shown), line.position)
    listed = select(func.coalesce(func.jsonb_agg(ordered), EMPTY)).where(
        line.organisation_id == ORDER.c.organisation_id, line.order_id == ORDER.c.id
    )
    return listed.correlate(ORDER).scalar_subquery()


def _with_line(*columns: str) -> Where:
    """Orders with a line of which one of the columns is one of the values."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = value if isinstance(value, list) else [value]
        kind = ARRAY(Uuid) if columns == ("product_id",) else ARRAY(Text)
        bound = bind(values, kind)
        found = select(LINE.c.order_id).where(
            LINE.c.organisation_id == ORDER.c.organisation_id,
            or_(*(LINE.c[name] == any_(bound) for name in columns)),
        )
        return ORDER.c.id.in_(found)

    return where


def _fields() -> dict[str, Field]:
    stored = fields_of(ORDER, hidden=[f"{name}_amount" for name in MONEYS])
    stored["custom"] = replace(stored["custom"], kind=r.OBJECT)
    stored["tags"] = replace(stored["tags"], where=tagged(ORDER, models.ORDER_SEARCH))
    fields: dict[str, Field] = {}
    for name, field in stored.items():
        fields[name] = field
        if name == "status":
            lines = _lines()
            fields["lines"] = Field("lines", r.OBJECTS, lines, lines, (), is_filtered=False)
            fields |= {
                money: money_field(money, ORDER.c[f"{money}_amount"], ORDER.c.currency)
                for money in MONEYS
            }
    looked = [
        looked_up("product_id", r.ID, ORDER, _with_line("product_id")),
        looked_up("sku", r.TEXT, ORDER, _with_line("sku")),
        looked_up("category", r.TEXT, ORDER, _with_line("category")),
        *(
            looked_up(
                f"account_{name}", r.TEXT, ORDER, by_copied(ORDER.c.account_id, ACCOUNT.c[name])
            )
            for name in OF_ACCOUNT
        ),
    ]
    return fields | {field.name: field for field in looked}


ORDERS: Resource = Resource(
    name="orders",
    noun="order",
    service="pipeline",
    table=ORDER,
    fields=_fields(),
    includes={
        "account": Include(
            "account",
            shown_copy(ORDER.c.account_id, ACCOUNT, OF_ACCOUNT, prefix="account"),
            "accounts",
        )
    },
    search=models.ORDER_SEARCH,
    computed=frozenset({"lines"}),
    has_documents=True,
    model=OrderRead,
)
