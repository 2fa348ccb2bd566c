"""Rows of a file as distributors' months: each comes out by itself and goes on from the one before, as in
requests one after the other. Months may come in any order: each is held against those that are there."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.imports.product_cells import PRODUCT, product_of
from guanxi_pipeline.imports.stock_fields import STOCK_FIELDS
from guanxi_pipeline.imports.stock_preparing import ACCOUNT, MONTH, StockPreparation
from guanxi_pipeline.products.named import FoundProducts, NamedProducts
from guanxi_pipeline.purchases.period_rules import step
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_pipeline.stock import stock_rules as rules
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_pipeline.stock.service import hold_sequences, month_taken
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Unavailable
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.row_by_row import row_by_row

# Requests about the same distributors and products wait until a chunk is written.
MOST_AT_ONCE: Final = 200
SHOWN_AS, REPORTED, EXTERNAL = "a:", "m:", "x:"
Columns = dict[str, Any]
Sequenced = tuple[UUID, str]  # who reported, what tells the product
SEQUENCES = """
SELECT DISTINCT account_id, reporter_id, product_key FROM stock_reports
WHERE organisation_id = $1 AND account_id = ANY($2::uuid[]) AND product_key = ANY($3::text[]) AND deleted_at IS NULL
"""
BY_ID = """
SELECT id, reporter_id, product_key, month FROM stock_reports
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
"""
BY_EXTERNAL_ID = """
SELECT id, reporter_id, product_key, month FROM stock_reports
WHERE organisation_id = $1 AND external_id = ANY($2::text[]) AND deleted_at IS NULL
"""
OF_MONTHS = """
SELECT s.id FROM stock_reports s
JOIN unnest($2::uuid[], $3::text[], $4::date[]) AS asked (reporter_id, product_key, month)
  ON s.reporter_id = asked.reporter_id AND s.product_key = asked.product_key AND s.month = asked.month
