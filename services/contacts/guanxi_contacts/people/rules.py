"""Pure decisions about people: the whole name, stored columns, what is found by what."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guanxi_contacts.duplicates.keys import person_keys
from guanxi_shared.matching import emails_as_stored, phones_as_stored, search_columns

FOUND_BY = frozenset({"name", "given_name", "family_name", "phones", "emails", "external_id"})
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def whole_name(given: str | None, family: str | None) -> str:
    """张 + 三 = 张三 without a space, family name first; Ann + Lee = Ann Lee."""
    if CJK.search(f"{given or ''}{family or ''}"):
        return f"{family or ''}{given or ''}"
    return " ".join(part for part in (given, family) if part)


def columns_from(data: Mapping[str, Any], *, region: str | None) -> dict[str, Any]:
    """Stored columns from the API's fields; the links to accounts are rows of their own."""
    columns = {name: value for name, value in data.items() if name != "accounts"}
    if "phones" in columns:
        columns["phones"] = phones_as_stored(columns["phones"], region)
    if "emails" in columns:
        columns["emails"] = emails_as_stored(columns["emails"])
    return columns


def contact_stop(
    sent: Mapping[str, Any], standing: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Since when somebody is not to be contacted; with the stop go its reason and its time."""
    is_stopped = sent.get("do_not_contact", standing["do_not_contact"])
    if not is_stopped:
        return {"do_not_contact_reason": None, "do_not_contact_since": None}
    return {} if standing["do_not_contact"] else {"do_not_contact_since": now}


def links_as_stored(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One link an account (the last one sent counts), the primary first, exactly one primary."""
    unique = {str(link["account_id"]): link for link in links}
    ordered = sorted(unique)
    chosen = next(
        (a for a in ordered if unique[a].get("is_primary")), ordered[0] if ordered else None
    )
    stored = [
        {
            "account_id": account_id,
            "role": unique[account_id].get("role"),
            "stance": unique[account_id].get("stance"),
            "is_primary": account_id == chosen,
        }
        for account_id in ordered
    ]
    return sorted(stored, key=lambda link: (not link["is_primary"], link["account_id"]))


def found_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """The search columns of a contact; both orders of a Latin name are found by its words."""
    words = [row.get("given_name"), row.get("family_name")]
    return search_columns([row["name"]], row, words=words, more_keys=person_keys(row))
