"""Whom the actions of a policy mean, as the directory has them now."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.db import Connection
from guanxi_tickets.sla.escalation_rules import Action, People, named_in, queues_in

# `own`: the teams of the assignee, else the ticket's, and then those above them.
PEOPLE = """
WITH RECURSIVE own AS (
  SELECT unnest(coalesce((SELECT nullif(u.teams, '{}') FROM directory_users u
    WHERE u.organisation_id = $1 AND u.id = $4), ARRAY[$5::uuid])) AS id, 0 AS level
), upwards AS (
  SELECT id, level FROM own
  UNION
  SELECT t.parent_id, o.level + 1 FROM upwards o
  JOIN directory_teams t ON t.organisation_id = $1 AND t.id = o.id WHERE o.level < 32
), heads AS (
  SELECT u.id, min(o.level) AS level FROM upwards o
  JOIN directory_users u ON u.organisation_id = $1 AND u.active AND u.heads AND o.id = ANY(u.teams)
  WHERE u.id IS DISTINCT FROM $4 GROUP BY u.id
)
SELECT
  (SELECT array_agg(u.id) FROM directory_users u
    WHERE u.organisation_id = $1 AND u.active AND u.id = ANY($2::uuid[])) AS known,
  (SELECT array_agg(t.id) FROM directory_teams t
    WHERE t.organisation_id = $1 AND t.id = ANY($3::uuid[])) AS teams,
  (SELECT array_agg(u.id ORDER BY u.id) FROM directory_users u
    WHERE u.organisation_id = $1 AND u.active AND $5 = ANY(u.teams)) AS members,
  (SELECT array_agg(h.id ORDER BY h.id) FROM heads h
    WHERE h.level = (SELECT min(level) FROM heads)) AS managers
"""

# Held until the ticket stands.
QUEUES = """
SELECT id, team_id FROM queues WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
ORDER BY id FOR SHARE
"""


ALL_PEOPLE = f"""
SELECT asked.place, found.* FROM jsonb_to_recordset($2::text::jsonb)
  AS asked (place integer, users uuid[], teams uuid[], owner uuid, team uuid),
LATERAL ({
    PEOPLE.replace("$2", "asked.users")
    .replace("$3", "asked.teams")
    .replace("$4", "asked.owner")
    .replace("$5", "asked.team")
}) AS found ORDER BY asked.place
"""
Asked = tuple[Mapping[str, Any], Sequence[Action]]


async def people_for_all(
    connection: Connection, organisation: UUID, asked: Sequence[Asked]
) -> list[People]:
    """Of each row with its actions, in their order."""
    documents, queued = [], set[UUID]()
    for place, (row, actions) in enumerate(asked):
        users, teams = named_in(actions)
        users += [each for each in (row["owner_id"], *row["follower_ids"]) if each is not None]
        documents.append({
            "place": place, "users": users, "teams": teams, "owner": row["owner_id"], "team": row["team_id"],
        })  # fmt: skip
        queued |= set(queues_in(actions))
    found = await connection.fetch(
        ALL_PEOPLE, organisation, orjson.dumps(documents, default=str).decode()
    )
    queues: dict[UUID, UUID] = {}
    if queued:
        rows = await connection.fetch(QUEUES, organisation, sorted(queued))
        queues = {each["id"]: each["team_id"] for each in rows}
    return [
        People(**{n: tuple(ids or ()) for n, ids in each.items() if n != "place"}, queues=queues)
        for each in found
    ]
