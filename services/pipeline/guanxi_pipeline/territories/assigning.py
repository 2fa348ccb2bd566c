"""Accounts in territories, as they are told: whoever changes an account, a territory or a pin decides anew for the accounts
that it is about, writes where that differs from what was told, and tells exactly it.

Within an organisation they take turns (an advisory lock until the transaction ends, taken before any row of a territory is
locked): what the second reads is what the first has written.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.territories.territory_rules import ASKED, Territories
from guanxi_shared import events
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection

BY_THE_SERVICE: Final = Actor(id=None, kind="service", channel="territories")
NO_PINS: Final[Mapping[UUID, UUID | None]] = {}
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('territories ' || $1::text, 0))"
THERE: Final = f"""
SELECT id, name, rank, {", ".join(ASKED)} FROM territories WHERE organisation_id = $1 AND deleted_at IS NULL
"""
STANDING: Final = f"""
SELECT a.id, {", ".join(f"a.{name}" for name in ASKED.values())}, a.deleted_at IS NOT NULL AS is_gone,
  k.territory_id, k.is_pinned, k.pinned_id, k.id IS NOT NULL AND k.deleted_at IS NULL AS is_told
FROM known_accounts a
LEFT JOIN territory_accounts k ON k.organisation_id = a.organisation_id AND k.account_id = a.id
WHERE a.organisation_id = $1 AND
"""
OF_THESE: Final = f"{STANDING} a.id = ANY($2::uuid[])"
FOLLOWING: Final = f"{STANDING} a.id > $2 ORDER BY a.id LIMIT $3"
AS_SHOWN: Final = (
    """to_char(w.{} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""  # as JSON shows times
)
# A row counts on only where it tells something else than before: a pin to a territory that is gone tells nothing.
TELL: Final = f"""
WITH wanted AS MATERIALIZED (
  SELECT md5('territory of ' || m.account_id)::uuid AS id, m.*, t.owner_id, t.team_id, k.id IS NULL AS is_new,
    CASE WHEN k.deleted_at IS NULL THEN k.territory_id END AS old_id, k.is_pinned AS was_pinned,
    coalesce(m.territory_id, k.territory_id) AS kept_id
  FROM unnest($2::uuid[], $3::uuid[], $4::boolean[], $5::uuid[]) AS m (account_id, territory_id, is_pinned, pinned_id)
  LEFT JOIN territory_accounts k ON k.organisation_id = $1 AND k.account_id = m.account_id
  LEFT JOIN territories t ON t.organisation_id = $1 AND t.id = coalesce(m.territory_id, k.territory_id)
), verbs AS MATERIALIZED (
  SELECT *, CASE WHEN old_id IS NULL THEN CASE WHEN territory_id IS NOT NULL THEN 'created' END
    WHEN territory_id IS NULL THEN 'deleted' WHEN territory_id <> old_id OR is_pinned <> was_pinned THEN 'updated' END AS verb
  FROM wanted
), changed AS (
  UPDATE territory_accounts k SET version = k.version + (v.verb IS NOT NULL)::int,
    updated_at = CASE WHEN v.verb IS NULL THEN k.updated_at ELSE $6::timestamptz END, territory_id = v.kept_id,
    is_pinned = v.is_pinned, pinned_id = v.pinned_id, owner_id = v.owner_id, team_id = v.team_id,
    deleted_at = CASE WHEN v.territory_id IS NULL THEN coalesce(k.deleted_at, $6::timestamptz) END
  FROM verbs v WHERE k.organisation_id = $1 AND k.id = v.id RETURNING k.*
), come AS (
  INSERT INTO territory_accounts (organisation_id, id, account_id, territory_id, is_pinned, pinned_id, owner_id, team_id,
    version, created_at, updated_at)
  SELECT $1, id, account_id, kept_id, is_pinned, pinned_id, owner_id, team_id, 1, $6::timestamptz, $6::timestamptz
  FROM verbs WHERE is_new AND kept_id IS NOT NULL RETURNING *
)
INSERT INTO events ({events.NAMES})
SELECT w.organisation_id, gen_random_uuid(), 'pipeline.territory_account.' || v.verb, 'territory_account', w.id, w.version, $7::uuid,
  $8::text, $9::text, array_remove(ARRAY[CASE WHEN v.verb = 'updated' AND w.territory_id <> v.old_id THEN 'territory_id' END,
    CASE WHEN v.verb = 'updated' AND w.is_pinned <> v.was_pinned THEN 'is_pinned' END], NULL),
  CASE v.verb WHEN 'updated' THEN
      CASE WHEN w.territory_id <> v.old_id THEN jsonb_build_object('territory_id', v.old_id) ELSE '{{}}' END
      || CASE WHEN w.is_pinned <> v.was_pinned THEN jsonb_build_object('is_pinned', v.was_pinned) ELSE '{{}}' END
    WHEN 'deleted' THEN '{{}}' END,
  jsonb_build_object('id', w.id, 'account_id', w.account_id, 'territory_id', w.territory_id, 'is_pinned', w.is_pinned,
    'version', w.version, 'created_at', {AS_SHOWN.format("created_at")}, 'updated_at', {AS_SHOWN.format("updated_at")}),
  w.owner_id, w.team_id, $10::text, $11::text, w.updated_at
FROM (SELECT * FROM changed UNION ALL SELECT * FROM come) AS w JOIN verbs v ON v.id = w.id
WHERE v.verb IS NOT NULL ORDER BY w.id
"""
HAND_OVER: Final = """
UPDATE territory_accounts SET owner_id = $3, team_id = $4 WHERE organisation_id = $1 AND territory_id = $2
"""


