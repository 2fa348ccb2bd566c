"""What a record is found and recognised by: the search columns and the match keys."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from guanxi_shared import text
from guanxi_shared.emails import normalise_email
from guanxi_shared.phones import parse_phone, phone_key

Stored = dict[str, Any]
Entries = Sequence[Mapping[str, Any]]


def phones_as_stored(phones: Entries, default_region: str | None) -> list[Stored]:
    """Each number as typed and in E.164; exactly one is primary when there are any."""
    stored = [
        {
            "number": p["number"],
            "kind": p.get("kind") or "work",
            "is_primary": bool(p.get("is_primary")),
            "e164": parse_phone(p["number"], default_region).e164,
        }
        for p in phones
    ]
    return with_one_primary(stored)


def emails_as_stored(emails: Entries) -> list[Stored]:
    return with_one_primary(
        [
            {
                "address": e["address"],
                "kind": e.get("kind") or "work",
                "is_primary": bool(e.get("is_primary")),
            }
            for e in emails
        ]
    )


def with_one_primary(entries: list[Stored]) -> list[Stored]:
    """The first that says it is primary is; without any, the first entry."""
    chosen = next((i for i, entry in enumerate(entries) if entry["is_primary"]), 0)
    for index, entry in enumerate(entries):
        entry["is_primary"] = index == chosen
    return entries


def search_columns(
    names: Sequence[str | None],
    row: Mapping[str, Any],
    *,
    words: Sequence[str | None] = (),
    more_keys: Set[str] = frozenset(),
) -> Stored:
    """The four columns behind search and matching, from names, other words, phones and emails."""
    emails = [e["address"] for e in row["emails"]]
    numbers = [n for p in row["phones"] for n in (p["e164"], p["number"]) if n]
    return {
        "search_text": text.search_text(*names, *emails, *words),
        "search_grams": text.search_grams(*names),
        "search_digits": text.search_digits(numbers),
        "match_keys": sorted(_match_keys(names, row) | more_keys),
    }


def match_keys(names: Sequence[str | None], row: Mapping[str, Any]) -> list[str]:
    """Keys of equality: e:email, p:phone, d:domain, n:name, x:external id."""
    return sorted(_match_keys(names, row))


def _match_keys(names: Sequence[str | None], row: Mapping[str, Any]) -> set[str]:
    keys = {f"e:{email_key(e['address'])}" for e in row["emails"]}
    keys |= {f"p:{phone_key(p['e164'] or p['number'])}" for p in row["phones"]}
    keys |= {f"n:{text.normalise(name)}" for name in names if name}
    if row.get("domain"):
        keys.add(f"d:{row['domain']}")
    if row.get("external_id"):
        keys.add(f"x:{row['external_id']}")
    return keys - {"p:"}


def email_key(address: str) -> str:
    try:
        return normalise_email(address).key
    except ValueError:
        return address.casefold()


def match_key(field: str, value: str) -> str | None:
    """The key that a field's value is looked up by; None when the field has no key."""
    if field in ("email", "emails"):
        return f"e:{email_key(value)}"
    if field in ("phone", "phones"):
        return f"p:{phone_key(value)}"
    if field == "name":
        return f"n:{text.normalise(value)}"
    return {"domain": f"d:{value.lower()}", "external_id": f"x:{value}"}.get(field)
