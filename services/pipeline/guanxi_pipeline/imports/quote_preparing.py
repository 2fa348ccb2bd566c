"""Rows of a file as one quote, through the models and rules of requests; no database."""

from datetime import UTC, date, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field

from guanxi_pipeline.imports.lined_gathering import Gathering, Lined, usual_currencies
from guanxi_pipeline.imports.quote_fields import DEALS
from guanxi_pipeline.imports.quote_rules import with_discount
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.schemas import QuoteCreate, QuoteUpdate
from guanxi_pipeline.quotes.service import DEFAULTS
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.together import Group
from guanxi_shared.tables.rows import Row
from guanxi_shared.values import Line


class NumberedQuote(QuoteCreate):
    """A file brings numbers, too, which a request does not."""

    number: Annotated[Line, Field(max_length=60)] | None = None


QUOTE_ROWS: Final = Lined(
    noun="quote", plural="quotes", new=NumberedQuote, change=QuoteUpdate, keys=("external_id", "number"),
    aside=("status", "revision"), alike=("account", "opportunity", "created_at", "status", "revision"),
    of_line={"name": "product", "description": "line_description"}, deals=DEALS, shaped=with_discount,
    of_record={"discount": ("quote_discount_amount", "quote_discount"), "discount.amount": ("quote_discount_amount",)},
)  # fmt: skip


class QuotePreparation:
    """Quotes are also held against the day and the currency of the house."""

    def __init__(self, held: HeldAgainst, taking: Taking) -> None:
        self.held = held
        self.gathering = Gathering(held, QUOTE_ROWS, usual_currencies(taking))
        self.own_currency = taking.home.currency
        self.empty = held.empty_row(QUOTES, DEFAULTS)
        self._zone = ZoneInfo(taking.home.time_zone)

    @property
    def today(self) -> date:
        return datetime.now(UTC).astimezone(self._zone).date()

    def prepare(self, row: Row) -> Prepared:
        return self.gather(Group([row], row.checkpoint))

    def gather(self, group: Group) -> Prepared:
        """The quote of these rows (see lined_gathering.py). What it comes to is worked out where prices
        are known."""
        rows = [self._read(row) for row in group.rows]
        return self.gathering.together(group, rows)

    def _read(self, row: Row) -> Prepared:
        found, sent, aside = self.gathering.read(row)
        if sent is not None:
            found.more |= aside
            sent["lines"] = [_as_kept(line) for line in sent.get("lines") or ()]
        return found


def _as_kept(line: dict[str, object]) -> dict[str, object]:
    """As a request's line is kept: in JSON."""
    return line | {"product_id": str(line["product_id"])} if line.get("product_id") else line
