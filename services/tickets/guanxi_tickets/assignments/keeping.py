"""What queues did with tickets, kept beside the tickets' own events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_tickets.assignments.choice_rules import Choice

KEEP = """
INSERT INTO ticket_assignments (organisation_id, id, ticket_id, queue_id, means, assignee_id, before_id, actor_id, reason,
  sentence, created_at)
SELECT $1, k.id, k.ticket_id, k.queue_id, k.means, k.assignee_id, k.before_id, k.actor_id, k.reason, k.sentence,
  k.created_at
FROM jsonb_to_recordset($2::text::jsonb) AS k (id uuid, ticket_id uuid, queue_id uuid, means text,
  assignee_id uuid, before_id uuid, actor_id uuid, reason jsonb, sentence text, created_at timestamptz, place int)
ORDER BY k.place
"""


@dataclass(frozen=True, slots=True)
class Assigned:
    """`choice` is none where a ticket goes back into its queue."""

    ticket_id: UUID
    queue_id: UUID | None
    means: str
    choice: Choice | None
    sentence: str
    at: datetime
    before_id: UUID | None = None
    actor_id: UUID | None = None

    @property
    def told(self) -> dict[str, Any]:
        """Under `assignment` in the event's `before`."""
        reason = self.choice.reason if self.choice is not None else {}
        return {"assignment": {"means": self.means, "reason": reason, "sentence": self.sentence}}


async def keep_assignments(
    connection: Connection, organisation: UUID, assigned: Iterable[Assigned]
) -> None:
    rows = [_row(each) | {"place": place} for place, each in enumerate(assigned)]
    if rows:
        await connection.execute(KEEP, organisation, orjson.dumps(rows).decode())


def _row(each: Assigned) -> dict[str, Any]:
    names = ("ticket_id", "queue_id", "means", "before_id", "actor_id", "sentence")
    row: dict[str, Any] = {name: getattr(each, name) for name in names}
    row |= {"id": new_id(), "created_at": each.at}
    choice = each.choice
    row |= {
        "assignee_id": choice.user_id if choice else None, "reason": choice.reason if choice else {},
    }  # fmt: skip
    return {name: str(v) if isinstance(v, UUID) else v for name, v in row.items()}
