"""What creates and updates of the records here have in common."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_contacts.errors import MergedAway, UnknownReference
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource

KNOWN_USERS = """
SELECT u.id FROM directory_users u WHERE u.organisation_id = $1 AND u.id = $2 AND u.active
"""
KNOWN_TEAMS = "SELECT t.id FROM directory_teams t WHERE t.organisation_id = $1 AND t.id = $2"
HOLD = """
SELECT id FROM {table} WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
ORDER BY id FOR KEY SHARE
"""
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "accounts": {
        "kind": "company", "lifecycle_stage": "prospect",
        "phones": [], "emails": [], "addresses": [], "tags": [],
    },
    "contacts": {
        "phones": [], "emails": [], "addresses": [], "tags": [], "hobbies": [],
        "do_not_contact": False,
    },
    "activities": {
        "priority": "normal", "exdates": [], "account_ids": [], "contact_ids": [],
        "participants": [], "invited_ids": [], "tags": [],
    },
}  # fmt: skip


def default_columns(call: Call, resource: Resource, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What a new record has before the caller's own fields: id, organisation, owner, empty lists."""
    return {
        **DEFAULTS[resource.name],
        "organisation_id": call.organisation,
        "id": sent.get("id") or new_id(),
        "owner_id": call.by.user_id,
    }


def region_of(call: Call) -> str:
    """Whose national phone numbers are meant when a number does not say."""
    region: str = getattr(call.house.settings, "default_region", "CN")
    return region


def merged(sent: dict[str, Any], row: Mapping[str, Any], objects: Sequence[str]) -> dict[str, Any]:
    """RFC 7396 inside object fields: what is not sent stays, null removes; lists are replaced."""
    result = dict(sent)
    for name in objects:
        if isinstance(sent.get(name), dict):
            whole = {**(row[name] or {}), **sent[name]}
            result[name] = {k: v for k, v in whole.items() if v is not None}
    return result


async def stored(call: Call, resource: Resource, custom: Mapping[str, Any]) -> dict[str, Any]:
    return await call.house.custom_fields.checked(call.organisation, resource, custom)


async def owned_by(call: Call, connection: Connection, sent: Mapping[str, Any]) -> None:
    """An owner and a team must be known; handing a record to somebody whom the caller does not
    lead needs the permission to assign."""
    owner, team = sent.get("owner_id"), sent.get("team_id")
    if team is not None:
        await _require(connection, KNOWN_TEAMS, call.organisation, team, "team_id")
    if owner is None or owner == call.by.user_id:
        return
    await _require(connection, KNOWN_USERS, call.organisation, owner, "owner_id")
    scope = await call.scope("accounts")
    if not scope.everything and owner not in scope.owners and not call.by.may("records:assign"):
        raise Forbidden(
            "You may hand records only to people whose records you see.",
            errors={"owner_id": "Choose somebody of your own teams."},
        )


async def hold_references(
    connection: Connection, resource: Resource, organisation: UUID, ids: Iterable[UUID]
) -> set[UUID]:
    """Those of the ids that are there; they are not merged away before the transaction ends."""
    sql = HOLD.format(table=resource.table.name)
    return {row["id"] for row in await connection.fetch(sql, organisation, list(ids))}


def refuse_merged(resource: Resource, loaded: Loaded) -> None:
    """What was merged comes back by undoing the merge: its children went with it."""
    if loaded.row["merged_into_id"] is not None:
        raise MergedAway(
            f"This {resource.noun} was merged into another one; undo the merge instead."
        )


async def _require(
    connection: Connection, known: str, organisation: UUID, wanted: UUID, field: str
) -> None:
    if await connection.fetchval(known, organisation, wanted) is None:
        raise UnknownReference(
            f"{field} names nobody known here.", errors={field: "There is no such record."}
        )
