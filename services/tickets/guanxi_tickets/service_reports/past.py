"""Records as the log has them at an instant, in a CTE by the name of their table: what is asked of the table
means the same there.

Such a CTE stands in a WITH that is not recursive, where its own body still means the table. Whoever sees a
record now sees what it was, though it was deleted since.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from guanxi_shared import documents, history, selects
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope, predicate
from guanxi_tickets.models import TICKET_SEARCH
from guanxi_tickets.tickets.document_rules import MOST_IDS
from guanxi_tickets.tickets.resources import TICKETS

AT: Final = bindparam("at", type_=TIMESTAMP(timezone=True))
ORGANISATION: Final = bindparam("organisation", type_=Uuid)
THEN: Final = """
SELECT r.* FROM (
  SELECT DISTINCT ON (e.subject_id) e.type, e.after FROM events e {those}
  WHERE e.organisation_id = :organisation AND e.subject_type = '{noun}' AND e.occurred_at <= :at
  ORDER BY e.subject_id, e.version DESC, e.id DESC) AS told,
LATERAL jsonb_populate_record(CAST(NULL AS {table}), told.after || jsonb_build_object(
  'organisation_id', CAST(:organisation AS uuid){more})) AS r
WHERE told.type <> 'tickets.{noun}.deleted'
"""
PARAMETER: Final = documents.query_parameter(
    "as_of", "string", "How it stood then; now, if absent."
)
# As they were when the record itself was told of; what hangs on a ticket follows it in silence.
OWNER: Final = {"owner_id": "told.after->'assignee_id'"}
TICKET: Final = OWNER | {
    "sla_due_at": "told.after->'sla'->'due_at'",
    "sla_breached": "coalesce(told.after->'sla'->'breached', '[]')",
}
OF_TICKET: Final = """(
SELECT t.after->'{name}' FROM events t WHERE t.organisation_id = :organisation AND t.subject_type = 'ticket'
  AND t.subject_id = CAST(told.after->>'ticket_id' AS uuid) AND t.occurred_at <= :at
ORDER BY t.version DESC, t.id DESC LIMIT 1)"""
# Whose the ticket was that the record hangs on.
FOLLOWED: Final = {
    "owner_id": f"coalesce({OF_TICKET.format(name='assignee_id')}, told.after->'assignee_id')",
    "team_id": f"coalesce({OF_TICKET.format(name='team_id')}, told.after->'team_id')",
}
ITSELF: Final = "JOIN seen s ON s.id = e.subject_id"
HANGING: Final = (
    "JOIN {table} own ON own.organisation_id = :organisation AND own.id = e.subject_id "
    "JOIN seen s ON s.id = own.ticket_id"
)
EVERY: Final = ""


def as_then(resource: Resource, those: str = ITSELF, more: Mapping[str, str] | None = None) -> CTE:
    """`those` joins the events to what is meant; `more` are columns that the log has by other names."""
    table = resource.table
    other = "".join(f", '{name}', {value}" for name, value in (more or {}).items())
    sql = THEN.format(
        those=those.format(table=table.name), noun=resource.noun, table=table.name, more=other
    )
    told = text(sql).bindparams(ORGANISATION, AT)
    return told.columns(*table.columns).cte(table.name)


def seen(resource: Resource, scope: Scope, *conditions: ColumnElement[bool]) -> CTE:
    """`seen`: the ids of what the caller sees, deleted ones too. Of the table, so before its CTE."""
    table = resource.table
    wanted = (selects.of_organisation(table), predicate(table, scope), *conditions)
    return select(table.c.id).where(*wanted).cte("seen")


def tickets_then(scope: Scope) -> list[CTE]:
    """What the caller sees of tickets, with the copy of their tags by which they are filtered."""
    table = TICKETS.table
    then = as_then(TICKETS, more=TICKET)
    tagged = select(table.c.organisation_id, table.c.id, table.c.tags)
    return [seen(TICKETS, scope), then, tagged.cte(TICKET_SEARCH.name)]


def now(resource: Resource, found: Select[Any], scope: Scope) -> Select[Any]:
    """What the caller sees of what is there."""
    table = resource.table
    return found.where(
        selects.of_organisation(table), table.c.deleted_at.is_(None), predicate(table, scope)
    )


def moment_of(call: Call, sent: Mapping[str, str]) -> datetime | None:
    """`as_of`, where somebody asked for another moment than now; of years in which every zone and every
    age can be told."""
    if "as_of" not in sent:
        return None
    found = history.moment_of(call, "as_of", sent["as_of"])
    if not 1900 <= found.year <= 2200:
        sentence = "Send a time between 1900 and 2200."
        raise Malformed(f"as_of: {sentence}", errors={"as_of": sentence})
    return found


def ids(is_past: bool, where: str = "true", *, of: str = "id") -> str:
    """An aggregate: the ids of the rows that a figure counts, which only the past has need of. One more
    than a document may name, so that it is seen that there are too many."""
    if not is_past:
        return f"array_agg({of}) FILTER (WHERE false)"
    return f"(array_agg({of} ORDER BY {of}) FILTER (WHERE {where}))[1:{MOST_IDS + 1}]"
