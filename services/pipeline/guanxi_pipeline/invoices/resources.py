"""The allow-list of invoices."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.invoices.schemas import InvoiceRead
from guanxi_shared.copies import shown_copy
from guanxi_shared.resources import (
    Field,
    Include,
    Resource,
    column_field,
    fields_of,
    money_field,
)

METADATA = models.Invoice.metadata
INVOICE: Final[Table] = METADATA.tables["invoices"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]
OF_ACCOUNT: Final = ("name", "industry", "region", "grade")
MONEYS: Final = ("amount", "paid", "outstanding")


def in_one_currency(table: Table, names: Sequence[str]) -> dict[str, Field]:
    """Fields for every column, and `deleted_at`, which the log's last state of a record tells; those of
    `names` are amounts in the record's one currency."""
    fields = fields_of(table) | {"deleted_at": column_field(table, "deleted_at")}
    for name in names:
        fields[name] = money_field(name, table.c[name], table.c.currency, is_nullable=False)
    return fields


INVOICES: Resource = Resource(
    name="invoices",
    noun="invoice",
    service="pipeline",
    table=INVOICE,
    fields=in_one_currency(INVOICE, MONEYS),
    includes={
        "account": Include(
            "account",
            shown_copy(INVOICE.c.account_id, ACCOUNT, OF_ACCOUNT, prefix="account"),
            "accounts",
        )
    },
    model=InvoiceRead,
)
