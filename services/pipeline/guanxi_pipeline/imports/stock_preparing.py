"""A row of a file as a distributor's month, through the model of requests; no database."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from guanxi_pipeline.errors import StockDifference
from guanxi_pipeline.imports.day_cells import take_first_day
from guanxi_pipeline.imports.period_rules import first_of_month
from guanxi_pipeline.imports.product_cells import PRODUCT, take_product
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_pipeline.stock.schemas import Month, StockReportCreate, StockReportUpdate
from guanxi_pipeline.stock.service import DEFAULTS
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, keys_of, read_row, validated
from guanxi_shared.tables.rows import Row
from guanxi_shared.validation_words import message_of

MONTH: Final = "month"
ACCOUNT: Final = "account"
LOOKED_UP: Final = UUID(int=0)  # stands for an account until it was looked up
DAY_OF_MONTH: Final[TypeAdapter[date]] = TypeAdapter(Month)


class StockPreparation:
    """`columns` are what a patch could send; whose it is, of what and when stand in `more`."""

    def __init__(self, held: HeldAgainst) -> None:
        self.held = held
        self._base = held.empty_row(STOCK_REPORTS, DEFAULTS)

    def prepare(self, row: Row) -> Prepared:
        found, document, _ = read_row(row, self.held)
        if row.problem is not None:
            return found
        ACCOUNTS.take(found, document)
        take_product(found, document, self.held.cells)
        self._read_month(found, document)
        is_new = {ACCOUNT, PRODUCT, MONTH} <= found.more.keys() and "opening" in document
        if is_new:
            document |= {"account_id": LOOKED_UP, MONTH: found.more[MONTH]} | self._sku(found)
        sent = validated(
            found, document, self.held.cells, new=StockReportCreate, change=StockReportUpdate,
            is_new=is_new,
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        self._settle(found, sent, is_new=is_new)
        return found

    def _sku(self, found: Prepared) -> dict[str, str]:
        said = found.more[PRODUCT].get("sku")
        return {"sku": said} if said else {}

    def _settle(self, found: Prepared, sent: dict[str, Any], *, is_new: bool) -> None:
        found.wanted_id = sent.pop("id", None)
        aside = {name: sent.pop(name, None) for name in ("account_id", "sku", MONTH)}
        found.columns = sent
        if self.held.options.key == "external_id":
            found.keys = keys_of("external_id", sent, None)
        if is_new:
            found.fresh = {
                **self._base, "owner_id": self.held.staff.by.user_id, **sent, MONTH: found.more[MONTH],
                "sku": aside["sku"], "id": found.wanted_id or new_id(), "is_account_verified": True,
            }  # fmt: skip

    def _read_month(self, found: Prepared, document: dict[str, Any]) -> None:
        day = take_first_day(found, document, MONTH, self.held, first_of_month)
        if day is None:
            return
        try:
            found.more[MONTH] = DAY_OF_MONTH.validate_python(day)
        except ValidationError as error:
            column = self.held.cells.column_of(MONTH) or MONTH
            sentence = message_of(error.errors(include_url=False)[0])
            found.reasons.append(
                reason(column, found.cells.get(column, day), f"{column}: {sentence}")
            )

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        """A difference is told once: what the whole problem says, its field says again."""
        if isinstance(problem, StockDifference):
            problem = Invalid(problem.detail, errors=dict.fromkeys(problem.errors, ""))
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        """Ids come from columns of names, too."""
        sku = ("sku",) if field == "product_id" else ()
        return self.held.cells.column_of(field, field.removesuffix("_id"), *sku)
