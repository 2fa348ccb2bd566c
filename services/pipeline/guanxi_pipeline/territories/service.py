"""Use cases of territories: load, decide, change, publish. Who is in them is decided anew by the worker; one account that
is pinned, at once."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.errors import ParentCycle, TerritoryInUse
from guanxi_pipeline.purchases.service import demand_account
from guanxi_pipeline.territories.assigning import assign_accounts, hand_over, take_turn
from guanxi_pipeline.territories.resources import TERRITORIES
from guanxi_pipeline.territories.schemas import TerritoryCreate, TerritoryUpdate
from guanxi_pipeline.territories.territory_rules import DECIDING
from guanxi_shared import delegation, reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.jobs import create_job
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by

ASSIGN: Final = "assign-territories"
OWNED: Final = frozenset({"owner_id", "team_id"})
# The territories above one, itself first; stops where a cycle would close.
ABOVE: Final = """
WITH RECURSIVE above (id, parent_id) AS (
  SELECT id, parent_id FROM territories WHERE organisation_id = $1 AND id = $2
  UNION SELECT t.id, t.parent_id FROM territories t JOIN above ON t.id = above.parent_id WHERE t.organisation_id = $1
) SELECT id FROM above
"""
BELOW: Final = """
SELECT name FROM territories WHERE organisation_id = $1 AND parent_id = $2 AND deleted_at IS NULL ORDER BY name LIMIT 1
"""
IS_THERE: Final = (
    "SELECT 1 FROM territories WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL"
)
TOLD: Final = (
    "SELECT territory_id, is_pinned, version, deleted_at IS NULL AS is_told FROM territory_accounts"
)
OF_ACCOUNT: Final = f"{TOLD} WHERE organisation_id = $1 AND account_id = $2"
READ: Final = f"{TOLD} WHERE organisation_id = $2 AND account_id = $3"
BY: Final = {
    "id": "SELECT id FROM territories WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL",
    "name": "SELECT id FROM territories WHERE organisation_id = $1 AND name = $2 AND deleted_at IS NULL",
    "external_id": """
SELECT id FROM territories WHERE organisation_id = $1 AND external_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT 1000""",
}  # fmt: skip


async def create_territory(call: Call, connection: Connection, data: TerritoryCreate) -> State:
    """The caller answers for it unless they name somebody, or a team."""
    sent = data.model_dump(exclude={"id"})
    if sent["owner_id"] is None and sent["team_id"] is None:
        sent["owner_id"] = call.by.user_id
    columns = {"organisation_id": call.organisation, "id": data.id or new_id(), **sent}
    await take_turn(connection, call.organisation)
    await _demand_sound(call, connection, columns["id"], sent)
    state = await records.insert_record(connection, TERRITORIES, columns, actor=call.actor)
    await _assign_later(call, connection)
    return state


async def update_territory(
    call: Call, connection: Connection, territory_id: UUID, data: TerritoryUpdate, version: int | None
) -> State:  # fmt: skip
    sent = data.model_dump(exclude_unset=True)
    loaded = await _load(call, connection, territory_id)
    await check_version(connection, TERRITORIES, loaded, version)
    await _demand_sound(call, connection, territory_id, sent)
    changed = {name for name, value in sent.items() if value != loaded.row[name]}
    state = await records.update_record(connection, TERRITORIES, loaded, sent, actor=call.actor)
    if changed & OWNED:
        await hand_over(connection, {**loaded.row, **sent})
    if changed & DECIDING:
        await _assign_later(call, connection)
    return state


async def delete_territory(
    call: Call, connection: Connection, territory_id: UUID, version: int | None
) -> State:
    loaded = await _load(call, connection, territory_id)
    await check_version(connection, TERRITORIES, loaded, version)
    below = await connection.fetchval(BELOW, call.organisation, territory_id)
    if below is not None:
        raise TerritoryInUse(
            f"{below} is a part of it.", errors={"parent_id": f"Give {below} another parent first."}
        )
    state = await records.delete_record(connection, TERRITORIES, loaded, actor=call.actor)
    await _assign_later(call, connection)
    return state


async def restore_territory(call: Call, connection: Connection, territory_id: UUID) -> State:
    loaded = await _load(call, connection, territory_id, deleted=True)
    parent = loaded.row["parent_id"]
    if parent is not None and await connection.fetchval(IS_THERE, call.organisation, parent) is None:  # fmt: skip
        raise TerritoryInUse(
            "The territory that it is a part of is deleted.",
            errors={"parent_id": "Restore that one first."},
        )
    state = await records.restore_record(connection, TERRITORIES, loaded, actor=call.actor)
    await _assign_later(call, connection)
    return state


async def find_territories(
    call: Call, connection: Connection, field: str, value: str
) -> list[UUID]:
    """The territories that a batch's `match` means (at most a thousand)."""
    if field not in BY:
        raise UnknownReference(
            f"Territories cannot be matched by {field!r}.",
            errors={"match": "Match by id, name or external_id."},
        )
    return [row["id"] for row in await connection.fetch(BY[field], call.organisation, value)]


