"""Records read, and changes of records written, by one statement for several.

A record that somebody holds locked, or has changed since it was read, is left to its own request: the others
wait for nobody.
"""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

import asyncpg

from guanxi_shared.db import bound
from guanxi_shared.grouped.gathering import Own
from guanxi_shared.grouped.rows import (
    TARGET,
    Row,
    Shape,
    document,
    logged,
    reading,
    source,
    written,
)
from guanxi_shared.statements import Compiled


async def read_together(
    pool: asyncpg.Pool, organisation_id: UUID, many: Compiled, ids: Sequence[UUID]
) -> list[asyncpg.Record | None]:
    """The record of each id, None where there is none; `many` takes `ids`."""
    found = await pool.fetch(
        bound(many.sql), str(organisation_id), *many.args({"ids": list(set(ids))})
    )
    records = {record["id"]: record for record in found}
    return [records.get(record_id) for record_id in ids]


async def update_together(
    pool: asyncpg.Pool, organisation_id: UUID, shape: Shape, rows: Sequence[Row]
) -> list[UUID | Own]:
    """The ids of those that were written; Own.WAY for the others."""
    taken: dict[UUID, Row] = {}
    documents = []
    for row in rows:
        if row.id not in taken and (told := document(shape, row)) is not None:
            taken[row.id] = row
            documents.append(told)
    ids = await written(pool, organisation_id, statement(shape), documents)
    return [row.id if row.id in ids and taken.get(row.id) is row else Own.WAY for row in rows]


@lru_cache(maxsize=512)
def statement(shape: Shape) -> str:
    """The ids of the records that were written come back.

    That there are rows is asked first, without the table's columns: by whatever plan the table is looked at
    only after the binding (see record_statements.TARGET)."""
    read, table = reading(shape), shape.table.name
    sets = ", ".join(f'"{name}" = {read[f"r_{name}"]}' for name in shape.names)
    ctes = [
        source(shape, TARGET),
        f"free AS MATERIALIZED (SELECT s.* FROM source AS s, {table} AS t WHERE (SELECT count(*) FROM source) > 0"
        " AND t.id = s.target AND t.version = s.at FOR NO KEY UPDATE OF t SKIP LOCKED)",
        f"updated AS (UPDATE {table} AS t SET {sets} FROM free AS s WHERE (SELECT count(*) FROM free) > 0"
        " AND t.id = s.target RETURNING t.organisation_id, t.id)",
        *_found(shape),
        logged(shape, "free AS s WHERE s.target IN (SELECT id FROM updated)"),
    ]
    return f"{', '.join(ctes)} SELECT id FROM updated"


def _found(shape: Shape) -> list[str]:
    """What the records are found by, if something of it changes."""
    if shape.search is None or not shape.found_by:
        return []
    read = reading(shape)
    sets = ", ".join(f"{name} = {read[f'r_{name}']}" for name in shape.found_by)
    return [
        f"found AS (UPDATE {shape.search.name} AS f SET {sets} FROM free AS s, updated AS u"
        " WHERE s.target = u.id AND f.organisation_id = u.organisation_id AND f.id = u.id)"
    ]
