"""What a resource shows, and is found by, of another service's record that it names: from the small copy
that is kept here (`known_<noun>s`)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared.resources import Where
from guanxi_shared.visibility import Scope, predicate


def by_copied(named_by: Column[Any], copied: Column[Any]) -> Where:
    """By a text column of the copy; `named_by` is the resource's column with the id."""
    known, own = copied.table, named_by.table

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = bind(value if isinstance(value, list) else [value], ARRAY(Text))
        found = select(known.c.id).where(
            known.c.organisation_id == own.c.organisation_id, copied == any_(values)
        )
        return named_by.in_(found)

    return where


def shown_copy(
    named_by: Column[Any], known: Table, names: Sequence[str], *, prefix: str
) -> Callable[[Scope], ColumnElement[Any]]:
    """Of an include: the id and these columns of the copy, null for those who may not see it. `prefix`
    keeps its scope's parameters from those of the resource itself."""
    own = named_by.table

    def build(scope: Scope) -> ColumnElement[Any]:
        parts: list[Any] = ["id", cast(known.c.id, Text)]
        for name in names:
            parts += [name, known.c[name]]
        found = select(func.jsonb_build_object(*parts)).where(
            known.c.organisation_id == own.c.organisation_id,
            known.c.id == named_by,
            known.c.deleted_at.is_(None),
            predicate(known, scope, prefix=prefix),
        )
        return found.correlate(own).scalar_subquery()

    return build
