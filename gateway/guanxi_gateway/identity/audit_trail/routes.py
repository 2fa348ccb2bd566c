"""The audit log over HTTP: read, export, prove. Nothing here writes."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.audit_trail import service
from guanxi_gateway.identity.audit_trail.schemas import AuditPage, AuditVerdict
from guanxi_gateway.identity.fields import Instant
from guanxi_shared import documents
from guanxi_shared.calls import begin

router = APIRouter(tags=["audit"])


@router.get(
    "/v1/audit",
    operation_id="list_audit_entries",
    summary="The audit log, newest first",
    responses=documents.problems(),
)
async def list_audit_entries(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int | None, Query(ge=0, lt=2**62)] = None,
    action: Annotated[str | None, Query(max_length=80, pattern=r"^[a-z_.]+$")] = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> AuditPage:
    call = await begin(request, "audit:read")
    query = service.AuditQuery(limit, 2**62 if cursor is None else cursor, action, since, until)
    entries, following = await service.list_entries(call.house, call.organisation, query)
    page = {"next_cursor": following, "has_more": following is not None, "total": None}
    return AuditPage.model_validate({"data": entries, "page": page})


@router.post(
    "/v1/audit/export",
    operation_id="export_audit",
    summary="The whole chain as NDJSON, oldest first; the export is itself an entry",
    response_class=StreamingResponse,
    responses=documents.problems(),
)
async def export_audit(request: Request) -> StreamingResponse:
    call = await begin(request, "audit:read")
    async with call.db.transaction(call.organisation) as connection:
        await write_audit(connection, call.organisation, "audit.exported", actor=call.actor)
    body = service.export_entries(call.house, call.organisation)
    return StreamingResponse(body, media_type="application/x-ndjson")


@router.get(
    "/v1/audit/verify",
    operation_id="verify_audit",
    summary="Follow the hash chain from its first entry to its head",
    responses=documents.problems(),
)
async def verify_audit(request: Request) -> AuditVerdict:
    call = await begin(request, "audit:read")
    found = await service.verify_entries(call.db.fetch, call.organisation)
    return AuditVerdict(
        organisation_id=found.organisation_id,
        is_intact=found.is_intact,
        entry_count=found.head.position,
        head=found.head.digest.hex(),
        broken=None if found.broken is None else asdict(found.broken),
    )
