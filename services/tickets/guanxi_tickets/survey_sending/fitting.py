"""Which tickets a survey means: its filter, as it is meant now, beside whatever else is asked of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, Uuid, bindparam, select

from guanxi_shared import filters, selects
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.filters import Binder, Clock
from guanxi_shared.kept_filters import Errand
from guanxi_shared.statements import compile_after_binding
from guanxi_tickets.tickets.fitting import understood
from guanxi_tickets.tickets.resources import TICKET

ZONE: Final = "SELECT time_zone FROM directory_state WHERE organisation_id = $2"
COLUMNS: Final = (
    "id", "requester_id", "owner_id", "team_id", "reopened_count", "solved_at", "closed_at",
)  # fmt: skip
Row = Mapping[str, Any]


async def errand_for(database: Database, organisation: UUID) -> Errand:
    zones = await database.lookup(organisation, ZONE, organisation)
    clock = Clock(datetime.now(UTC), ZoneInfo(zones[0]["time_zone"] if zones else "UTC"))
    return Errand(database, organisation, clock, CustomFields(database))


async def fits(errand: Errand, connection: Connection, survey: Row, ticket_id: UUID) -> bool:
    wanted = TICKET.c.id == bindparam("ticket", type_=Uuid)
    found = await _fitting(errand, connection, survey, [wanted], {"ticket": ticket_id})
    return bool(found)


async def solved_since(
    errand: Errand, connection: Connection, survey: Row, since: datetime, until: datetime
) -> list[Row]:
    """What was solved in that time, of each requester the last."""
    moment = DateTime(timezone=True)
    wanted = [
        TICKET.c.solved_at > bindparam("since", type_=moment),
        TICKET.c.solved_at <= bindparam("until", type_=moment),
        TICKET.c.requester_id.is_not(None),
    ]
    values = {"since": since, "until": until}
    found = await _fitting(errand, connection, survey, wanted, values)
    last = {row["requester_id"]: row for row in sorted(found, key=lambda row: row["solved_at"])}
    return list(last.values())


async def _fitting(
    errand: Errand, connection: Connection, survey: Row, wanted: Sequence[ColumnElement[bool]],
    values: Mapping[str, Any],
) -> list[Row]:  # fmt: skip
    """A filter that means nothing any more (a custom field was removed) fits nothing."""
    bind = Binder()
    try:
        read = await understood(errand, survey["filter_groups"])
        condition = filters.compile_groups(await filters.prepared(errand, read), bind)
    except (Invalid, Malformed):
        return []
    asked = select(*(TICKET.c[name] for name in COLUMNS)).where(
        selects.of_organisation(TICKET), TICKET.c.deleted_at.is_(None), *wanted,
        *([] if condition is None else [condition]),
    )  # fmt: skip
    compiled = compile_after_binding(asked)
    sql = f"SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({compiled.sql}) AS found"
    given = {"organisation": errand.organisation, **values, **bind.values}
    return [dict(row) for row in await connection.fetch(sql, "", *compiled.args(given))]