async def pin_account(
    call: Call, connection: Connection, territory_id: UUID, account_id: UUID
) -> State:
    """The account is in this territory whatever the rules say, until it is let go."""
    meant = await demand_account(call, account_id)  # may ask contacts: before it is one's turn
    await _load(call, connection, territory_id)
    return await _pin(call, connection, meant, territory_id)


async def unpin_account(
    call: Call, connection: Connection, territory_id: UUID, account_id: UUID
) -> State:
    """The rules say again where the account is."""
    meant = await demand_account(call, account_id)
    await _load(call, connection, territory_id)
    told = await connection.fetchrow(OF_ACCOUNT, call.organisation, meant)
    if told is None or not (told["is_told"] and told["is_pinned"] and told["territory_id"] == territory_id):  # fmt: skip
        raise NotFound(f"The account {str(meant)!r} is not pinned to this territory.")
    return await _pin(call, connection, meant, None)


async def territory_of(call: Call, account_id: UUID) -> State:
    """Where an account is that the caller sees, if they see that, too."""
    meant = await demand_account(call, account_id)
    found = await call.db.fetchrow(call.organisation, READ, call.organisation, meant)
    shown = _shown(meant, found)
    if shown["territory_id"] is not None:
        try:
            await reads.find_record(call, TERRITORIES, UUID(shown["territory_id"]))
        except NotFound:
            return _shown(meant, None)
    return shown


async def _pin(
    call: Call, connection: Connection, account_id: UUID, territory_id: UUID | None
) -> State:
    await assign_accounts(
        connection, call.organisation, [account_id], actor=call.actor, pins={account_id: territory_id}
    )  # fmt: skip
    told = await connection.fetchrow(OF_ACCOUNT, call.organisation, account_id)
    if territory_id is not None and (told is None or told["territory_id"] != territory_id):
        raise NotFound(f"There is no account with the id {str(account_id)!r} known here yet.")
    return _shown(account_id, told)


def _shown(account_id: UUID, told: Any) -> State:
    """`told` is the row of its assignment, if there is one."""
    is_told = told is not None and told["is_told"]
    return {
        "account_id": str(account_id),
        "territory_id": str(told["territory_id"]) if told and is_told else None,
        "is_pinned": bool(told and is_told and told["is_pinned"]),
        "version": told["version"] if told else 0,
    }


async def _load(
    call: Call, connection: Connection, territory_id: UUID, *, deleted: bool = False
) -> Loaded:
    """Held, when it is the caller's turn."""
    await take_turn(connection, call.organisation)
    scope = await call.scope_of(TERRITORIES)
    return await records.load_record(
        connection, TERRITORIES, territory_id, scope=scope, deleted=deleted
    )


async def _demand_sound(
    call: Call, connection: Connection, territory_id: UUID, sent: Mapping[str, Any]
) -> None:
    """People and teams that exist, and a parent that the caller sees and that does not stand below."""
    await owned_by(call, connection, TERRITORIES, sent)
    if (parent := sent.get("parent_id")) is None:
        return
    try:
        scope = await call.scope_of(TERRITORIES)
        await records.load_record(connection, TERRITORIES, parent, scope=scope, to_write=False)
    except NotFound as error:
        raise UnknownReference(
            "parent_id names no territory.", errors={"parent_id": "There is no such territory."}
        ) from error
    above = await connection.fetch(ABOVE, call.organisation, parent)
    if any(row["id"] == territory_id for row in above):
        raise ParentCycle(
            "The parent stands below this territory.",
            errors={"parent_id": "This would close a cycle."},
        )


async def _assign_later(call: Call, connection: Connection) -> None:
    await create_job(
        connection, call.organisation, kind=ASSIGN, params={"by": delegation.as_params(call.by)},
        created_by=call.by.user_id,
    )  # fmt: skip
