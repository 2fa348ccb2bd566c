"""A query's SQL: one statement a cube gives its rows and its totals."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    DateTime,
    Select,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)  # fmt: skip

from guanxi_analytics.queries.asked import Asked, most_rows
from guanxi_analytics.queries.beside import account_named_by, joined, known_at
from guanxi_analytics.queries.cubes import Cube, local
from guanxi_analytics.queries.dimensions import DIMENSIONS, many_valued
from guanxi_analytics.queries.period_rules import MONTHS_IN
from guanxi_analytics.queries.segment_rows import SIGNATURES
from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.filters import Binder, Groups
from guanxi_shared.statements import Compiled, Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
BEHIND: Final = "customers_behind"


def wanted_of(
    cube: Cube, groups: Groups, scope: Scope, bind: Binder, *, is_past: bool, is_bounded: bool
) -> list[ColumnElement[bool]]:
    """What a row has to be: of the organisation, known, visible, within the period, as filtered."""
    table = cube.table
    found = [
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        known_at(table, is_past), predicate(cube.seen_by, scope), *cube.only,
    ]  # fmt: skip
    if is_bounded:
        first, until = (bindparam(n, type_=Date) for n in ("first", "until"))
        column = table.c[cube.when]
        if cube.is_by_instant:  # compared as an instant, so that an index serves
            zone = cast(first, DateTime), cast(until, DateTime)
            found += [column >= local(zone[0]), column < local(zone[1])]
        else:
            found += [column >= first, column < until]
    if cube.told_by is not None:
        found.append(table.c.account_id.in_(_accounts_in(cube.told_by, scope, is_past)))
    if (grouped := filters.compile_groups(groups, bind)) is not None:
        found.append(grouped)
    return found


def _accounts_in(table: Any, scope: Scope, is_past: bool) -> Select[Any]:
    """Those of whom the caller sees such a fact."""
    own = table.c.organisation_id == bindparam("organisation", type_=Uuid)
    return select(table.c.account_id).where(own, known_at(table, is_past), predicate(table, scope))


def seen(scope: Scope) -> dict[str, Any]:
    """Who sees what, for rows that are made of those alone which the caller sees."""
    return {
        "sees_all": scope.everything, "seen_owners": list(scope.owners), "seen_teams": list(scope.teams),
        "seen_shared": list(scope.shared),
    }  # fmt: skip


def rows_of(cube: Cube, dimensions: Iterable[str], groups: Groups, *, is_past: bool) -> Any:
    """The cube's rows, each beside what it names, as far as dimensions and filters ask for that."""
    told = [DIMENSIONS[name].column(cube) for name in dimensions if name in DIMENSIONS]
    filtered = [condition.field.compared for group in groups for condition in group]
    return joined(cube.kind.noun, cube.table, [*told, *filtered], is_past=is_past)


def compiled(
    cube: Cube, asked: Asked, scope: Scope, *, counts_customers: bool = False
) -> tuple[Compiled, dict[str, Any]]:
    """The statement, remembered by its shape, and the values of its conditions. `counts_customers`: `customers_behind`, too."""
    groups, bind = asked.groups[cube.name], Binder()
    is_past, is_bounded = asked.as_of is not None, asked.first is not None
    wanted = wanted_of(cube, groups, scope, bind, is_past=is_past, is_bounded=is_bounded)
    key = (
        cube.name, *asked.sums(cube), asked.dimensions, asked.has_money, asked.top is None, is_past, is_bounded, scope.shape,
        filters.shape_of(groups), counts_customers,
    )  # fmt: skip
    return SHAPES.get(key, lambda: _select(cube, asked, wanted, counts_customers)), bind.values


def compiled_signatures(cube: Cube, asked: Asked, scope: Scope) -> tuple[Compiled, dict[str, Any]]:
    """The customers behind each set of segments that accounts are in, within the other dimensions: what rows that overlap
    are made of."""
    groups, bind = asked.groups[cube.name], Binder()
    is_past, is_bounded = asked.as_of is not None, asked.first is not None
    wanted = wanted_of(cube, groups, scope, bind, is_past=is_past, is_bounded=is_bounded)
    key = (
        "signatures", cube.name, asked.dimensions, asked.has_money, is_past, is_bounded, scope.shape, filters.shape_of(groups),
    )  # fmt: skip
    return SHAPES.get(key, lambda: _signatures(cube, asked, wanted)), bind.values


