"""What becomes of several records that are one: whose values win, what is united, what moves."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_shared.matching import email_key, with_one_primary
from guanxi_shared.phones import phone_key

Row = Mapping[str, Any]
Columns = dict[str, Any]
Link = dict[str, Any]

# Lists that are united, with what makes two entries one.
UNITED: Mapping[str, Callable[[Any], Any]] = {
    "phones": lambda phone: phone_key(phone.get("e164") or phone["number"]) or phone["number"],
    "emails": lambda email: email_key(email["address"]),
    "addresses": lambda address: tuple(
        str(address.get(part) or "").strip().casefold()
        for part in ("street", "city", "state", "postcode", "country")
    ),
    "tags": lambda tag: tag,
    "hobbies": lambda hobby: hobby,
}
WITH_PRIMARY = frozenset({"phones", "emails"})
# Documents whose parts are fields of their own.
FILLED = frozenset({"custom", "key_account"})
# Whose record it is decides who sees it: changed only by choice, never by filling a gap.
BY_CHOICE = frozenset({"owner_id", "team_id"})
# Parts of one value: a family name from here and a given name from there would be nobody's.
TOGETHER = ("given_name", "family_name")
STOP = ("do_not_contact", "do_not_contact_reason", "do_not_contact_since")
MOST_ENTRIES: Mapping[str, int] = {
    "phones": 20, "emails": 20, "addresses": 20, "tags": 100, "hobbies": 100,
}  # fmt: skip


def merged_columns(
    survivor: Row, sources: Sequence[Row], fields: Mapping[str, Sequence[str]],
    chosen: Mapping[str, Row],
) -> Columns:  # fmt: skip
    """The survivor's columns that change. Its own values win unless they are empty, then the first
    source's that are not; lists are united; `chosen` says of a field whose value counts, whole.

    `fields` names the stored columns of each field. A part of a document is chosen as custom.key.
    """
    columns: Columns = {}
    for field, parts in fields.items():
        columns |= _merged_field(field, parts, survivor, sources, chosen.get(field))
    columns |= _whole_name(survivor, sources, chosen)
    columns |= _stop(survivor, sources, chosen)
    for name, row in chosen.items():
        document, _, part = name.partition(".")
        if part:
            columns[document] = _with_part(columns[document], part, row[document])
    return {name: value for name, value in columns.items() if value != survivor[name]}


def _merged_field(
    field: str, parts: Sequence[str], survivor: Row, sources: Sequence[Row], chosen: Row | None
) -> Columns:
    if chosen is not None:
        return {part: chosen[part] for part in parts}
    if field in BY_CHOICE or field in TOGETHER:
        return {}
    if field in UNITED:
        return {field: united(field, [row[field] for row in (survivor, *sources)])}
    if field in FILLED:
        return {field: _filled([row[field] for row in (survivor, *sources)])}
    giver = next((row for row in (survivor, *sources) if not is_empty(row[parts[0]])), survivor)
    return {part: giver[part] for part in parts}


def _whole_name(survivor: Row, sources: Sequence[Row], chosen: Mapping[str, Row]) -> Columns:
    """Given and family name are filled together, or not at all."""
    if TOGETHER[0] not in survivor or chosen.keys() & {*TOGETHER, "name"}:
        return {}
    rows = (survivor, *sources)
    giver = next((r for r in rows if any(not is_empty(r[part]) for part in TOGETHER)), survivor)
    return {part: giver[part] for part in TOGETHER}


def _stop(survivor: Row, sources: Sequence[Row], chosen: Mapping[str, Row]) -> Columns:
    """Who asked not to be contacted under one record has asked it; the reason and the time go with it."""
    if STOP[0] not in survivor:
        return {}
    rows = (survivor, *sources)
    stopped = next((row for row in rows if row[STOP[0]]), survivor)
    giver = chosen.get(STOP[0], stopped)
    return {
        part: giver[part]
        for part in STOP
        if part in giver and (part == STOP[0] or part not in chosen)
    }


def is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def united(field: str, lists: Sequence[Sequence[Any]]) -> list[Any]:
    """Every entry once, the survivor's first; its primary entry stays the primary one."""
    key = UNITED[field]
    found: dict[Any, Any] = {}
    for entry in (entry for entries in lists for entry in entries):
        found.setdefault(key(entry), entry)
    entries = list(found.values())
    if field in WITH_PRIMARY:
        return with_one_primary([dict(entry) for entry in entries])
    return sorted(entries) if field in ("tags", "hobbies") else entries


def too_many(columns: Row) -> dict[str, int]:
    """United lists that are longer than a record may have, and how long they are."""
    return {
        name: len(columns[name])
        for name, most in MOST_ENTRIES.items()
        if len(columns.get(name) or ()) > most
    }


def _filled(documents: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    filled: dict[str, Any] = {}
    for document in reversed(documents):
        filled |= {part: value for part, value in (document or {}).items() if not is_empty(value)}
    return filled if filled or documents[0] is not None else None


def _with_part(document: Any, part: str, giver: Mapping[str, Any] | None) -> dict[str, Any]:
    others = {name: value for name, value in (document or {}).items() if name != part}
    given = (giver or {}).get(part)
    return others if given is None else {**others, part: given}


def reference_after(rows: Sequence[Row], column: str, merged: Collection[UUID]) -> UUID | None:
    """The first reference to somebody else than the merged ones."""
    named = (row[column] for row in rows)
    return next((each for each in named if each is not None and each not in merged), None)


def links_after(
    links: Sequence[Link], sources: Collection[str], *, of: str, survivor: str
) -> list[Link]:
    """One child's links to the merged records as they are afterwards: at most one, to the survivor.

    The survivor's own link wins, what it leaves empty comes from the others; it is a primary one if
    any of them was.
    """
    ordered = sorted(links, key=lambda link: (link[of] in sources, link[of]))
    if not ordered:
        return []
    whole: Link = {}
    for link in reversed(ordered):
        whole |= {name: value for name, value in link.items() if value is not None}
    empty = dict.fromkeys(ordered[0])
    flags = {n: any(link[n] for link in links) for n, v in whole.items() if isinstance(v, bool)}
    return [{**empty, **whole, **flags, of: survivor}]


def places_after(places: Sequence[Sequence[Link]]) -> list[Link]:
    """A person's places in accounts out of those of the merged people, the survivor's first: one an
    account, its role and stance filled, the survivor's primary place the primary one."""
    found: dict[str, Link] = {}
    for place in (place for own in places for place in own):
        known = found.setdefault(place["account_id"], dict(place))
        for name, value in place.items():
            known[name] = value if known[name] is None else known[name]
    primary = next((p["account_id"] for own in places for p in own if p["is_primary"]), None)
    marked = [{**place, "is_primary": account == primary} for account, place in found.items()]
    return sorted(marked, key=lambda place: (not place["is_primary"], place["account_id"]))
