"""One box that finds accounts and people alike."""

import asyncio
from typing import Any

from guanxi_contacts.resources import RESOURCES
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.resources import Resource

SHOWN = {
    "account": ("id", "name", "short_name", "industry", "region", "phones", "emails", "owner_id"),
    "contact": ("id", "name", "title", "accounts", "phones", "emails", "owner_id"),
}


async def search_everything(call: Call, text: str, *, limit: int) -> list[dict[str, Any]]:
    """Best first over all resources that the caller may read, `limit` in all."""
    readable = [r for r in RESOURCES if call.by.may(r.permission("read"))]
    found = await asyncio.gather(*(_in_one(call, r, text, limit) for r in readable))
    merged = [entry for entries in found for entry in entries]
    merged.sort(key=lambda entry: (-entry["rank"], entry["id"]))
    return merged[:limit]


async def _in_one(call: Call, resource: Resource, text: str, limit: int) -> list[dict[str, Any]]:
    rows = await reads.ranked(call, resource, text, fields=SHOWN[resource.noun], limit=limit)
    return [{"type": resource.noun, "rank": round(rank, 4), **row} for rank, row in rows]
