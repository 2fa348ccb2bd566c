"""Which records have which match key, in memory while an import runs.

Asking the search index for thousands of keys at once is no use: the planner takes the array for
unselective and reads the whole organisation (50 µs a row of the table for each chunk), and key by key
it costs 140 µs while fresh rows wait in the index's pending list. So the keys of the kind that matters
are read once (8 bytes and an id each: 30 MB for 200,000), kept up with by what changed since, and the
records themselves are then found by their ids.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from guanxi_shared.db import Connection, Database
from guanxi_shared.imports.prepared import Terms
from guanxi_shared.resources import Resource

PAGE = 20_000
OVERLAP = timedelta(seconds=1)  # clocks differ, and a request's changes appear when it commits
LONGEST_PREFIX = 2
CHUNKS_REMEMBERED = 50  # of our own; more than pass in what is looked at again

Ids = int | tuple[int, ...]


class KeyIndex:
    """`prefixes` are the kinds of keys (`e:`, `x:` …) that are looked for; without any it is idle.
    Of a resource without search rows it knows only those that were added."""

    def __init__(self, resource: Resource, organisation_id: UUID, prefixes: Iterable[str]) -> None:
        self._table = resource.table.name
        self._words = None if resource.search is None else resource.search.name
        self._organisation_id = organisation_id
        self._prefixes = frozenset(prefixes)
        self._ids: dict[int, Ids] = {}
        self._read_until: datetime | None = None
        self._own: deque[str] = deque(maxlen=CHUNKS_REMEMBERED)

    async def load(self, database: Database) -> None:
        """All keys, once; in pages of the primary key."""
        if not self._prefixes or self._words is None or self._read_until is not None:
            return
        begin, last = datetime.now(UTC), UUID(int=0)
        sql = (
            f"SELECT id, match_keys FROM {self._words} WHERE organisation_id = $2 AND id > $3"
            " AND deleted_at IS NULL ORDER BY organisation_id, id LIMIT $4"
        )
        organisation = self._organisation_id
        while rows := await database.fetch(organisation, sql, organisation, last, PAGE):
            for row in rows:
                self.add(row["id"], row["match_keys"])
            last = UUID(bytes=rows[-1]["id"].bytes)
        self._read_until = begin

    async def catch_up(self, connection: Connection) -> None:
        """What others wrote since the last time; our own rows were added when they were made, and are told
        by the transaction that wrote them last."""
        if self._read_until is None:
            return
        begin = datetime.now(UTC)
        rows = await connection.fetch(
            f"SELECT t.id, w.match_keys FROM {self._table} AS t JOIN {self._words} AS w"
            " ON w.organisation_id = t.organisation_id AND w.id = t.id"
            " WHERE t.organisation_id = $1 AND t.updated_at >= $2 AND t.deleted_at IS NULL"
            " AND t.xmin::text <> ALL($3::text[])",
            self._organisation_id,
            self._read_until - OVERLAP,
            list(self._own),
        )
        for row in rows:
            self.add(row["id"], row["match_keys"])
        self._read_until = begin
        if connection.is_in_transaction():
            self._own.append(await connection.fetchval("SELECT pg_current_xact_id()::xid::text"))

    def add(self, record_id: UUID, keys: Iterable[str]) -> None:
        """Keys that a record loses stay: whoever asks looks at the record too."""
        prefixes = self._prefixes
        for key in keys:
            if key[:LONGEST_PREFIX] in prefixes:
                self._add(hash(key), record_id.int)

    def find(self, keys: Iterable[str]) -> Sequence[UUID]:
        """Ids of records that may have one of the keys."""
        found: dict[int, None] = {}
        for key in keys:
            ids = self._ids.get(hash(key))
            if isinstance(ids, int):
                found[ids] = None
            elif ids is not None:
                found |= dict.fromkeys(ids)
        return [UUID(int=each) for each in found]

    def _add(self, key: int, record_id: int) -> None:
        known = self._ids.get(key)
        if known is None:
            self._ids[key] = record_id
        elif isinstance(known, int):
            if known != record_id:
                self._ids[key] = (known, record_id)
        elif record_id not in known:
            self._ids[key] = (*known, record_id)


def planned_index(resource: Resource, terms: Terms, prefixes: Iterable[str]) -> KeyIndex:
    """Of a resource without search rows, which finds what is stored by statements of its own: what a dry
    run would have made is all that is to be known besides."""
    return KeyIndex(resource, terms.organisation_id, prefixes if terms.is_dry else ())
