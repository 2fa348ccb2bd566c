"""Who is one person among the copies of another service's records: those that were merged, there and back."""

from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection

# Whichever of them is told of first.
ONE_PERSON: Final = """
WITH RECURSIVE one AS (
  SELECT $2::uuid AS id
  UNION SELECT CASE WHEN k.id = one.id THEN k.merged_into_id ELSE k.id END FROM one
  JOIN known_{noun}s k ON k.organisation_id = $1 AND (k.id = one.id OR k.merged_into_id = one.id))
SELECT id FROM one WHERE id IS NOT NULL
"""


async def known_ids(
    connection: Connection, organisation: UUID, noun: str, subject_id: UUID
) -> list[UUID]:
    sql = ONE_PERSON.format(noun=noun)
    return [row["id"] for row in await connection.fetch(sql, organisation, subject_id)]
