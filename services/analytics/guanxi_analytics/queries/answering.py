"""A query answered: each cube's rows and totals read, put side by side, compared, and each with the document
that finds its records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_analytics.facts.kinds import MEMBERS
from guanxi_analytics.queries import names
from guanxi_analytics.queries.asked import Asked, most_rows
from guanxi_analytics.queries.cubes import CUBES, Cube
from guanxi_analytics.queries.dimensions import DIMENSIONS, PERIODS, many_valued
from guanxi_analytics.queries.figure_rules import change_of, shown
from guanxi_analytics.queries.groupings import seen_groupings
from guanxi_analytics.queries.measures import MEASURES, Measure
from guanxi_analytics.queries.period_rules import Shift, label_of
from guanxi_analytics.queries.records import document_of
from guanxi_analytics.queries.statements import BEHIND, compiled, compiled_signatures, values_of
from guanxi_analytics.queries.suppression_rules import (
    Part,
    hidden_overlapping,
    hidden_rows,
    hidden_totals,
    is_hidden,
)
from guanxi_analytics.settings import Settings
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import Invalid
from guanxi_shared.visibility import Scope

Key = tuple[Any, ...]  # the values of the dimensions, and the currency
Sums = dict[str, dict[Key, dict[str, Any]]]  # by cube


async def answer(call: Call, asked: Asked) -> dict[str, Any]:
    for permission in asked.permissions:
        call.by.demand(permission)
    now = await _read(call, asked, asked.first, asked.until, None)
    rows, totals = now.rows, now.totals
    before: Read | None = None
    if asked.shift is not None and asked.first is not None and asked.until is not None:
        first, until = asked.shift.back(asked.first), asked.shift.back(asked.until)
        before = await _read(call, asked, first, until, asked.shift)
    hidden = Hidden.of(smallest_cell(call), now, *(() if before is None else (before,)))
    all_totals = sorted(_keys(asked, totals, ()), key=str)
    told = _keys(asked, rows, {key[-1] for key in all_totals} - {None})
    keys = _ordered(asked, told, rows, hidden)
    shown_keys = _first(keys, asked.top) if asked.top else keys
    sight, whole = (None, None) if before is None else (before.rows, before.totals)
    return {
        "as_of": asked.at,
        "period": None if asked.first is None else {"from": asked.first, "until": asked.until},
        "measures": [_about(name, MEASURES[name].labels, MEASURES[name].unit) for name in _names(asked)],
        "dimensions": [
            _about(name, _labels(name)) | {"is_many_valued": bool(many_valued([name]))} for name in asked.dimensions
        ],
        "rows": [_row(asked, key, rows, sight, hidden) for key in shown_keys],
        "row_count": len(keys),
        "totals": [_row(asked, key, totals, whole, hidden) for key in all_totals],
        "names": await names.names_of(call, asked, shown_keys),
    } | ({"smallest_cell": hidden.least} if hidden.least else {})  # fmt: skip


def smallest_cell(call: Call) -> int:
    """Rows with fewer customers behind them are not told."""
    settings = call.house.settings
    assert isinstance(settings, Settings)
    return settings.smallest_cell


@dataclass(frozen=True, slots=True)
class Read:
    """Of a period: rows and totals by cube; where rows overlap and small ones are hidden, the parts that they are made of."""

    rows: Sums
    totals: Sums
    parts: dict[str, list[Part]]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Rows and totals that are not told: in the period, or in the one that it is compared with."""

    least: int
    rows: set[Key]
    totals: set[Key]

    @classmethod
    def of(cls, least: int, *periods: Read) -> "Hidden":
        found = cls(least, set(), set())
        if least:
            for read in periods:
                for name in read.totals:
                    behind, parts = _behind(read.rows[name]), read.parts.get(name)
                    own = (
                        hidden_rows(behind, least)
                        if parts is None
                        else hidden_overlapping(behind, parts, least)
                    )
                    found.rows.update(own)
                    found.totals.update(hidden_totals(_behind(read.totals[name]), least))
        return found

    def has(self, key: Key) -> bool:
        return is_hidden(key, self.totals if len(key) == 1 else self.rows)


