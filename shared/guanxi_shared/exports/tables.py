"""What a service says about its records so that they can be written as tables."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.exports.schemas import NewExport
from guanxi_shared.kept_filters import Errand
from guanxi_shared.resources import Resource

Row = dict[str, Any]
Names = Mapping[str, Mapping[str, str]]  # of what → id → name
LookUp = Callable[[Sequence[Row]], Awaitable[Names]]


async def names_seen(
    asker: Call | Errand, sql: str, ids: Collection[UUID], resource: str
) -> dict[str, str]:
    """The names, by id as text, of those of the resource's records that the caller may read; the
    statement takes the organisation and the ids ($2, $3) and gives id, name, owner_id and team_id."""
    may_read = asker.by is None or asker.by.may(f"{resource}:read")
    if not (ids and may_read):
        return {}
    scope = await asker.scope(resource)
    rows = await asker.db.fetch(asker.organisation, sql, asker.organisation, list(ids))
    return {
        str(row["id"]): row["name"]
        for row in rows
        if scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
    }


# A page of records (with their ids) → rows, some at a time: each a record with one of its lines.
Spread = Callable[[Database, UUID, Sequence[Row]], AsyncIterator[list[Row]]]


@dataclass(frozen=True, slots=True)
class Lined:
    """Of a resource whose records are several rows each, as their lines: its wide fields, and its rows.
    Lines that are too many to be a part of their record are `spread`; `columns` are theirs."""

    wide: Mapping[str, Sequence[str]]
    flat: Callable[[Row, Names], list[Row]]
    spread: Spread | None = None
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tables:
    """`wide` are fields that are several columns, `flat` makes those of a row. `looking_up` begins
    an export in somebody's name: what it gives then finds the names that a page of rows shows, beside
    those of users and teams. Those that stand in address books have a `card`."""

    resources: Mapping[str, Resource]
    request: type[NewExport]
    wide: Mapping[str, Sequence[str]]
    flat: Callable[[Row, Names], Row]
    looking_up: Callable[[Call | Errand], Awaitable[LookUp]]
    card: Callable[[Row, Names], Row] | None = None
    with_cards: frozenset[str] = frozenset()
    lined: Mapping[str, Lined] = field(default_factory=dict)
