"""The allow-lists of rounds, and of complaints: tickets with where their last round stands. They are
internal, as notes are: who may not read those reads none of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, select

from guanxi_shared import resources as r
from guanxi_shared.filters import Condition
from guanxi_shared.resources import Field, Resource, fields_of, looked_up
from guanxi_tickets import models
from guanxi_tickets.complaints.schemas import ComplaintRead, RoundRead
from guanxi_tickets.coordination_tasks.resources import TASK
from guanxi_tickets.corrective_actions.resources import ACTION
from guanxi_tickets.tickets.resources import TICKET, TICKETS

ROUND: Final = models.ComplaintRound.metadata.tables["complaint_rounds"]
_ROUNDS = fields_of(ROUND, hidden=("owner_id", "team_id"))
LOOPS: Resource = Resource(
    name="complaint-rounds",
    noun="loop",
    service="tickets",
    table=ROUND,
    fields=_ROUNDS | {"steps": replace(_ROUNDS["steps"], kind=r.OBJECT)},
    model=RoundRead,
    permitted_as="ticket-notes",
    seen_as="tickets",
)
TODAY: Final[ColumnElement[Any]] = literal_column("(now() AT TIME ZONE 'UTC')::date")
LAST_ROUND: Final = (
    ("loop_round", "number", r.INTEGER), ("loop_started_at", "started_at", r.INSTANT),
    ("loop_ended_at", "ended_at", r.INSTANT), ("loop_open_steps", "open_steps", r.LIST),
    ("loop_done_steps", "done_steps", r.LIST), ("loop_skipped_steps", "skipped_steps", r.LIST),
    ("loop_left_open", "left_open", r.LIST), ("root_cause_id", "root_cause_id", r.ID),
    ("loop_lesson", "lesson", r.TEXT),
)  # fmt: skip


def _last(column: str) -> ColumnElement[Any]:
    """A column of a ticket's last round."""
    return (
        select(ROUND.c[column])
        .where(ROUND.c.organisation_id == TICKET.c.organisation_id, ROUND.c.ticket_id == TICKET.c.id)
        .order_by(ROUND.c.number.desc())
        .limit(1)
        .correlate(TICKET)
        .scalar_subquery()
    )  # fmt: skip


def _of_last_round(name: str, column: str, kind: str) -> Field:
    found = _last(column)
    return Field(name, kind, cast(found, Text) if kind == r.ID else found, found, ())


def _how_many(
    name: str, table: Any, *statuses: str, also: Sequence[ColumnElement[bool]] = ()
) -> Field:
    found = (
        select(func.count())
        .select_from(table)
        .where(
            table.c.organisation_id == TICKET.c.organisation_id,
            table.c.ticket_id == TICKET.c.id,
            table.c.status.in_([literal_column(f"'{status}'") for status in statuses]),
            table.c.deleted_at.is_(None),
            *also,
        )
        .correlate(TICKET)
        .scalar_subquery()
    )
    return Field(name, r.INTEGER, found, found, (), is_nullable=False)


def _is_complaint(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    """Written into the text, so that the index of complaints serves it."""
    found: ColumnElement[bool] = TICKET.c.kind == literal_column("'complaint'")
    return found


_FIELDS = dict(TICKETS.fields) | {
    field.name: field
    for field in (
        *(_of_last_round(*each) for each in LAST_ROUND),
        _how_many("open_tasks", TASK, "open", "accepted"),
        _how_many("open_actions", ACTION, "open"),
        _how_many("overdue_actions", ACTION, "open", also=(ACTION.c.due_on < TODAY,)),
    )
}
COMPLAINTS: Resource = Resource(
    name="complaints",
    noun="complaint",
    service="tickets",
    table=TICKET,
    fields=_FIELDS,
    includes=TICKETS.includes,
    search=models.TICKET_SEARCH,
    model=ComplaintRead,
    permitted_as="ticket-notes",
    seen_as="tickets",
)
IS_COMPLAINT: Final = Condition(
    looked_up("is_complaint", r.BOOLEAN, TICKET, _is_complaint), "eq", True, True
)
