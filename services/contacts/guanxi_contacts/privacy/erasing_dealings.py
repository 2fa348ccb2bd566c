"""How a person is erased from what was done with them: activities and their log."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_contacts.activities.resources import ACTIVITIES, ACTIVITY
from guanxi_contacts.privacy.erasing import Erasing
from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.records import blank_events, blank_words, log, with_times
from guanxi_shared.events import dumps

# That there was a visit, when, by whom and to which account, is the organisation's own business.
TOLD: Final = (
    "subject", "body", "outcome", "next_step", "location", "latitude", "longitude", "participants",
    "external_id", "tags", "custom", "as_shown",
)  # fmt: skip
# Whom an activity is about: those it names and those who took part, who need not be named beside.
PEOPLE: Final = """(a.contact_ids || ARRAY(SELECT (p ->> 'contact_id')::uuid
  FROM jsonb_array_elements(a.participants) AS p WHERE p ->> 'contact_id' IS NOT NULL))"""
LINKS: Final = {"contact": PEOPLE, "account": "a.account_ids"}
HOLD: Final = """
SELECT id FROM activities AS a WHERE organisation_id = $1 AND {links} && $2::uuid[] ORDER BY id FOR UPDATE
"""
# All that was said at an activity with this person alone, or that names them; of others, only their
# place among the participants.
BLANK: Final = """
UPDATE activities AS a SET {sets}, version = version + 1, updated_at = $4
WHERE a.organisation_id = $1 AND {links} && $2::uuid[]
  AND ({links} <@ $2::uuid[] OR EXISTS (SELECT FROM unnest($3::text[]) AS n
       WHERE strpos(lower(concat_ws(' ', {texts})), lower(n)) > 0))
RETURNING to_jsonb(a)::text AS row
"""
SHOW: Final = """
UPDATE activities AS a SET as_shown = s.shown FROM unnest($2::text[]::uuid[], $3::text[]) AS s (id, shown)
WHERE a.organisation_id = $1 AND a.id = s.id
"""
# Where somebody stood when they were with this person.
CHECKS: Final = """
UPDATE visit_checks SET latitude = NULL, longitude = NULL, accuracy_m = NULL, distance_m = NULL,
  device_id = NULL, note = NULL, photo_ids = '{}' WHERE organisation_id = $1 AND activity_id = ANY($2::uuid[])
"""
LEAVE: Final = """
UPDATE activities AS a SET version = version + 1, updated_at = $3, participants = (
    SELECT coalesce(jsonb_agg(p), '[]') FROM jsonb_array_elements(a.participants) AS p
    WHERE NOT (p ->> 'contact_id' = ANY($2::uuid[]::text[])))
WHERE a.organisation_id = $1 AND {links} && $2::uuid[] AND NOT {links} <@ $2::uuid[]
  AND EXISTS (SELECT FROM jsonb_array_elements(a.participants) AS p
              WHERE p ->> 'contact_id' = ANY($2::uuid[]::text[]))
RETURNING to_jsonb(a)::text AS row
"""


async def erase_activities(erasing: Erasing) -> dict[str, int]:
    """Present states take the place of the whole history of every activity that changed."""
    columns = [ACTIVITY.c[name] for name in TOLD]
    sets = ", ".join(f'"{c.name}" = {_nothing(c)}' for c in columns)
    texts = ", ".join(f'a."{c.name}"::text' for c in columns)
    links = LINKS[erasing.kind.noun]
    ids, needles = list(erasing.person_ids), [in_json(each) for each in erasing.needles]
    await _hold(erasing, links)
    left = await erasing.connection.fetch(
        LEAVE.format(links=links), erasing.organisation, ids, erasing.erased_at
    )
    blanked = await erasing.connection.fetch(
        BLANK.format(sets=sets, texts=texts, links=links),
        erasing.organisation, ids, needles, erasing.erased_at,
    )  # fmt: skip
    rows = {row["id"]: row for each in (*left, *blanked) for row in (orjson.loads(each["row"]),)}
    events = await _tell(erasing, list(rows.values()))
    gone = [UUID(row["id"]) for row in map(orjson.loads, (r["row"] for r in blanked))]
    await blank_words(erasing, ACTIVITIES, gone)
    erasing.ids += gone
    checks = await erasing.connection.execute(CHECKS, erasing.organisation, gone)
    return {"activities": len(rows), "events": events, "visit_checks": int(checks.split()[-1])}


async def _hold(erasing: Erasing, links: str) -> None:
    """All of them, those too that were made while this waited: what follows an activity inherits
    what it points at, made by whoever held it."""
    sql, held = HOLD.format(links=links), -1
    while True:
        rows = await erasing.connection.fetch(sql, erasing.organisation, list(erasing.person_ids))
        if len(rows) == held:
            return
        held = len(rows)


async def _tell(erasing: Erasing, rows: Sequence[dict[str, Any]]) -> int:
    pairs = [(row, ACTIVITIES.state(with_times(ACTIVITY, row), {})) for row in rows]
    states = [state for _, state in pairs]
    await erasing.connection.execute(
        SHOW, erasing.organisation, [row["id"] for row in rows], [dumps(state) for state in states]
    )
    events = await blank_events(erasing, ACTIVITIES.noun, states)
    for verb, is_gone in (("updated", False), ("deleted", True)):
        # A deleted one stays so for whoever follows: an update would be a sign of life.
        told = [s for row, s in pairs if (row["deleted_at"] is not None) == is_gone]
        await log(erasing, ACTIVITIES, told, verb=verb)
    return events


def _nothing(column: Any) -> str:
    if column.nullable:
        return "NULL"
    return "DEFAULT" if column.server_default is not None else "''"
