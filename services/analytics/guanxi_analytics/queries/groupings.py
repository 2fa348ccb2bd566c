"""What accounts are put into, segments and territories: which of them a question is about, and which of those its asker
sees. What they do not see has no accounts for them."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from guanxi_analytics.queries.dimensions import DIMENSIONS
from guanxi_analytics.queries.segment_rows import SEGMENT_ID, seen_segments
from guanxi_analytics.queries.territory_rows import TERRITORY_ID, seen_territories
from guanxi_shared.calls import Call
from guanxi_shared.filters import Groups
from guanxi_shared.visibility import Scope

# By the field that says so.
GROUPINGS: Final = {SEGMENT_ID: "segments", TERRITORY_ID: "territories"}
SEEN: Final = {"segments": seen_segments, "territories": seen_territories}


def told_by(dimensions: Iterable[str]) -> set[str]:
    """The resources by which dimensions tell accounts apart."""
    fields = {DIMENSIONS[name].put_into for name in dimensions if name in DIMENSIONS}
    return {GROUPINGS[field] for field in fields if field is not None}


def named_in(groups: Groups) -> set[str]:
    """Those that filters ask for."""
    fields = {each.field.name for group in groups for each in group}
    return {GROUPINGS[field] for field in fields if field in GROUPINGS}


async def seen_groupings(call: Call, asked: Collection[str]) -> dict[str, Any]:
    """The values that statements take; Forbidden without the permission to read what is asked for."""
    found: dict[str, Any] = {}
    for name, seen in SEEN.items():
        if name in asked:
            call.by.demand(f"{name}:read")
        found |= seen(await call.scope(name) if name in asked else Scope())
    return found
