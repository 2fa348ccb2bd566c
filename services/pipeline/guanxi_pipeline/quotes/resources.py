"""The allow-list of quotes: what they show, filter, sort and include."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, cast, func, select

from guanxi_pipeline import models
from guanxi_pipeline.products.resources import overlaps
from guanxi_pipeline.quotes.schemas import QuoteRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Include, Resource, fields_of, looked_up
from guanxi_shared.search import tagged
from guanxi_shared.visibility import Scope, predicate

METADATA = models.Quote.metadata
QUOTE: Final[Table] = METADATA.tables["quotes"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]


def _account(scope: Scope) -> ColumnElement[Any]:
    """`include=account`: what is known here of it, null for those who may not see it."""
    shown = func.jsonb_build_object("id", cast(ACCOUNT.c.id, Text), "name", ACCOUNT.c.name)
    found = select(shown).where(
        ACCOUNT.c.organisation_id == QUOTE.c.organisation_id,
        ACCOUNT.c.id == QUOTE.c.account_id,
        ACCOUNT.c.deleted_at.is_(None),
        predicate(ACCOUNT, scope, prefix="account"),
    )
    return found.correlate(QUOTE).scalar_subquery()


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
    includes={"account": Include("account", _account, "accounts")},
    search=models.QUOTE_SEARCH,
    has_documents=True,
    model=QuoteRead,
)
