"""Use cases of accounts: load, decide, change, publish."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_contacts.accounts import rules
from guanxi_contacts.accounts.schemas import AccountCreate, AccountUpdate
from guanxi_contacts.belongings.service import delete_with_children, restore_with_children
from guanxi_contacts.errors import ParentCycle
from guanxi_contacts.records import default_columns, demand_named, hold_references
from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.segments.telling import tell_accounts
from guanxi_contacts.standing.rules import demand_moves
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.erasing.tombstones import demand_not_erased, raise_missing
from guanxi_shared.errors import NotFound, UnknownReference
from guanxi_shared.matching import match_key
from guanxi_shared.merging import refuse_merged
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import merged, owned_by, region_of, stored

# The accounts above one, itself first; stops where a cycle would close.
ABOVE = """
WITH RECURSIVE above (id, parent_id) AS (
    SELECT id, parent_id FROM accounts WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
    UNION SELECT a.id, a.parent_id FROM accounts a JOIN above ON a.id = above.parent_id
    WHERE a.organisation_id = $1
) SELECT id FROM above
"""
# Moves in one organisation take turns, before any row is locked: two at once could close a cycle.
LOCK_TREE = "SELECT pg_advisory_xact_lock(hashtextextended('accounts tree ' || $1::text, 0))"
NAMED = {
    "parent_id": "parent_id names no account.",
    "referred_by_id": "referred_by_id names no account.",
}
Held = Mapping[UUID, Mapping[str, Any]]
BY_KEY = """
SELECT id FROM accounts_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_account(call: Call, connection: Connection, data: AccountCreate) -> State:
    """A new account; the caller owns it unless they name somebody else."""
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    columns = default_columns(call, ACCOUNTS, sent)
    columns |= rules.columns_from(sent, region=region_of(call))
    columns["custom"] = await stored(call, ACCOUNTS, sent.get("custom", {}))
    await owned_by(call, connection, ACCOUNTS, sent)
    held = await _hold_named(call, connection, sent)
    await _check_references(call, connection, columns["id"], sent, {}, held)
    columns |= rules.found_by({"phones": [], "emails": [], **columns})
    return await records.insert_record(connection, ACCOUNTS, columns, actor=call.actor)


async def load_account(call: Call, connection: Connection, account_id: UUID) -> Loaded:
    scope = await call.scope(ACCOUNTS.name)
    try:
        return await records.load_record(connection, ACCOUNTS, account_id, scope=scope)
    except NotFound as error:
        return await raise_missing(call, ACCOUNTS, account_id, error)


async def update_account(
    call: Call, connection: Connection, account_id: UUID, data: AccountUpdate, version: int | None
) -> State:
    """A merge patch under If-Match; the account's search columns follow."""
    sent = data.model_dump(exclude_unset=True)
    if sent.get("parent_id") is not None:
        await connection.execute(LOCK_TREE, str(call.organisation))
    held = await _hold_named(call, connection, sent)
    loaded = await load_account(call, connection, account_id)
    await check_version(connection, ACCOUNTS, loaded, version)
    demand_moves(loaded.row, sent)
    changes = rules.columns_from(merged(sent, loaded.row, ("key_account",)), region=region_of(call))
    if "custom" in sent:
        changes["custom"] = await stored(
            call, ACCOUNTS, sent["custom"], present=loaded.row["custom"]
        )
    await owned_by(call, connection, ACCOUNTS, sent)
    await _check_references(call, connection, account_id, sent, loaded.row, held)
    if rules.FOUND_BY & set(changes):
        changes |= rules.found_by({**loaded.row, **changes})
    return await records.update_record(connection, ACCOUNTS, loaded, changes, actor=call.actor)


async def delete_account(
    call: Call, connection: Connection, account_id: UUID, version: int | None,
    *, with_children: bool = False,
) -> State:  # fmt: skip
    """What is linked to it keeps its links; with its children, what is its alone goes too."""
    loaded = await load_account(call, connection, account_id)
    await check_version(connection, ACCOUNTS, loaded, version)
    if with_children:
        state = await delete_with_children(call, connection, ACCOUNTS, loaded)
    else:
        state = await records.delete_record(connection, ACCOUNTS, loaded, actor=call.actor)
    await tell_accounts(connection, call.organisation, [account_id], actor=call.actor)
    return state


async def restore_account(call: Call, connection: Connection, account_id: UUID) -> State:
    scope = await call.scope(ACCOUNTS.name)
    loaded = await records.load_record(connection, ACCOUNTS, account_id, scope=scope, deleted=True)
    if loaded.row["erased_at"] is not None:
        await demand_not_erased(call, ACCOUNTS, account_id)
    refuse_merged(ACCOUNTS, loaded)
    state = await restore_with_children(call, connection, ACCOUNTS, loaded)
    await tell_accounts(connection, call.organisation, [account_id], actor=call.actor)
    return state


async def find_accounts(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The accounts that a batch's `match` or an import's key means (at most a thousand)."""
    key = match_key(field, value)
    if field == "id":
        found = await connection.fetch(
            "SELECT id FROM accounts WHERE organisation_id = $1 AND id = $2::text::uuid"
            " AND deleted_at IS NULL",
            call.organisation,
            value,
        )
    elif key is None:
        raise UnknownReference(
            f"Accounts cannot be matched by {field!r}.",
            errors={"match": "Match by id, external_id, domain, email, phone or name."},
        )
    else:
        found = await connection.fetch(BY_KEY, call.organisation, key)
    return [row["id"] for row in found]


async def _hold_named(call: Call, connection: Connection, sent: Mapping[str, Any]) -> Held:
    """Accounts that are named stay until the reference stands. Held before the account itself: the
    order in which a merge holds what points at what."""
    named = [sent[field] for field in NAMED if sent.get(field) is not None]
    if not named:
        return {}
    return await hold_references(connection, ACCOUNTS, call.organisation, named)


async def _check_references(
    call: Call, connection: Connection, account_id: UUID, sent: Mapping[str, Any],
    present: Mapping[str, Any], held: Held,
) -> None:  # fmt: skip
    """Accounts that are named must be there; a parent must not stand below this account."""
    if not any(sent.get(field) for field in NAMED):
        return
    demand_named(sent, present, held, await call.scope(ACCOUNTS.name), NAMED)
    if (parent_id := sent.get("parent_id")) is None:
        return
    above = await connection.fetch(ABOVE, call.organisation, parent_id)
    if any(row["id"] == account_id for row in above):
        raise ParentCycle(
            "The parent stands below this account.",
            errors={"parent_id": "This would close a cycle."},
        )
