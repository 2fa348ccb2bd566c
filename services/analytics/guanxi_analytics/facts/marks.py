"""How often an organisation's facts changed, by source: what a kept answer is held against.

The count moves in the transaction that changes the facts, so whoever reads the count first and the facts after it has
facts that are at least as new as the count says. A feed's position would do, too, and would move with every event of
every organisation.
"""

from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection

COUNT: Final = """
INSERT INTO fact_marks AS m (organisation_id, source) VALUES ($1, $2)
ON CONFLICT (organisation_id, source) DO UPDATE SET version = m.version + 1, changed_at = clock_timestamp()
"""
# Names are in them; what else is in them is worked out again when it is asked for.
FORGET: Final = (
    "DELETE FROM report_results WHERE organisation_id = $1",
    "UPDATE report_letters SET file = NULL WHERE organisation_id = $1 AND file IS NOT NULL",
)


async def count_change(connection: Connection, organisation: UUID, source: str) -> None:
    await connection.execute(COUNT, organisation, source)


async def forget_answers(connection: Connection, organisation: UUID) -> None:
    """When somebody was erased, after `count_change`: an answer that is being made meanwhile is not kept."""
    for sql in FORGET:
        await connection.execute(sql, organisation)
