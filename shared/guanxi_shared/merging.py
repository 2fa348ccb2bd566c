"""Records that become one, held against what the caller may do and has seen, and what merging and undoing it
fail with."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Forbidden, NotFound
from guanxi_shared.events import dumps
from guanxi_shared.many_records import load_many
from guanxi_shared.merging_rules import Obstacle, sentences
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope
from guanxi_shared.writes import check_version


class MergedAway(Conflict):
    code, title = "merged_away", "This record was merged into another one"


class UndoPrevented(Conflict):
    code, title = "undo_prevented", "Later changes stand in the way of undoing this merge"


class AlreadyUndone(Conflict):
    code, title = "already_undone", "This merge was undone already"


def refuse(obstacles: Sequence[Obstacle]) -> None:
    """UndoPrevented lists what stands in the way, if anything does."""
    if not obstacles:
        return
    listed = [
        {"resource": o.resource, "id": o.id, "field": o.field, "now": o.now, "wanted": o.wanted}
        for o in obstacles
    ]
    raise UndoPrevented(
        f"{len(obstacles)} later changes stand in the way of undoing this merge.",
        errors=sentences(obstacles),
        obstacles=orjson.Fragment(dumps(listed)),
    )


def refuse_merged(resource: Resource, loaded: Loaded) -> None:
    """What was merged comes back by undoing the merge: its children went with it."""
    if loaded.row["merged_into_id"] is not None:
        raise MergedAway(
            f"This {resource.noun} was merged into another one; undo the merge instead."
        )


async def load_merged(
    call: Call, connection: Connection, resource: Resource, ids: Sequence[UUID], *, places: Sequence[str],
    versions: Mapping[UUID, int],
) -> list[Loaded]:  # fmt: skip
    """The records under their locks, in the order of `ids`; `places` are the fields that named them.

    Nobody can make a reference to any of them until the transaction ends.
    """
    scope = await call.scope(resource.name)
    found = await load_many(connection, resource, ids, for_update=True)
    for id, place in zip(ids, places, strict=True):
        _demand_present(resource, found.get(id), scope, place, id)
    for id in ids:
        demand_writable(resource, found[id], scope)
        await check_version(connection, resource, found[id], versions.get(id))
    return [found[id] for id in ids]


def _demand_present(
    resource: Resource, loaded: Loaded | None, scope: Scope, place: str, id: UUID
) -> None:
    if loaded is None or not covers(scope, loaded):
        raise NotFound(
            f"There is no {resource.noun} with the id {str(id)!r}.",
            errors={place: f"There is no such {resource.noun}."},
        )
    if loaded.row["deleted_at"] is None:
        return
    if loaded.row["merged_into_id"] is not None:
        raise MergedAway(
            f"This {resource.noun} was merged already.",
            errors={place: "It was merged into another one."},
        )
    raise NotFound(
        f"This {resource.noun} is deleted.", errors={place: f"There is no such {resource.noun}."}
    )


def demand_writable(resource: Resource, loaded: Loaded, scope: Scope) -> None:
    row = loaded.row
    if not scope.may_write(id=loaded.id, owner_id=row["owner_id"], team_id=row["team_id"]):
        raise Forbidden(f"You may read this {resource.noun} but not change it.", code="read_only")


def covers(scope: Scope, loaded: Loaded) -> bool:
    row = loaded.row
    return scope.covers(id=loaded.id, owner_id=row["owner_id"], team_id=row["team_id"])
