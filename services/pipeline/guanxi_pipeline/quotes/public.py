"""What a customer sees and does by the link: no account, no token, only what the link names."""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request

from guanxi_pipeline.forwarded import last_forwarded
from guanxi_pipeline.quotes import deciding
from guanxi_pipeline.quotes.link_rules import key_from
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.sending import seller_of
from guanxi_shared import logs, records
from guanxi_shared.calls import Actor, House, house
from guanxi_shared.errors import Gone, NotFound
from guanxi_shared.records import State
from guanxi_shared.signed_links import link_from
from guanxi_shared.visibility import EVERYTHING

SHOWN = (
    "number", "revision", "name", "status", "currency", "price_mode", "discount", "valid_until", "terms",
    "sent_at", "decided_at",
)  # fmt: skip
OF_LINE = (
    "position", "sku", "name", "description", "quantity", "unit", "unit_price", "discount", "tax_rate", "amount",
    "net", "tax", "gross",
)  # fmt: skip
OFFER = """
SELECT as_shown, (SELECT k.name FROM known_accounts k WHERE k.organisation_id = $2 AND k.id = q.account_id) AS customer
FROM quotes q WHERE q.organisation_id = $2 AND q.id = $3 AND q.sent_at IS NOT NULL AND q.deleted_at IS NULL
"""
LONGEST_AGENT = 500
Decide = Callable[..., Awaitable[State]]


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody with a link that holds."""

    house: House
    organisation: UUID
    quote_id: UUID
    seller: Mapping[str, Any]

    @property
    def today(self) -> date:
        return datetime.now(ZoneInfo(self.seller["time_zone"])).date()


async def begin_visit(request: Request) -> Visit:
    """NotFound for a token that is none of ours, Gone for one whose time has passed."""
    here = house(request)
    link = link_from(request.path_params["token"], key_from(here.common.service_secret))
    if link is None:
        raise NotFound("There is no offer at this address.")
    if link.expires_at <= datetime.now(UTC):
        raise Gone("This link has run out.", code="link_expired")
    logs.organisation_id.set(str(link.organisation_id))
    seller = await seller_of(here, link.organisation_id)
    return Visit(here, link.organisation_id, link.record_id, seller)


async def read_offer(visit: Visit) -> tuple[State, str | None]:
    """The quote as it is kept, and the customer's name. One that was withdrawn is shown no more."""
    row = await visit.house.db.fetchrow(
        visit.organisation, OFFER, visit.organisation, visit.quote_id
    )
    if row is None:
        raise NotFound("There is no offer at this address.")
    state: State = orjson.loads(row["as_shown"])
    if state["status"] == "withdrawn":
        raise Gone("This offer was withdrawn.", code="offer_closed")
    return state, row["customer"]


def as_offered(visit: Visit, quote: Mapping[str, Any], customer: str | None) -> dict[str, Any]:
    """Nothing of what it costs us, who approved it, or what else is known of the customer."""
    totals = {name: value for name, value in quote["totals"].items() if name != "cost"}
    decision = quote["decision"]
    return {
        **{name: quote[name] for name in SHOWN},
        "seller": visit.seller["name"], "customer": customer,
        "lines": [{name: line[name] for name in OF_LINE} for line in quote["lines"]],
        "totals": totals, "decided_by": None if decision is None else decision["name"],
    }  # fmt: skip


async def decide(
    request: Request, visit: Visit, verb: Decide, name: str, comment: str | None
) -> tuple[State, str | None]:
    """One answer, under the quote's lock."""
    decision = deciding.decision_of(
        name, comment, address=address_of(request),
        user_agent=(request.headers.get("user-agent") or "")[:LONGEST_AGENT] or None,
    )  # fmt: skip
    actor = Actor(
        id=None, kind="customer", channel="link", request_id=logs.request_id.get() or None,
        trace_id=logs.trace_id.get() or None,
    )  # fmt: skip
    async with visit.house.db.transaction(visit.organisation) as connection:
        loaded = await records.load_record(connection, QUOTES, visit.quote_id, scope=EVERYTHING)
        if loaded.row["sent_at"] is None:
            raise NotFound("There is no offer at this address.")
        await verb(connection, loaded, decision, actor=actor, today=visit.today)
    return await read_offer(visit)


def address_of(request: Request) -> str | None:
    """Whence the answer came: the last address that was added, by our own gateway; else the peer's."""
    peer = request.client.host if request.client is not None else ""
    for text in (last_forwarded(request), peer):
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            continue
    return None
