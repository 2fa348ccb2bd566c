"""Views and segments belong to one person, who may share them with a team or with everybody.

The one rule of visibility holds: a shared one has a team, the one it is shared with, or for everybody
the organisation itself, which reading (`Call.scope_of`) counts among everybody's teams. Others look;
its owner, and who sees the owner's things anyway, change it.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, Invalid
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource

SharedWith = Literal["nobody", "team", "all"]
SHARED_WITH: tuple[str, ...] = get_args(SharedWith)
TEAM = "SELECT id FROM directory_teams WHERE organisation_id = $1 AND id = $2"


async def load_shared(
    call: Call, connection: Connection, resource: Resource, record_id: UUID, *,
    to_write: bool = True, deleted: bool = False,
) -> Loaded:  # fmt: skip
    """NotFound for those it is not shared with, Forbidden for those who may only look."""
    seen, own = await call.scope_of(resource), await call.scope(resource.name)
    loaded = await records.load_record(
        connection, resource, record_id, scope=seen, to_write=False, deleted=deleted
    )
    row = loaded.row
    may_change = own.everything or row["owner_id"] in own.owners or row["id"] in own.shared_write
    if to_write and not may_change:
        raise Forbidden(f"This {resource.noun} is another person's.", code="read_only")
    return loaded


async def sharing_columns(
    call: Call, connection: Connection, resource: Resource, sent: Mapping[str, Any],
    present: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """`shared_with`, its team, and the team of the rule of visibility; nothing if none was sent."""
    if not {"shared_with", "shared_team_id"} & set(sent):
        return {}
    shared_with = sent.get("shared_with", present.get("shared_with", "nobody"))
    team_id = sent.get("shared_team_id", present.get("shared_team_id"))
    if shared_with != "team":
        everybody = call.organisation if shared_with == "all" else None
        return {"shared_with": shared_with, "shared_team_id": None, "team_id": everybody}
    team_id = await _team(call, connection, resource, team_id)
    return {"shared_with": "team", "shared_team_id": team_id, "team_id": team_id}


async def _team(
    call: Call, connection: Connection, resource: Resource, team_id: UUID | None
) -> UUID:
    """One of the caller's own teams; whoever sees everything may name any."""
    scope = await call.scope(resource.name)
    if team_id is None and len(scope.teams) == 1:
        return scope.teams[0]
    is_known = team_id in scope.teams or (
        scope.everything
        and team_id is not None
        and await connection.fetchval(TEAM, call.organisation, team_id) is not None
    )
    if team_id is None or not is_known:
        raise Invalid(
            "Share it with a team of your own.",
            errors={"shared_team_id": "Name one of your teams."},
        )
    return team_id
