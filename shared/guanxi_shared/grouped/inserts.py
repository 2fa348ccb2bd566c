"""New rows, written by one statement: under load they take half as long a row as each by itself (measured:
513 µs of Postgres alone, 253 among eight).

A key that stands already stops its own row only. If the statement is refused, because of whichever row,
nothing of it is written.
"""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

import asyncpg

from guanxi_shared.grouped.gathering import Own
from guanxi_shared.grouped.rows import CLAIM, Row, Shape, document, logged, reading, source, written
from guanxi_shared.idempotency import is_free

# Another transaction that holds the key is not waited for: the rows beside this one would wait too.
GRANTED = f"""
claimed AS (INSERT INTO idempotency (organisation_id, actor_id, key, fingerprint, status, headers, body)
  SELECT r_organisation_id, actor, key, fingerprint, status, headers::jsonb, convert_to(after, 'UTF8') FROM source
  WHERE {is_free("r_organisation_id", "actor", "key")} ON CONFLICT DO NOTHING RETURNING actor_id, key),
granted AS MATERIALIZED (SELECT s.* FROM source AS s JOIN claimed ON s.actor = claimed.actor_id AND s.key = claimed.key)
"""


async def insert_together(
    pool: asyncpg.Pool, organisation_id: UUID, shape: Shape, rows: Sequence[Row]
) -> list[bool | Own]:
    """True for each row that is there now, Own.WAY for the others. With claims or without, all alike."""
    taken: dict[UUID, Row] = {}
    keys: set[str] = set()
    documents = []
    for row in rows:
        key = row.claim.key if row.claim is not None else str(row.id)
        if key in keys or row.id in taken:
            continue  # it may be the same request again, which this statement would take for granted
        if (told := document(shape, row)) is not None:
            keys.add(key)
            taken[row.id] = row
            documents.append(told)
    ids = await written(
        pool, organisation_id, statement(shape, rows[0].claim is not None), documents
    )
    return [(row.id in ids and taken.get(row.id) is row) or Own.WAY for row in rows]


@lru_cache(maxsize=512)
def statement(shape: Shape, has_claims: bool) -> str:
    """The ids of the rows that were written come back."""
    read, rows = reading(shape), "granted AS s" if has_claims else "source AS s"
    names = ", ".join(f'"{name}"' for name in shape.names)
    values = ", ".join(read[f"r_{name}"] for name in shape.names)
    ctes = [
        source(shape, CLAIM if has_claims else {}),
        *([GRANTED] if has_claims else []),
        f"inserted AS (INSERT INTO {shape.table.name} ({names}) SELECT {values} FROM {rows} RETURNING id)",
        *_found(shape, rows),
        logged(shape, rows),
    ]
    return f"{', '.join(ctes)} SELECT id FROM inserted"


def _found(shape: Shape, rows: str) -> list[str]:
    """What the records are found by."""
    if shape.search is None:
        return []
    read = reading(shape)
    names = ("organisation_id", "id", *shape.found_by)
    values = ", ".join(read[f"r_{name}"] for name in names)
    return [
        f"found AS (INSERT INTO {shape.search.name} ({', '.join(names)}) SELECT {values} FROM {rows})"
    ]
