"""What a chunk of quotes is held against besides what all records with lines are: deals, people, prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_pipeline.imports.deals import Deal, deal_key, find_deals
from guanxi_pipeline.imports.lined_there import There
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.price_books.pricing import Found, find_prices_within
from guanxi_pipeline.quotes import rules
from guanxi_pipeline.quotes.lines import of_products, with_prices, with_products
from guanxi_pipeline.quotes.making import NewQuote
from guanxi_pipeline.tax_classes.service import rates_within
from guanxi_shared.db import Connection
from guanxi_shared.imports.named_records import Named, NamedRecord, find_survivors
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.many_records import Change


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be priced of a quote: `lines` None where nothing is."""

    account_id: UUID | None
    currency: str
    lines: Sequence[Mapping[str, Any]] | None


@dataclass(slots=True)
class Chunk:
    """What is there of it, and what is to be written. Prices are by the number of a quote's first row."""

    there: There
    deals: Mapping[str, Sequence[Deal]]
    accounts: Mapping[UUID, NamedRecord]  # of the deals
    contacts: Mapping[UUID, NamedRecord]
    prices: dict[int, list[Found]] = field(default_factory=dict)
    rates: Mapping[str, Any] = field(default_factory=dict)
    new: list[NewQuote] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


async def find_chunk(
    connection: Connection, organisation: UUID, preparer: Preparer[Any], there: There,
    quotes: Sequence[Prepared],
) -> Chunk:  # fmt: skip
    named: set[Named] = {each for q in quotes if (each := q.more["opportunity"]) is not None}
    if any(quote.more["sent"].get("update_opportunity") for quote in quotes):
        own = {loaded.row["opportunity_id"] for loaded in there.loaded.values()} - {None}
        named |= {Named("opportunity_id", str(id)) for id in own}
    deals = await find_deals(connection, organisation, named, await preparer.scope(OPPORTUNITIES))
    of_deals = {deal.account_id for found in deals.values() for deal in found}
    people: set[UUID | None] = {quote.more["sent"].get("contact_id") for quote in quotes}
    found = {}
    for resource, ids in (("accounts", of_deals), ("contacts", people)):
        scope = await preparer.scope(resource)
        wanted = [id for id in ids if id is not None]
        found[resource] = await find_survivors(connection, organisation, resource, wanted, scope)
    return Chunk(there, deals, found["accounts"], found["contacts"])


def deals_of(chunk: Chunk, named: Named) -> Sequence[Deal]:
    return chunk.deals.get(deal_key(named), ())


async def find_offers(
    connection: Connection, organisation: UUID, chunk: Chunk, offers: Mapping[int, Offer], on: date
) -> None:
    """Prices in a statement for each account and currency, and the rates of the tax classes of all."""
    together: dict[tuple[UUID | None, str], list[int]] = {}
    for number, offer in offers.items():
        if of_products(offer.lines or ()):
            together.setdefault((offer.account_id, offer.currency), []).append(number)
    for (account_id, currency), numbers in together.items():
        lines = [line for number in numbers for line in of_products(offers[number].lines or ())]
        prices = await find_prices_within(
            connection, organisation, lines, currency=currency, on=on, account_id=account_id
        )
        for number in numbers:
            count = len(of_products(offers[number].lines or ()))
            chunk.prices[number], prices = prices[:count], prices[count:]
    sent = {line.get("tax_class") for offer in offers.values() for line in offer.lines or ()}
    known = {price.product["tax_class"] for found in chunk.prices.values() for price in found}
    codes = [code for code in sent | known if code is not None]
    chunk.rates = await rates_within(connection, organisation, codes, on)


def priced(
    chunk: Chunk, number: int, lines: Sequence[Mapping[str, Any]], *, currency: str, mode: str,
    discount: Any,
) -> dict[str, Any]:  # fmt: skip
    """The columns of lines and totals, as a request would have them."""
    rules.demand_one_currency(lines, discount, currency)
    prices = chunk.prices.get(number, ())
    known = with_products(lines, prices, currency)
    filled = with_prices(known, prices, chunk.rates, currency=currency, mode=mode)
    rules.demand_one_currency(filled, discount, currency)
    return rules.priced(filled, currency=currency, mode=mode, discount=discount)
