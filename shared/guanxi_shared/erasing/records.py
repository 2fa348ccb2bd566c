"""What an erasure carries from place to place, and how records and their log are erased."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, DateTime, Table

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.erasing.rules import Told, added
from guanxi_shared.events import dumps
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.resources import Resource
from guanxi_shared.schema import words_in

# What stays of a row: that there was one, whose customer it was, and when.
KEPT: Final = frozenset(
    {"organisation_id", "id", "owner_id", "team_id", "version", "created_at", "updated_at",
     "deleted_at", "erased_at"}
)  # fmt: skip

BLANK_EVENTS = "SELECT erase_events($1, $2, $3::uuid[], $4::text[]::jsonb[])"
FORGET = (
    "SELECT erase_values($1, $2, $3::uuid[], $4::text[], $5::text[]::jsonb[], $6::text[]::jsonb[])"
)
LOG = """
INSERT INTO events (organisation_id, id, type, subject_type, subject_id, version, actor_id, actor_kind,
                    channel, changed, after, owner_id, team_id, request_id, trace_id, occurred_at)
SELECT $1, n.id, $2, $3, n.subject_id, n.version, $4, $5, $6, '{{}}', n.state::jsonb, r.owner_id, r.team_id,
       $7, $8, $9
FROM unnest($10::uuid[], $11::uuid[], $12::bigint[], $13::text[]) AS n (id, subject_id, version, state)
JOIN {table} r ON r.organisation_id = $1 AND r.id = n.subject_id
"""


WRITE_DOWN = """
INSERT INTO erasures (organisation_id, id, subject_type, subject_id, reason, request_reference, erased_by,
                      erased_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, now()) RETURNING erased_at
"""
COUNT = "UPDATE erasures SET counts = $3::text::jsonb WHERE organisation_id = $1 AND id = $2"


@dataclass(slots=True, kw_only=True)
class Erasing:
    """One erasure under way, inside its transaction. A service adds what its own steps need."""

    connection: Connection
    organisation: UUID
    person_ids: Sequence[UUID]  # records that are the person's: these become tombstones
    erasure_id: UUID
    erased_at: datetime
    reason: str
    actor: Actor
    needles: Sequence[str]
    imports: Sequence[UUID] = ()  # those whose kept file names the person
    exported: Sequence[str] = ()  # resources whose exports under way have to begin anew
    ids: list[UUID] = field(default_factory=list)  # of everything that is erased


@dataclass(frozen=True, slots=True)
class Said:
    """Whom an erasure is about, and what is kept of the request."""

    noun: str
    subject_id: UUID
    reason: str
    reference: str | None
    by: UUID | None


async def write_down(
    connection: Connection, organisation: UUID, said: Said
) -> tuple[UUID, datetime]:
    """The id of the erasure, and when: without it the database blanks no event."""
    erasure_id = new_id()
    erased_at: datetime = await connection.fetchval(
        WRITE_DOWN, organisation, erasure_id, said.noun, said.subject_id, said.reason,
        said.reference, said.by,
    )  # fmt: skip
    return erasure_id, erased_at


async def write_counts(erasing: Erasing, counts: Iterable[Mapping[str, int]]) -> None:
    """How many rows of each place, over all steps."""
    total = dumps(added(counts))
    await erasing.connection.execute(COUNT, erasing.organisation, erasing.erasure_id, total)


def blanked(resource: Resource, *, also_kept: Sequence[str] = ()) -> str:
    """The UPDATE that leaves a row's tombstone: every column but a few loses what it held, so that
    a column of tomorrow is erased without anybody thinking of it."""
    return _blanked(resource.table, tuple(also_kept))


@lru_cache(maxsize=16)
def _blanked(table: Table, also_kept: tuple[str, ...]) -> str:
    sets = [
        f'"{column.name}" = {_nothing(column)}'
        for column in table.columns
        if column.name not in KEPT and column.name not in also_kept
    ]
    moment = "updated_at = $3, deleted_at = coalesce(deleted_at, $3), erased_at = $3"
    return (
        f"UPDATE {table.name} SET {', '.join(sets)}, version = version + 1, {moment} "
        f"WHERE organisation_id = $1 AND id = ANY($2::uuid[]) RETURNING to_jsonb({table.name})::text AS row"
    )


def _nothing(column: Any) -> str:
    if column.nullable:
        return "NULL"
    return "DEFAULT" if column.server_default is not None else _zero(str(column.type))


def _zero(type_: str) -> str:
    return "''" if type_ in ("TEXT", "VARCHAR") else "0"


def tombstone_of(
    erasing: Erasing, resource: Resource, row: Mapping[str, Any], computed: Mapping[str, Any]
) -> State:
    """The record as the API would show it, with nothing in it, and why."""
    return {
        **resource.state(with_times(resource.table, row), computed),
        "erased_at": erasing.erased_at,
        "erased_by": erasing.actor.id,
        "erasure_reason": erasing.reason,
    }


def with_times(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row that came as JSON, its moments as moments, so that they are written as everywhere."""
    found = dict(row)
    for column in table.columns:
        value, kind = found.get(column.name), column.type
        if isinstance(kind, DateTime) and value is not None:
            found[column.name] = datetime.fromisoformat(value)
        elif isinstance(kind, ARRAY) and isinstance(kind.item_type, DateTime) and value:
            found[column.name] = [datetime.fromisoformat(each) for each in value]
    return found


