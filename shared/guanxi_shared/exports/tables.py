"""What a service says about its records so that they can be written as tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guanxi_shared.calls import Call
from guanxi_shared.exports.schemas import NewExport
from guanxi_shared.kept_filters import Errand
from guanxi_shared.resources import Resource

Row = dict[str, Any]
Names = Mapping[str, Mapping[str, str]]  # of what → id → name
LookUp = Callable[[Sequence[Row]], Awaitable[Names]]


@dataclass(frozen=True, slots=True)
class Lined:
    wide: Mapping[str, Sequence[str]]
    flat: Callable[[Row, Names], list[Row]]


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
    # Of a resource whose records are several rows each, as their lines: its wide fields, and its rows.
    lined: Mapping[str, Lined] = field(default_factory=dict)
