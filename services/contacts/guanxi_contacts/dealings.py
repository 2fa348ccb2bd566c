"""What has been going on with accounts, as far as the rules of pools ask: facts that move forward.

Called in the transaction of whatever happened; an older fact changes nothing, whatever the order in
which they come. A newer one ends a warning: the time counts anew.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred

# A moment still to come would protect an account until then and beyond. Rows are taken in one
# order, so that two writers of the same accounts never wait for each other.
NOTE = """
INSERT INTO account_dealings AS d (organisation_id, account_id, owned_since, {column})
SELECT a.organisation_id, a.id, CASE WHEN a.owner_id IS NOT NULL THEN a.created_at END, {value}
FROM accounts a {those} ORDER BY a.id
ON CONFLICT (organisation_id, account_id) DO UPDATE SET {column} = excluded.{column}, warned_at = NULL
WHERE d.{column} IS NULL OR d.{column} < excluded.{column}
"""
ALIKE = "WHERE a.organisation_id = $1 AND a.id = ANY($2::uuid[])"
EACH = """JOIN unnest($2::uuid[], $3::timestamptz[]) AS told (id, at) ON told.id = a.id
WHERE a.organisation_id = $1"""
PAST = "least({}, clock_timestamp())"
ACTIVITY = NOTE.format(column="last_activity_at", those=ALIKE, value=PAST.format("$3::timestamptz"))
WON = NOTE.format(column="last_won_at", those=EACH, value=PAST.format("told.at"))
CONTRACT = NOTE.format(column="contract_ends_on", those=ALIKE, value="$3::date")

# Of accounts that become one, the newest facts.
ABSORB = """
INSERT INTO account_dealings AS d
  (organisation_id, account_id, owned_since, last_activity_at, last_won_at, contract_ends_on)
SELECT a.organisation_id, a.id, CASE WHEN a.owner_id IS NOT NULL THEN a.created_at END,
       max(o.last_activity_at), max(o.last_won_at), max(o.contract_ends_on)
FROM accounts a JOIN account_dealings o ON o.organisation_id = a.organisation_id AND o.account_id = ANY($3::uuid[])
WHERE a.organisation_id = $1 AND a.id = $2 GROUP BY a.organisation_id, a.id
ON CONFLICT (organisation_id, account_id) DO UPDATE SET
  last_activity_at = greatest(d.last_activity_at, excluded.last_activity_at),
  last_won_at = greatest(d.last_won_at, excluded.last_won_at),
  contract_ends_on = greatest(d.contract_ends_on, excluded.contract_ends_on)
"""


async def note_activity(
    connection: Connection | Deferred, organisation: UUID, account_ids: Iterable[UUID], at: datetime
) -> None:
    """Something was done with these accounts at that time."""
    await connection.execute(ACTIVITY, organisation, list(account_ids), at)


async def note_won(
    connection: Connection, organisation: UUID, won: Mapping[UUID, datetime]
) -> None:
    """By account when a deal with it was won."""
    await connection.execute(WON, organisation, [*won], [*won.values()])


async def note_contract(
    connection: Connection, organisation: UUID, account_ids: Iterable[UUID], ends_on: date
) -> None:
    """These accounts have a contract that lasts until that day, it included."""
    await connection.execute(CONTRACT, organisation, list(account_ids), ends_on)


async def absorb(
    connection: Connection, organisation: UUID, account_id: UUID, other_ids: Iterable[UUID]
) -> None:
    """The facts of other accounts count for this one too (they are merged into it)."""
    await connection.execute(ABSORB, organisation, account_id, list(other_ids))
