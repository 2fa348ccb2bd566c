"""The cells of a row as a document for the API's own model, and which cell each value came from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.fields import ImportField, Path
from guanxi_shared.imports.options import ColumnRule, ImportOptions
from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.tables.moments import parse_day, parse_time_instant
from guanxi_shared.tables.values import parse_bool, parse_decimal, split_list
from guanxi_shared.validation_words import message_of

Document = dict[str, Any]
Parse = Callable[[str, str], Any]
_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?\Z")


@dataclass(slots=True)
class Read:
    """What a row says: the document, references still to be looked up, and what is wrong with it."""

    document: Document = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    reasons: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    rule: ColumnRule
    field: ImportField
    parse: Parse | None  # None: the text as it stands

    @property
    def is_plain(self) -> bool:
        """Whether its cells go into the document as they are."""
        return (
            self.parse is None
            and len(self.field.path) == 1
            and not self.rule.values
            and not self.is_reference
        )

    @property
    def is_reference(self) -> bool:
        return self.field.kind == f.REFERENCE


class CellReader:
    """Compiled once for a file: `read` runs for every row."""

    def __init__(
        self, columns: Mapping[str, tuple[ColumnRule, ImportField]], options: ImportOptions,
        *, zone: str, currency: str,
    ) -> None:  # fmt: skip
        self._made_of = (columns, options, zone, currency)
        self._options = options
        self._zone = options.time_zone or zone
        self._currency = currency
        self._columns = [
            Column(name, rule, each, self._parser(rule, each))
            for name, (rule, each) in columns.items()
        ]
        self._column_named: dict[tuple[str, ...], str | None] = {}
        self._plain = [(c.name, str(c.field.path[0])) for c in self._columns if c.is_plain]
        self._other = [
            (
                c.name,
                c.rule.values,
                c.parse,
                c.field.name if c.is_reference else None,
                _putting(c.field),
            )
            for c in self._columns
            if not c.is_plain
        ]
        self._lists = sorted(
            {str(c.field.path[0]) for c in self._columns if _is_slotted(c.field.path)}
        )
        self._money = {
            str(c.field.path[0]): c.rule.currency
            for c in sorted(self._columns, key=lambda c: c.field.kind == f.MONEY)
            if c.field.kind in (f.MONEY, f.CURRENCY)
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it is compiled anew: functions made on the way do not travel."""
        return _compiled, self._made_of

    @property
    def field_names(self) -> set[str]:
        return {column.field.name for column in self._columns}

    def column_of(self, *field_names: str) -> str | None:
        """The first column that feeds the first of the fields that has one."""
        if field_names not in self._column_named:  # asked for each row
            self._column_named[field_names] = next(
                (c.name for name in field_names for c in self._columns if c.field.name == name),
                None,
            )
        return self._column_named[field_names]

    def read(self, cells: Mapping[str, str]) -> Read:
        found = Read()
        document, get = found.document, cells.get
        for name, place in self._plain:
            text = get(name)
            if text and not text.isspace():
                document[place] = text
        for name, values, parse, reference, put in self._other:
            text = get(name)
            if not text or text.isspace():
                continue
            if values and not (text := values.get(text, text)):
                continue  # what is replaced by nothing says nothing
            try:
                value = text if parse is None else parse(text, name)
            except CellProblem as problem:
                found.reasons.append(reason(problem.column, text, problem.detail))
                continue
            if reference is not None:
                found.references[reference] = text.strip()
            else:
                put(document, value)
        for name in self._lists:
            if name in document:
                document[name] = _in_order(document[name])
        for name, usual in self._money.items():
            self._settle_money(document, name, usual)
        return found

    def blame(self, error: ValidationError, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        """The model's complaints, each with the column and the cell it is about."""
        reasons = []
        for item in error.errors(include_url=False, include_context=False):
            column = self._column_at(item["loc"], cells)
            text = cells.get(column, "") if column else ""
            place = column or ".".join(str(part) for part in item["loc"])
            said = message_of(item)
            reasons.append(reason(place, text, f"{place}: {said[:1].lower()}{said[1:]}"))
        return reasons

    def _column_at(self, loc: tuple[str | int, ...], cells: Mapping[str, str]) -> str | None:
        """The column that filled this place; of a list, the one that filled the n-th entry."""
        filled = [
            c for c in self._columns if cells.get(c.name, "").strip() and c.field.path[0] == loc[0]
        ]
        if (
            len(loc) > 1
            and isinstance(loc[1], int)
            and any(_is_slotted(c.field.path) for c in filled)
        ):
            slots = sorted({c.field.path[1] for c in filled})
            at = slots[min(loc[1], len(slots) - 1)]
            filled = [c for c in filled if c.field.path[1] == at]
            exact = [c for c in filled if c.field.path[2:] == loc[2:3]]
            filled = exact or filled
        elif len(loc) > 1:
            filled = [c for c in filled if c.field.path[: len(loc)] == loc] or filled
        return filled[0].name if filled else None

    def _parser(self, rule: ColumnRule, each: ImportField) -> Parse | None:
        options, words = self._options, each.words
        match each.kind:
            case f.INTEGER:
                return lambda text, column: _whole(
                    text, column, options.decimal_comma, rule.multiply
                )
            case f.NUMBER:
                return lambda text, column: float(
                    _number(text, column, options.decimal_comma, rule)[0]
                )
            case f.MONEY:
                return lambda text, column: _number(text, column, options.decimal_comma, rule)
            case f.BOOLEAN:
                return parse_bool
            case f.DAY:
                return lambda text, column: _day(text, column, options.day_first)
            case f.INSTANT:
                return lambda text, column: parse_time_instant(
                    text, column, zone=self._zone, day_first=options.day_first
                )
            case f.LIST:
                return lambda text, column: split_list(text)
            case f.WORD:
                return lambda text, column: words.get(folded := _folded(text), folded)
        return None

    def _settle_money(self, document: Document, name: str, usual: str | None) -> None:
        """The parsed pair as the API's money: whichever says the currency, the cell or the column."""
        money = document.get(name)
        if not isinstance(money, dict):
            return
        pair = money.get("amount")
        if pair is None:
            del document[name]
            return
        amount, written = pair
        currency = money.get("currency") or written or usual or self._currency
        document[name] = {"amount": format(amount, "f"), "currency": str(currency).strip().upper()}


def reason(column: str | None, cell: str, sentence: str) -> dict[str, Any]:
    """Why a row is refused; the sentence names the column already where there is one."""
    return {"column": column, "cell": cell[:200], "reason": sentence}


def _is_slotted(path: Path) -> bool:
    return len(path) == 3 and isinstance(path[1], int)


def _putting(each: ImportField) -> Callable[[Document, Any], None]:
    """Puts a cell's value where its field belongs; decided once for a file."""
    path, first = each.path, str(each.path[0])
    if _is_slotted(path):
        return _putting_in_slots(each)
    if len(path) == 1:
        return lambda document, value: document.__setitem__(first, value)
    return lambda document, value: document.setdefault(first, {}).__setitem__(path[1], value)


def _putting_in_slots(each: ImportField) -> Callable[[Document, Any], None]:
    """One cell may hold several values: two numbers with a semicolon between, for example."""
    name, slot, key = str(each.path[0]), *each.path[1:]
    fixed = tuple(each.fixed.items())
    between = re.compile(f"[{each.separators}]") if each.separators else None

    def put(document: Document, value: Any) -> None:
        slots = document.setdefault(name, {})
        for offset, part in enumerate(_parts(between, value)):
            entry = slots.setdefault((slot, offset), {})
            entry[key] = part
            for other, usual in fixed:
                entry.setdefault(other, usual)

    return put


def _parts(between: re.Pattern[str] | None, value: Any) -> list[Any]:
    if between is None:
        return [value]
    plain: str = value.strip()
    if between.search(plain) is None:
        return [plain]
    return [part.strip() for part in between.split(plain) if part.strip()]


def _in_order(slots: Mapping[tuple[int, int], Document]) -> list[Document]:
    """Entries in their order; one that has a kind and nothing else is none."""
    ordered = slots.values() if len(slots) == 1 else (slots[at] for at in sorted(slots))
    return [entry for entry in ordered if len(entry) > ("kind" in entry)]


def _folded(text: str) -> str:
    return "_".join(text.strip().casefold().replace("-", " ").split())


def _number(
    text: str, column: str, decimal_comma: bool | None, rule: ColumnRule
) -> tuple[Decimal, str | None]:
    plain = text.strip()
    if _PLAIN_NUMBER.match(plain) and decimal_comma is None:
        number, currency = Decimal(plain), None
    else:
        number, currency = parse_decimal(text, column, decimal_comma=decimal_comma)
    return (number * rule.multiply if rule.multiply else number), currency


def _whole(text: str, column: str, decimal_comma: bool | None, multiply: Decimal | None) -> int:
    plain = text.strip()
    if plain.isascii() and plain.isdigit() and len(plain) < 19 and multiply is None:
        return int(plain)
    number, _ = parse_decimal(text, column, decimal_comma=decimal_comma)
    number = number * multiply if multiply else number
    if number != number.to_integral_value():
        raise CellProblem(column, text, "is not a whole number")
    return int(number)


def _day(text: str, column: str, day_first: bool | None) -> str:
    """As the API writes days; a birthday without its year stays --03-15."""
    if text.strip().startswith("--"):
        return text.strip()
    return parse_day(text, column, day_first=day_first).isoformat()


def _compiled(
    columns: Mapping[str, tuple[ColumnRule, ImportField]], options: ImportOptions, zone: str,
    currency: str,
) -> CellReader:  # fmt: skip
    return CellReader(columns, options, zone=zone, currency=currency)
