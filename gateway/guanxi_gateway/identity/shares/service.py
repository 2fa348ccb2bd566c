"""Shares: a record shown to somebody who would not see it by owner or team.

The record belongs to another service. Whether the caller may share it is asked there, with the
caller's own token: who cannot read it is told that there is no such record.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.directory import Touched, lock_directory, publish_directory, shown
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.shares.schemas import ShareCreate, ShareUpdate
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, Invalid, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.visibility import Scope

ADD = """
INSERT INTO shares (organisation_id, id, resource, record_id, user_id, team_id, access, until,
  owner_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *
"""
LOAD = """
SELECT * FROM shares WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE
"""
SHOWN = """
SELECT resource, record_id, access, until, owner_id FROM shares
WHERE organisation_id = $2 AND id = $3 AND deleted_at IS NULL
"""
SHARED_BY = "shares"
CHANGE = """
UPDATE shares SET access = $3, until = $4, deleted_at = $5, version = version + 1,
  updated_at = clock_timestamp() WHERE organisation_id = $1 AND id = $2 RETURNING *
"""
RECEIVER = """
SELECT EXISTS (SELECT FROM users WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL)
    OR EXISTS (SELECT FROM teams WHERE organisation_id = $1 AND id = $3 AND deleted_at IS NULL)
"""

# The record as the owning service shows it to the caller; NotFound when it does not.
FindRecord = Callable[[Call, str, UUID], Awaitable[Mapping[str, Any]]]


async def demand_shareable(
    call: Call, find_record: FindRecord, resource: str, record_id: UUID
) -> None:
    """Only who may write a record may show it to others."""
    record = await find_record(call, resource, record_id)
    scope = await call.scope(resource)
    owner, team = (_id(record.get(name)) for name in ("owner_id", "team_id"))
    if not scope.may_write(id=record_id, owner_id=owner, team_id=team):
        raise Forbidden("You may read this record but not share it.", code="read_only")


async def demand_widenable(
    call: Call, find_record: FindRecord, share_id: UUID, data: ShareUpdate
) -> None:
    """To show more of a record, or longer, takes as much as to share it anew: by now it may be
    somebody else's."""
    row = await call.db.fetchrow(call.organisation, SHOWN, call.organisation, share_id)
    if row is None or not _widens(dict(row), data):
        return
    scope = await call.scope(SHARED_BY)
    if scope.covers(id=share_id, owner_id=row["owner_id"], team_id=None):
        await demand_shareable(call, find_record, row["resource"], row["record_id"])


def _widens(row: Mapping[str, Any], data: ShareUpdate) -> bool:
    sent = data.model_fields_set
    if "access" in sent and data.access == "write" and row["access"] != "write":
        return True
    if "until" not in sent or row["until"] is None:
        return False
    return data.until is None or data.until > row["until"]


async def create_share(
    connection: Connection, data: ShareCreate, *, by: Principal, actor: Actor
) -> dict[str, Any]:
    organisation_id = by.organisation
    if data.until is not None and data.until <= datetime.now(UTC):
        raise Invalid("`until` has passed already.", errors={"until": "Choose a time to come."})
    await lock_directory(connection, organisation_id)
    if not await connection.fetchval(RECEIVER, organisation_id, data.user_id, data.team_id):
        field = "user_id" if data.user_id else "team_id"
        raise Invalid(
            f"{field} names nobody here.", errors={field: "Unknown."}, code="unknown_reference"
        )
    row = await written(connection, ADD, organisation_id, data.id or new_id(), data.resource, data.record_id, data.user_id,
        data.team_id, data.access, data.until, by.user_id,
    )  # fmt: skip
    return await _tell(connection, row, None, "created", actor)


async def load_share(
    connection: Connection, organisation_id: UUID, share_id: UUID, *, scope: Scope
) -> dict[str, Any]:
    row = await found(connection, LOAD, organisation_id, share_id)
    if row is None or not scope.covers(id=share_id, owner_id=row["owner_id"], team_id=None):
        raise NotFound(f"There is no share with the id {str(share_id)!r}.")
    return dict(row)


async def update_share(
    connection: Connection, before: Mapping[str, Any], data: ShareUpdate, *, actor: Actor
) -> dict[str, Any]:
    after = {**before, **data.model_dump(exclude_unset=True)}
    if after == dict(before):
        return shown("share", before)
    return await _write(connection, before, after, "updated", actor)


async def delete_share(
    connection: Connection, before: Mapping[str, Any], *, actor: Actor
) -> dict[str, Any]:
    now = await connection.fetchval("SELECT clock_timestamp()")
    return await _write(connection, before, {**before, "deleted_at": now}, "deleted", actor)


async def _write(
    connection: Connection,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    verb: str,
    actor: Actor,
) -> dict[str, Any]:
    row = await written(connection, CHANGE, before["organisation_id"], before["id"],
        after["access"], after["until"], after["deleted_at"],
    )  # fmt: skip
    return await _tell(connection, row, before, verb, actor)


async def _tell(
    connection: Connection,
    row: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    verb: str,
    actor: Actor,
) -> dict[str, Any]:
    organisation_id = row["organisation_id"]
    touched = [Touched("share", verb, dict(row), dict(before) if before else None)]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    state = shown("share", row)
    names = ("resource", "record_id", "user_id", "team_id", "access", "until")
    await write_audit(
        connection,
        organisation_id,
        f"share.{verb}",
        actor=actor,
        subject=f"share/{row['id']}",
        details={name: state[name] for name in names},
    )
    return state


def _id(value: Any) -> UUID | None:
    return None if value is None else UUID(str(value))
