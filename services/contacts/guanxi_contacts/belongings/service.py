"""Use cases of belongings: a record goes with what is its alone, and comes back with just that.

What went together has one moment in `deleted_at`, to the microsecond. Something that was deleted
before, or brought back and deleted again, has another one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.belongings.rules import is_activity_of, is_file_of
from guanxi_contacts.errors import TooManyChildren
from guanxi_contacts.files.resources import FILES
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Malformed
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.pages import query_pairs
from guanxi_shared.records import Loaded, State
from guanxi_shared.resources import Resource

MOST: Final = 5_000
WITH_CHILDREN: Final = "with_children"
OWN_ACTIVITIES = """
SELECT id FROM activities WHERE organisation_id = $1 AND {links} @> ARRAY[$2::uuid]
  AND deleted_at IS NOT DISTINCT FROM $3::timestamptz LIMIT $4
"""
OWN_FILES = """
SELECT DISTINCT f.id FROM file_links AS l
JOIN files AS f ON f.organisation_id = l.organisation_id AND f.id = l.file_id
WHERE l.organisation_id = $1 AND l.subject_id = ANY($2::uuid[])
  AND f.deleted_at IS NOT DISTINCT FROM $3::timestamptz LIMIT $4
"""
# Occurrences of series whose place was taken meanwhile.
TAKEN = """
SELECT own.id FROM activities AS own JOIN activities AS other
  ON other.organisation_id = own.organisation_id AND other.series_id = own.series_id
  AND other.recurrence_id = own.recurrence_id AND other.deleted_at IS NULL
WHERE own.organisation_id = $1 AND own.id = ANY($2::uuid[])
"""


@dataclass(slots=True)
class Belongings:
    """Under their locks: what is the record's alone."""

    activities: list[Loaded]
    files: list[Loaded]


def wants_children(call: Call) -> bool:
    """`?with_children=`; anything else in the query is refused."""
    pairs = query_pairs(call.request.scope["query_string"])
    for name, value in pairs:
        if name != WITH_CHILDREN:
            raise Malformed(
                f"A delete does not take {name!r}.",
                errors={name: "Unknown parameter."},
                code="unknown_parameter",
            )
        if value not in ("true", "false"):
            raise Malformed(
                f"{WITH_CHILDREN} is true or false.", errors={name: "Send true or false."}
            )
    return dict(pairs).get(WITH_CHILDREN) == "true"


async def delete_with_children(
    call: Call, connection: Connection, resource: Resource, loaded: Loaded
) -> State:
    """The record and its own activities and files at one moment; those which the caller sees and may
    not delete stay and are named, those which they do not see stay."""
    moment = datetime.now(UTC)
    found = await _find(connection, resource, loaded, None)
    activities, kept_activities = await _parted(call, ACTIVITIES, found.activities)
    owners = _owners(resource, loaded, activities)
    own = [each for each in found.files if is_file_of(each.computed["links"], owners)]
    files, kept_files = await _parted(call, FILES, own)
    state = await records.update_record(
        connection, resource, loaded, {"deleted_at": moment}, actor=call.actor, verb="deleted"
    )
    await _set(call, connection, ACTIVITIES, activities, moment, "deleted")
    await _set(call, connection, FILES, files, moment, "deleted")
    children = {
        "activities": {"deleted": _ids(activities), "kept": _ids(kept_activities)},
        "files": {"deleted": _ids(files), "kept": _ids(kept_files)},
    }
    return {**state, "children": children}


async def restore_with_children(
    call: Call, connection: Connection, resource: Resource, loaded: Loaded
) -> State:
    """The record and what went with it, whoever's it is: a deletion is undone as a whole. The
    calendar is not asked, and an occurrence whose place was taken meanwhile stays away."""
    found = await _find(connection, resource, loaded, loaded.row["deleted_at"])
    ids = [each.id for each in found.activities]
    taken = {r["id"] for r in await connection.fetch(TAKEN, call.organisation, ids)} if ids else ()
    activities = [each for each in found.activities if each.id not in taken]
    owners = _owners(resource, loaded, found.activities)
    files = [
        each
        for each in found.files
        if is_file_of(each.computed["links"], owners) and each.row["erased_at"] is None
    ]
    state = await records.restore_record(connection, resource, loaded, actor=call.actor)
    await _set(call, connection, ACTIVITIES, activities, None, "restored")
    await _set(call, connection, FILES, files, None, "restored")
    return state


async def _find(
    connection: Connection, resource: Resource, loaded: Loaded, deleted_at: datetime | None
) -> Belongings:
    """Activities before files, each in the order of their ids. Looked at once more under the locks:
    a link may have been made, or a record deleted, meanwhile."""
    organisation = loaded.row["organisation_id"]
    sql = OWN_ACTIVITIES.format(links=f"{resource.noun}_ids")
    rows = await connection.fetch(sql, organisation, loaded.id, deleted_at, MOST + 1)
    activities = [
        each
        for each in (await load_many(connection, ACTIVITIES, _checked(rows))).values()
        if each.row["deleted_at"] == deleted_at
        and is_activity_of(each.row, resource.noun, loaded.id)
    ]
    linked = [loaded.id, *(each.id for each in activities)]
    rows = await connection.fetch(OWN_FILES, organisation, linked, deleted_at, MOST + 1)
    files = [
        each
        for each in (await load_many(connection, FILES, _checked(rows))).values()
        if each.row["deleted_at"] == deleted_at
    ]
    return Belongings(activities, files)


def _checked(rows: Sequence[Any]) -> list[UUID]:
    if len(rows) > MOST:
        raise TooManyChildren(f"More than {MOST} records belong to this one; delete some first.")
    return [row["id"] for row in rows]


async def _parted(
    call: Call, resource: Resource, found: Iterable[Loaded]
) -> tuple[list[Loaded], list[Loaded]]:
    """Those that the caller may delete, and those that they only see."""
    scope = await call.scope(resource.name)
    may_delete = call.by.may(resource.permission("delete"))
    may_read = call.by.may(resource.permission("read"))
    deleted, kept = [], []
    for each in found:
        whose = {name: each.row[name] for name in ("id", "owner_id", "team_id")}
        if may_delete and scope.may_write(**whose):
            deleted.append(each)
        elif may_read and (scope.covers(**whose) or resource is FILES):
            kept.append(each)
    return deleted, kept


def _owners(
    resource: Resource, loaded: Loaded, activities: Iterable[Loaded]
) -> set[tuple[str, str]]:
    return {(resource.noun, str(loaded.id)), *((ACTIVITIES.noun, str(a.id)) for a in activities)}


async def _set(
    call: Call, connection: Connection, resource: Resource, found: Sequence[Loaded],
    deleted_at: datetime | None, verb: str,
) -> None:  # fmt: skip
    changes = [Change(each, {"deleted_at": deleted_at}, verb=verb) for each in found]
    await write_many(connection, resource, changes, actor=call.actor)


def _ids(found: Iterable[Loaded]) -> list[str]:
    return [str(each.id) for each in found]
