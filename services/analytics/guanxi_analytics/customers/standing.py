"""Where a customer stands in the value matrix, and since when."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.value_matrix.reading import LABELS, MODEL_NOW
from guanxi_shared.calls import Call
from guanxi_shared.db import bound

UNFITTED: Final = "Nothing was fitted yet: POST /v1/analytics/models/fit."
MOVED: Final = """
SELECT before, moved_at FROM quadrant_moves
WHERE organisation_id = $2 AND customer_id = $3 AND currency = $4 ORDER BY moved_at DESC LIMIT 1
"""
Row = Mapping[str, Any]


async def read_standing(
    call: Call, customer_id: UUID, outlooks: Sequence[Row]
) -> tuple[dict[str, Any], str]:
    """The quadrant, and why there is no outlook, where there is none."""
    row = await call.db.pool.fetchrow(bound(MODEL_NOW), str(call.organisation), call.organisation)
    model = None if row is None else dict(row)
    found: dict[str, Any] = dict.fromkeys(("quadrant", "labels", "currency", "before", "since"))
    told = _told(model, outlooks)
    placed = next((row for row in outlooks if row["quadrant"] is not None), None)
    if placed is None:
        no = "What they may bring could not be told: nobody's spending in that currency was, or they bought in several."
        return found | {"sentence": no if outlooks else told}, told
    move = await call.db.pool.fetchrow(
        bound(MOVED), str(call.organisation), call.organisation, customer_id, placed["currency"]
    )
    labels = LABELS[placed["quadrant"]]
    return found | {
        "quadrant": placed["quadrant"], "labels": labels, "currency": placed["currency"],
        "before": move and move["before"], "since": move and move["moved_at"],
        "sentence": f"{labels['en']}. By the model of {placed['until']}; its verdict is {placed['verdict']}.",
    }, told  # fmt: skip


def _told(model: Row | None, outlooks: Sequence[Row]) -> str:
    if model is None:
        return UNFITTED
    if outlooks:
        return f"As of the end of {model['until']}."
    if model["verdict"] in ("use", "weak"):
        return f"They had bought nothing by {model['until']}."
    return str(model["sentence"])
