"""Whom the actions of a policy mean, as the directory has them now."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

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


async def people_for(
    connection: Connection, row: Mapping[str, Any], actions: Sequence[Action]
) -> People:
    users, teams = named_in(actions)
    users += [each for each in (row["owner_id"], *row["follower_ids"]) if each is not None]
    asked: list[UUID | None] = [row["owner_id"], row["team_id"]]
    found = await connection.fetchrow(PEOPLE, row["organisation_id"], users, teams, *asked)
    assert found is not None
    queues: dict[UUID, UUID] = {}
    if named := queues_in(actions):
        rows = await connection.fetch(QUEUES, row["organisation_id"], named)
        queues = {each["id"]: each["team_id"] for each in rows}
    return People(**{name: tuple(ids or ()) for name, ids in found.items()}, queues=queues)
