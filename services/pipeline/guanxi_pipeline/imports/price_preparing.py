"""A row of a file as a price book and one of its entries, through the models of requests; no database."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from guanxi_pipeline.imports.product_cells import PRODUCT, take_product
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.price_books.schemas import Entry, PriceBookCreate, PriceBookUpdate
from guanxi_pipeline.price_books.service import demand_order
from guanxi_shared.errors import Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, keys_of, read_row, validated
from guanxi_shared.tables.rows import Row

PRICE: Final = "unit_price"
ENTRY: Final = "entry"
PARTS: Final = (PRICE, "min_quantity", "discount_limit")
WHOLE: Final = frozenset({"name", "currency"})
LOOKED_UP: Final = UUID(int=0)  # stands for a product until it was looked up
DEFAULTS: Final = PriceBookCreate(name="-", currency="CNY").model_dump(
    exclude={"id", "name", "currency"}
)
NAME_KIND: Final = "n:"


class PricePreparation:
    """`columns` are what the row says of the book, `more["entry"]` the parts of an entry as they were
    read: what they mean depends on the book's currency."""

    def __init__(self, held: HeldAgainst, taking: Taking) -> None:
        self.held = held
        self._base = held.empty_row(PRICE_BOOKS, DEFAULTS) | {"entry_count": 0}
        rules = {found.name: rule for rule, found in taking.columns.values()}
        self._usual = rules[PRICE].currency if PRICE in rules else None

    def prepare(self, row: Row) -> Prepared:
        found, document, _ = read_row(row, self.held)
        if row.problem is not None:
            return found
        take_product(found, document, self.held.cells)
        self._take_entry(found, document)
        currency = str(document.pop("currency", "")).strip().upper()
        if currency:
            found.more["currency"] = currency
        is_new = bool(currency) and "name" in document
        sent = validated(
            found, {**document, "currency": currency} if is_new else document, self.held.cells,
            new=PriceBookCreate, change=PriceBookUpdate, is_new=is_new,
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        try:
            self._settle(found, sent, is_new=is_new)
        except Problem as problem:
            found.reasons.extend(self.blame(problem, found.cells))
        return found

    def _settle(self, found: Prepared, sent: dict[str, Any], *, is_new: bool) -> None:
        found.wanted_id = sent.pop("id", None)
        sent.pop("currency", None)
        demand_order(sent)
        found.columns = sent
        if self.held.options.key == "name":
            found.keys = [NAME_KIND + sent["name"]] if "name" in sent else []
        else:
            found.keys = keys_of(self.held.options.key, sent, None)
        if is_new:
            found.fresh = {
                **self._base, **sent, "currency": found.more["currency"], "id": found.wanted_id or new_id(),
            }  # fmt: skip

    def _take_entry(self, found: Prepared, document: dict[str, Any]) -> None:
        """A row that says nothing of an entry speaks of the book alone."""
        parts = {name: document.pop(name) for name in PARTS if name in document}
        if not parts and PRODUCT not in found.more:
            return
        lacking = (
            "unit_price" if PRICE not in parts else None if PRODUCT in found.more else "product"
        )
        if lacking is not None and not found.reasons:
            column = self._column_of(lacking) or lacking
            sentence = f"{column}: an entry needs a product and its unit price"
            found.reasons.append(reason(column, found.cells.get(column, ""), sentence))
        found.more[ENTRY] = parts

    def entry_of(self, found: Prepared, product_id: UUID, currency: str) -> Entry | None:
        """The entry in the currency of its book; None with a reason of the row. An amount that names no
        currency is in the book's; one in another is refused, as requests have it."""
        parts = dict(found.more[ENTRY])
        amount, written = _money(parts[PRICE])
        said = str(written or self._usual or currency).upper()
        if said != currency:
            column = self._column_of(PRICE) or PRICE
            sentence = f"{column}: The book is in {currency}. Send the price in {currency}"
            found.reasons.append(reason(column, found.cells.get(column, ""), sentence))
            return None
        parts |= {PRICE: {"amount": amount, "currency": currency}, "product_id": product_id}
        try:
            return Entry.model_validate(parts)
        except ValidationError as error:
            found.reasons.extend(self.held.cells.blame(error, found.cells))
            return None

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        return self.held.cells.column_of(field, *(("sku",) if field == "product" else ()))


def _money(value: Any) -> tuple[str, str | None]:
    """Of a cell, a pair; of the defaults, what a request would send."""
    if isinstance(value, tuple):
        amount, currency = value
        return format(amount, "f"), currency
    if isinstance(value, Mapping):
        return str(value.get("amount")), value.get("currency")
    return str(value), None