def _signatures(cube: Cube, asked: Asked, wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
    others = {n: name for n, name in enumerate(asked.dimensions) if not many_valued([name])}
    told = [_told(cube, name).label(f"d{n}") for n, name in others.items()]
    currency = [cube.table.c.currency] if _has_currency(cube, asked) else []
    by = [*(_plain(each) for each in told), *currency, SIGNATURES.c.segments]
    account, is_past = account_named_by(cube.kind.noun), asked.as_of is not None
    assert account is not None
    assert cube.customer is not None
    rows = rows_of(cube, others.values(), asked.groups[cube.name], is_past=is_past)
    return (
        select(
            *told, *(c.label("currency") for c in currency), SIGNATURES.c.segments,
            func.count(cube.customer.distinct()).label(BEHIND),
        )
        .select_from(rows.join(SIGNATURES, SIGNATURES.c.account_id == account, isouter=True))
        .where(*wanted)
        .group_by(*by)
    )  # fmt: skip


def _select(
    cube: Cube, asked: Asked, wanted: Sequence[ColumnElement[bool]], counts_customers: bool
) -> Select[Any] | CompoundSelect[Any]:
    told = [_told(cube, name).label(f"d{n}") for n, name in enumerate(asked.dimensions)]
    currency = [cube.table.c.currency] if _has_currency(cube, asked) else []
    by = [*told, *currency]
    if many_valued(asked.dimensions):
        return _overlapping(cube, asked, wanted, told, counts_customers)
    whole = func.grouping(*told) if told else literal_column("1")
    found = select(
        *told, *(c.label("currency") for c in currency), whole.label("is_total"),
        *(cube.sums[name].label(f"s_{name}") for name in asked.sums(cube)), *_behind(cube, counts_customers),
    ).where(*wanted)  # fmt: skip
    rows = rows_of(cube, asked.dimensions, asked.groups[cube.name], is_past=asked.as_of is not None)
    found = found.select_from(rows)
    if told:
        sets = (tuple_(*(_plain(each) for each in by)), tuple_(*currency))
        return found.group_by(func.grouping_sets(*sets)).limit(
            literal_column(str(most_rows(asked.top) + 1))
        )
    return found.group_by(*currency) if currency else found


def _overlapping(
    cube: Cube, asked: Asked, wanted: Sequence[ColumnElement[bool]], told: Sequence[Any], counts_customers: bool
) -> CompoundSelect[Any]:  # fmt: skip
    """A fact is in several rows, so totals are summed apart from them, each fact once."""
    groups, is_past = asked.groups[cube.name], asked.as_of is not None
    currency = [cube.table.c.currency] if _has_currency(cube, asked) else []
    sums = [
        *(cube.sums[name].label(f"s_{name}") for name in asked.sums(cube)), *_behind(cube, counts_customers),
    ]  # fmt: skip

    def part(labels: Sequence[Any], is_total: str, dimensions: Iterable[str], by: Sequence[Any]) -> Select[Any]:  # fmt: skip
        found = select(
            *labels, *(c.label("currency") for c in currency), literal_column(is_total).label("is_total"), *sums,
        )  # fmt: skip
        rows = rows_of(cube, dimensions, groups, is_past=is_past)
        found = found.select_from(rows).where(*wanted)
        return found.group_by(*by) if by else found

    each = part(told, "0", asked.dimensions, [*(_plain(c) for c in told), *currency])
    nothing = [cast(null(), _plain(label).type).label(label.name) for label in told]
    once = part(nothing, "1", (), currency)
    most: ColumnElement[Any] = literal_column(str(most_rows(asked.top) + 1))
    return union_all(each.limit(most), once)


def _behind(cube: Cube, counts_customers: bool) -> list[ColumnElement[Any]]:
    customer = cube.customer
    if not counts_customers or customer is None:
        return []
    return [func.count(customer.distinct()).label(BEHIND)]


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return getattr(column, "element", column)


def _has_currency(cube: Cube, asked: Asked) -> bool:
    """Where any measure is money, every cube with money has a row for each currency."""
    return asked.has_money and bool(cube.money)


def _told(cube: Cube, name: str) -> ColumnElement[Any]:
    if name == asked_bucket(name):
        return cast(func.date_trunc(literal_column(f"'{name}'"), cube.day), Date)
    column = DIMENSIONS[name].column(cube)
    assert column is not None, name
    return column


def asked_bucket(name: str) -> str | None:
    return name if name not in DIMENSIONS else None


def values_of(
    call: Call, asked: Asked, scope: Scope, groupings: Mapping[str, Any], first: date | None, until: date | None
) -> Mapping[str, Any]:  # fmt: skip
    """`scope` is of the facts, `groupings` say which segments and territories may be told of."""
    return {
        "organisation": call.organisation, "zone": str(call.clock.zone), "as_of": asked.as_of,
        "first": first, "until": until, "today": asked.today, "bucket": asked.bucket,
        "bucket_months": MONTHS_IN.get(asked.bucket or ""), **scope.params(), **seen(scope),
        **groupings,
    }  # fmt: skip
