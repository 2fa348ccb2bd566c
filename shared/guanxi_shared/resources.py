"""A resource as data: the one allow-list that reads, filters, sorts, exports and imports go by."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    case,
    cast,
    func,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

TEXT, INTEGER, NUMBER, MONEY = "text", "integer", "number", "money"
BOOLEAN, DAY, INSTANT, ID = "boolean", "day", "instant", "id"
LIST, ID_LIST, OBJECTS, OBJECT = "list", "id_list", "objects", "object"
AS_JSON = frozenset({MONEY, OBJECTS, OBJECT})
DOCUMENT = "as_shown"  # the column that holds a record as the API shows it, as text
ORDERED = frozenset({TEXT, INTEGER, NUMBER, MONEY, DAY, INSTANT, ID, BOOLEAN})

OPERATORS: Mapping[str, frozenset[str]] = {
    TEXT: frozenset({"eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "contains", "starts_with", "is_null"}),
    INTEGER: frozenset({"eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "is_null"}),
    NUMBER: frozenset({"eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "is_null"}),
    MONEY: frozenset({"eq", "ne", "gt", "gte", "lt", "lte", "is_null"}),
    BOOLEAN: frozenset({"eq", "ne", "is_null"}),
    DAY: frozenset({"eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "is_null"}),
    INSTANT: frozenset({"eq", "ne", "gt", "gte", "lt", "lte", "is_null"}),
    ID: frozenset({"eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "is_null"}),
    LIST: frozenset({"has", "eq", "in", "is_null"}),
    ID_LIST: frozenset({"has", "eq", "in", "is_null"}),
    OBJECTS: frozenset({"has", "contains", "is_null"}),
    OBJECT: frozenset({"is_null"}),
}  # fmt: skip

# (operator, value or values, bind) → the condition.
Where = Callable[[str, Any, Callable[[Any, Any], BindParameter[Any]]], ColumnElement[bool]]
# (who asks, a `filters.Condition`) → the condition, its field's `where` found out about.
Prepare = Callable[[Any, Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Field:
    """One name of the API and what stands behind it.

    `shown` is the SQL it is read by, `compared` the SQL that filters and sorts use, `columns` the
    stored columns it is made of, `key` what `has` looks at inside a list of objects. A field that
    is looked up elsewhere (`owner` of a part) gives its own `where` and the operators `only`. Where
    that takes the database first (what a saved filter says), `prepare` finds it out, and `shape` is
    what the text of its `where` then depends on. One that `finds_few` does so by an index whatever
    the value is: the plan of a list by it alone is kept.
    """

    name: str
    kind: str
    shown: ColumnElement[Any]
    compared: ColumnElement[Any]
    columns: tuple[str, ...]
    is_nullable: bool = True
    is_shown: bool = True
    is_filtered: bool = True
    key: str | None = None
    where: "Where | None" = None
    only: frozenset[str] | None = None
    shape: Hashable = None
    prepare: "Prepare | None" = None
    finds_few: bool = False

    @property
    def is_sorted(self) -> bool:
        return self.is_filtered and self.kind in ORDERED and self.where is None

    @property
    def operators(self) -> frozenset[str]:
        if self.only is not None:
            return self.only
        return OPERATORS[self.kind] if self.is_filtered else frozenset()

    def value_from(self, row: Mapping[str, Any]) -> Any:
        """The field as the API shows it, from stored columns (the same as `shown` in SQL)."""
        if self.kind != MONEY:
            value = row[self.columns[0]]
            return float(value) if isinstance(value, Decimal) else value
        amount, currency = (row[name] for name in self.columns)
        return None if amount is None else {"amount": f"{amount:f}", "currency": currency}


@dataclass(frozen=True, slots=True)
class Include:
    """Related records shown inside a record on `include=`; `build` gives a scalar JSON subselect."""

    name: str
    build: Callable[[Any], ColumnElement[Any]]
    resource: str


@dataclass(frozen=True, eq=False)
class Resource:
    """`name` is the plural of the path, `noun` the word in events and permissions' subjects."""

    name: str
    noun: str
    service: str
    table: Table
    fields: Mapping[str, Field]
    includes: Mapping[str, Include] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()  # fields whose value the service adds to the state
    default_sort: str = "id"
    search: Table | None = None  # what its records are found by, a row each (see search.py)
    # Whether its table keeps each record as this resource shows it. Another resource over the same
    # table, which shows less, must not.
    has_documents: bool = False
    is_owned: bool = True  # False: everybody of the organisation sees all of it
    is_for_everybody: bool = False  # True: what has the organisation as its team, everybody sees
    model: type[Any] | None = None
    permitted_as: str | None = (
        None  # the resource whose permissions count, where it is a part of it
    )
    seen_as: str | None = None  # the resource whose breadth of sight counts, where that is another
    # A column with the id of another resource's record: only whoever sees that one is told of this one.
    names: tuple[str, str] | None = None
    # Who sees what of it, from the principal alone, where that goes by neither owner nor breadth.
    sight: Callable[[Any], Any] | None = None
    path: str | None = None  # where its list is, unless that is `/v1/{name}`
    # What a text with typing mistakes is, from the words that there are (see `search.Respelt`); without
    # it whole texts are compared, which takes longer the longer they are.
    respell: Callable[[Any, str], Awaitable[Any]] | None = None

    @property
    def is_searchable(self) -> bool:
        return self.search is not None

    def permission(self, action: str) -> str:
        return f"{self.permitted_as or self.name}:{action}"

    def event_type(self, verb: str) -> str:
        return f"{self.service}.{self.noun}.{verb}"

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(name for name, f in self.fields.items() if f.is_shown)

    def state(self, row: Mapping[str, Any], computed: Mapping[str, Any]) -> dict[str, Any]:
        """The record as the API shows it: what a create answers and what the log keeps."""
        found: dict[str, Any] = {}
        for name, column, own in _shown_by(self):
            if column is not None:
                found[name] = row[column]
            else:
                found[name] = own.value_from(row) if own is not None else computed[name]
        return found


