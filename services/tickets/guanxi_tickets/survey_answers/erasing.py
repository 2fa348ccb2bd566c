"""A person is erased: their own words go from what they answered, and nobody is asked any more."""

from typing import Final
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.resources import Resource
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_sending.resources import INVITATIONS

ACTOR: Final = Actor(id=None, kind="service", channel="erasure")
# Scores and choices say nothing about who gave them; texts may. First quietly, so that no event repeats them.
WORDS: Final = """
UPDATE survey_answers a SET answers = (
  SELECT coalesce(jsonb_object_agg(w.key, w.value), '{}') FROM jsonb_each(a.answers) AS w
  WHERE NOT EXISTS (SELECT FROM survey_editions e, jsonb_array_elements(e.questions) AS q
    WHERE e.organisation_id = $1 AND e.survey_id = a.survey_id AND e.number = a.edition
      AND q ->> 'key' = w.key AND q ->> 'type' = 'text'))
WHERE a.organisation_id = $1 AND a.contact_id = $2 RETURNING a.id
"""
OPEN: Final = """
UPDATE survey_invitations SET partial = '{}' WHERE organisation_id = $1 AND contact_id = $2
  AND status IN ('planned', 'sent', 'started') RETURNING id
"""


async def forget_person(connection: Connection, organisation: UUID, contact_id: UUID) -> None:
    """Whoever keeps copies is told of each record as it is now."""
    rows = await connection.fetch(WORDS, organisation, contact_id)
    await _tell(connection, ANSWERS, [row["id"] for row in rows], {}, verb="erased")
    rows = await connection.fetch(OPEN, organisation, contact_id)
    dropped = {"status": "dropped", "reason": "erased"}
    await _tell(connection, INVITATIONS, [row["id"] for row in rows], dropped, verb="dropped")


async def _tell(
    connection: Connection,
    resource: Resource,
    ids: list[UUID],
    columns: dict[str, str],
    *,
    verb: str,
) -> None:
    loaded = await load_many(connection, resource, ids)
    changes = [Change(one, columns, verb=verb) for one in loaded.values()]
    await write_many(connection, resource, changes, actor=ACTOR)
