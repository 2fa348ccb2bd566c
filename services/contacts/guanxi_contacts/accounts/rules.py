"""Pure decisions about accounts: stored columns, names, what is found by what."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guanxi_contacts.duplicates.keys import account_keys
from guanxi_shared.emails import domain_of
from guanxi_shared.matching import emails_as_stored, phones_as_stored, search_columns

MONEY = ("revenue", "credit_limit")
FOUND_BY = frozenset(
    {"name", "legal_name", "short_name", "local_name", "phones", "emails", "domain", "website",
     "external_id"}
)  # fmt: skip


def columns_from(data: Mapping[str, Any], *, region: str | None) -> dict[str, Any]:
    """Stored columns from the API's fields (a create's or a patch's); ids and custom as they are.

    `region` is the ISO 3166 code whose national phone numbers are meant.
    """
    columns = dict(data)
    for name in MONEY:
        if name in columns:
            money = columns.pop(name)
            columns[f"{name}_amount"] = Decimal(money["amount"]) if money else None
            columns[f"{name}_currency"] = money["currency"] if money else None
    if "phones" in columns:
        columns["phones"] = phones_as_stored(columns["phones"], region)
    if "emails" in columns:
        columns["emails"] = emails_as_stored(columns["emails"])
    if "addresses" in columns:
        columns |= position_of(columns["addresses"])
    if columns.get("domain") is not None:
        columns["domain"] = (
            domain_of(columns["domain"]) or columns["domain"].strip().lower() or None
        )
    return columns


def position_of(addresses: list[dict[str, Any]]) -> dict[str, float | None]:
    """Where the account is: the first address, offices before others, that has a position."""
    placed = [
        a for a in addresses if a.get("latitude") is not None and a.get("longitude") is not None
    ]
    placed.sort(key=lambda a: a.get("kind") != "office")
    first = placed[0] if placed else {"latitude": None, "longitude": None}
    return {"latitude": first["latitude"], "longitude": first["longitude"]}


def found_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """The search columns of an account as it will be stored."""
    names = [row["name"], row.get("legal_name"), row.get("short_name"), row.get("local_name")]
    unique = list(dict.fromkeys(name for name in names if name))
    return search_columns(unique, row, words=[row.get("domain")], more_keys=account_keys(row))