def _behind(sums: Mapping[Key, Mapping[str, Any]]) -> dict[Key, int | None]:
    return {key: own.get(BEHIND) for key, own in sums.items()}


def _keys(asked: Asked, sums: Sums, currencies: Collection[Any]) -> set[Key]:
    """Those of the cubes that are measured; what something is only divided by makes no row of its own. What lies in a
    cube without money stands beside the amounts of its row, and beside `currencies` where there are none."""
    cubes = {measure.cube for measure in asked.measures}
    found = {key for name in cubes if CUBES[name].money for key in sums[name]}
    of_labels = {key[:-1] for key in found if key[-1] is not None}
    others = {key for name in cubes if not CUBES[name].money for key in sums[name]}
    for key in others:
        if key[:-1] not in of_labels:
            found |= {(*key[:-1], each) for each in currencies or (None,)}
    return found


async def _read(
    call: Call, asked: Asked, first: date | None, until: date | None, shift: Shift | None
) -> Read:
    """Of an earlier period the rows stand under the labels of the present one."""
    rows: Sums = {}
    totals: Sums = {}
    parts: dict[str, list[Part]] = {}
    groupings = await seen_groupings(call, asked.groupings)
    for cube in asked.cubes:
        scope = await call.scope(cube.resource)
        least = smallest_cell(call)
        statement, conditions = compiled(cube, asked, scope, counts_customers=least > 0)
        given = values_of(call, asked, scope, groupings, first, until)
        values = {**given, **conditions}
        found = await call.db.pool.fetch(
            bound(statement.sql), str(call.organisation), *statement.args(values)
        )
        if len(found) > (most := most_rows(asked.top)):
            raise Invalid(
                f"That is more than {most} rows.",
                errors={"dimensions": "Send fewer of them, a shorter period, or filters."},
                code="query_too_large",
            )
        rows[cube.name], totals[cube.name] = {}, {}
        for row in map(dict, found):
            currency = row.get("currency")
            sums = {name: row[f"s_{name}"] for name in asked.sums(cube)} | {BEHIND: row.get(BEHIND)}
            if row["is_total"]:
                totals[cube.name][(currency,)] = sums
            else:
                rows[cube.name][(*_key(asked, row, shift), currency)] = sums
        if cube.whole is not None and cube.whole in asked.sums(cube):
            [whole] = [sums[cube.whole] for sums in totals[cube.name].values()]
            for sums in (*rows[cube.name].values(), *totals[cube.name].values()):
                sums["whole"] = whole
        if least and many_valued(asked.dimensions):
            parts[cube.name] = await _parts(call, asked, cube, scope, given, shift)
    if not asked.dimensions:
        rows = {name: {} for name in rows}
    return Read(rows, totals, parts)


async def _parts(
    call: Call, asked: Asked, cube: Cube, scope: Scope, given: Mapping[str, Any], shift: Shift | None
) -> list[Part]:  # fmt: skip
    """A member of a campaign who is a person may be in parts of two accounts: each is a place of its own."""
    statement, conditions = compiled_signatures(cube, asked, scope)
    args = statement.args({**given, **conditions})
    found = []
    for row in map(dict, await call.db.pool.fetch(bound(statement.sql), str(call.organisation), *args)):  # fmt: skip
        segments, currency = tuple(row["segments"] or (None,)), row.get("currency")
        keys = [
            _key(asked, {f"d{n}": segment for n in range(len(asked.dimensions))} | row, shift)
            for segment in segments
        ]
        place = tuple(value for name, value in row.items() if name.startswith("d"))
        if cube.kind is MEMBERS:
            place = (*place, segments)
        rows = frozenset((*key, currency) for key in keys)
        found.append(Part(rows, row[BEHIND], currency, place))
    return found


