"""The tickets that a report is about: those of now, or those of the log as they stood at an instant."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, null, select

from guanxi_shared import selects
from guanxi_shared.calls import Call
from guanxi_shared.filters import Binder
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import Scope
from guanxi_tickets.service_reports import past
from guanxi_tickets.service_reports.asked import Asked
from guanxi_tickets.tickets.resources import TICKET, TICKETS

COLUMN_OF = {"assignee_id": "owner_id"}


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
    compiled = compile_after_binding(meant(found, scope, is_past=asked.is_past))
    values = {"organisation": call.organisation, "at": asked.at, **bind.values, **scope.params()}
    return compiled.sql, compiled.args(values)


def meant(found: Select[Any], scope: Scope, *, is_past: bool) -> Select[Any]:
    """A statement over tickets, of those that the caller sees."""
    if not is_past:
        return past.now(TICKETS, found, scope)
    return found.add_cte(*past.tickets_then(scope))


def seconds(until: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.extract("epoch", until - since)
