"""Use cases of pools themselves: make, change, delete. What happens to records: claiming, moving."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_contacts.pools.resources import POOLS
from guanxi_contacts.pools.schemas import PoolCreate, PoolUpdate
from guanxi_contacts.resources import ACCOUNTS
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.kept_filters import understood, whole_values
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

UNKNOWN_TEAM = """
SELECT id FROM unnest($2::uuid[]) AS id WHERE id NOT IN (
  SELECT t.id FROM directory_teams t WHERE t.organisation_id = $1) LIMIT 1
"""
UNKNOWN_USER = """
SELECT id FROM unnest($2::uuid[]) AS id WHERE id NOT IN (
  SELECT u.id FROM directory_users u WHERE u.organisation_id = $1 AND u.active) LIMIT 1
"""
ROSTER = "INSERT INTO pool_sweeps (organisation_id) VALUES ($1) ON CONFLICT DO NOTHING"
# Records put there by name or rule go where their own fields belong.
EMPTY = "UPDATE account_dealings SET pool_id = NULL WHERE organisation_id = $1 AND pool_id = $2"


async def create_pool(call: Call, connection: Connection, data: PoolCreate) -> State:
    sent = data.model_dump()
    await _check(call, connection, sent)
    await connection.execute(ROSTER, call.organisation)
    columns = {**sent, "id": data.id or new_id(), "organisation_id": call.organisation}
    return await records.insert_record(connection, POOLS, columns, actor=call.actor)


async def update_pool(
    call: Call, connection: Connection, pool_id: UUID, data: PoolUpdate, version: int | None
) -> State:
    loaded = await records.load_record(connection, POOLS, pool_id, scope=EVERYTHING)
    await check_version(connection, POOLS, loaded, version)
    changes = whole_values(data)
    await _check(call, connection, changes)
    return await records.update_record(connection, POOLS, loaded, changes, actor=call.actor)


async def delete_pool(
    call: Call, connection: Connection, pool_id: UUID, version: int | None
) -> State:
    """Its records go on waiting in the pools that remain; what somebody holds from it stays theirs."""
    loaded = await records.load_record(connection, POOLS, pool_id, scope=EVERYTHING)
    await check_version(connection, POOLS, loaded, version)
    await connection.execute(EMPTY, call.organisation, pool_id)
    return await records.delete_record(connection, POOLS, loaded, actor=call.actor)


async def _check(call: Call, connection: Connection, sent: Mapping[str, Any]) -> None:
    """Members must be known, filters must mean something, rules are told apart by their names."""
    for field, unknown in (("team_ids", UNKNOWN_TEAM), ("user_ids", UNKNOWN_USER)):
        if sent.get(field) and await connection.fetchval(unknown, call.organisation, sent[field]):
            raise UnknownReference(
                f"{field} names nobody known here.", errors={field: "There is no such record."}
            )
    if "entry_filter" in sent:
        await understood(call, ACCOUNTS, sent["entry_filter"], where="entry_filter")
    rules = sent.get("release_rules", ())
    for index, rule in enumerate(rules):
        await understood(call, ACCOUNTS, rule["filter"], where=f"release_rules.{index}.filter")
    if len({rule["name"] for rule in rules}) < len(rules):
        raise Invalid(
            "Two rules have one name.", errors={"release_rules": "Give each a name of its own."}
        )