async def erase_rows(
    erasing: Erasing, resource: Resource, ids: Sequence[UUID],
    *, computed: Mapping[str, Any], also_kept: Sequence[str] = (),
) -> tuple[int, int]:  # fmt: skip
    """Tombstones of records, in their table and in the whole of their log, and an `erased` event
    for each; how many rows and how many events."""
    sql = blanked(resource, also_kept=also_kept)
    found = await erasing.connection.fetch(sql, erasing.organisation, list(ids), erasing.erased_at)
    rows = [orjson.loads(each["row"]) for each in found]
    states = [tombstone_of(erasing, resource, row, computed) for row in rows]
    await blank_words(erasing, resource, ids)
    events = await blank_events(erasing, resource.noun, states)
    await log(erasing, resource, states, verb="erased")
    erasing.ids += [UUID(row["id"]) for row in rows]
    return len(rows), events


async def blank_words(erasing: Erasing, resource: Resource, ids: Sequence[UUID]) -> None:
    """Nobody is found by anything any more."""
    if resource.search is None:
        return
    sets = ", ".join(f"{name} = DEFAULT" for name in ("tags", *words_in(resource.search)))
    await erasing.connection.execute(
        f"UPDATE {resource.search.name} AS s SET {sets}, deleted_at = t.deleted_at"
        f" FROM {resource.table.name} AS t WHERE t.organisation_id = s.organisation_id AND t.id = s.id"
        " AND s.organisation_id = $1 AND s.id = ANY($2::uuid[])",
        erasing.organisation, list(ids),
    )  # fmt: skip


async def blank_events(erasing: Erasing, noun: str, states: Sequence[State]) -> int:
    """The payloads of every event of these records become the states, at once and for ever."""
    if not states:
        return 0
    ids = [UUID(str(state["id"])) for state in states]
    done: int = await erasing.connection.fetchval(
        BLANK_EVENTS, erasing.erasure_id, noun, ids, [dumps(state) for state in states]
    )
    return done


async def forget(erasing: Erasing, noun: str, told: Sequence[Told]) -> int:
    """Values that a record once had, in any event of it, become others: the rest of its log stays."""
    if not told:
        return 0
    done: int = await erasing.connection.fetchval(
        FORGET, erasing.erasure_id, noun, [each.record_id for each in told],
        [each.field for each in told], [exact_text(each.value) for each in told],
        [exact_text(each.instead) for each in told],
    )  # fmt: skip
    return done


def exactly(text: str) -> Any:
    """A JSON text of the log with its numbers to the last digit, so that `forget` finds it again."""
    return json.loads(text, parse_float=Decimal, parse_int=_whole)


def _whole(digits: str) -> int | Decimal:
    number = int(digits)
    return number if abs(number) < 2**53 else Decimal(digits)


def exact_text(value: Any) -> str:
    """What `exactly` read, as it was."""
    return orjson.dumps(value, default=lambda number: orjson.Fragment(str(number))).decode()


async def log(erasing: Erasing, resource: Resource, states: Sequence[State], *, verb: str) -> None:
    """One event for each, all in one statement."""
    if not states:
        return
    actor = erasing.actor
    await erasing.connection.execute(
        LOG.format(table=resource.table.name), erasing.organisation, resource.event_type(verb),
        resource.noun, actor.id, actor.kind, actor.channel, actor.request_id, actor.trace_id,
        erasing.erased_at, [new_id() for _ in states], [UUID(str(state["id"])) for state in states],
        [state["version"] for state in states], [dumps(state) for state in states],
    )  # fmt: skip
