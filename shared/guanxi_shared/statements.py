"""SQLAlchemy Core texts for the raw asyncpg connection, compiled once per shape."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql import ClauseElement

DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]
PLACEHOLDER = re.compile(r"\$(\d+)")
CACHE_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Compiled:
    """`sql` takes the organisation as $1 (see `db.bound`); then its own parameters in order."""

    sql: str
    names: tuple[str, ...]
    defaults: Mapping[str, Any]

    def args(self, values: Mapping[str, Any]) -> list[Any]:
        defaults = self.defaults
        return [values[name] if name in values else defaults[name] for name in self.names]


def compile_after_binding(statement: ClauseElement) -> Compiled:
    """The statement's text with its parameters moved up by one, since $1 is the organisation."""
    compiled = statement.compile(dialect=DIALECT)
    sql = PLACEHOLDER.sub(lambda match: f"${int(match[1]) + 1}", str(compiled))
    return Compiled(sql, tuple(compiled.positiontup or ()), dict(compiled.params))  # type: ignore[attr-defined]


class Shapes:
    """Remembers the compiled text of each shape of a query."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Compiled] = {}

    def get(self, key: Hashable, build: Callable[[], ClauseElement]) -> Compiled:
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= CACHE_LIMIT:
                self._known.clear()
            known = self._known[key] = compile_after_binding(build())
        return known


def type_of(column: Column[Any]) -> str:
    """A column's type as Postgres spells it."""
    return str(column.type.compile(dialect=DIALECT))


def array_text(items: Sequence[Any]) -> str:
    """A list of texts or ids in Postgres' own notation: the driver takes 20 µs to make sure that a list
    of words is one, Postgres one to read it."""
    if not items:
        return "{}"
    joined = '","'.join(map(str, items))
    if "\\" in joined or joined.count('"') != 2 * (len(items) - 1):
        joined = '","'.join(str(item).replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return f'{{"{joined}"}}'
