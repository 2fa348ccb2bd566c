"""Rows of a file as quotes: whole drafts are made, changed or refused, in a few statements a chunk."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from guanxi_pipeline.imports.deals import Deal
from guanxi_pipeline.imports.lined_deciding import CREATE, Deciding
from guanxi_pipeline.imports.lined_there import find_there, word_of
from guanxi_pipeline.imports.quote_changing import change_of
from guanxi_pipeline.imports.quote_chunk import (
    Chunk,
    Offer,
    deals_of,
    find_chunk,
    find_offers,
    priced,
)
from guanxi_pipeline.imports.quote_fields import QUOTE_FIELDS
from guanxi_pipeline.imports.quote_preparing import QUOTE_ROWS, QuotePreparation
from guanxi_pipeline.imports.quote_rules import demand_new, news_in, whole_lines
from guanxi_pipeline.numbering import QUOTE_NUMBERS
from guanxi_pipeline.products.named import NamedProducts
from guanxi_pipeline.quotes import rules
from guanxi_pipeline.quotes.making import NewQuote, write_quotes
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.named_records import NamedRecord, meant
from guanxi_shared.imports.prepared import UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import take_turns
from guanxi_shared.many_records import write_many
from guanxi_shared.records import Loaded


class QuoteRows:
    """Writes chunks of quotes."""

    def __init__(
        self, preparer: Preparer[QuotePreparation], terms: Terms, products: NamedProducts
    ) -> None:
        self._preparer = preparer
        self._terms = terms
        self._products = products
        self._deciding = Deciding(terms, preparer, QUOTE_ROWS)

    @property
    def preparation(self) -> QuotePreparation:
        return self._preparer.now

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        outcome = Outcome()
        quotes = [row for row in rows if not self._deciding.refused_already(row, outcome)]
        if not quotes:
            return outcome
        await take_turns(connection, self._terms)
        chunk = await self._look_up(connection, quotes)
        self._deciding.each(
            quotes, self.preparation.gathering, outcome,
            lambda quote: self._decide(quote, chunk, outcome),
        )  # fmt: skip
        if not self._terms.is_dry:
            organisation, actor = self._terms.organisation_id, self._terms.actor
            await write_quotes(connection, organisation, chunk.new, actor=actor)
            await write_many(connection, QUOTES, chunk.changes, actor=actor)
        return outcome

    async def _look_up(self, connection: Connection, quotes: Sequence[Prepared]) -> Chunk:
        """What is there, whom and what the quotes name, and what that costs."""
        organisation = self._terms.organisation_id
        there = await find_there(
            connection, self._terms, self._preparer, self._products, QUOTES, QUOTE_NUMBERS, quotes
        )
        chunk = await find_chunk(connection, organisation, self._preparer, there, quotes)
        for quote in quotes:
            self._name(quote, chunk)
        offers = {quote.number: self._offer(quote, chunk) for quote in quotes}
        today = self.preparation.today
        await find_offers(connection, organisation, chunk, offers, today)
        return chunk

    def _name(self, quote: Prepared, chunk: Chunk) -> None:
        """Products, account, deal and person as they are there; reasons of the rows where they are not."""
        sent, first = quote.more["sent"], quote.more["rows"][0]
        self._deciding.blame_unknown_products(quote, chunk.there.products)
        if sent.get("lines"):
            named = [chunk.there.products.named(line) for line in sent["lines"]]
            sent = quote.more["sent"] = {**sent, "lines": named}
        quote.more["buyer"] = self._deciding.account_of(quote, chunk.there)
        quote.more["deal"] = self._deal_of(quote, chunk)
        if (person := sent.get("contact_id")) is not None and person not in chunk.contacts:
            column = self._preparer.column_of("contact_id")
            sentence = f"{column}: {str(person)!r}: there is no such contact"
            first.reasons.append(reason(column, str(person), sentence))

    def _deal_of(self, quote: Prepared, chunk: Chunk) -> Deal | None:
        named, first = quote.more["opportunity"], quote.more["rows"][0]
        if named is None:
            return None
        column = self._preparer.column_of(named.field)
        deal = meant(first, named, deals_of(chunk, named), column, "opportunity", "opportunities")
        if deal is not None and quote.more["sent"].get("update_opportunity") and not deal.is_theirs:
            said = f"{column}: {named.text!r}: you may read this opportunity but not change it"
            first.reasons.append(reason(column, named.text, said))
        return deal

    def _offer(self, quote: Prepared, chunk: Chunk) -> Offer:
        sent, present = quote.more["sent"], self._present(quote, chunk)
        if present is None:
            buyer = _buyer(quote, chunk)
            currency = sent.get("currency") or self.preparation.own_currency
            lines = whole_lines(sent.get("lines") or ())
            return Offer(None if buyer is None else buyer.id, currency, lines)
        news, row, named = news_in(sent, present.row), present.row, quote.more["buyer"]
        account_id = row["account_id"] if named is None else named.id
        lines = rules.lines_to_fill({**news, "account_id": account_id}, row)
        return Offer(account_id, news.get("currency", row["currency"]), lines)

    def _present(self, quote: Prepared, chunk: Chunk) -> Loaded | None:
        """The one that it would change."""
        word = word_of(self._terms.options.key, quote)
        known = [] if word is None else chunk.there.known.get(word, [])
        return chunk.there.loaded.get(known[0]) if len(known) == 1 else None

    def _decide(self, quote: Prepared, chunk: Chunk, outcome: Outcome) -> None:
        decided = self._deciding.decide(quote, chunk.there, outcome)
        if decided == CREATE:
            self._create(quote, chunk, outcome)
        elif isinstance(decided, Loaded):
            self._change(quote, decided, chunk, outcome)

    def _create(self, quote: Prepared, chunk: Chunk, outcome: Outcome) -> None:
        demand_new(quote.more["status"], quote.more["revision"])
        if (said := self._deciding.against_new(quote, chunk.there)) is not None:
            return self._deciding.refuse(quote, outcome, said)
        row, buyer = self._row(quote, chunk), _buyer(quote, chunk)
        if buyer is not None:
            row["account_id"] = buyer.id
        elif (deal := quote.more["deal"]) is not None and deal.account_id is not None:
            said = "The account of its opportunity is none that you see; name another one."
            return self._deciding.refuse(quote, outcome, said)
        chunk.new.append(NewQuote(row, None if buyer is None else buyer.name))
        return self._deciding.note_new(quote, chunk.there, row["id"], outcome)

    def _row(self, quote: Prepared, chunk: Chunk) -> dict[str, Any]:
        """All of a new draft but its account, and its number if none is brought."""
        prepared, sent, deal = self.preparation, quote.more["sent"], quote.more["deal"]
        id, now = quote.wanted_id or new_id(), datetime.now(UTC)
        row = {
            **prepared.empty,
            "owner_id": prepared.held.staff.by.user_id,
            **sent,
            "id": id,
            "first_id": id,
        }
        if deal is not None:
            row |= {"opportunity_id": deal.id, "name": sent.get("name") or deal.name or None}
        if sent.get("contact_id") is not None:
            row["contact_id"] = chunk.contacts[sent["contact_id"]].id
        row["currency"] = sent.get("currency") or prepared.own_currency
        row["custom"] = prepared.held.custom({}, sent.get("custom", {}))
        row |= {"created_at": min(quote.more["created_at"] or now, now), "updated_at": now}
        return row | priced(
            chunk, quote.number, whole_lines(row["lines"]), currency=row["currency"], mode=row["price_mode"],
            discount=row["discount"],
        )  # fmt: skip

    def _change(self, quote: Prepared, loaded: Loaded, chunk: Chunk, outcome: Outcome) -> None:
        change = change_of(loaded, quote, chunk, custom=self.preparation.held.custom)
        size = len(quote.more["rows"])
        if change is None:
            outcome.counts[UNCHANGED] += size
            return
        chunk.changes.append(change)
        outcome.counts[UPDATED] += size


def _buyer(quote: Prepared, chunk: Chunk) -> NamedRecord | None:
    """The account of a new one: that is named, else that of its deal."""
    named: NamedRecord | None = quote.more["buyer"]
    deal: Deal | None = quote.more["deal"]
    if named is not None or deal is None or deal.account_id is None:
        return named
    return chunk.accounts.get(deal.account_id)


async def _target(taking: Taking) -> PreparedTarget[QuotePreparation]:
    async def make(held: HeldAgainst) -> QuotePreparation:
        return QuotePreparation(held, taking)

    preparer = Preparer(QUOTES, taking, make)
    products = NamedProducts(taking.terms.organisation_id)
    written = QuoteRows(preparer, taking.terms, products)
    return PreparedTarget(preparer, written.write, resources=(), kept=[products])


QUOTE_IMPORT = Importable(
    resource=QUOTES,
    fields=QUOTE_FIELDS,
    keys=frozenset({"none", "id", *QUOTE_ROWS.keys}),
    named_by=frozenset(),
    target=_target,
    together=(*QUOTE_ROWS.keys, "id"),
)
