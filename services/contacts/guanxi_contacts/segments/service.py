"""Use cases of segments: kept as conditions, or taken member by member."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.errors import NotFrozen, SegmentCycle
from guanxi_contacts.resources import BY_NAME
from guanxi_contacts.segments import members
from guanxi_contacts.segments.meaning import Inside, condition_of, meaning_of
from guanxi_contacts.segments.resources import SEGMENTS
from guanxi_contacts.segments.schemas import (
    Combine,
    MembersChange,
    SegmentCreate,
    SegmentUpdate,
)
from guanxi_contacts.segments.telling import hand_over
from guanxi_shared import filters, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.identifiers import new_id
from guanxi_shared.kept_filters import broken, whole_values
from guanxi_shared.records import Loaded, State
from guanxi_shared.sharing import load_shared, sharing_columns
from guanxi_shared.writes import check_version

# Segments of one organisation that name others are kept one after the other: two at once could
# close a circle.
TAKE_TURNS: Final = "SELECT pg_advisory_xact_lock(hashtextextended('segments ' || $1::text, 0))"


async def create_segment(call: Call, connection: Connection, data: SegmentCreate) -> State:
    sent = data.model_dump(exclude_none=True)
    groups = await _checked(call, None, sent)
    is_frozen = data.kind == "frozen"
    now = call.clock.now if is_frozen else None
    columns = {
        **sent,
        "id": data.id or new_id(),
        "organisation_id": call.organisation,
        "owner_id": call.by.user_id,
        "frozen_at": now,
        **await sharing_columns(call, connection, SEGMENTS, sent, {}),
    }
    if is_frozen:  # more than one statement: an ordinary transaction from the first on
        await connection.execute(members.PATIENCE)
    state = await records.insert_record(connection, SEGMENTS, columns, actor=call.actor)
    if is_frozen and groups:
        resource = BY_NAME[data.resource]
        await members.take(call, connection, columns["id"], resource, condition_of(groups))
    return state


async def update_segment(
    call: Call, connection: Connection, segment_id: UUID, data: SegmentUpdate, version: int | None
) -> State:
    sent = whole_values(data)
    if "document" in sent:
        await connection.execute(TAKE_TURNS, str(call.organisation))
    loaded = await load_shared(call, connection, SEGMENTS, segment_id)
    await check_version(connection, SEGMENTS, loaded, version)
    if "document" in sent:
        if loaded.row["kind"] == "frozen" and sent["document"] != loaded.row["document"]:
            raise Invalid(
                "A frozen segment keeps what it was taken by.",
                errors={"document": "Make a new segment."},
            )
        whole = {"resource": loaded.row["resource"], "document": sent["document"]}
        await _checked(call, segment_id, whole)
    shared = await sharing_columns(call, connection, SEGMENTS, sent, loaded.row)
    if shared:
        await hand_over(connection, {**loaded.row, **shared})
    changes = sent | shared
    return await records.update_record(connection, SEGMENTS, loaded, changes, actor=call.actor)


async def delete_segment(
    call: Call, connection: Connection, segment_id: UUID, version: int | None
) -> State:
    loaded = await load_shared(call, connection, SEGMENTS, segment_id)
    await check_version(connection, SEGMENTS, loaded, version)
    return await records.delete_record(connection, SEGMENTS, loaded, actor=call.actor)


async def restore_segment(call: Call, connection: Connection, segment_id: UUID) -> State:
    loaded = await load_shared(call, connection, SEGMENTS, segment_id, deleted=True)
    return await records.restore_record(connection, SEGMENTS, loaded, actor=call.actor)


async def freeze_segment(
    call: Call, connection: Connection, segment_id: UUID, name: str | None
) -> State:
    """A frozen copy of the members that the caller sees now, the caller's own."""
    loaded = await load_shared(call, connection, SEGMENTS, segment_id, to_write=False)
    resource = BY_NAME[loaded.row["resource"]]
    meaning = await meaning_of(
        call, resource, await members.segment_row(call, loaded.id, resource.name)
    )
    state = await _new_frozen(call, connection, loaded, name or loaded.row["name"])
    await members.take(call, connection, UUID(str(state["id"])), resource, meaning.build)
    return state


async def combine_segments(
    call: Call, connection: Connection, segment_id: UUID, data: Combine
) -> State:
    """A new frozen segment out of two, of the members that the caller sees."""
    one = await load_shared(call, connection, SEGMENTS, segment_id, to_write=False)
    other = await load_shared(call, connection, SEGMENTS, data.segment_id, to_write=False)
    if one.row["resource"] != other.row["resource"]:
        raise Invalid(
            "The segments are of different things.",
            errors={"segment_id": f"Name a segment of {one.row['resource']}."},
        )
    resource = BY_NAME[one.row["resource"]]
    first, second = [
        await meaning_of(call, resource, await members.segment_row(call, each.id, resource.name))
        for each in (one, other)
    ]
    state = await _new_frozen(call, connection, one, data.name)
    build = members.combined(data.operation, first.build, second.build)
    await members.take(call, connection, UUID(str(state["id"])), resource, build)
    return state


async def change_members(
    call: Call, connection: Connection, segment_id: UUID, data: MembersChange
) -> State:
    """Members one by one; who is added must be visible, who is there or gone already may be named."""
    loaded = await load_shared(call, connection, SEGMENTS, segment_id)
    if loaded.row["kind"] != "frozen":
        raise NotFrozen(
            "This segment is what its document says.", errors={"add": "Freeze it first."}
        )
    resource = BY_NAME[loaded.row["resource"]]
    changed = await members.add(call, connection, segment_id, resource, data.add)
    changed += await members.remove(call, connection, segment_id, resource, data.remove)
    changes = {"members_changed_at": call.clock.now} if changed else {}
    return await records.update_record(connection, SEGMENTS, loaded, changes, actor=call.actor)


async def _new_frozen(call: Call, connection: Connection, of: Loaded, name: str) -> State:
    columns = {
        "id": new_id(), "organisation_id": call.organisation, "name": name, "kind": "frozen",
        "description": of.row["description"], "resource": of.row["resource"],
        "document": of.row["document"], "owner_id": call.by.user_id,
        "frozen_at": call.clock.now, "shared_with": "nobody",
    }  # fmt: skip
    return await records.insert_record(connection, SEGMENTS, columns, actor=call.actor)


async def _checked(call: Call, segment_id: UUID | None, sent: Mapping[str, Any]) -> filters.Groups:
    """What the document means, to its author; a segment that it names must not name this one."""
    resource = BY_NAME[sent["resource"]]
    groups = sent["document"].get("filter_groups") or []
    if not groups:
        return ()
    fields = await call.custom_fields.extend(call.organisation, resource)
    try:
        found = filters.groups_from_document(groups, fields, call.clock)
        if segment_id is not None:
            await filters.prepared(Inside(call, (segment_id,)), found)
        return await filters.prepared(call, found)
    except Malformed as problem:
        if problem.instance_code == "segment_cycle":
            raise SegmentCycle(problem.detail, errors={"document": problem.detail}) from problem
        raise broken(problem, "document") from problem
