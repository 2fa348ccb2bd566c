"""The records of one resource that a chunk touches: loaded once, changed in memory, written in bulk.

Each step of a record leaves the same event as a request would have left, so a row that creates and
a later row that changes what it created are two events, however the file falls into chunks.

A dry run keeps what it would have written in temporary tables of its connection, lays them over the
real ones, and leaves nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import bulk, events, search
from guanxi_shared.bulk import column_type, columns_of, encoded, json_columns, staged_type
from guanxi_shared.db import Connection
from guanxi_shared.errors import Unavailable
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.records import differs, state_bytes
from guanxi_shared.resources import DOCUMENT, Resource
from guanxi_shared.schema import WORDS, words_in
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope

SHAPES = Shapes()
KeysOf = Callable[[Mapping[str, Any]], Sequence[str]]


def kept_keys(row: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = row.get("match_keys", ())
    return found


@dataclass(slots=True)
class Entry:
    """A record as it stands after the rows so far; `stored_version` is 0 if it is not stored."""

    row: dict[str, Any]
    computed: dict[str, Any]
    stored_version: int
    events: list[Sequence[Any]] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found


class Book:
    """With `locks`, what is loaded is held until the transaction ends; a dry run holds nothing.
    `keys_of` is what records are found by that have no search row to keep it."""

    def __init__(
        self, resource: Resource, terms: Terms, *, index: KeyIndex, locks: bool = True,
        keys_of: KeysOf = kept_keys,
    ) -> None:  # fmt: skip
        self.resource = resource
        self.entries: dict[UUID, Entry] = {}
        self.deleted: set[UUID] = set()
        self._terms = terms
        self._index = index
        self._keys_of = keys_of
        self._locks = locks and not terms.is_dry
        self._by_key: dict[str, dict[UUID, None]] = {}

    async def load(self, connection: Connection, ids: Sequence[UUID]) -> None:
        """The records with these ids; deleted ones are only noted (see `deleted`)."""
        wanted = [each for each in ids if each not in self.entries]
        if not wanted:
            return
        if self._terms.is_dry:
            await self._load_planned(connection, wanted)
        if self._locks and self.resource.computed:
            # Held first: what a statement that waits reads of other tables is older than the row.
            await self._rows(connection, wanted)
        for record in await self._rows(connection, wanted):
            if record["id"] not in self.entries:
                self._enter(*self._decoded(dict(record)), is_stored=True)

    async def load_meant(
        self, connection: Connection, rows: Sequence[Prepared], *, ids: Iterable[UUID] = (),
        keys: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """The records with the ids and the keys of the rows, and those with the others given."""
        wanted = {row.wanted_id for row in rows if row.wanted_id}
        await self._index.catch_up(connection)
        found = self._index.find({*keys, *(key for row in rows for key in row.keys)})
        await self.load(connection, sorted({*ids, *wanted, *found}))

    async def _rows(self, connection: Connection, ids: Sequence[UUID]) -> list[asyncpg.Record]:
        key = ("book", self.resource.name, self._locks)
        compiled = SHAPES.get(key, self._select)
        values = {"organisation": self._terms.organisation_id, "ids": list(ids)}
        sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({compiled.sql}) AS found"
        found: list[asyncpg.Record] = await connection.fetch(sql, "", *compiled.args(values))
        return found

    def find(self, keys: Iterable[str]) -> list[Entry]:
        """Records that have any of the keys, in the order in which they became known."""
        found: dict[UUID, None] = {}
        for key in keys:
            found |= self._by_key.get(key, {})
        return [self.entries[each] for each in found]

    def may_write(self, entry: Entry, scope: Scope) -> bool:
        row = entry.row
        return scope.may_write(
            id=entry.id, owner_id=row.get("owner_id"), team_id=row.get("team_id")
        )

    def may_see(self, entry: Entry, scope: Scope) -> bool:
        row = entry.row
        return scope.covers(id=entry.id, owner_id=row.get("owner_id"), team_id=row.get("team_id"))

    def create(
        self, row: dict[str, Any], computed: Mapping[str, Any], *, verb: str = "created",
        at: datetime | None = None,
    ) -> Entry:  # fmt: skip
        """A new record. Its times are those of now, unless the file knows when it was made; `at` is
        when it is logged to have begun, where the file tells of what became of it."""
        row["updated_at"] = now = datetime.now(UTC)
        row["created_at"] = row["created_at"] or now
        entry = self._enter(row, dict(computed), is_stored=False)
        after = self._written(row, self.resource.state(row, computed))
        entry.events.append(self._event(verb, entry, after, changed=(), before=None, at=at))
        return entry

    def update(
        self, entry: Entry, changes: Mapping[str, Any], computed: Mapping[str, Any] | None = None,
        *, verb: str = "updated", more: Mapping[str, Any] | None = None, at: datetime | None = None,
    ) -> bool:  # fmt: skip
        """The same rules as `records.update_record`: a change of nothing is none, and `more` is added
        to what the event says of before. `at` is when it happened, if not now; `updated_at` is always
        when it was written, by which others find what is new."""
        resource, old = self.resource, entry.row
        row = {**old, **changes}
        together = {**entry.computed, **(computed or {})}
        old_state, state = resource.state(old, entry.computed), resource.state(row, together)
        changed = [name for name in state if differs(state[name], old_state[name])]
        hidden = any(
            n not in resource.fields and n not in WORDS and changes[n] != old.get(n)
            for n in changes
        )
        if not changed and not hidden:
            return False
        now = datetime.now(UTC)
        row |= {"version": old["version"] + 1, "updated_at": now}
        state |= {"version": row["version"], "updated_at": now}
        entry.row, entry.computed = row, together
        before = {name: old_state[name] for name in changed} | dict(more or {})
        after = self._written(row, state)
        entry.events.append(self._event(verb, entry, after, changed=changed, before=before, at=at))
        self._enter_keys(entry, self._keys_of(old), is_new=True)
        return True

    def _written(self, row: dict[str, Any], state: Mapping[str, Any]) -> bytes:
        """The state as the log keeps it, and as the row does where rows have documents."""
        after = state_bytes(dict(state))
        if self.resource.has_documents:
            row[DOCUMENT] = after.decode()
        return after

    async def write(self, connection: Connection) -> None:
        """All that was created and changed, with what it is found by and the events."""
        touched = [entry for entry in self.entries.values() if entry.events]
        resource = self.resource
        if self._terms.is_dry:
            await self._write_planned(connection, touched)
            return
        new = [entry for entry in touched if not entry.stored_version]
        told = [entry.events[0] if len(entry.events) == 1 else None for entry in new]
        changed = [(e.stored_version, e.row) for e in touched if e.stored_version]
        await bulk.insert_told(connection, resource, [encoded(resource, e.row) for e in new], told)
        if await bulk.update_rows(connection, resource, changed) != len(changed):
            raise Unavailable("Records under lock were changed; the chunk is done again.")
        others = [entry for entry in touched if entry.stored_version or len(entry.events) > 1]
        await bulk.insert_events(connection, [event for entry in others for event in entry.events])

    def _enter(self, row: dict[str, Any], computed: dict[str, Any], *, is_stored: bool) -> Entry:
        entry = Entry(row, computed, row["version"] if is_stored else 0)
        if row.get("deleted_at") is not None:
            self.deleted.add(entry.id)
            return entry
        self.entries[entry.id] = entry
        self._enter_keys(entry, (), is_new=not is_stored)
        return entry

    def _enter_keys(self, entry: Entry, old: Iterable[str], *, is_new: bool) -> None:
        for key in old:
            self._by_key.get(key, {}).pop(entry.id, None)
        if is_new:
            self._index.add(entry.id, self._keys_of(entry.row))
        for key in self._keys_of(entry.row):
            self._by_key.setdefault(key, {})[entry.id] = None

    def _select(self) -> Select[Any]:
        resource, table = self.resource, self.resource.table
        computed = [
            resource.fields[n].shown.label(f"_computed_{n}") for n in sorted(resource.computed)
        ]
        words = resource.search
        stored = [c for c in table.columns if c.name != DOCUMENT]
        found = select(
            *stored, *([] if words is None else [words.c[w] for w in words_in(words)]), *computed
        )
        if words is not None:
            found = found.join(words, search.belongs(resource))
        found = found.where(
            table.c.organisation_id == bindparam("organisation", type_=Uuid),
            table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        ).order_by(table.c.id)
        return found.with_for_update(of=table) if self._locks else found

    def _decoded(self, row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        computed = {
            n: orjson.loads(row.pop(f"_computed_{n}") or "[]") for n in self.resource.computed
        }
        for name in json_columns(self.resource):
            if row[name] is not None:
                row[name] = orjson.loads(row[name])
        return row, computed

    def _event(
        self,
        verb: str,
        entry: Entry,
        after: bytes,
        *,
        changed: Sequence[str],
        before: Mapping[str, Any] | None,
        at: datetime | None,
    ) -> Sequence[Any]:
        row = entry.row
        return events.event_values(
            organisation_id=self._terms.organisation_id, type=self.resource.event_type(verb),
            subject_type=self.resource.noun, subject_id=entry.id, version=row["version"],
            actor=self._terms.actor, changed=changed, before=before, after=after,
            owner_id=row.get("owner_id"), team_id=row.get("team_id"), occurred_at=at,
        )  # fmt: skip

    async def _load_planned(self, connection: Connection, ids: Sequence[UUID]) -> None:
        resource = self.resource
        names = ", ".join(planned_column(resource, name) for name in columns_of(resource))
        records = await connection.fetch(
            f"SELECT {names}, p.planned_computed FROM {planned_name(resource)} AS p"
            " WHERE p.id = ANY($1::uuid[]) ORDER BY p.id",
            ids,
        )
        for record in records:
            row = dict(record)
            computed = orjson.loads(row.pop("planned_computed"))
            for name in json_columns(resource):
                row[name] = None if row[name] is None else orjson.loads(row[name])
            self._enter(row, computed, is_stored=True)

    async def _write_planned(self, connection: Connection, touched: Sequence[Entry]) -> None:
        resource, planned = self.resource, planned_name(self.resource)
        ids = [entry.id for entry in touched]
        await connection.execute(f"DELETE FROM {planned} WHERE id = ANY($1::uuid[])", ids)
        rows = [
            [*encoded(resource, e.row), orjson.dumps(e.computed, default=str).decode()]
            for e in touched
        ]
        columns = [*columns_of(resource), "planned_computed"]
        await connection.copy_records_to_table(planned, records=rows, columns=columns)


def planned_name(resource: Resource) -> str:
    return f"planned_{resource.table.name}"


def planned_column(resource: Resource, name: str) -> str:
    return f'p."{name}"::{column_type(resource, name)}'


async def begin_planning(connection: Connection, resources: Iterable[Resource]) -> None:
    """Empty temporary tables for a dry run; they end with `end_planning`, or with the connection."""
    await end_planning(connection, resources)
    for resource in resources:
        name = planned_name(resource)
        kinds = ", ".join(
            f'"{column}" {staged_type(resource, column)}' for column in columns_of(resource)
        )
        await connection.execute(
            f"CREATE TEMPORARY TABLE {name} ({kinds}, planned_computed text);"
            f"CREATE INDEX ON {name} (id)"
        )


async def end_planning(connection: Connection, resources: Iterable[Resource]) -> None:
    for resource in resources:
        await connection.execute(f"DROP TABLE IF EXISTS {planned_name(resource)}")
