"""A queue in figures: each is counted by the filter document that is shown beside it, over what the caller
sees."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, and_, cast, extract, func, or_, select, text

from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound
from guanxi_shared.filters import Binder
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import predicate
from guanxi_tickets.assignments.candidates import Member, queue_now, team_of
from guanxi_tickets.assignments.choice_rules import limit_of
from guanxi_tickets.assignments.claiming import demand_sight
from guanxi_tickets.queues.stats_rules import (
    MOMENTS,
    PERIODS,
    Document,
    assigned_document,
    documents_of,
)
from guanxi_tickets.ticket_settings.rules import RANKS
from guanxi_tickets.tickets.fitting import understood
from guanxi_tickets.tickets.resources import TICKET, TICKETS

UNDONE = "tickets.status_kind NOT IN ('solved', 'closed')"  # as its index says it
ASSIGNED = f"""
SELECT owner_id, count(*) AS count FROM tickets WHERE organisation_id = $1 AND queue_id = $2 AND owner_id IS NOT NULL
  AND deleted_at IS NULL AND {UNDONE} GROUP BY owner_id
"""


async def queue_stats(call: Call, queue_id: UUID) -> dict[str, Any]:
    at = datetime.now(UTC)
    async with call.db.transaction(call.organisation) as connection:
        queue = await queue_now(connection, call.organisation, queue_id)
        if queue is None:
            raise NotFound(f"There is no queue with the id {str(queue_id)!r}.")
        await demand_sight(call, queue)
        team = await team_of(connection, call.organisation, queue, at)
        rows = await connection.fetch(ASSIGNED, call.organisation, queue_id)
    documents = documents_of(queue_id, at)
    counts = await _counts(call, queue_id, documents, at)
    has = {row["owner_id"]: row["count"] for row in rows}
    agents = [_agent(queue_id, queue.needs, member, has) for member in team]
    return _shown(queue_id, at, documents, counts) | {
        "agents_on_shift": sum(m.candidate.is_at_work for m in team), "agents": agents,
    }  # fmt: skip


async def _counts(
    call: Call, queue_id: UUID, documents: Mapping[str, Document], at: datetime
) -> dict[str, Any]:
    """All in one look at what is to be done or was touched within the longest period."""
    bind, scope = Binder(), await call.scope_of(TICKETS)
    columns: list[ColumnElement[Any]] = []
    for name, document in documents.items():
        condition = filters.compile_groups(await understood(call, document), bind)
        assert condition is not None
        columns.append(func.count().filter(condition).label(name))
        if name == "waiting":
            columns.append(func.min(TICKET.c.queued_at).filter(condition).label("oldest"))
        if name.endswith(".taken"):
            columns.append(_median_wait().filter(condition).label(f"{name}.wait"))
    since = at - max(PERIODS.values())
    statement = select(*columns).where(
        TICKET.c.organisation_id == bind(call.organisation, TICKET.c.organisation_id.type),
        TICKET.c.queue_id == bind(queue_id, TICKET.c.queue_id.type),
        TICKET.c.deleted_at.is_(None),
        or_(
            text(UNDONE),
            TICKET.c.updated_at >= bind(since, TICKET.c.updated_at.type),
        ),
        and_(predicate(TICKET, scope)),
    )
    compiled = compile_after_binding(statement)
    args = compiled.args({**bind.values, **scope.params()})
    [row] = await call.db.fetch(call.organisation, compiled.sql, *args)
    return dict(row)


def _median_wait() -> Any:
    waited = cast(extract("epoch", TICKET.c.taken_at - TICKET.c.queued_at), Float)
    return func.percentile_cont(0.5).within_group(waited)


def _shown(
    queue_id: UUID, at: datetime, documents: Mapping[str, Document], counts: Mapping[str, Any]
) -> dict[str, Any]:
    def counted(name: str, **more: Any) -> dict[str, Any]:
        return {"count": counts[name], **more, "filter_groups": documents[name]}

    oldest = counts["oldest"]
    seconds = int((at - oldest).total_seconds()) if oldest is not None else None
    shown: dict[str, Any] = {
        "queue_id": queue_id, "at": at,
        "waiting": counted("waiting", oldest_since=oldest, oldest_seconds=seconds),
        "undone": counted("undone"),
        "by_priority": {name: counted(f"undone.{name}") for name in RANKS},
        "breached": counted("breached"), "due_within_an_hour": counted("due_within_an_hour"),
    }  # fmt: skip
    for period in PERIODS:
        shown[period] = {name: counted(f"{period}.{name}") for name in MOMENTS}
        wait = counts[f"{period}.taken.wait"]
        shown[period]["taken"]["median_wait_seconds"] = None if wait is None else round(wait)
    return shown


def _agent(queue_id: UUID, needs: Any, member: Member, has: Mapping[UUID, int]) -> dict[str, Any]:
    candidate = member.candidate
    return {
        "user_id": candidate.user_id, "name": member.name, "is_available": member.is_available,
        "is_on_shift": member.is_on_shift, "load": candidate.load,
        "load_limit": limit_of(needs, candidate), "assigned": {
            "count": has.get(candidate.user_id, 0),
            "filter_groups": assigned_document(queue_id, candidate.user_id),
        },
    }  # fmt: skip
