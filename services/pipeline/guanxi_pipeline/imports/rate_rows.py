"""Rows of a file as exchange rates: one a pair and day, recognised by these."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from guanxi_pipeline.imports.blaming import reasons_of
from guanxi_pipeline.imports.rate_fields import RATE_FIELDS
from guanxi_pipeline.rates.resources import EXCHANGE_RATES
from guanxi_pipeline.rates.schemas import ExchangeRateCreate, ExchangeRateUpdate
from guanxi_pipeline.rates.service import columns_of_rate, demand_pair
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.kept_rows import Postponed
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.prepared import CREATED, UNCHANGED, UPDATED, Outcome, Prepared, Terms
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst, read_row, validated
from guanxi_shared.imports.references import take_turns
from guanxi_shared.resources import Resource
from guanxi_shared.tables.rows import Row
from guanxi_shared.visibility import EVERYTHING

DAY: Final = "valid_on"
DAY_KIND: Final = "r:"
PAIR: Final = ("currency", "base", DAY)
OF_DAYS: Final = """
SELECT r.id FROM exchange_rates r
JOIN unnest($2::text[], $3::text[], $4::date[]) AS asked (currency, base, day)
  ON r.currency = asked.currency AND r.base = asked.base AND r.valid_on = asked.day
WHERE r.organisation_id = $1 AND r.deleted_at IS NULL
"""


def keys_of_rate(row: Mapping[str, Any]) -> Sequence[str]:
    return [f"{DAY_KIND}{row['currency']} {row['base']} {row[DAY].isoformat()}"]


class RatePreparation:
    """Rows of rates are held against nothing but the model and the rule of a pair."""

    def __init__(self, held: HeldAgainst) -> None:
        self.held = held
        self._base = held.empty_row(EXCHANGE_RATES, {})

    def prepare(self, row: Row) -> Prepared:
        found, document, _ = read_row(row, self.held)
        if row.problem is not None:
            return found
        is_whole = self.held.options.key != "id" or "id" not in document
        sent = validated(
            found, document, self.held.cells, new=ExchangeRateCreate, change=ExchangeRateUpdate,
            is_new=is_whole or document.keys() >= {*PAIR, "rate"},
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        found.wanted_id = sent.pop("id", None)
        found.columns = columns_of_rate(sent)
        if sent.keys() >= {*PAIR, "rate"}:
            self._prepare_new(found)
        return found

    def _prepare_new(self, found: Prepared) -> None:
        try:
            demand_pair(found.columns)
        except Invalid as problem:
            found.reasons.extend(self.blame(problem, found.cells))
            return
        found.fresh = {**self._base, **found.columns, "id": found.wanted_id or new_id()}
        if self.held.options.key == DAY:
            found.keys = keys_of_rate(found.columns)

    def blame(self, problem: Invalid, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self.held.cells.column_of)


class RateRows:
    """The target of an import of exchange rates; see guanxi_shared/imports/target.py."""

    resources: Sequence[Resource] = (EXCHANGE_RATES,)

    def __init__(self, preparer: Preparer[RatePreparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        self._index = KeyIndex(EXCHANGE_RATES, terms.organisation_id, {DAY_KIND})

    async def refresh(self) -> None:
        await self._preparer.refresh()

    @property
    def preparation(self) -> RatePreparation:
        return self._preparer.now

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        book = Book(EXCHANGE_RATES, self._terms, index=self._index, keys_of=keys_of_rate)
        outcome = Outcome()
        await take_turns(connection, self._terms)
        await self._load(connection, book, rows)
        for row in rows:
            if not row.reasons and row.fresh is None and row.wanted_id not in book.entries:
                row.reasons.append(reason(None, "", "There is no exchange rate with this id."))
            decided = decide(row, book, self._terms.options, scope=EVERYTHING, outcome=outcome)
            if decided == CREATE:
                self._create(row, book, outcome)
            elif isinstance(decided, Entry):
                self._change(row, decided, book, outcome)
        await book.write(connection)
        return outcome

    async def link(self, connection: Connection, rows: Sequence[Postponed]) -> Outcome:
        return Outcome()  # nothing of a rate is put off

    async def _load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        """Those that have the ids of rows, and those of their pairs and days."""
        whole = [row.columns for row in rows if row.fresh is not None]
        currencies, bases, days = ([each[name] for each in whole] for name in PAIR)
        stored = await connection.fetch(
            OF_DAYS, self._terms.organisation_id, currencies, bases, days
        )
        keys = {key for each in whole for key in keys_of_rate(each)}
        await book.load_meant(connection, rows, ids=[each["id"] for each in stored], keys=keys)

    def _create(self, row: Prepared, book: Book, outcome: Outcome) -> None:
        assert row.fresh is not None
        if (taken := self._taken(row.fresh, book, None)) is not None:
            return outcome.refuse(row, taken)
        book.create(dict(row.fresh), {})
        outcome.counts[CREATED] += 1
        return None

    def _change(self, row: Prepared, entry: Entry, book: Book, outcome: Outcome) -> None:
        whole = {**entry.row, **row.columns}
        try:
            demand_pair(whole)
        except Invalid as problem:
            return outcome.refuse(row, *self.preparation.blame(problem, row.cells))
        if (taken := self._taken(whole, book, entry)) is not None:
            return outcome.refuse(row, taken)
        outcome.counts[UPDATED if book.update(entry, row.columns) else UNCHANGED] += 1
        return None

    def _taken(
        self, whole: Mapping[str, Any], book: Book, own: Entry | None
    ) -> dict[str, Any] | None:
        """Why a second rate of the pair on the day is not taken, as the API says it."""
        if all(each is own for each in book.find(keys_of_rate(whole))):
            return None
        day: date = whole[DAY]
        column, pair = self._preparer.column_of(DAY), f"{whole['currency']} to {whole['base']}"
        sentence = f"{column}: there is a rate from {pair} for {day} already"
        return reason(column, day.isoformat(), sentence)


async def _target(taking: Taking) -> RateRows:
    async def make(held: HeldAgainst) -> RatePreparation:
        return RatePreparation(held)

    return RateRows(Preparer(EXCHANGE_RATES, taking, make), taking.terms)


RATE_IMPORT = Importable(
    resource=EXCHANGE_RATES,
    fields=RATE_FIELDS,
    keys=frozenset({"none", "id", DAY}),
    named_by=frozenset(),
    target=_target,
)
