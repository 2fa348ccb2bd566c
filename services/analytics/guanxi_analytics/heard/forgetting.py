"""What a source ever told is forgotten, to be heard again from the beginning."""

from typing import Final
from uuid import UUID

from guanxi_analytics.facts.kinds import KINDS
from guanxi_analytics.facts.marks import count_change
from guanxi_analytics.summaries.writing import count_sums
from guanxi_shared.consumers import bind
from guanxi_shared.db import Connection

# What is made of a source's facts, beside the facts themselves.
MADE_OF: Final = {"pipeline": ("sale_returns", "customer_summaries")}


async def forget_source(connection: Connection, *, source: str) -> None:
    """Of every organisation: the source was restored to an earlier state, and begins anew."""
    rows = await connection.fetch("SELECT id FROM organisations() AS id ORDER BY id")
    for row in rows:
        await bind(connection, row["id"])
        await forget_organisation(connection, row["id"], source=source)


async def forget_organisation(connection: Connection, organisation: UUID, *, source: str) -> None:
    tables = [kind.table.name for kind in KINDS if kind.source == source]
    for table in (*tables, *MADE_OF.get(source, ())):
        await connection.execute(f"DELETE FROM {table} WHERE organisation_id = $1", organisation)
    await count_change(connection, organisation, source)
    if source in MADE_OF:
        await count_sums(connection, organisation)
