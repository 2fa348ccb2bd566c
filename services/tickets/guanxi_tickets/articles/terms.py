"""What suggestions find articles by: a row for each word of a published text."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_tickets.articles.term_rules import weights_of

DROP = "DELETE FROM article_terms WHERE organisation_id = $1 AND article_id = $2"
KEEP = """
INSERT INTO article_terms (organisation_id, article_id, term, weight, length)
SELECT $1, $2, term, weight, $5 FROM unnest($3::text[], $4::float8[]) AS t (term, weight)
"""


async def drop_terms(
    connection: Connection | Deferred, organisation: UUID, article_id: UUID
) -> None:
    await connection.execute(DROP, organisation, article_id)


async def keep_terms(connection: Connection | Deferred, row: Mapping[str, Any]) -> None:
    weights = weights_of(row)
    place = (row["organisation_id"], row["id"])
    await drop_terms(connection, *place)
    length = sum(weights.values())
    await connection.execute(KEEP, *place, list(weights), list(weights.values()), length)
