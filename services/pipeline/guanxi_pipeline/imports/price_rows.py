"""Rows of a file as price books, a row for each entry: books are made or changed, their entries set. What
is not in the file stays. A book is told of once a chunk, as a patch of its entries would be."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.imports.lined_rules import differing
from guanxi_pipeline.imports.price_chunk import (
    At,
    Chunk,
    Columns,
    News,
    Price,
    as_entry,
    stored_prices,
)
from guanxi_pipeline.imports.price_fields import PRICE_FIELDS
from guanxi_pipeline.imports.price_preparing import ENTRY, NAME_KIND, PricePreparation
from guanxi_pipeline.imports.product_cells import PRODUCT, product_of
from guanxi_pipeline.price_books.entries import present_entries, set_entries, told_of
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.price_books.service import demand_order
from guanxi_pipeline.products.named import NamedProducts
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_shared.db import Connection
from guanxi_shared.errors import Problem
from guanxi_shared.imports.book import Book
from guanxi_shared.imports.book import Entry as Record
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import CREATE, decide
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.named_records import Named
from guanxi_shared.imports.prepared import (
    CREATED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    Outcome,
    Prepared,
    Terms,
)
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.references import take_turns
from guanxi_shared.visibility import EVERYTHING

EXTERNAL: Final = "x:"
BY_WORD = """
SELECT id FROM price_books WHERE organisation_id = $1 AND {column} = ANY($2::text[]) AND deleted_at IS NULL
"""
NEEDS: Final = "A new price book needs a name and a currency."


def keys_of_book(row: Mapping[str, Any]) -> Sequence[str]:
    external = [f"{EXTERNAL}{row['external_id']}"] if row["external_id"] else []
    return [f"{NAME_KIND}{row['name']}", *external]


class PriceRows:
    """Writes chunks of entries. What the file said of a book is kept until its end: another row that says
    otherwise is refused, however far below. A dry run also keeps the prices it would have set."""

    def __init__(
        self, preparer: Preparer[PricePreparation], terms: Terms, products: NamedProducts
    ) -> None:
        self._preparer = preparer
        self._terms = terms
        self._products = products
        self._policy = terms.options.duplicates
        # Which record a row means is one question, what becomes of its entry another.
        self._by_book = terms.options.model_copy(update={"duplicates": "update"})
        self._index = planned_index(PRICE_BOOKS, terms, {NAME_KIND, EXTERNAL})
        self._said: dict[UUID, tuple[Columns, int]] = {}
        self._made: set[UUID] = set()
        self._planned: dict[At, Price] = {}

    async def write(self, connection: Connection, rows: Sequence[Prepared]) -> Outcome:
        book = Book(PRICE_BOOKS, self._terms, index=self._index, keys_of=keys_of_book)
        chunk = Chunk(book, Outcome())
        await take_turns(connection, self._terms)
        readable = [row for row in rows if not row.reasons]
        await self._look_up(connection, readable)
        await self._load(connection, book, readable)
        taken = [(row, found) for row in rows if (found := self._book_of(row, chunk)) is not None]
        await self._load_prices(connection, chunk, taken)
        for row, record in taken:
            self._set(row, record, chunk)
        self._tell(chunk)
        await book.write(connection)
        await self._enter(connection, chunk)
        return chunk.outcome

    async def _look_up(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        """Products by what the rows call them; accounts by their ids, merged ones as their survivors."""
        named = [row for row in rows if PRODUCT in row.more]
        products = await self._products.find(connection, [row.more[PRODUCT] for row in named])
        for row in named:
            product = product_of(row, products, self._preparer.column_of)
            row.more["product_id"] = None if product is None else product.id
        wanted = {id for row in rows for id in row.columns.get("account_ids") or ()}
        asked = {id: Named("account_id", str(id)) for id in wanted}
        scope = await self._preparer.scope("accounts")
        accounts = await ACCOUNTS.find(
            connection, self._terms.organisation_id, asked.values(), scope
        )
        column = self._preparer.column_of("account_ids")
        for row in rows:
            if ids := row.columns.get("account_ids"):
                found = [accounts.of(asked[id]) for id in ids]
                row.reasons += [
                    reason(column, str(id), f"{column}: '{id}': there is no such account")
                    for id, known in zip(ids, found, strict=True) if not known
                ]  # fmt: skip
                row.columns["account_ids"] = list(dict.fromkeys(k[0].id for k in found if k))
                if row.fresh is not None:
                    row.fresh["account_ids"] = row.columns["account_ids"]

    async def _load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        organisation, key = self._terms.organisation_id, self._terms.options.key
        if key == "id":
            return await book.load_meant(connection, rows)
        words = list({key[2:] for row in rows for key in row.keys})
        found = await connection.fetch(BY_WORD.format(column=key), organisation, words)
        return await book.load_meant(connection, rows, ids=[each["id"] for each in found])

    def _book_of(self, row: Prepared, chunk: Chunk) -> Record | None:
        """The book that a row speaks of, made if it is not there; None when the row is refused. What
        it says of an entry is looked at before anything is made."""
        decided = decide(
            row, chunk.book, self._by_book, scope=EVERYTHING, outcome=chunk.outcome, needs=NEEDS
        )
        if decided is None:
            return None
        record = decided if isinstance(decided, Record) else None
        assert record is not None or row.fresh is not None
        try:
            self._check(row, record, chunk)
        except Problem as problem:
            row.reasons.extend(self._preparer.now.blame(problem, row.cells))
        if row.reasons:
            chunk.outcome.refuse(row)
            return None
        if decided == CREATE:
            assert row.fresh is not None
            record = chunk.book.create(dict(row.fresh), {})
            self._made.add(record.id)
            chunk.made.add(row.number)
        assert record is not None
        said, line = self._said.get(record.id, ({}, row.line))
        self._said[record.id] = ({**row.columns, **said}, line)
        return record

    def _check(self, row: Prepared, record: Record | None, chunk: Chunk) -> None:
        whole = row.fresh if record is None else record.row
        assert whole is not None
        if record is not None:
            self._check_known(row, record)
            changes = chunk.of(record.id).changes
            demand_order({**whole, **changes, **row.columns})
        if ENTRY in row.more and row.more.get("product_id") is not None:
            row.more["price"] = self._preparer.now.entry_of(
                row, row.more["product_id"], whole["currency"]
            )

    def _check_known(self, row: Prepared, record: Record) -> None:
        """Against what is there, and what the file said before."""
        currency, there = row.more.get("currency"), record.row["currency"]
        if currency is not None and currency != there:
            self._blame(row, "currency", f"The book is in {there}; that stays")
        if record.id not in self._made and not self._preparer.by.may("price-books:update"):
            row.reasons.append(reason(None, "", "You may not change price books that are there."))
        said, line = self._said.get(record.id, ({}, row.line))
        for name in differing(said, row.columns):
            self._blame(row, name, f"is not what line {line} says of the same book", is_cell=True)

    def _blame(self, row: Prepared, name: str, sentence: str, *, is_cell: bool = False) -> None:
        column = self._preparer.column_of(name)
        cell = row.cells.get(column, "")
        row.reasons.append(
            reason(column, cell, f"{column}: {f'{cell!r} ' if is_cell else ''}{sentence}")
        )

    async def _load_prices(
        self, connection: Connection, chunk: Chunk, taken: Sequence[tuple[Prepared, Record]]
    ) -> None:
        pairs = {
            (record.id, row.more["product_id"]) for row, record in taken if "price" in row.more
        }
        stored = await present_entries(connection, self._terms.organisation_id, pairs)
        chunk.present = stored_prices(stored)

    def _set(self, row: Prepared, record: Record, chunk: Chunk) -> None:
        """What becomes of a row's entry, and of what it says of its book."""
        news, verb = chunk.of(record.id), CREATED if row.number in chunk.made else UNCHANGED
        if (entry := row.more.get("price")) is not None:
            at = At(record.id, entry.product_id, entry.min_quantity)
            price = Price(Decimal(entry.unit_price.amount), entry.discount_limit)
            before = news.prices.get(at) or self._planned.get(at) or chunk.present.get(at)
            if before is not None and self._policy != "update":
                return self._leave(row, chunk.outcome, entry.min_quantity)
            if before != price:
                news.prices[at] = price
                news.added += before is None
                verb = CREATED if before is None else UPDATED
        elif verb == UNCHANGED and self._policy != "update":
            verb = SKIPPED
        if self._policy == "update" and (changes := self._changes(row, record, news)):
            news.changes |= changes
            verb = UPDATED if verb == UNCHANGED else verb
        chunk.outcome.counts[verb] += 1
        return None

    def _leave(self, row: Prepared, outcome: Outcome, quantity: float) -> None:
        """A price that is there already."""
        if self._policy == "skip":
            outcome.counts[SKIPPED] += 1
        else:
            said = f"There is a price of this product from {quantity:g} on in the book already."
            outcome.refuse(row, reason(None, "", said))

    def _changes(self, row: Prepared, record: Record, news: News) -> Columns:
        there = {**record.row, **news.changes}
        return {name: value for name, value in row.columns.items() if there[name] != value}

    def _tell(self, chunk: Chunk) -> None:
        """One event for each book, whatever the number of its entries; `before.entries` holds what changed."""
        for book_id, news in chunk.news.items():
            record, more = chunk.book.entries[book_id], {}
            changes = dict(news.changes)
            if news.prices:
                changes["entry_count"] = record.row["entry_count"] + news.added
                changes["entries_changed_at"] = datetime.now(UTC)
                written = [as_entry(at, price) for at, price in news.prices.items()]
                more = {"entries": told_of(written, record.row["currency"])}
            if changes:
                chunk.book.update(record, changes, more=more)

    async def _enter(self, connection: Connection, chunk: Chunk) -> None:
        prices = {at: price for news in chunk.news.values() for at, price in news.prices.items()}
        if self._terms.is_dry:
            self._planned |= prices
        elif prices:
            rows = [{"price_book_id": str(a.book_id), **as_entry(a, p)} for a, p in prices.items()]
            await set_entries(connection, self._terms.organisation_id, rows)


async def _target(taking: Taking) -> PreparedTarget[PricePreparation]:
    async def make(held: HeldAgainst) -> PricePreparation:
        return PricePreparation(held, taking)

    preparer, terms = Preparer(PRICE_BOOKS, taking, make), taking.terms
    products = NamedProducts(terms.organisation_id)
    written = PriceRows(preparer, terms, products)
    return PreparedTarget(preparer, written.write, resources=(PRICE_BOOKS,), kept=[products])


PRICE_IMPORT = Importable(
    resource=PRICE_BOOKS,
    fields=PRICE_FIELDS,
    keys=frozenset({"id", "external_id", "name"}),
    named_by=frozenset(),
    target=_target,
    duplicates=frozenset({"skip", "update", "refuse"}),
)
