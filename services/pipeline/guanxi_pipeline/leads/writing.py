"""Every change of a lead goes through here: its score follows it in the same write."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from guanxi_pipeline.leads.known import ways_of
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.scorecards.scoring import scored
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.records import Loaded, State


async def write_lead(
    call: Call, connection: Connection | Deferred, loaded: Loaded, changes: Mapping[str, Any], *,
    verb: str, more: Mapping[str, Any] | None = None,
) -> State:  # fmt: skip
    """See `records.update_record`; `changes` are stored columns, those of the score are added."""
    card = (await ways_of(call.house).of(call.organisation)).scorecard
    whole = {**loaded.row, **changes}
    score = await scored(call, connection, card, whole, datetime.now(UTC))
    return await records.update_record(
        connection, LEADS, loaded, {**changes, **score}, actor=call.actor, verb=verb, more=more
    )
