"""What points to accounts and people here, and so follows when they become another one.

A new column that names one belongs in here; a test asks for it.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.invoices.resources import INVOICES
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_shared.following import Columns, Followed


def account_after(row: Mapping[str, Any], gone: Collection[UUID], survivor: UUID) -> Columns:
    return {"account_id": survivor}


def account_back(value: Any) -> Columns:
    return {"account_id": None if value is None else UUID(str(value))}


def contact_after(row: Mapping[str, Any], gone: Collection[UUID], survivor: UUID) -> Columns:
    return {"contact_id": survivor}


def contact_back(value: Any) -> Columns:
    return {"contact_id": None if value is None else UUID(str(value))}


def contacts_after(row: Mapping[str, Any], gone: Collection[UUID], survivor: UUID) -> Columns:
    """Each person once: of two roles that become one person's, the survivor's own stays."""
    names = {str(one) for one in gone}
    links: dict[str, dict[str, Any]] = {}
    for link in sorted(row["contacts"], key=lambda each: each["contact_id"] in names):
        person = str(survivor) if link["contact_id"] in names else link["contact_id"]
        kept = links.setdefault(person, {**link, "contact_id": person})
        kept["is_primary"] = kept["is_primary"] or link["is_primary"]
    return contacts_back(list(links.values()))


def contacts_back(value: Any) -> Columns:
    return {"contacts": value, "contact_ids": [UUID(link["contact_id"]) for link in value]}


def named_after(row: Mapping[str, Any], gone: Collection[UUID], survivor: UUID) -> Columns:
    """Each account of a price book once."""
    return {
        "account_ids": list(
            dict.fromkeys(survivor if id in gone else id for id in row["account_ids"])
        )
    }


def named_back(value: Any) -> Columns:
    return {"account_ids": [UUID(str(id)) for id in value]}


# Quotes, orders, deals: in the order in which an acceptance holds them, so that the two never wait for
# each other.
FOLLOWED: Final = (
    Followed(
        "account", QUOTES, "account_id", "account_id = ANY($2::uuid[])", "t.account_id = k.id",
        account_after, account_back,
    ),
    Followed(
        "contact", QUOTES, "contact_id", "contact_id = ANY($2::uuid[])", "t.contact_id = k.id",
        contact_after, contact_back,
    ),
    Followed(
        "account", ORDERS, "account_id", "account_id = ANY($2::uuid[])", "t.account_id = k.id",
        account_after, account_back,
    ),
    Followed(
        "contact", ORDERS, "contact_id", "contact_id = ANY($2::uuid[])", "t.contact_id = k.id",
        contact_after, contact_back,
    ),
    Followed(
        "account", OPPORTUNITIES, "account_id", "account_id = ANY($2::uuid[])", "t.account_id = k.id",
        account_after, account_back,
    ),
    Followed(
        "contact", OPPORTUNITIES, "contacts", "contact_ids && $2::uuid[]", "t.contact_ids @> ARRAY[k.id]",
        contacts_after, contacts_back,
    ),
    Followed(
        "account", LEADS, "account_id", "account_id = ANY($2::uuid[])", "t.account_id = k.id",
        account_after, account_back,
    ),
    Followed(
        "contact", LEADS, "contact_id", "contact_id = ANY($2::uuid[])", "t.contact_id = k.id",
        contact_after, contact_back,
    ),
    Followed(
        "account", PRICE_BOOKS, "account_ids", "account_ids && $2::uuid[]", "t.account_ids @> ARRAY[k.id]",
        named_after, named_back,
    ),
    Followed(
        "account", STOCK_REPORTS, "account_id", "account_id = ANY($2::uuid[])", "t.account_id = k.id",
        account_after, account_back,
    ),
    # Payments are their invoice's and follow it (`following.renamed`).
    Followed(
        "account", INVOICES, "account_id", "account_id = ANY($2::uuid[])", "t.account_id = k.id",
        account_after, account_back,
    ),
    Followed(
        "contact", INVOICES, "contact_id", "contact_id = ANY($2::uuid[])", "t.contact_id = k.id",
        contact_after, contact_back,
    ),
)  # fmt: skip