async def take_turn(connection: Connection, organisation: UUID) -> None:
    """Until the transaction ends nobody else changes territories, or who is in them."""
    await connection.execute(LOCK, str(organisation))


async def assign_accounts(
    connection: Connection, organisation: UUID, ids: Collection[UUID], *, actor: Actor,
    pins: Mapping[UUID, UUID | None] = NO_PINS,
) -> int:  # fmt: skip
    """Where these accounts are now, `pins` being those that somebody puts somewhere, or lets go; how many changed. Those whom
    the copies do not know are left out. Where there is no territory the job of the last one that went lets all of them go."""
    if not ids:
        return 0
    await take_turn(connection, organisation)
    there = await connection.fetch(THERE, organisation)
    if not there:
        return 0
    territories = Territories(map(dict, there))
    rows = await connection.fetch(OF_THESE, organisation, sorted(ids))
    return await _tell(connection, organisation, territories, rows, pins, actor)


async def assign_following(
    connection: Connection, organisation: UUID, after: UUID, limit: int, *, actor: Actor
) -> tuple[UUID | None, int]:
    """The same for the next accounts by their ids: the last of them, and how many there were."""
    await take_turn(connection, organisation)
    territories = Territories(map(dict, await connection.fetch(THERE, organisation)))
    rows = await connection.fetch(FOLLOWING, organisation, after, limit)
    await _tell(connection, organisation, territories, rows, NO_PINS, actor)
    return (rows[-1]["id"] if rows else None), len(rows)


async def hand_over(connection: Connection, territory: Mapping[str, Any]) -> None:
    """Whoever sees a territory sees which accounts are told to be in it."""
    await connection.execute(
        HAND_OVER, territory["organisation_id"], territory["id"], territory["owner_id"],
        territory["team_id"],
    )  # fmt: skip


async def _tell(
    connection: Connection, organisation: UUID, territories: Territories, rows: Sequence[Any],
    pins: Mapping[UUID, UUID | None], actor: Actor,
) -> int:  # fmt: skip
    changed = []
    for row in map(dict, rows):
        pinned = pins.get(row["id"], row["pinned_id"])
        told = (row["territory_id"], row["is_pinned"]) if row["is_told"] else None
        wanted = territories.of({**row, "pinned_id": pinned})
        if wanted != told or pinned != row["pinned_id"]:
            changed.append((row["id"], *(wanted or (None, False)), pinned))
    if changed:
        columns = [list(column) for column in zip(*changed, strict=True)]
        await connection.execute(
            TELL, organisation, *columns, datetime.now(UTC), actor.id, actor.kind, actor.channel,
            actor.request_id, actor.trace_id,
        )  # fmt: skip
    return len(changed)
