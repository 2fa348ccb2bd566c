"""What a phone says, checked and then written by the service's own use cases.

The gateway asks every service to check its part before any is asked to apply its own. To apply is one
transaction, which looks once more under the rows' locks; each record is a step of its own in there, so
that one that a rule refuses is left out and named.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, savepoint
from guanxi_shared.errors import Problem
from guanxi_shared.refusals import ABOUT_THE_DATA, problem_of
from guanxi_shared.sync.cells import as_id, cleaned, differing
from guanxi_shared.sync.pulling import Question, since_of
from guanxi_shared.sync.push_rules import Stored, Verdict, verdict_on_delete, verdict_on_write
from guanxi_shared.sync.sights import Choice, sights_of
from guanxi_shared.sync.statements import following, standing
from guanxi_shared.sync.tables import SyncTable

LOCK = "SELECT id FROM {table} WHERE organisation_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE"
MADE = """
INSERT INTO sync_makers (organisation_id, id, device_id, user_id)
SELECT $1, unnest($2::uuid[]), $3, $4 ON CONFLICT DO NOTHING
"""

TRIES: Final = 3

Ids = dict[str, list[str]]
Sent = Mapping[str, Mapping[str, Sequence[Any]]]  # table → created, updated, deleted


@dataclass(slots=True)
class Step:
    """One record of the push and what shall become of it."""

    table: SyncTable
    id: str
    verdict: Verdict
    values: Mapping[str, Any] = field(default_factory=dict)
    stored: Stored | None = None
    is_delete: bool = False


class Conflicting(Exception):
    """Leaves the transaction: somebody was quicker."""

    def __init__(self, conflicts: Ids) -> None:
        self.conflicts = conflicts


async def check(
    call: Call, tables: tuple[SyncTable, ...], asked: Question, sent: Sent
) -> dict[str, Any]:
    """What stands against the push, before anything is written."""
    async with call.db.snapshot(call.organisation) as connection:
        steps = await _steps(call, connection, tables, asked, sent)
    return {"conflicts": _ids(steps, Verdict.CONFLICT)}


async def apply(
    call: Call, tables: tuple[SyncTable, ...], asked: Question, sent: Sent
) -> dict[str, Any]:
    """Write it. `rejected` are the ids that were refused, `gone` those that are deleted now: what belongs
    to them in another service goes too. With a conflict nothing is written.

    Two pushes hold rows in one order, but what goes along with a deleted record is found on the way: the one that
    Postgres ends because both wait for each other has written nothing, and begins once more."""
    for left in reversed(range(TRIES)):
        try:
            return await _apply(call, tables, asked, sent)
        except asyncpg.DeadlockDetectedError:
            if not left:
                raise
            await asyncio.sleep(random.uniform(0.01, 0.1))
    raise AssertionError("the last try returns or raises")


async def _apply(
    call: Call, tables: tuple[SyncTable, ...], asked: Question, sent: Sent
) -> dict[str, Any]:
    try:
        async with call.db.transaction(call.organisation) as connection:
            await _lock(call, connection, tables, sent)
            steps = await _steps(call, connection, tables, asked, sent)
            if conflicts := _ids(steps, Verdict.CONFLICT):
                raise Conflicting(conflicts)
            await _write(call, connection, steps)
            await _write(call, connection, await _followers(call, connection, tables, asked))
            await _note_makers(call, connection, steps, asked.device_id)
    except Conflicting as found:
        return {"conflicts": found.conflicts, "rejected": {}, "gone": {}}
    return {"conflicts": {}, "rejected": _ids(steps, Verdict.REJECT), "gone": _gone(steps)}


async def _note_makers(
    call: Call, connection: Connection, steps: Sequence[Step], device_id: str | None
) -> None:
    made = [UUID(step.id) for step in steps if step.verdict is Verdict.CREATE]
    if made and device_id is not None:
        await connection.execute(MADE, call.organisation, made, device_id, call.by.user_id)


def _gone(steps: Sequence[Step]) -> Ids:
    """Also what an earlier try deleted, so that the same push once more goes on from there."""
    found: Ids = {}
    for step in steps:
        was_gone = step.stored is not None and step.stored.is_deleted and step.stored.is_seen
        if step.is_delete and (step.verdict is Verdict.DELETE or was_gone):
            found.setdefault(step.table.name, []).append(step.id)
    return found


async def _followers(
    call: Call, connection: Connection, tables: tuple[SyncTable, ...], asked: Question
) -> list[Step]:
    """What belongs to records of another service that were deleted, as far as the caller may delete it."""
    found = []
    for table in tables:
        named = [id for name in table.follows for id in asked.gone.get(name, ())]
        if table.writes is None or not named or not call.by.may(table.writes.may_delete):
            continue
        sight = (await sights_of(call, (table,), Choice(), {}))[table.name]
        for name, column in table.follows.items():
            sql, values = following(
                table, call.organisation, column, asked.gone.get(name, ()), sight
            )
            for row in await connection.fetch(sql, *values):
                found.append(Step(table, row["id"], Verdict.DELETE, {}, None, is_delete=True))
    return found


async def _lock(
    call: Call, connection: Connection, tables: tuple[SyncTable, ...], sent: Sent
) -> None:
    """In the order of tables and ids, which every push keeps."""
    for table in tables:
        wanted = _named(sent.get(table.name, {}))
        if wanted and table.parent is None:  # parts are held by what they belong to
            sql = LOCK.format(table=table.resource.table.name)
            await connection.execute(sql, call.organisation, wanted)


def _named(changes: Mapping[str, Sequence[Any]]) -> list[UUID]:
    records = [*changes.get("created", ()), *changes.get("updated", ())]
    ids = [record["id"] for record in records] + list(changes.get("deleted", ()))
    return sorted({found for each in ids if (found := as_id(each)) is not None})


async def _steps(
    call: Call, connection: Connection, tables: tuple[SyncTable, ...], asked: Question, sent: Sent
) -> list[Step]:
    """Creates and updates in the order of the tables, then deletes the other way round."""
    sights = await sights_of(call, tables, Choice(), {})
    writes, deletes = [], []
    for table in tables:
        changes = sent.get(table.name)
        if not changes:
            continue
        since = since_of(call, table, asked, sights[table.name])
        sql, values = standing(table, since, _named(changes))
        rows = await connection.fetch(sql, *values)
        stored = {row["id"]: _stored(dict(row)) for row in rows}
        gone = {str(id) for each in changes.get("deleted", ()) if (id := as_id(each))}
        records = {
            str(as_id(record["id"]) or record["id"]): record
            for record in (*changes.get("created", ()), *changes.get("updated", ()))
        }
        writes += [
            _write_step(table, id, record, stored.get(id))
            for id, record in records.items()
            if id not in gone
        ]
        deletes += [_delete_step(table, id, stored.get(id)) for id in sorted(gone)]
    return [*writes, *reversed(deletes)]


def _stored(row: dict[str, Any]) -> Stored:
    return Stored(
        row.pop("_deleted"),
        row.pop("_seen"),
        row.pop("_changed"),
        row.pop("_mine"),
        row.pop("_held"),
        row,
    )


def _write_step(
    table: SyncTable, id: str, record: Mapping[str, Any], stored: Stored | None
) -> Step:
    if as_id(id) is None:
        return Step(table, id, Verdict.REJECT)
    values = cleaned(table.cells, record)
    if stored is not None:
        values = differing(table.cells, values, stored.values)
    verdict = verdict_on_write(stored, values)
    if table.writes is None and verdict in (Verdict.CREATE, Verdict.UPDATE):
        verdict = Verdict.REJECT
    return Step(table, id, verdict, values, stored)


def _delete_step(table: SyncTable, id: str, stored: Stored | None) -> Step:
    verdict = verdict_on_delete(stored)
    if table.writes is None and verdict is Verdict.DELETE:
        verdict = Verdict.REJECT
    return Step(table, id, verdict, {}, stored, is_delete=True)


async def _write(call: Call, connection: Connection, steps: Sequence[Step]) -> None:
    """At first as if no rule refused anything; if one does, again with each record a step of its own, and
    the refused ones become rejections."""
    todo = [s for s in steps if s.verdict in (Verdict.CREATE, Verdict.UPDATE, Verdict.DELETE)]
    if not todo:
        return
    try:
        async with savepoint(connection):
            for step in todo:
                await _do(call, connection, step)
        return
    except (Problem, *ABOUT_THE_DATA) as error:
        _demand_refusal(step, error)
    for step in todo:
        try:
            async with savepoint(connection):
                await _do(call, connection, step)
        except (Problem, *ABOUT_THE_DATA) as error:
            _demand_refusal(step, error)
            step.verdict = Verdict.REJECT


def _demand_refusal(step: Step, error: BaseException) -> None:
    """Whether a rule refused a record; what is no rule's doing (a service away, a lock) ends the whole."""
    if step.verdict is Verdict.CREATE and _is_taken(error):
        raise Conflicting({step.table.name: [step.id]}) from error
    problem = problem_of(error)
    if problem.status >= 500 or problem.status == 429:
        raise problem


def _is_taken(error: BaseException) -> bool:
    """Somebody else made it a moment ago: the same push, sent twice at once."""
    is_unique = isinstance(error, asyncpg.UniqueViolationError)
    return is_unique and str(getattr(error, "constraint_name", "")).startswith("pk_")


async def _do(call: Call, connection: Connection, step: Step) -> None:
    writes, id = step.table.writes, UUID(step.id)
    assert writes is not None
    stored = step.stored.values if step.stored is not None else {}
    if step.verdict is Verdict.CREATE:
        call.by.demand(writes.may_create)
        await writes.create(call, connection, id, step.values)
    elif step.verdict is Verdict.UPDATE:
        call.by.demand(writes.may_update)
        await writes.update(call, connection, id, step.values, stored)
    else:
        call.by.demand(writes.may_delete)
        await writes.delete(call, connection, id, stored)


def _ids(steps: Sequence[Step], verdict: Verdict) -> Ids:
    found: Ids = {}
    for step in steps:
        if step.verdict is verdict:
            found.setdefault(step.table.name, []).append(step.id)
    return found
