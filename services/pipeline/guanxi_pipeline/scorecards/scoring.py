"""Scores leads as they are written, and all open ones anew when the scorecard changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guanxi_pipeline.leads.fitting import fitting
from guanxi_pipeline.leads.known import Scorecard
from guanxi_pipeline.scorecards import rules
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred


async def scored(
    call: Call, connection: Connection | Deferred, card: Scorecard, row: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """The columns of the score for a lead as it is going to be; nothing without a scorecard."""
    if card.is_empty:
        if row.get("score") is None:
            return {}
        return {"score": None, "score_reasons": [], "scored_at": now}
    asked = [criterion["filter_groups"] for criterion in card.criteria]
    fits = await fitting(call, connection, row, asked) if asked else []
    reasons = rules.reasons_for(card.criteria, fits, card.questions, row.get("answers") or {})
    score = rules.score_of(reasons)
    if score == row.get("score") and reasons == row.get("score_reasons"):
        return {}
    return {"score": score, "score_reasons": reasons, "scored_at": now}
