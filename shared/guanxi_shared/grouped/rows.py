"""Rows of one shape as one JSON parameter, and the part of a statement that reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Table

from guanxi_shared import events
from guanxi_shared.db import BOUND
from guanxi_shared.idempotency import Answer, Claim
from guanxi_shared.record_statements import copied_columns, parameter_type
from guanxi_shared.resources import DOCUMENT

# After these nothing of a statement is there, and one row may be the cause for all.
REFUSED = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
CLAIM = {"actor": "uuid", "key": "text", "fingerprint": "bytea", "status": "int", "headers": "text"}
TARGET = {"target": "uuid", "at": "bigint"}
EVENT_NAMES = tuple(name for name, _ in events.COLUMNS)
AFTER, SUBJECT = EVENT_NAMES.index("after"), EVENT_NAMES.index("subject_id")
STATES = frozenset({f"r_{DOCUMENT}", "e_after"})  # both are the text that is sent as `after`


class Shape(NamedTuple):
    """Which columns of which table are written, and which words that its records are found by."""

    table: Table
    search: Table | None
    names: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def found_by(self) -> tuple[str, ...]:
        """What of this its search row has: copies of columns, and words."""
        copied = copied_columns(self.table, self.search)
        return (*(name for name in copied if name in self.names), *self.words)


@dataclass(frozen=True, slots=True)
class Row:
    """`values` are the parameters of the row and of its words, `event` those of its event. A new row may
    have a claim, with the answer that is kept; a changed one has the version that it was read at."""

    values: Sequence[Any]
    event: Sequence[Any]
    claim: Claim | None = None
    answer: Answer | None = None
    at: int | None = None

    @property
    def id(self) -> UUID:
        found: UUID = self.event[SUBJECT]
        return found


def document(shape: Shape, row: Row) -> bytes | None:
    """The row as JSON, without what is null; None if JSON cannot tell it or its answer is not its state."""
    after: str = row.event[AFTER]
    told: dict[str, Any] = {"after": after}
    for parameters, values in zip(_parameters(shape), (row.values, row.event), strict=True):
        for name, place, is_json in parameters:
            if (value := values[place]) is not None:
                told[name] = orjson.Fragment(value) if is_json else value
    if row.at is not None:
        told |= {"target": row.id, "at": row.at}
    if row.claim is not None and row.answer is not None:
        if row.answer.body != after.encode():
            return None
        told |= {
            "actor": row.claim.actor_id, "key": row.claim.key,
            "fingerprint": f"\\x{row.claim.fingerprint.hex()}",
            "status": row.answer.status, "headers": row.answer.headers_json,
        }  # fmt: skip
    try:
        return orjson.dumps(told, option=orjson.OPT_UTC_Z, default=_as_text)
    except TypeError:
        return None


async def written(
    pool: asyncpg.Pool, organisation_id: UUID, sql: str, documents: Sequence[bytes]
) -> set[UUID]:
    """The ids that a statement over these documents gives back; none if it was refused."""
    if not documents:
        return set()
    rows = (b"[" + b",".join(documents) + b"]").decode()
    try:
        return {record["id"] for record in await pool.fetch(sql, str(organisation_id), rows)}
    except REFUSED:
        return set()


def _as_text(value: Any) -> str:
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError


@lru_cache(maxsize=512)
def _columns(shape: Shape) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Name and type of each parameter, first of the row and its words, then of its event."""
    own = [(f"r_{name}", parameter_type(shape.table, name)) for name in shape.names]
    if shape.search is not None:
        own += [(f"r_{word}", parameter_type(shape.search, word)) for word in shape.words]
    return tuple(own), tuple((f"e_{name}", kind) for name, kind in events.COLUMNS)


@lru_cache(maxsize=512)
def _parameters(shape: Shape) -> tuple[tuple[tuple[str, int, bool], ...], ...]:
    """Of each parameter that is sent: its name, its place, whether it is JSON already."""
    return tuple(
        tuple(
            (name, place, kind.upper() == "JSONB")
            for place, (name, kind) in enumerate(columns)
            if name not in STATES
        )
        for columns in _columns(shape)
    )


def source(shape: Shape, more: Mapping[str, str]) -> str:
    """The beginning of a statement: `$1` is the organisation, which is bound before `source` has a row,
    `$2` the documents. `more` is what they have beside the columns, with its types."""
    kinds = {name: kind for columns in _columns(shape) for name, kind in columns}
    arriving = {"after": "text", **more}
    arriving |= {n: kind.partition("::")[0] for n, kind in kinds.items() if n not in STATES}
    columns = ", ".join(f'"{name}" {kind}' for name, kind in arriving.items())
    return (
        f"{BOUND}, source AS MATERIALIZED (SELECT inner_.* FROM bound, LATERAL (SELECT * FROM"
        f" jsonb_to_recordset($2::text::jsonb) AS r ({columns}) WHERE bound.id IS NOT NULL OFFSET 0) AS inner_)"
    )


def reading(shape: Shape) -> dict[str, str]:
    """How each parameter is read of a row `s` of `source`."""
    read = {
        name: f's."{name}"::{kind}' if "::" in kind else f's."{name}"'
        for columns in _columns(shape)
        for name, kind in columns
    }
    return read | {f"r_{DOCUMENT}": "s.after", "e_after": "s.after::jsonb"}


def logged(shape: Shape, rows: str) -> str:
    """The events of these rows."""
    read = reading(shape)
    values = ", ".join(read[f"e_{name}"] for name in EVENT_NAMES)
    return f"logged AS (INSERT INTO events ({events.NAMES}) SELECT {values} FROM {rows})"
