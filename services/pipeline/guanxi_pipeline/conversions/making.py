"""The last step: the deal and the lead's new state, in one transaction."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_pipeline.conversions import kept
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.rules import demand_open
from guanxi_pipeline.leads.writing import write_lead
from guanxi_pipeline.opportunities.schemas import OpportunityCreate
from guanxi_pipeline.opportunities.service import create_opportunity
from guanxi_pipeline.privacy.service import erase_what_came_late
from guanxi_pipeline.references.service import known_or_trusted
from guanxi_pipeline.settings import own_settings
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import parse_object


async def make_opportunity(
    call: Call, connection: Connection, plan: Mapping[str, Any], *, lead_id: UUID | None
) -> State:
    """The deal of a plan, with the account and the person that the plan chose."""
    account_id, contact_id = plan["account_id"], plan["contact_id"]
    linked: dict[str, Any] = {"id": plan["opportunity_id"]}
    if account_id is not None:
        linked["account_id"] = account_id
    if contact_id is not None:
        linked["contacts"] = [{"contact_id": contact_id, "is_primary": True}]
    data = parse_object(OpportunityCreate, {**plan["new_opportunity"], **linked})
    trusted = frozenset(id for id in (account_id, contact_id) if id is not None)
    return await create_opportunity(call, connection, data, trusted=trusted, lead_id=lead_id)


async def complete(call: Call, conversion_id: UUID) -> None:
    """Everything is there: the deal, the lead's state and the end of the conversion, or none of it."""
    organisation = call.organisation
    async with call.db.transaction(organisation) as connection:
        row = await connection.fetchrow(kept.ONE, organisation, conversion_id)
        if row is None or row["status"] != "pending":
            return
        plan = kept.read(row)
        loaded = await records.load_record(connection, LEADS, plan["lead_id"], scope=EVERYTHING)
        demand_open(loaded.row)
        if plan["new_opportunity"] is not None:
            await make_opportunity(call, connection, plan, lead_id=loaded.id)
        changes = {
            "status": "converted", "converted_at": datetime.now(UTC), "conversion_id": None,
            "opportunity_id": plan["opportunity_id"], "claimed_at": None,
            "account_id": await _meant(call, "accounts", plan["account_id"]),
            "contact_id": await _meant(call, "contacts", plan["contact_id"]),
        }  # fmt: skip
        await write_lead(call, connection, loaded, changes, verb="converted")
        await connection.execute(kept.END, organisation, conversion_id, "done")
        became = {"contact": plan["contact_id"], "account": plan["account_id"]}
        files_dir = own_settings(call).files_dir
        await erase_what_came_late(connection, organisation, became, files_dir)


async def _meant(call: Call, resource: str, id: UUID | None) -> UUID | None:
    """The survivor, where it was merged meanwhile."""
    if id is None:
        return None
    return (await known_or_trusted(call, resource, [id]))[id].id
