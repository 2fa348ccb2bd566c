"""Use cases of quotas: load, decide, change, publish."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_pipeline.pipelines.known import Known, known_pipelines
from guanxi_pipeline.quotas import rules
from guanxi_pipeline.quotas.resources import QUOTAS
from guanxi_pipeline.quotas.schemas import QuotaCreate, QuotaUpdate
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import Scope
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by

BY = {
    "id": "SELECT id FROM quotas WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL",
    "external_id": """
SELECT id FROM quotas WHERE organisation_id = $1 AND external_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT 1000""",
}  # fmt: skip


async def create_quota(call: Call, connection: Connection, data: QuotaCreate) -> State:
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    columns = {
        "organisation_id": call.organisation, "id": new_id(), **rules.columns_from(sent),
    }  # fmt: skip
    rules.demand_sound(columns)
    await _demand_known(call, connection, sent)
    return await records.insert_record(connection, QUOTAS, columns, actor=call.actor)


async def update_quota(
    call: Call, connection: Connection, quota_id: UUID, data: QuotaUpdate, version: int | None
) -> State:
    """A merge patch under If-Match; what comes of it must be a whole quota."""
    sent = data.model_dump(exclude_unset=True)
    scope = await call.scope_of(QUOTAS)
    loaded = await records.load_record(connection, QUOTAS, quota_id, scope=scope)
    await check_version(connection, QUOTAS, loaded, version)
    changes = rules.columns_from(sent)
    rules.demand_sound({**loaded.row, **changes})
    await _demand_known(call, connection, sent)
    return await records.update_record(connection, QUOTAS, loaded, changes, actor=call.actor)


async def delete_quota(
    call: Call, connection: Connection, quota_id: UUID, version: int | None
) -> State:
    scope = await call.scope_of(QUOTAS)
    loaded = await records.load_record(connection, QUOTAS, quota_id, scope=scope)
    await check_version(connection, QUOTAS, loaded, version)
    return await records.delete_record(connection, QUOTAS, loaded, actor=call.actor)


async def restore_quota(call: Call, connection: Connection, quota_id: UUID) -> State:
    scope = await call.scope_of(QUOTAS)
    loaded = await records.load_record(connection, QUOTAS, quota_id, scope=scope, deleted=True)
    return await records.restore_record(connection, QUOTAS, loaded, actor=call.actor)


async def find_quotas(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The quotas that a batch's `match` means (at most a thousand)."""
    if field not in BY:
        raise UnknownReference(
            f"Quotas cannot be matched by {field!r}.",
            errors={"match": "Match by id or external_id."},
        )
    return [row["id"] for row in await connection.fetch(BY[field], call.organisation, value)]


async def _demand_known(call: Call, connection: Connection, sent: Mapping[str, Any]) -> None:
    """People, teams and pipelines that exist, and of those whom the caller leads. Products are taken
    by their id: a quota may be older than the price list."""
    await owned_by(call, connection, QUOTAS, sent)
    demand_led(sent, await call.scope_of(QUOTAS))
    demand_pipeline(sent, await known_pipelines(call))


def demand_led(sent: Mapping[str, Any], scope: Scope) -> None:
    """Forbidden where the quota would be that of a team that the caller does not lead or belong to."""
    team = sent.get("team_id")
    if team is not None and not scope.everything and team not in scope.teams:
        raise Forbidden(
            "You may set quotas of your own teams only.",
            errors={"team_id": "Choose a team of your own."},
        )


def demand_pipeline(sent: Mapping[str, Any], known: Known) -> None:
    pipeline_id = sent.get("pipeline_id")
    if pipeline_id is not None and pipeline_id not in known.pipelines:
        raise UnknownReference(
            "pipeline_id names no pipeline.", errors={"pipeline_id": "There is no such pipeline."}
        )
