"""Rows of a file as products, through the models and rules of requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from guanxi_pipeline.imports.product_fields import PRODUCT_FIELDS
from guanxi_pipeline.imports.product_rules import prices_after, with_list_price
from guanxi_pipeline.products import rules
from guanxi_pipeline.products.resources import PRODUCTS
from guanxi_pipeline.products.schemas import ProductCreate, ProductUpdate
from guanxi_pipeline.products.service import DEFAULTS
from guanxi_pipeline.tax_classes.service import list_codes
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst, keys_of, read_row, validated
from guanxi_shared.imports.references import own_prefix
from guanxi_shared.imports.row_by_row import row_by_row
from guanxi_shared.tables.rows import Row

SKU = "sku"
SKU_KIND = "k:"
NAMED_BY = frozenset({SKU, "name"})


class ProductPreparation:
    """Products are also held against the tax classes that there are."""

    def __init__(self, held: HeldAgainst, *, tax_classes: frozenset[str]) -> None:
        self.held = held
        self._tax_classes = tax_classes
        self._base = held.empty_row(PRODUCTS, DEFAULTS)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        document = with_list_price(document)
        sent = validated(
            found, document, self.held.cells, new=ProductCreate, change=ProductUpdate,
            is_new=bool(document.keys() >= NAMED_BY),
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        try:
            self._settle(found, sent, created_at)
        except Problem as problem:
            found.reasons.extend(self.blame(problem, found.cells))
        return found

    def _settle(self, found: Prepared, sent: dict[str, Any], created_at: datetime | None) -> None:
        found.wanted_id = sent.pop("id", None)
        if (code := sent.get("tax_class")) is not None and code not in self._tax_classes:
            raise Invalid(f"There is no tax class {code!r}.", errors={"tax_class": ""})
        custom = sent.pop("custom", {})
        found.more["custom"] = custom
        found.columns = rules.columns_from(sent)
        found.keys = (
            [rules.sku_key(sent[SKU])]
            if self.held.options.key == SKU and SKU in sent
            else keys_of(self.held.options.key, sent, sent.get("name"))
        )
        if sent.keys() >= NAMED_BY:
            fresh = {**self._base, **found.columns, "created_at": created_at}
            fresh |= {"id": found.wanted_id or new_id(), "custom": self.held.custom({}, custom)}
            found.fresh = {**fresh, **rules.found_by(fresh)}

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self.held.cells.column_of)


class ProductRuling:
    """A product's article number is its own."""

    needs = "A new product needs a name."

    def __init__(self, preparer: Preparer[ProductPreparation], key: str) -> None:
        self._preparer = preparer
        self._key = key

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        """Those that rows are recognised by, and those whose article number they bear."""
        numbers = {rules.sku_key(row.columns[SKU]) for row in rows if SKU in row.columns}
        await book.load_meant(connection, rows, keys=numbers)

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> dict[str, Any]:
        self._demand_free(row, book, entry)
        if entry is None:
            assert row.fresh is not None
            return dict(row.fresh)
        return self._changes(row, entry.row)

    def _changes(self, row: Prepared, before: Mapping[str, Any]) -> dict[str, Any]:
        changes = dict(row.columns)
        if self._key == SKU:
            changes.pop(SKU, None)  # recognised by it, however it is spelt
        if "prices" in changes:
            changes["prices"] = prices_after(before["prices"], changes["prices"])
        if row.more["custom"]:
            changes["custom"] = self._preparer.now.held.custom(before["custom"], row.more["custom"])
        if rules.FOUND_BY & set(changes):
            changes |= rules.found_by({**before, **changes})
        return changes

    def _demand_free(self, row: Prepared, book: Book, own: Entry | None) -> None:
        """A row is not taken whose article number another product bears."""
        sku: str | None = row.columns.get(SKU)
        others = [] if sku is None else book.find([rules.sku_key(sku)])
        if any(each is not own and each.row[SKU] == sku for each in others):
            raise Invalid(f"{sku!r}: there is another product with this sku", errors={SKU: ""})


async def _target(taking: Taking) -> PreparedTarget[ProductPreparation]:
    async def make(held: HeldAgainst) -> ProductPreparation:
        codes = await list_codes(taking.database, taking.terms.organisation_id)
        return ProductPreparation(held, tax_classes=codes)

    preparer, terms = Preparer(PRODUCTS, taking, make), taking.terms
    kinds = own_prefix(terms.options.key) | {SKU_KIND}
    return row_by_row(
        PRODUCTS, preparer, terms, ProductRuling(preparer, terms.options.key),
        index=KeyIndex(PRODUCTS, terms.organisation_id, kinds),
    )  # fmt: skip


PRODUCT_IMPORT = Importable(
    resource=PRODUCTS,
    fields=PRODUCT_FIELDS,
    keys=frozenset({"none", "id", SKU, "external_id", "name"}),
    named_by=NAMED_BY,
    target=_target,
)
