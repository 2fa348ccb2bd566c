"""The tickets that a report is about: those of now, or those of the log as they stood at an instant.

For the past a CTE by the name of the table holds them, so that every filter means the same there. Whoever
sees a ticket now sees what it was; what was deleted since is not counted.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, bindparam, cast, func, null, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from guanxi_shared import selects
from guanxi_shared.calls import Call
from guanxi_shared.filters import Binder
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import Scope, predicate
from guanxi_tickets.service_reports.asked import Asked
from guanxi_tickets.tickets.resources import TICKET, TICKETS

COLUMN_OF = {"assignee_id": "owner_id"}
AT = bindparam("at", type_=TIMESTAMP(timezone=True))
THEN = """
SELECT r.* FROM (
  SELECT DISTINCT ON (e.subject_id) e.type, e.after FROM events e JOIN seen s ON s.id = e.subject_id
  WHERE e.organisation_id = :organisation AND e.subject_type = 'ticket' AND e.occurred_at <= :at
  ORDER BY e.subject_id, e.version DESC, e.id DESC) AS told,
LATERAL jsonb_populate_record(CAST(NULL AS tickets), told.after || jsonb_build_object(
  'organisation_id', CAST(:organisation AS uuid), 'owner_id', told.after->'assignee_id',
  'sla_due_at', told.after->'sla'->'due_at',
  'sla_breached', coalesce(told.after->'sla'->'breached', '[]'))) AS r
WHERE told.type <> 'tickets.ticket.deleted'
"""


async def picked(
    call: Call, asked: Asked, columns: list[ColumnElement[Any]]
) -> tuple[str, list[Any]]:
    """A statement that gives `key` (what is grouped by), `id` and the columns, and its arguments behind the
    first."""
    scope = await call.scope_of(TICKETS)
    bind = Binder()
    conditions = selects.conditions_of(TICKETS, asked.query, bind)
    key = (
        null()
        if asked.group_by is None
        else TICKET.c[COLUMN_OF.get(asked.group_by, asked.group_by)]
    )
    found = select(cast(key, Text).label("key"), TICKET.c.id, *columns).where(*conditions)
    compiled = compile_after_binding(
        _of_then(found, scope) if asked.is_past else _of_now(found, scope)
    )
    values = {"organisation": call.organisation, "at": asked.at, **bind.values, **scope.params()}
    return compiled.sql, compiled.args(values)


def _of_now(found: Select[Any], scope: Scope) -> Select[Any]:
    return found.where(*_visible(scope))


def _of_then(found: Select[Any], scope: Scope) -> Select[Any]:
    """In this order: `seen` is of the table, what comes after it of the CTE."""
    seen = select(TICKET.c.id).where(*_visible(scope)).cte("seen")
    told = text(THEN).bindparams(bindparam("organisation", type_=Uuid), AT)
    return found.add_cte(seen, told.columns(*TICKET.columns).cte("tickets"))


def _visible(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return selects.of_organisation(TICKET), TICKET.c.deleted_at.is_(None), predicate(TICKET, scope)


def seconds(until: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.extract("epoch", until - since)
