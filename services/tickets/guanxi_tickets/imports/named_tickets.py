"""The ticket that a row is about: by its id, by its number here, or by the one it had elsewhere."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import asyncpg

from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.imports.columns import named
from guanxi_shared.imports.named_records import uuid_or_none
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparer import Preparer

TICKET_FIELDS: Final = (
    named("ticket_id"),
    named("ticket", "ticket number", "case number", "工单号"),
    named("ticket_external_id", "external ticket id", "legacy ticket id", "incident number"),
)
# What was merged as what it went into. Held, as whoever answers or writes by request holds it.
TICKETS: Final = """
WITH RECURSIVE way AS (
  SELECT t.id::text AS said, t.number, t.external_id, t.id, t.merged_into_id, 0 AS depth FROM tickets t
  WHERE t.organisation_id = $1
    AND (t.id = ANY($2::uuid[]) OR t.number = ANY($3::text[]) OR t.external_id = ANY($4::text[]))
  UNION ALL SELECT way.said, way.number, way.external_id, t.id, t.merged_into_id, way.depth + 1 FROM way
  JOIN tickets t ON t.organisation_id = $1 AND t.id = way.merged_into_id WHERE way.depth < 32)
SELECT way.said, way.number AS said_number, way.external_id AS said_external_id, t.id, t.account_id,
  t.requester_id, t.owner_id, t.team_id, t.created_at, t.imported_at
FROM way JOIN tickets t ON t.organisation_id = $1 AND t.id = way.id
WHERE way.merged_into_id IS NULL AND t.deleted_at IS NULL ORDER BY t.id FOR {lock} OF t
"""


class Said(NamedTuple):
    """Any may be missing; the first that is known here counts."""

    id: str
    number: str
    external_id: str


def take_ticket(found: Prepared, document: dict[str, Any]) -> None:
    """Into `more["ticket"]` what the row says, kept for whoever has the database."""
    fields = ("ticket_id", "ticket", "ticket_external_id")
    said = [found.references.pop(each, None) or document.pop(each, None) or "" for each in fields]
    if any(said):
        id, number, external_id = (str(each).strip() for each in said)
        found.more["ticket"] = Said(id.lower(), number, external_id)


async def find_tickets(
    connection: Connection, preparer: Preparer[Any], rows: Sequence[Prepared], *,
    organisation: Any, lock: str = "SHARE",
) -> None:  # fmt: skip
    """One look-up for any number of rows: into `more["of"]` the ticket, as far as the caller sees it, held
    until the transaction ends; a reason of the row where there is none, or are several."""
    naming = [row for row in rows if "ticket" in row.more]
    said: set[Said] = {row.more["ticket"] for row in naming}
    if not said:
        return
    asked = (
        [id for each in said if (id := uuid_or_none(each.id))],
        [each.number for each in said if each.number],
        [each.external_id for each in said if each.external_id],
    )
    scope = await preparer.scope("tickets")
    known: dict[tuple[str, str], dict[Any, asyncpg.Record]] = {}
    for each in await connection.fetch(TICKETS.format(lock=lock), organisation, *asked):
        if not scope.covers(id=each["id"], owner_id=each["owner_id"], team_id=each["team_id"]):
            continue
        names = (
            ("id", each["said"]),
            ("number", each["said_number"]),
            ("external_id", each["said_external_id"]),
        )
        for name in names:
            known.setdefault(name, {})[each["id"]] = each
    for row in naming:
        _settle(row, known, preparer)


def _settle(
    row: Prepared, known: dict[tuple[str, str], dict[Any, asyncpg.Record]], preparer: Preparer[Any]
) -> None:
    said: Said = row.more["ticket"]
    found = next(
        (known[name, word] for name, word in said._asdict().items() if (name, word) in known), {}
    )
    if len(found) == 1:
        (row.more["of"],) = found.values()
        return
    row.more["of"] = None
    sentence = f"{len(found)} tickets have it." if found else "There is no such ticket."
    problem = Invalid(sentence, errors={"ticket_id": ""})
    row.reasons.extend(preparer.now.blame(problem, row.cells))
