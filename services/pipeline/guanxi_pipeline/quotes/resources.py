"""The allow-list of quotes: what they show, filter, sort and include."""

from dataclasses import replace
from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.quotes.schemas import QuoteRead
from guanxi_shared import resources as r
from guanxi_shared.copies import shown_copy
from guanxi_shared.resources import Field, Include, Resource, fields_of, looked_up, overlaps
from guanxi_shared.search import tagged

METADATA = models.Quote.metadata
QUOTE: Final[Table] = METADATA.tables["quotes"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]
ACCOUNT_SHOWN: Final = shown_copy(QUOTE.c.account_id, ACCOUNT, ("name",), prefix="account")


def _fields() -> dict[str, Field]:
    fields = fields_of(QUOTE, hidden=("product_ids",), money=("net", "total"))
    for name, key in {"lines": "sku", "approvals": "approver_id"}.items():
        fields[name] = replace(fields[name], key=key)
    for name in ("discount", "totals", "decision", "custom"):
        fields[name] = replace(fields[name], kind=r.OBJECT)
    fields["tags"] = replace(fields["tags"], where=tagged(QUOTE, models.QUOTE_SEARCH))
    product = looked_up("product_id", r.ID, QUOTE, overlaps(QUOTE.c.product_ids))
    return fields | {product.name: product}


QUOTES: Resource = Resource(
    name="quotes",
    noun="quote",
    service="pipeline",
    table=QUOTE,
    fields=_fields(),
    includes={"account": Include("account", ACCOUNT_SHOWN, "accounts")},
    search=models.QUOTE_SEARCH,
    has_documents=True,
    model=QuoteRead,
)