WHERE s.organisation_id = $1 AND s.deleted_at IS NULL
"""


def reported_key(reporter_id: UUID, product_key: str, month: date) -> str:
    return f"{REPORTED}{reporter_id} {product_key} {month.isoformat()}"


def keys_of_report(row: Mapping[str, Any]) -> Sequence[str]:
    """Who it is shown as, for rows that name an account; who reported it, for the months beside it."""
    product, month = row["product_key"], row[MONTH]
    external = [f"{EXTERNAL}{row['external_id']}"] if row["external_id"] else []
    shown = f"{SHOWN_AS}{row['account_id']} {product} {month.isoformat()}"
    return [shown, reported_key(row["reporter_id"], product, month), *external]


class StockRuling:
    """Of an account, product and month there is one report."""

    needs = "A new stock report needs an account, a product, a month and an opening."

    def __init__(
        self, preparer: Preparer[StockPreparation], terms: Terms, products: NamedProducts
    ) -> None:
        self._preparer = preparer
        self._terms = terms
        self._products = products

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        """What is locked is locked in one order: first sequences of months, then their rows by id."""
        organisation = self._terms.organisation_id
        await self._look_up(connection, rows)
        sequences = await self._sequences(connection, rows)
        known = await self._recognised(connection, rows)
        held = {*sequences, *((each["reporter_id"], each["product_key"]) for each in known)}
        if not self._terms.is_dry:
            await hold_sequences(connection, organisation, held)
            known = await self._recognised(connection, rows)
            if any((each["reporter_id"], each["product_key"]) not in held for each in known):
                raise Unavailable("Reports were given other external ids; the chunk is done again.")
        asked = set(self._months(rows, sequences))
        asked |= {(each["reporter_id"], each["product_key"], each[MONTH]) for each in known}
        beside = {(who, what, step(m, "month", n)) for who, what, m in asked for n in (-1, 0, 1)}
        parts = [list(each) for each in zip(*beside, strict=True)] or [[], [], []]
        found = await connection.fetch(OF_MONTHS, organisation, *parts)
        ids = [each["id"] for each in (*known, *found)]
        await book.load_meant(
            connection, rows, ids=ids, keys={reported_key(*each) for each in beside}
        )

    async def _look_up(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        """Accounts and products by what the rows call them."""
        named = {row.more[ACCOUNT] for row in rows if ACCOUNT in row.more}
        scope = await self._preparer.scope("accounts")
        accounts = await ACCOUNTS.find(connection, self._terms.organisation_id, named, scope)
        lines = [row.more[PRODUCT] for row in rows if PRODUCT in row.more]
        products = await self._products.find(connection, lines)
        for row in rows:
            if ACCOUNT in row.more:
                column = self._preparer.column_of(row.more[ACCOUNT].field)
                account = ACCOUNTS.meant(row, row.more[ACCOUNT], accounts, column)
                row.more["account_id"] = None if account is None else account.id
            if PRODUCT in row.more:
                self._name_product(row, products)

    def _name_product(self, row: Prepared, products: FoundProducts) -> None:
        """`more["product_keys"]` is what the product may be kept as, first what a new report has. An
        article number that is no product's stands for itself, as it does in requests."""
        line, keys = row.more[PRODUCT], []
        if "product_id" in line:
            keys = [str(UUID(line["product_id"]))]
            row.more["is_product_known"] = not products.lacks(line)
        elif "sku" in line and products.of(line) is None:
            keys = [f"sku:{line['sku']}"]
        elif (product := product_of(row, products, self._preparer.column_of)) is not None:
            keys = [str(product.id), *([f"sku:{line['sku']}"] if "sku" in line else [])]
            if row.fresh is not None:
                row.fresh["sku"] = row.fresh["sku"] or product.sku
        row.more["product_keys"] = keys

    async def _sequences(
        self, connection: Connection, rows: Sequence[Prepared]
    ) -> dict[Sequenced, set[UUID]]:
        """Who reported products of the accounts named, and whom they are shown as. Where an account's
        months are kept by the article number alone, they go on so."""
        meant = [row for row in rows if row.more.get("account_id") and row.more.get("product_keys")]
        accounts = {row.more["account_id"] for row in meant}
        keys = {key for row in meant for key in row.more["product_keys"]}
        where = (self._terms.organisation_id, list(accounts), list(keys))
        stored = await connection.fetch(SEQUENCES, *where)
        kept = {(each["account_id"], each["product_key"]) for each in stored}
        found: dict[Sequenced, set[UUID]] = {}
        for each in stored:
            whose = (each["reporter_id"], each["product_key"])
            found.setdefault(whose, set()).add(each["account_id"])
        for row in meant:
            account, keys_of = row.more["account_id"], row.more["product_keys"]
            own = next((key for key in keys_of if (account, key) in kept), keys_of[0])
            row.more["product_key"] = own
            found.setdefault((account, own), set()).add(account)
            if self._terms.options.key == MONTH and MONTH in row.more:
                month = row.more[MONTH].isoformat()
                row.keys = [f"{SHOWN_AS}{account} {key} {month}" for key in keys_of]
        return found

    def _months(
        self, rows: Sequence[Prepared], sequences: Mapping[Sequenced, set[UUID]]
    ) -> Iterable[tuple[UUID, str, date]]:
        """The months that rows speak of, in every sequence that may be theirs."""
        by_account: dict[tuple[UUID, str], list[Sequenced]] = {}
        for whose, accounts in sequences.items():
            for account in accounts:
                by_account.setdefault((account, whose[1]), []).append(whose)
        for row in rows:
            if MONTH in row.more and row.more.get("account_id"):
                for key in row.more.get("product_keys", ()):
                    for whose in by_account.get((row.more["account_id"], key), ()):
                        yield *whose, row.more[MONTH]

    async def _recognised(self, connection: Connection, rows: Sequence[Prepared]) -> list[Any]:
        """Those that the rows know by id or external id."""
        organisation = self._terms.organisation_id
        ids = [row.wanted_id for row in rows if row.wanted_id is not None]
        found = list(await connection.fetch(BY_ID, organisation, ids)) if ids else []
        if self._terms.options.key == "external_id":
            words = [row.columns["external_id"] for row in rows if row.keys]
            found += await connection.fetch(BY_EXTERNAL_ID, organisation, words)
        return found

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> Columns:
        if entry is None:
            columns = whole = self._new(row, book)
        else:
            _demand_same(row, entry.row)
            whole = {**entry.row, "closing": None, **row.columns}
            whole |= rules.counted(whole)
            columns = {name: whole[name] for name in {*row.columns, "closing"}}
        whose = (whole["reporter_id"], whole["product_key"])
        before, after = (
            book.find([reported_key(*whose, step(whole[MONTH], "month", n))]) for n in (-1, 1)
        )
        rules.demand_opening(whole, before[0].row if before else None)
        rules.demand_following(whole, after[0].row if after else None)
        return columns

    def _new(self, row: Prepared, book: Book) -> Columns:
        assert row.fresh is not None
        account_id, key = row.more["account_id"], row.more["product_key"]
        if not row.more.get("is_product_known", True):
            raise Invalid("There is no such product.", errors={"product_id": ""})
        product_id = None if key.startswith("sku:") else UUID(key)
        whole = {
            **row.fresh, "account_id": account_id, "reporter_id": account_id, "product_key": key,
            "product_id": product_id,
        }  # fmt: skip
        if book.find([reported_key(account_id, key, whole[MONTH])]):
            raise month_taken(whole[MONTH])
        return {**whole, **rules.counted(whole)}


def _demand_same(row: Prepared, present: Mapping[str, Any]) -> None:
    """Whose a report is, of what and when, stays; a row that says otherwise means another one."""
    for field, name in (("account_id", "account"), (MONTH, "month")):
        said = row.more.get(field)
        if said is not None and said != present[field]:
            raise Invalid(f"The report is of another {name}; that stays.", errors={field: ""})
    keys = row.more.get("product_keys")
    if keys and present["product_key"] not in keys:
        raise Invalid("The report is of another product; that stays.", errors={"product_id": ""})


async def _target(taking: Taking) -> PreparedTarget[StockPreparation]:
    async def make(held: HeldAgainst) -> StockPreparation:
        return StockPreparation(held)

    terms, preparer = taking.terms, Preparer(STOCK_REPORTS, taking, make)
    products = NamedProducts(terms.organisation_id)
    index = planned_index(STOCK_REPORTS, terms, {SHOWN_AS, REPORTED, EXTERNAL})
    return row_by_row(
        STOCK_REPORTS, preparer, terms, StockRuling(preparer, terms, products), index=index,
        keys_of=keys_of_report, kept=[products],
    )  # fmt: skip


STOCK_IMPORT = Importable(
    resource=STOCK_REPORTS,
    fields=STOCK_FIELDS,
    keys=frozenset({"none", "id", "external_id", MONTH}),
    named_by=frozenset(),
    target=_target,
    most_at_once=MOST_AT_ONCE,
)
