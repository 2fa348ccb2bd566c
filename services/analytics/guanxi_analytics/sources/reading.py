"""How far each source has been heard: what was applied, and what its feed holds beyond that."""

import asyncio
from typing import Any, Final

import orjson

from guanxi_analytics.heard.peers import SOURCES
from guanxi_shared.calls import House
from guanxi_shared.errors import Problem
from guanxi_shared.peers import peer_client

CURSORS: Final = """
SELECT consumer, epoch, position, updated_at FROM feed_cursors WHERE consumer = ANY($1::text[])
"""
PATIENCE_SECONDS: Final = 2.0


async def read_sources(here: House) -> list[dict[str, Any]]:
    """In the order of SOURCES. A peer that is away leaves its lag unknown."""
    async with here.db.transaction(None) as connection:
        rows = await connection.fetch(CURSORS, list(SOURCES))
    known = {row["consumer"]: row for row in rows}
    heads = await asyncio.gather(*(_head(here, name) for name in SOURCES))
    return [_shown(name, known.get(name), head) for name, head in zip(SOURCES, heads, strict=True)]


async def _head(here: House, name: str) -> int | None:
    """The position of the peer's newest event."""
    client = peer_client(here, name)
    if client is None:
        return None
    try:
        response = await client.request(
            "GET", "/internal/events", params={"after": 2**61, "limit": 1, "wait": 0},
            timeout_seconds=PATIENCE_SECONDS,
        )  # fmt: skip
    except (Problem, OSError):
        return None
    return int(orjson.loads(response.content)["head"])


def _shown(name: str, row: Any, head: int | None) -> dict[str, Any]:
    position = row["position"] if row else 0
    lag = None if head is None else max(head - position, 0)
    return {
        "source": name, "position": position, "head": head, "lag": lag,
        "epoch": str(row["epoch"]) if row and row["epoch"] else None,
        "is_reachable": head is not None, "is_up_to_date": lag == 0,
        "applied_at": row["updated_at"] if row else None,
    }  # fmt: skip
