"""What a phone may ask and say, read without trusting any of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from guanxi_shared.errors import Malformed, TooLarge

# Who keeps which table; the order is that in which a push is written.
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "contacts": ("accounts", "contacts", "activities"),
    "pipeline": ("products", "opportunities"),
    "tickets": ("tickets", "ticket_comments"),
}
SERVICE_OF: Final = {table: service for service, tables in TABLES.items() for table in tables}
KINDS: Final = ("created", "updated", "deleted")
FIRST: Final = frozenset({"", "0", "null", "undefined"})
MOST_RECORDS: Final = 20_000
LARGEST: Final = 2**53
LONGEST_ID: Final = 64

Changes = dict[str, dict[str, list[Any]]]


@dataclass(frozen=True, slots=True)
class Migration:
    """What a phone's new schema has more than the one it had; what we do not know is not looked at."""

    tables: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def cursor_in(text: str | None) -> int | None:
    """The number that a pull answered; None for a first sync, in all the words for it that clients print
    into their addresses."""
    if text is None or text in FIRST:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise _malformed("last_pulled_at", "Send the `timestamp` of the last pull, or null.")
    return min(int(text), LARGEST)


def device_in(text: str | None) -> str | None:
    if text is None or text == "":
        return None
    if len(text) > LONGEST_ID or not text.isprintable():
        raise _malformed("X-Device-Id", f"Send 1 to {LONGEST_ID} printable characters.")
    return text


def migration_in(text: str | None) -> Migration:
    if text is None or text in FIRST:
        return Migration()
    try:
        found = orjson.loads(text)
        tables = [t for t in found.get("tables") or () if isinstance(t, str)]
        columns = {
            each["table"]: tuple(c for c in each["columns"] if isinstance(c, str))
            for each in found.get("columns") or ()
            if each["table"] in SERVICE_OF
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        sentence = 'Send null or {"from": …, "tables": […], "columns": [{"table", "columns"}]}.'
        raise _malformed("migration", sentence) from error
    return Migration(tuple(t for t in tables if t in SERVICE_OF), columns)


def changes_in(raw: bytes) -> Changes:
    """The body of a push; Malformed names the place. Only programming errors are refused here: what a
    record holds is the services' to make fit."""
    found = _read(raw)
    if not isinstance(found, dict):
        raise _malformed("body", "Send an object of tables.")
    changes = {table: _table_in(table, each) for table, each in found.items()}
    if sum(len(ids) for each in changes.values() for ids in each.values()) > MOST_RECORDS:
        raise TooLarge(f"A push holds at most {MOST_RECORDS} records.")
    return {table: each for table, each in changes.items() if any(each.values())}


def _read(raw: bytes) -> Any:
    """JSON as phones write it. Half of a surrogate pair, which a cut text may end with, is dropped: it
    would keep the phone from syncing for ever."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        try:
            whole = json.dumps(json.loads(raw), ensure_ascii=False)
            return orjson.loads(whole.encode("utf-8", "ignore"))
        except (ValueError, RecursionError):
            raise Malformed(f"The body is not valid JSON: {error}") from error


def _table_in(table: str, sent: Any) -> dict[str, list[Any]]:
    if table not in SERVICE_OF:
        raise _malformed(table, f"There is no table {table[:60]!r} to sync.")
    if not isinstance(sent, dict):
        raise _malformed(table, "Send created, updated and deleted.")
    found: dict[str, list[Any]] = {}
    for kind in KINDS:
        items = sent.get(kind)
        if items is None:
            items = []
        if not isinstance(items, list):
            raise _malformed(f"{table}.{kind}", "Send a list.")
        for index, item in enumerate(items):
            _check_item(f"{table}.{kind}.{index}", kind, item)
        found[kind] = items
    return found


def _check_item(place: str, kind: str, item: Any) -> None:
    if kind == "deleted":
        id, place_of_id = item, place
    elif isinstance(item, dict):
        id, place_of_id = item.get("id"), f"{place}.id"
    else:
        raise _malformed(place, "Send a record.")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise _malformed(place_of_id, f"Send an id of 1 to {LONGEST_ID} characters.")


def _malformed(field: str, sentence: str) -> Malformed:
    return Malformed(f"{field}: {sentence}", errors={field: sentence})


def part_of(changes: Mapping[str, Any], service: str) -> dict[str, Any]:
    """What of some tables is one service's."""
    return {table: changes[table] for table in TABLES[service] if table in changes}


def merged(parts: Sequence[Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
    """Ids by table, from several services."""
    return {table: list(ids) for part in parts for table, ids in part.items() if ids}


def empty() -> Changes:
    return {table: {kind: [] for kind in KINDS} for table in SERVICE_OF}


def is_nothing(changes: Mapping[str, Mapping[str, Sequence[Any]]]) -> bool:
    return not any(_lists(changes))


def _lists(changes: Mapping[str, Mapping[str, Sequence[Any]]]) -> Iterator[Sequence[Any]]:
    for each in changes.values():
        yield from each.values()