@lru_cache(maxsize=256)
def _shown_by(resource: Resource) -> tuple[tuple[str, str | None, Field | None], ...]:
    """Each field that is shown, with its column if that is shown as it is stored; without a field where
    the service computes it."""
    return tuple(
        (name, None, None)
        if name in resource.computed
        else (name, None if f.kind in (MONEY, NUMBER) else f.columns[0], f)
        for name, f in resource.fields.items()
        if f.is_shown
    )


@lru_cache(maxsize=256)
def shown_as_stored(resource: Resource) -> frozenset[str]:
    """The columns that the state has under their own name, and as they are."""
    return frozenset(name for name, column, _ in _shown_by(resource) if name == column)


HIDDEN = frozenset({"organisation_id", "deleted_at", DOCUMENT})


def fields_of(
    table: Table, *, hidden: Sequence[str] = (), money: Sequence[str] = ()
) -> dict[str, Field]:
    """Fields for every column of a table; `money` names pairs `<name>_amount`, `<name>_currency`."""
    pairs = {f"{name}_{part}": name for name in money for part in ("amount", "currency")}
    found: dict[str, Field] = {}
    for column in table.columns:
        own = str(column.name)  # SQLAlchemy's own str class is no JSON key
        if own in HIDDEN or own in hidden:
            continue
        if own in pairs:
            found.setdefault(pairs[own], _paired(table, pairs[own]))
            continue
        found[own] = column_field(table, own)
    for name in money:
        currency = column_field(table, f"{name}_currency")
        found[f"{name}.currency"] = replace(currency, name=f"{name}.currency", is_shown=False)
    return found


def column_field(table: Table, name: str, *, key: str | None = None) -> Field:
    column = table.c[name]
    kind = _kind(column.type)
    return Field(
        name=name,
        kind=kind,
        shown=_shown(column, kind),
        compared=column,
        columns=(name,),
        is_nullable=bool(column.nullable),
        key=key,
    )


def money_field(
    name: str, amount: Column[Any], currency: Column[Any], *, is_nullable: bool = True
) -> Field:
    """An amount in a currency that may be that of the whole record."""
    columns = (amount.name, currency.name)
    return Field(name, MONEY, money_shown(amount, currency), amount, columns, is_nullable)


def money_shown(amount: ColumnElement[Any], currency: ColumnElement[Any]) -> ColumnElement[Any]:
    built = func.jsonb_build_object("amount", cast(amount, Text), "currency", currency)
    return case((amount.is_not(None), built))


def _paired(table: Table, name: str) -> Field:
    return money_field(name, table.c[f"{name}_amount"], table.c[f"{name}_currency"])


def _shown(column: ColumnElement[Any], kind: str) -> ColumnElement[Any]:
    """Ids leave Postgres as text: orjson refuses asyncpg's UUID class, and text is quicker. Numbers
    that are not money are JSON numbers, which decimals are not."""
    if kind == ID:
        return cast(column, Text)
    if kind == ID_LIST:
        return cast(column, ARRAY(Text))
    if kind == NUMBER and not isinstance(column.type, Float):
        return cast(column, Float)
    return column


KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Uuid, ID), (Boolean, BOOLEAN), (BigInteger, INTEGER), (Integer, INTEGER), (Float, NUMBER),
    (Numeric, NUMBER), (DateTime, INSTANT), (Date, DAY), (JSONB, OBJECTS), (String, TEXT),
)  # fmt: skip


def _kind(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, ARRAY):
        return ID_LIST if isinstance(type_.item_type, Uuid) else LIST
    for known, kind in KINDS:
        if isinstance(type_, known):
            return kind
    raise TypeError(f"no field kind for the column type {type_!r}")


def looked_up(
    name: str,
    kind: str,
    table: Table,
    where: Where,
    *,
    only: Sequence[str] = ("eq", "in"),
    prepare: Prepare | None = None,
    finds_few: bool = False,
) -> Field:
    """A field to filter by that is not shown: `eq` and `in`, answered by its own condition."""
    return Field(
        name,
        kind,
        table.c.id,
        table.c.id,
        (),
        is_shown=False,
        where=where,
        only=frozenset(only),
        prepare=prepare,
        finds_few=finds_few,
    )


def overlaps(column: Column[Any]) -> Where:
    """Of a field that is looked up in a list of ids: any of them, which an index over the list serves."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = value if isinstance(value, list) else [value]
        found: ColumnElement[bool] = column.op("&&")(bind(values, ARRAY(Uuid)))
        return found

    return where
