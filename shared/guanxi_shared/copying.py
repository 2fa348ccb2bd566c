"""Small copies of a peer's records, kept by its feed: many events of one organisation in one statement.

A table of copies has `organisation_id`, `id`, `version`, `name`, `owner_id`, `team_id`, `deleted_at`,
`merged_into_id`, `known_by` (all that a record was ever recognised by) and columns of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.heard import Event, id_of, moment_of
from guanxi_shared.statements import array_text

GONE: Final = frozenset({"deleted", "erased"})
# What changes nothing but the copy, and so may be written together with others of its kind.
PLAIN: Final = frozenset({"created", "updated"})
SHARED: Final = {
    "id": "uuid", "version": "bigint", "name": "text", "owner_id": "uuid", "team_id": "uuid",
    "deleted_at": "timestamptz", "known_by": "text[]",
}  # fmt: skip
KEPT: Final = {"known_by": "ARRAY(SELECT DISTINCT unnest(k.known_by || excluded.known_by))"}

FORGET: Final = "UPDATE {table} SET known_by = '{{}}' WHERE organisation_id = $1 AND id = $2"
MERGED: Final = "UPDATE {table} SET merged_into_id = $3 WHERE organisation_id = $1 AND id = $2"

State = Mapping[str, Any]


@dataclass(frozen=True)
class Copies:
    """`columns` are the table's own, with their types; `own` gives them from a record's state,
    `known_by` by what it is recognised."""

    table: str
    columns: Mapping[str, str]
    own: Callable[[State], Sequence[Any]]
    known_by: Callable[[State], Sequence[str]]

    @cached_property
    def sql(self) -> str:
        """One statement for any number of records, each with the newest of what is written at once."""
        kinds = {**SHARED, **self.columns}
        names = ", ".join(kinds)
        # An array travels as text: one cannot be an element of another.
        arrays = ", ".join(
            f"${n}::{'text' if kind.endswith('[]') else kind}[]"
            for n, kind in enumerate(kinds.values(), 2)
        )
        read = ", ".join(
            f"r.{name}::{kind}" if kind.endswith("[]") else f"r.{name}"
            for name, kind in kinds.items()
        )
        sets = ", ".join(
            f"{name} = {KEPT.get(name, f'excluded.{name}')}" for name in kinds if name != "id"
        )
        return (
            f"INSERT INTO {self.table} AS k (organisation_id, {names})"
            f" SELECT $1, {read} FROM unnest({arrays}) AS r ({names})"
            f" ON CONFLICT (organisation_id, id) DO UPDATE SET {sets}, merged_into_id ="
            " CASE WHEN excluded.deleted_at IS NULL THEN NULL ELSE k.merged_into_id END"
            " WHERE k.version < excluded.version"
        )


async def write_copies(
    connection: Connection, organisation: UUID, copies: Copies, events: Sequence[Event]
) -> None:
    """The copies as of the newest of these events; an older version than the one kept changes nothing."""
    rows = _newest(copies, events)
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(copies.sql, organisation, *columns)


async def write_closely(
    connection: Connection, organisation: UUID, copies: Copies, event: Event
) -> None:
    """The copy as of one event that is not plain: who is erased is recognised by nothing any more, and what was
    merged points to its survivor."""
    await write_copies(connection, organisation, copies, [event])
    verb, id = verb_of(event), id_of(event["subject_id"])
    if verb == "erased":
        await connection.execute(FORGET.format(table=copies.table), organisation, id)
    survivor = (event.get("before") or {}).get("merged_into_id")
    if verb in GONE and survivor is not None:
        sql = MERGED.format(table=copies.table)
        await connection.execute(sql, organisation, id, id_of(survivor))


def merge_in(event: Event) -> Mapping[str, Any] | None:
    """Of `merged` and `unmerged`: the merge, with `id` and `source_ids`."""
    merge: Mapping[str, Any] | None = (event.get("before") or {}).get("merge")
    return merge if verb_of(event) in ("merged", "unmerged") else None


def _newest(copies: Copies, events: Sequence[Event]) -> list[list[Any]]:
    """A row a record, in the order of the ids, in which all who write them lock them; what it was
    recognised by in between counts, too. Ids stay as they are spelt: Postgres reads them in a tenth of the time."""
    newest: dict[str, Event] = {}
    known: dict[str, Sequence[str]] = {}
    for event in events:
        id, recognised = str(event["subject_id"]), copies.known_by(event["after"])
        other = newest.get(id)
        if other is not None:
            recognised = sorted({*known[id], *recognised})
        if other is None or int(other["version"]) < int(event["version"]):
            newest[id] = event
        known[id] = recognised
    return [_row(copies, id, newest[id], known[id]) for id in sorted(newest)]


def _row(copies: Copies, id: str, event: Event, known: Sequence[str]) -> list[Any]:
    state = event["after"]
    own = zip(copies.columns.values(), copies.own(state), strict=True)
    return [
        id, int(event["version"]), state.get("name") or "", state.get("owner_id"),
        state.get("team_id"), moment_of(event) if verb_of(event) in GONE else None,
        array_text(known),
        *(array_text(value) if kind.endswith("[]") else value for kind, value in own),
    ]  # fmt: skip


def noun_of(event: Event) -> str:
    return _words_of(event["type"])[1]


def verb_of(event: Event) -> str:
    return _words_of(event["type"])[2]


@lru_cache(maxsize=1024)
def _words_of(type: str) -> tuple[str, ...]:
    return tuple(type.split(".", 2))


def is_plain(event: Event) -> bool:
    return verb_of(event) in PLAIN


def in_runs(events: Sequence[Event]) -> list[tuple[bool, list[Event]]]:
    """Events in their order, plain ones that follow each other together."""
    return [(plain, list(run)) for plain, run in groupby(events, key=is_plain)]


def renamed_by(event: Event) -> bool:
    """Whether those who name the record may have to be found by another name; an erasure names no
    fields, and a record may be told of later than what names it."""
    return verb_of(event) in ("created", "erased") or "name" in (event.get("changed") or ())
