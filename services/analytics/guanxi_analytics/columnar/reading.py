"""Snapshots that are kept, the newest first."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import bound

READ: Final = """
SELECT id, made_at, watermark::text, rows, months::text, engine, code_version, features::text, compared::text
FROM fact_snapshots WHERE organisation_id = $2 AND ($3::uuid IS NULL OR id = $3) ORDER BY made_at DESC, id DESC
"""
DOCUMENTS: Final = ("watermark", "months", "features", "compared")


async def read_snapshots(call: Call, id: UUID | None = None) -> list[dict[str, Any]]:
    rows = await call.db.pool.fetch(bound(READ), str(call.organisation), call.organisation, id)
    return [_shown(dict(row)) for row in rows]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(row) | {name: orjson.loads(row[name]) for name in DOCUMENTS}
    return found | {"compared": found["compared"] or None}  # nothing was sold: nothing was compared
