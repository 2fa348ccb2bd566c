"""Where an account stands and how it came there, read in one statement."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.standing import rules
from guanxi_contacts.standing.cursor_rules import Place, cursor_of
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import bound

# A value that an account began with is told by no row of its own (a create stays one statement): it
# is what the first change moved away from or, without a change, what the account holds.
STANDING = """
WITH told AS (
    SELECT version, dimension, from_value, to_value, reason, source, is_correction, effective_on,
           actor_id, actor_kind, at
    FROM standing_changes WHERE organisation_id = $2 AND account_id = $3
), began AS (
    SELECT 1::bigint, own.dimension, NULL::text,
           CASE WHEN first.dimension IS NULL THEN own.value ELSE first.from_value END, NULL::text,
           CASE WHEN made.channel = 'import' THEN 'import' WHEN made.actor_kind = 'service' THEN 'system'
                ELSE 'by_hand' END,
           false, NULL::date, made.actor_id, made.actor_kind, a.created_at
    FROM accounts AS a
    CROSS JOIN LATERAL (VALUES ('grade', a.grade), ('lifecycle_stage', a.lifecycle_stage),
        ('relationship_level', a.relationship_level), ('needs_tier', a.needs_tier)) AS own(dimension, value)
    LEFT JOIN (SELECT DISTINCT ON (dimension) dimension, from_value FROM told ORDER BY dimension, version)
        AS first ON first.dimension = own.dimension
    LEFT JOIN LATERAL (SELECT e.actor_id, e.actor_kind, e.channel FROM events AS e
        WHERE e.organisation_id = $2 AND e.subject_id = $3 AND e.version = 1
          AND e.subject_type = 'account' AND e.type = 'contacts.account.created' LIMIT 1) AS made ON true
    WHERE a.organisation_id = $2 AND a.id = $3
), dated AS (
    SELECT *, coalesce(effective_on, (at AT TIME ZONE $4)::date) AS since
    FROM (SELECT * FROM told UNION ALL SELECT * FROM began) AS entries
    WHERE version > 1 OR to_value IS NOT NULL
), placed AS (
    SELECT dated.*, lead(since) OVER later AS until,
           row_number() OVER (PARTITION BY dimension ORDER BY version DESC) = 1 AS is_newest,
           row_number() OVER (ORDER BY version DESC, dimension DESC) AS place
    FROM dated WINDOW later AS (PARTITION BY dimension ORDER BY version)
), page AS (
    SELECT place FROM placed WHERE (version, dimension) < ($5, $6) ORDER BY place LIMIT $7
)
SELECT placed.dimension, from_value AS "from", to_value AS "to", at, since, effective_on, until,
       greatest(0, coalesce(until, $8::date) - since) AS days, reason, source, is_correction,
       actor_id::text, actor_kind, u.name AS actor_name, placed.version, is_newest,
       page.place IS NOT NULL AS is_on_page
FROM placed LEFT JOIN page ON page.place = placed.place
LEFT JOIN directory_users AS u ON u.organisation_id = $2 AND u.id = placed.actor_id
WHERE is_newest OR page.place IS NOT NULL ORDER BY placed.place
"""


async def read_standing(
    call: Call, account_id: UUID, *, limit: int, after: Place
) -> dict[str, Any]:
    account = await reads.find_record(call, ACCOUNTS, account_id)
    asked = (call.organisation, account_id, call.by.time_zone, *after, limit + 1, call.clock.today)
    rows = await call.db.pool.fetch(bound(STANDING), str(call.organisation), *asked)
    newest = {row["dimension"]: _entry(dict(row)) for row in rows if row["is_newest"]}
    listed = [_entry(dict(row)) for row in rows if row["is_on_page"]]
    has_more, listed = len(listed) > limit, listed[:limit]
    following = cursor_of(listed[-1]) if has_more else None
    return {
        "account_id": account["id"],
        "version": account["version"],
        "present": {name: _present(name, newest.get(name)) for name in rules.DIMENSIONS},
        "needs": rules.met_tiers(newest["needs_tier"]["to"] if "needs_tier" in newest else None),
        "history": listed,
        "page": {"next_cursor": following, "has_more": has_more, "total": None},
    }


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name not in ("is_newest", "is_on_page")}


def _present(dimension: str, how: Mapping[str, Any] | None) -> dict[str, Any]:
    value = None if how is None else how["to"]
    return {"value": value, "how": how, "next": rules.reachable(dimension, value)}
