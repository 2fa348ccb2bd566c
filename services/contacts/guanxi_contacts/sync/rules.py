"""How one column of a phone changes a list of the record: the rest of the list stays as it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Entries = Sequence[Mapping[str, Any]]


def first_replaced(entries: Entries, key: str, value: str | None) -> list[dict[str, Any]]:
    """The primary phone or address becomes another one, or goes; without one the next is primary."""
    ordered = sorted(entries, key=lambda entry: not entry.get("is_primary"))
    rest = [_as_sent(entry) for entry in ordered[1:] if entry.get(key) != value]
    if value is None:
        return [{**entry, "is_primary": n == 0} for n, entry in enumerate(rest)]
    kind = ordered[0].get("kind", "work") if ordered else "work"
    first = {key: value, "kind": kind, "is_primary": True}
    return [first, *({**entry, "is_primary": False} for entry in rest)]


def _as_sent(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "e164"}


def place_replaced(
    addresses: Entries, latitude: float | None, longitude: float | None
) -> list[dict[str, Any]]:
    """The position of the address that places the record (the first office that has one, else the first
    address) becomes another one. Half a position is none."""
    if latitude is None or longitude is None:
        latitude = longitude = None
    found = [dict(address) for address in addresses]
    place = {"latitude": latitude, "longitude": longitude}
    if not found:
        return [{"kind": "office", **place}] if latitude is not None else []
    placed = [a for a in found if a.get("latitude") is not None]
    chosen = sorted(placed or found, key=lambda a: a.get("kind") != "office")[0]
    chosen |= place
    return found


def links_with(links: Entries, account_id: str | None) -> list[dict[str, Any]]:
    """The primary place in an account becomes another one; role and stance were of the old one."""
    ordered = sorted(links, key=lambda link: not link.get("is_primary"))
    rest = [
        {**link, "is_primary": False} for link in ordered[1:] if link["account_id"] != account_id
    ]
    if account_id is None:
        return [{**link, "is_primary": n == 0} for n, link in enumerate(rest)]
    known = [link for link in ordered if link["account_id"] == account_id]
    first = {**known[0]} if known else {"account_id": account_id}
    return [{**first, "is_primary": True}, *rest]


def ids_with(ids: Sequence[str], first: str | None) -> list[str]:
    """The first of the ids becomes another one, or goes."""
    rest = [each for each in ids[1:] if each != first]
    return rest if first is None else [first, *rest]


def fitted(values: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """What of an activity's values contradicts itself is left out: a note has no schedule and is done,
    only what is done was done at some time, a place has two numbers."""
    found, whole = dict(values), {**stored, **values}
    if whole.get("kind") == "note":
        for name in ("starts_at", "status"):
            found.pop(name, None)
    elif whole.get("status") not in (None, "done") and found.get("done_at") is not None:
        del found["done_at"]
    if (whole.get("latitude") is None) != (whole.get("longitude") is None):
        found = {n: v for n, v in found.items() if n not in ("latitude", "longitude")}
    return found


def is_over(values: Mapping[str, Any], now: datetime) -> bool:
    """Whether it took place already, so that it is too late to find a clash."""
    starts_at = values.get("starts_at")
    is_past = starts_at is not None and starts_at < now.timestamp() * 1000
    return values.get("status") in ("done", "cancelled") or is_past
