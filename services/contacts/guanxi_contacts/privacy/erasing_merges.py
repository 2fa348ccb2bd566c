"""How a person is erased from what merging keeps: states before and after, and moved children."""

from typing import Final

from guanxi_contacts.privacy.erasing import Erasing

MERGES: Final = """
UPDATE merges SET before = '{}', after = '{}', fields = '{}', kept = '[]', updated_at = $4
WHERE organisation_id = $1 AND resource = $2 AND (survivor_id = ANY($3::uuid[]) OR source_ids && $3::uuid[])
RETURNING id
"""
MOVES: Final = """
UPDATE merge_moves SET before = 'null', after = 'null'
WHERE organisation_id = $1 AND merge_id = ANY($2::uuid[])
"""


async def erase_merges(erasing: Erasing) -> dict[str, int]:
    rows = await erasing.connection.fetch(
        MERGES, erasing.organisation, erasing.kind.resource.name, list(erasing.person_ids),
        erasing.erased_at,
    )  # fmt: skip
    moves = await erasing.connection.execute(
        MOVES, erasing.organisation, [row["id"] for row in rows]
    )
    return {"merges": len(rows), "merge_moves": int(moves.rpartition(" ")[2])}
