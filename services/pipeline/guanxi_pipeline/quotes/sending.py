"""An offer goes out: sealed from now on, with a link for the customer; or is taken back."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi_pipeline.errors import ApprovalRequired, QuoteState
from guanxi_pipeline.quotes import state_rules
from guanxi_pipeline.quotes.approving import needed_steps
from guanxi_pipeline.quotes.link_rules import expiry_of, key_from
from guanxi_pipeline.quotes.reading import may_change
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.service import load_quote
from guanxi_shared import reads, records
from guanxi_shared.calls import Call, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden
from guanxi_shared.records import State
from guanxi_shared.signed_links import Link, token_of

VALID_DAYS = 30
PUBLIC = "/v1/public/quotes"
SELLER = "SELECT name, time_zone, region FROM directory_state WHERE organisation_id = $2"


async def send_quote(
    call: Call, connection: Connection, quote_id: UUID, version: int | None
) -> State:
    """Sealed and open for an answer. What needs an approval and has none is 409."""
    loaded = await load_quote(call, connection, quote_id, version)
    row, today = loaded.row, call.clock.today
    state_rules.demand("sent", row["status"])
    state_rules.demand_sendable(row, today)
    if row["status"] == "draft" and (steps := await needed_steps(call, row)):
        names = ", ".join(step["name"] for step in steps)
        raise ApprovalRequired(f"It needs an approval first ({names}): POST …/submit.", steps=steps)
    until = row["valid_until"] or today + timedelta(days=VALID_DAYS)
    changes = {"status": "sent", "sent_at": datetime.now(UTC), "valid_until": until}
    return await records.update_record(
        connection, QUOTES, loaded, changes, actor=call.actor, verb="sent"
    )


async def withdraw_quote(
    call: Call, connection: Connection, quote_id: UUID, version: int | None
) -> State:
    loaded = await load_quote(call, connection, quote_id, version)
    state_rules.demand("withdrawn", loaded.row["status"])
    return await records.update_record(
        connection, QUOTES, loaded, {"status": "withdrawn"}, actor=call.actor, verb="withdrawn"
    )


async def read_link(call: Call, quote_id: UUID) -> dict[str, Any]:
    """The link of a version that was sent: whoever gets it may answer, so it must be theirs to change."""
    quote = await reads.find_record(call, QUOTES, quote_id)
    if not await may_change(call, QUOTES, quote):
        raise Forbidden("You may read this quote but not change it.", code="read_only")
    if quote["sent_at"] is None:
        raise QuoteState(f"A quote that is {quote['status']} has no link; send it first.")
    zone = await zone_of(call.house, call.organisation)
    return link_to(call.house, call.organisation, quote, zone)


def link_to(
    here: House, organisation: UUID, quote: Mapping[str, Any], zone: ZoneInfo
) -> dict[str, Any]:
    until = quote["valid_until"]
    day = until if isinstance(until, date) else date.fromisoformat(until)
    link = Link(organisation, UUID(str(quote["id"])), expiry_of(day, zone))
    token = token_of(link, key_from(here.common.service_secret))
    return {"token": token, "path": f"{PUBLIC}/{token}", "expires_at": link.expires_at}


async def seller_of(here: House, organisation: UUID) -> dict[str, Any]:
    """Name, time zone and region of the organisation that offers."""
    rows = await here.db.lookup(organisation, SELLER, organisation)
    return dict(rows[0]) if rows else {"name": "", "time_zone": "UTC", "region": "CN"}


async def zone_of(here: House, organisation: UUID) -> ZoneInfo:
    return ZoneInfo((await seller_of(here, organisation))["time_zone"])
