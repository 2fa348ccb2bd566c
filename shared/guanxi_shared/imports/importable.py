"""What a service says of a resource so that files of it can be taken."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from guanxi_shared.auth import Principal
from guanxi_shared.db import Database
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.options import ColumnRule
from guanxi_shared.imports.prepared import Terms
from guanxi_shared.imports.staff import Home
from guanxi_shared.imports.target import Target
from guanxi_shared.resources import Resource

Columns = Mapping[str, tuple[ColumnRule, ImportField]]


@dataclass(frozen=True, slots=True)
class Taking:
    """A file that is about to be taken: for whom, how, and which column is which field."""

    by: Principal
    database: Database
    terms: Terms
    columns: Columns
    home: Home
    region: str


@dataclass(frozen=True, slots=True)
class Importable:
    """`fields` are what columns can be, `keys` what rows are recognised by, `named_by` the fields of
    which a new record needs one. Making what rows name and nobody knows asks for the right
    `to_make_missing`; without one nothing can be made. Rows that say the same in one of the fields
    `together` are one record. `also_needs` are permissions beside that to create. `most_at_once` keeps chunks short where requests wait for their end. `duplicates` are the policies
    that mean something for them."""

    resource: Resource
    fields: Mapping[str, ImportField]
    keys: frozenset[str]
    named_by: frozenset[str]
    target: Callable[[Taking], Awaitable[Target]]
    to_make_missing: str | None = None
    also_needs: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    most_at_once: int | None = None
    duplicates: frozenset[str] = frozenset({"skip", "update", "create", "refuse"})

    def columns_together(self, key: str, columns: Columns) -> tuple[str, ...]:
        """The columns whose rows are one record where they say the same, that of the key first."""
        by_field = {found.name: column for column, (_, found) in columns.items()}
        named = sorted(self.together, key=lambda name: name != key)
        return tuple(by_field[name] for name in named if name in by_field)


Importing = Mapping[str, Importable]  # by the resource's name
