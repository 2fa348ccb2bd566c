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
from guanxi_shared.record_statements import copied_columns, parameters_of
from guanxi_shared.resources import DOCUMENT
from guanxi_shared.statements import type_of

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
# What is sent of an event beside its state: its name in the document, its place, whether it is JSON already.
EVENT_SENT = tuple(
    (f"e_{name}", place, kind == "jsonb")
    for place, (name, kind) in enumerate(events.COLUMNS)
    if name != "after"
)


class Shape(NamedTuple):
    """Which columns of which table are written, and which words that its records are found by. Those of
    `shown` are in the record's state under their own name, and as they are."""

    table: Table
    search: Table | None
    names: tuple[str, ...]
    words: tuple[str, ...]
    shown: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[Table, Table | None, tuple[str, ...], tuple[str, ...]]:
        return self[:4]

    @property
    def found_by(self) -> tuple[str, ...]:
        """What of this its search row has: copies of columns, and words."""
        copied = copied_columns(self.table, self.search)
        return (*(name for name in copied if name in self.names), *self.words)

    def parameters(self, columns: Mapping[str, Any]) -> list[Any]:
        """As the driver takes them: first those of the row, then its words."""
        return parameters_of(*self.written, columns)


@dataclass(frozen=True, slots=True)
class Row:
    """`columns` are those of the row and its words, `event` the parameters of its event. A new row may
    have a claim, with the answer that is kept; a changed one has the version that it was read at."""

    columns: Mapping[str, Any]
    event: Sequence[Any]
    claim: Claim | None = None
    answer: Answer | None = None
    at: int | None = None

    @property
    def id(self) -> UUID:
        found: UUID = self.event[SUBJECT]
        return found

    @property
    def after(self) -> str:
        """The state, as the log keeps it and the API shows it."""
        found: str = self.event[AFTER]
        return found


def document(shape: Shape, row: Row) -> bytes | None:
    """The row as JSON, without what is null; None if JSON cannot tell it or its answer is not its state."""
    told: dict[str, Any] = {"after": row.after}
    columns, event = row.columns, row.event
    for name, column in _sent(shape):
        if (value := columns[column]) is not None:
            told[name] = value
    for name, place, is_json in EVENT_SENT:
        if (value := event[place]) is not None:
            told[name] = orjson.Fragment(value) if is_json else value
    if row.at is not None:
        told |= {"target": row.id, "at": row.at}
    if row.claim is not None and row.answer is not None:
        if row.answer.body != row.after.encode():
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
def _own_types(shape: Shape) -> dict[str, str]:
    """The type of each column of the row and of each of its words, as they are read of a source."""
    types = {f"r_{name}": type_of(shape.table.c[name]) for name in shape.names}
    if shape.search is not None:
        types |= {f"r_{word}": type_of(shape.search.c[word]) for word in shape.words}
    return types


@lru_cache(maxsize=512)
def _sent(shape: Shape) -> tuple[tuple[str, str], ...]:
    """What is sent beside the state: its name in the document, and the column's."""
    return tuple(
        (f"r_{name}", name)
        for name in (*shape.names, *shape.words)
        if name not in shape.shown and name != DOCUMENT
    )


def source(shape: Shape, more: Mapping[str, str]) -> str:
    """The beginning of a statement: `$1` is the organisation, which is bound before `source` has a row,
    `$2` the documents. `more` is what they have beside the columns, with its types."""
    types = _own_types(shape)
    arriving = {"after": "text", **more, **{name: types[name] for name, _ in _sent(shape)}}
    arriving |= {
        f"e_{name}": kind.partition("::")[0] for name, kind in events.COLUMNS if name != "after"
    }
    columns = ", ".join(f'"{name}" {kind}' for name, kind in arriving.items())
    taken, states = "", ""
    if shape.shown:
        taken = ", ".join(["", *(f'state."{name}" AS "r_{name}"' for name in shape.shown)])
        shown = ", ".join(f'"{name}" {types[f"r_{name}"]}' for name in shape.shown)
        states = f" CROSS JOIN LATERAL jsonb_to_record(read.e_after) AS state ({shown})"
    return (
        f"{BOUND}, source AS MATERIALIZED (SELECT inner_.* FROM bound, LATERAL (SELECT r.*, read.e_after{taken} FROM"
        f" jsonb_to_recordset($2::text::jsonb) AS r ({columns})"
        f" CROSS JOIN LATERAL (SELECT r.after::jsonb AS e_after OFFSET 0) AS read{states}"
        " WHERE bound.id IS NOT NULL OFFSET 0) AS inner_)"
    )


def reading(shape: Shape) -> dict[str, str]:
    """How each parameter is read of a row `s` of `source`."""
    read = {name: f's."{name}"' for name in _own_types(shape)}
    for name, kind in events.COLUMNS:
        read[f"e_{name}"] = f's."e_{name}"::{kind}' if "::" in kind else f's."e_{name}"'
    return read | {f"r_{DOCUMENT}": "s.after"}


def logged(shape: Shape, rows: str) -> str:
    """The events of these rows."""
    read = reading(shape)
    values = ", ".join(read[f"e_{name}"] for name in EVENT_NAMES)
    return f"logged AS (INSERT INTO events ({events.NAMES}) SELECT {values} FROM {rows})"
