"""Rows of a file as exchange rates: one a pair and day, recognised by these."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.imports.rate_fields import RATE_FIELDS
from guanxi_pipeline.rates.resources import EXCHANGE_RATES
from guanxi_pipeline.rates.schemas import ExchangeRateCreate, ExchangeRateUpdate
from guanxi_pipeline.rates.service import columns_of_rate, demand_pair
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst, read_row, validated
from guanxi_shared.imports.row_by_row import row_by_row
from guanxi_shared.tables.rows import Row

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

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self.held.cells.column_of)


class RateRuling:
    """A pair has one rate on a day."""

    needs = "There is no exchange rate with this id."

    def __init__(self, organisation_id: UUID) -> None:
        self._organisation_id = organisation_id

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        """Those that have the ids of rows, and those of their pairs and days."""
        whole = [row.columns for row in rows if row.fresh is not None]
        currencies, bases, days = ([each[name] for each in whole] for name in PAIR)
        stored = await connection.fetch(OF_DAYS, self._organisation_id, currencies, bases, days)
        keys = {key for each in whole for key in keys_of_rate(each)}
        await book.load_meant(connection, rows, ids=[each["id"] for each in stored], keys=keys)

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> dict[str, Any]:
        if entry is None:
            assert row.fresh is not None
            whole, columns = row.fresh, dict(row.fresh)
        else:
            whole, columns = {**entry.row, **row.columns}, row.columns
            demand_pair(whole)
        self._demand_free(whole, book, entry)
        return columns

    def _demand_free(self, whole: Mapping[str, Any], book: Book, own: Entry | None) -> None:
        """A second rate of the pair on the day is refused, as the API says it."""
        if all(each is own for each in book.find(keys_of_rate(whole))):
            return
        day: date = whole[DAY]
        pair = f"{whole['currency']} to {whole['base']}"
        raise Invalid(f"there is a rate from {pair} for {day} already", errors={DAY: ""})


async def _target(taking: Taking) -> PreparedTarget[RatePreparation]:
    async def make(held: HeldAgainst) -> RatePreparation:
        return RatePreparation(held)

    organisation_id = taking.terms.organisation_id
    return row_by_row(
        EXCHANGE_RATES, Preparer(EXCHANGE_RATES, taking, make), taking.terms, RateRuling(organisation_id),
        index=planned_index(EXCHANGE_RATES, taking.terms, {DAY_KIND}), keys_of=keys_of_rate,
    )  # fmt: skip


RATE_IMPORT = Importable(
    resource=EXCHANGE_RATES,
    fields=RATE_FIELDS,
    keys=frozenset({"none", "id", DAY}),
    named_by=frozenset(),
    target=_target,
)
