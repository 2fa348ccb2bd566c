"""What creates and updates have in common: whose a record becomes, and what a patch makes of objects."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Forbidden, UnknownReference
from guanxi_shared.resources import Resource

KNOWN_USERS = """
SELECT u.id FROM directory_users u WHERE u.organisation_id = $1 AND u.id = $2 AND u.active
"""
KNOWN_TEAMS = "SELECT t.id FROM directory_teams t WHERE t.organisation_id = $1 AND t.id = $2"


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


async def stored(
    call: Call, resource: Resource, custom: Mapping[str, Any], *,
    present: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Custom fields as they are kept, checked against the organisation's definitions. `present` are a
    record's own: they stay, also those of a field that was removed, which comes back with it."""
    known = await call.house.custom_fields.definitions(call.organisation, resource)
    before = present or {}
    kept = {key: value for key, value in before.items() if key not in {*known, *custom}}
    whole = {key: value for key, value in {**before, **custom}.items() if key not in kept}
    return kept | await call.house.custom_fields.checked(call.organisation, resource, whole)


async def owned_by(
    call: Call, connection: Connection | Deferred, resource: Resource, sent: Mapping[str, Any], *,
    owner_field: str = "owner_id",
) -> None:  # fmt: skip
    """An owner and a team must be known; handing a record to somebody whom the caller does not
    lead needs the permission to assign. `owner_field` is what the API calls its owner."""
    owner, team = sent.get("owner_id"), sent.get("team_id")
    if team is not None:
        await demand_team(call, connection, team, "team_id")
    if owner is None or owner == call.by.user_id:
        return
    await demand_user(call, connection, owner, owner_field)
    scope = await call.scope(resource.name)
    if not scope.everything and owner not in scope.owners and not call.by.may("records:assign"):
        raise Forbidden(
            "You may hand records only to people whose records you see.",
            errors={owner_field: "Choose somebody of your own teams."},
        )


async def demand_team(
    call: Call, connection: Connection | Deferred, team_id: UUID, field: str
) -> None:
    """UnknownReference unless the organisation has it."""
    await _require(connection, KNOWN_TEAMS, call.organisation, team_id, field)


async def demand_user(
    call: Call, connection: Connection | Deferred, user_id: UUID, field: str
) -> None:
    """UnknownReference unless somebody at work is meant."""
    await _require(connection, KNOWN_USERS, call.organisation, user_id, field)


async def _require(
    connection: Connection | Deferred, known: str, organisation: UUID, wanted: UUID, field: str
) -> None:
    if await connection.fetchval(known, organisation, wanted) is None:
        raise UnknownReference(
            f"{field} names nobody known here.", errors={field: "There is no such record."}
        )
