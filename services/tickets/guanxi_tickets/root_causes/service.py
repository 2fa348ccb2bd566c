"""Use cases of root causes: a tree that changes one at a time, and cuts nothing off."""

from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Conflict, Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_tickets.errors import CauseInUse, CausePutAway, LinkCycle
from guanxi_tickets.root_causes.resources import CAUSES
from guanxi_tickets.root_causes.schemas import CauseCreate, CauseMerge, CauseUpdate

# Whoever changes the tree takes turns.
TURNS: Final = "SELECT pg_advisory_xact_lock(hashtextextended('root causes ' || $1::text, 0))"
UPWARDS = """
WITH RECURSIVE way AS (
  SELECT id, parent_id FROM root_causes WHERE organisation_id = $1 AND id = $2
  UNION SELECT c.id, c.parent_id FROM way JOIN root_causes c ON c.organisation_id = $1 AND c.id = way.parent_id)
SELECT 1 FROM way WHERE id = $3
"""
# Held until what names it stands: nobody puts it away or merges it meanwhile.
END = """
WITH RECURSIVE way AS (
  SELECT id, merged_into_id FROM root_causes WHERE organisation_id = $1 AND id = $2
  UNION SELECT c.id, c.merged_into_id FROM way JOIN root_causes c ON c.organisation_id = $1 AND c.id = way.merged_into_id)
SELECT c.id, c.name, c.is_active FROM root_causes c
WHERE c.organisation_id = $1 AND c.deleted_at IS NULL AND c.id = (SELECT id FROM way WHERE merged_into_id IS NULL)
FOR SHARE
"""
THERE = "SELECT 1 FROM root_causes WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL"
USED = """
SELECT CASE
  WHEN EXISTS (SELECT 1 FROM root_causes WHERE organisation_id = $1 AND parent_id = $2 AND deleted_at IS NULL)
    THEN 'Other causes stand below it.'
  WHEN EXISTS (SELECT 1 FROM root_causes WHERE organisation_id = $1 AND merged_into_id = $2 AND deleted_at IS NULL)
    THEN 'Other causes were merged into it.'
  WHEN EXISTS (SELECT 1 FROM complaint_rounds WHERE organisation_id = $1 AND root_cause_id = $2)
    THEN 'Complaints bear it.' END
"""
BY_ID = "SELECT id FROM root_causes WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
BY_NAME = """
SELECT id FROM root_causes WHERE organisation_id = $1 AND lower(name) = lower($2::text) AND deleted_at IS NULL LIMIT 1000
"""


async def demand_cause(call: Call, connection: Connection, cause_id: UUID) -> UUID:
    """The cause that a complaint is given: one that is in use, a merged one's survivor."""
    found = await connection.fetchrow(END, call.organisation, cause_id)
    if found is None:
        raise UnknownReference(
            "root_cause_id names no cause.", errors={"root_cause_id": "There is no such cause."}
        )
    if not found["is_active"]:
        raise CausePutAway(
            f"{found['name']} is not used any more.", errors={"root_cause_id": "Choose another."}
        )
    survivor: UUID = found["id"]
    return survivor


async def create_cause(call: Call, connection: Connection, data: CauseCreate) -> State:
    columns = data.model_dump(exclude={"id"}) | {"organisation_id": call.organisation}
    columns["id"] = data.id or new_id()
    await _demand_place(call, connection, columns["id"], columns)
    return await records.insert_record(connection, CAUSES, columns, actor=call.actor)


async def update_cause(
    call: Call, connection: Connection, cause_id: UUID, data: CauseUpdate, version: int | None
) -> State:
    changes = data.model_dump(exclude_unset=True)
    if changes.get("parent_id") is not None:
        await connection.execute(TURNS, str(call.organisation))
    loaded = await _load(connection, cause_id)
    await check_version(connection, CAUSES, loaded, version)
    await _demand_place(call, connection, cause_id, changes)
    if changes.get("is_active") and loaded.row["merged_into_id"] is not None:
        raise CauseInUse(
            f"{loaded.row['name']} was merged into another cause.",
            errors={"is_active": "Use the other one."},
        )
    return await records.update_record(connection, CAUSES, loaded, changes, actor=call.actor)


async def delete_cause(
    call: Call, connection: Connection, cause_id: UUID, version: int | None
) -> State:
    """Of what nothing stands on; what complaints bear is put away by `is_active`."""
    await connection.execute(TURNS, str(call.organisation))
    loaded = await records.load_record(connection, CAUSES, cause_id, scope=EVERYTHING)
    await check_version(connection, CAUSES, loaded, version)
    if (reason := await connection.fetchval(USED, call.organisation, cause_id)) is not None:
        raise CauseInUse(f"{loaded.row['name']} is in use: {reason}")
    return await records.delete_record(connection, CAUSES, loaded, actor=call.actor)


async def restore_cause(call: Call, connection: Connection, cause_id: UUID) -> State:
    await connection.execute(TURNS, str(call.organisation))
    loaded = await records.load_record(connection, CAUSES, cause_id, scope=EVERYTHING, deleted=True)
    await _demand_place(call, connection, cause_id, {"parent_id": loaded.row["parent_id"]})
    return await records.restore_record(connection, CAUSES, loaded, actor=call.actor)


async def merge_cause(
    call: Call, connection: Connection, cause_id: UUID, data: CauseMerge, version: int | None
) -> State:
    """The cause as it is then: kept by its name, not given any more, counted with the other one."""
    await connection.execute(TURNS, str(call.organisation))
    loaded = await _load(connection, cause_id)
    await check_version(connection, CAUSES, loaded, version)
    if loaded.row["merged_into_id"] is not None:
        raise Conflict(f"{loaded.row['name']} was merged already.", code="already_merged")
    into = await connection.fetchrow(END, call.organisation, data.into_id)
    if into is None:
        raise UnknownReference(
            "into_id names no cause.", errors={"into_id": "There is no such cause."}
        )
    if into["id"] == cause_id:
        raise Invalid("A cause does not go into itself.", errors={"into_id": "Name another."})
    if await connection.fetchval(UPWARDS, call.organisation, into["id"], cause_id):
        raise LinkCycle(
            f"{into['name']} stands below it.", errors={"into_id": "Merge the other way round."}
        )
    changes = {"merged_into_id": into["id"], "is_active": False}
    return await records.update_record(
        connection, CAUSES, loaded, changes, actor=call.actor, verb="merged"
    )


async def find_causes(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The causes that a batch's `match` means."""
    if field not in ("id", "name"):
        raise UnknownReference(
            f"Root causes cannot be matched by {field!r}.",
            errors={"match": "Match by id or name."},
        )
    sql = BY_ID if field == "id" else BY_NAME
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]


async def _load(connection: Connection, cause_id: UUID) -> Loaded:
    return await records.load_record(connection, CAUSES, cause_id, scope=EVERYTHING)


async def _demand_place(
    call: Call, connection: Connection | Deferred, cause_id: UUID, columns: dict[str, Any]
) -> None:
    """The cause above is there, and does not stand below this one."""
    parent_id = columns.get("parent_id")
    if parent_id is None:
        return
    if await connection.fetchval(THERE, call.organisation, parent_id) is None:
        raise UnknownReference(
            "parent_id names no cause.", errors={"parent_id": "There is no such cause."}
        )
    if await connection.fetchval(UPWARDS, call.organisation, parent_id, cause_id):
        raise LinkCycle(
            "The cause would stand below itself.", errors={"parent_id": "Name one outside."}
        )