def _key(asked: Asked, row: Mapping[str, Any], shift: Shift | None) -> Key:
    return tuple(
        _moved(row[f"d{n}"], shift) if name in PERIODS else row[f"d{n}"]
        for n, name in enumerate(asked.dimensions)
    )


def _moved(start: date, shift: Shift | None) -> date:
    """Where an earlier stretch stands among the present ones."""
    return start if shift is None else shift.on(start)


def _ordered(asked: Asked, keys: set[Key], rows: Sums, hidden: "Hidden") -> list[Key]:
    """By time where there is one and nothing else is asked for, else the greatest first; ties by label. What is hidden comes last,
    by label: its place would tell of it."""
    place = asked.dimensions.index(asked.bucket) if asked.bucket else None

    def by_value(key: Key) -> tuple[Any, ...]:
        if hidden.has(key):
            return (float("inf"), *map(str, key))
        measure = MEASURES[asked.order_by]
        value = shown(measure, _sums(measure, key, rows), key[-1])
        amount = value["amount"] if isinstance(value, dict) else value
        return (-float(amount) if amount is not None else float("inf"), *map(str, key))

    if place is not None:
        return sorted(keys, key=lambda key: (key[place], *by_value(key)))
    return sorted(keys, key=by_value)


def _first(keys: Sequence[Key], top: int) -> list[Key]:
    """So many of each currency: amounts of two are not greater or less than each other."""
    counts: dict[Any, int] = {}
    found = []
    for key in keys:
        counts[key[-1]] = counts.get(key[-1], 0) + 1
        if counts[key[-1]] <= top:
            found.append(key)
    return found


def _row(
    asked: Asked, key: Key, now: Sums, before: Sums | None, hidden: "Hidden"
) -> dict[str, Any]:
    is_total = len(key) == 1
    told = {} if is_total else dict(zip(asked.dimensions, key[:-1], strict=True))
    labels = {name: label_of(v, name) if name in PERIODS else _text(v) for name, v in told.items()}
    found: dict[str, Any] = {
        "dimensions": labels, "currency": key[-1], "values": _values(asked, key, now),
        "records": [document_of(asked, CUBES[name], told, key[-1]) for name in now],
    }  # fmt: skip
    if hidden.least:
        found["is_suppressed"] = hidden.has(key)
    if hidden.has(key):
        nothing = dict.fromkeys(found["values"])
        found["values"] = nothing
        return found if before is None else found | {"compared": nothing, "change": nothing}
    if before is not None:
        compared = _values(asked, key, before)
        found["compared"] = compared
        found["change"] = {
            name: change_of(MEASURES[name], found["values"][name], compared[name])
            for name in compared
        }
    return found


def _values(asked: Asked, key: Key, sums: Sums) -> dict[str, Any]:
    return {m.name: shown(m, _sums(m, key, sums), key[-1]) for m in asked.measures}


def _sums(measure: Measure, key: Key, sums: Sums) -> Mapping[str, Any] | None:
    """What a measure is made of."""
    own = _own(measure.cube, key, sums)
    if own is None or measure.per is None:
        return own
    beside = _own(measure.per, key, sums) or {}
    return {**own, measure.of[-1]: beside.get(measure.of[-1], 0)}


def _own(cube: str, key: Key, sums: Sums) -> Mapping[str, Any] | None:
    """What lies in a cube without money is the same beside each currency."""
    return sums[cube].get(key if CUBES[cube].money else (*key[:-1], None))


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _names(asked: Asked) -> Sequence[str]:
    return [measure.name for measure in asked.measures]


def _labels(name: str) -> Mapping[str, str]:
    return PERIODS[name] if name in PERIODS else DIMENSIONS[name].labels


def _about(name: str, labels: Mapping[str, str], unit: str | None = None) -> dict[str, Any]:
    return {"name": name, "labels": labels} | ({} if unit is None else {"unit": unit})
