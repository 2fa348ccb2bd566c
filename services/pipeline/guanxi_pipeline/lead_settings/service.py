"""The one record of an organisation that says how its leads are worked."""

from collections.abc import Mapping
from typing import Any, Final

from guanxi_pipeline.lead_settings.resources import LEAD_SETTINGS
from guanxi_pipeline.lead_settings.schemas import LeadSettingsUpdate
from guanxi_pipeline.leads.known import ways_of
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.only_record import only_record, write_only_record
from guanxi_shared.records import State

DEFAULTS: Final[Mapping[str, Any]] = {
    "first_response_minutes": None, "disqualify_reasons": [], "is_reason_free": True,
    "max_claimed": None, "is_common_pool_open": False,
}  # fmt: skip


async def get_lead_settings(call: Call) -> State:
    return await only_record(call, LEAD_SETTINGS, DEFAULTS)


async def update_lead_settings(
    call: Call, connection: Connection, data: LeadSettingsUpdate, version: int | None
) -> State:
    changes = data.model_dump(exclude_unset=True)
    state = await write_only_record(call, connection, LEAD_SETTINGS, DEFAULTS, changes, version)
    ways_of(call.house).forget(call.organisation)
    return state
