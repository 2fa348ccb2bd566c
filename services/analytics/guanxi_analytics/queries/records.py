"""Drill-through: the very facts that a cell was summed from."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, Uuid, bindparam, literal_column, select, tuple_

from guanxi_analytics.queries.asked import Asked, day_of
from guanxi_analytics.queries.cubes import Cube
from guanxi_analytics.queries.dimensions import DIMENSIONS, PERIODS
from guanxi_analytics.queries.fields import KEYS, fields_of_cube
from guanxi_analytics.queries.groupings import named_in, seen_groupings
from guanxi_analytics.queries.period_rules import end_of
from guanxi_analytics.queries.statements import rows_of, seen, wanted_of
from guanxi_shared import filters, history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Binder
from guanxi_shared.statements import compile_after_binding

LIMIT: Final = 200
MONEY: Final[Mapping[str, str]] = {  # amounts, each with the column of its currency
    "amount": "currency", "cost": "currency", "paid": "currency", "outstanding": "currency",
    "credit_limit": "credit_limit_currency",
}  # fmt: skip
NUMBERS: Final = (
    "quantity",
    "probability",
    "opening",
    "bought",
    "sold",
    "adjusted",
    "closing",
    "pace",
)


class FactSearch(BaseModel):
    """The rows behind a figure. `period` is of the day by which the cube's rows count."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "filter_groups": [{"filters": [{"field": "region", "operator": "eq", "value": "华东"}]}],
                "period": {"from": "2026-08-01", "until": "2026-09-01"},
            }
        },
    )  # fmt: skip

    filter_groups: list[Any] = []
    period: "FactPeriod | None" = None
    as_of: Annotated[str, Field(max_length=40)] | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 50
    after: Annotated[str, Field(max_length=200)] | None = None


class FactPeriod(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: date = Field(alias="from")
    until: date


def document_of(
    asked: Asked, cube: Cube, told: Mapping[str, Any], currency: str | None
) -> dict[str, Any]:
    """The request that lists a cell's rows: the query's own filters, and in each of their groups what makes
    the cell. The period is the narrower of the query's and the cell's."""
    cell = [
        _equals(DIMENSIONS[name].field(cube), v) for name, v in told.items() if name not in PERIODS
    ]
    if currency is not None and cube.money:
        cell.append(_equals("currency", currency))
    groups = [
        {"filters": [*_filters(group), *cell]} for group in asked.documents[cube.name] or [{}]
    ]
    body: dict[str, Any] = {"filter_groups": groups}
    if (period := _period(asked, told)) is not None:
        body["period"] = period
    if asked.as_of is not None:
        body["as_of"] = asked.as_of
    return {"path": f"/v1/analytics/facts/{cube.name}/search", "body": body}


def _filters(group: Any) -> list[Any]:
    found: list[Any] = group.get("filters", [])
    return found


def _equals(field: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {"field": field, "operator": "is_null", "value": True}
    return {
        "field": field,
        "operator": "eq",
        "value": str(value) if isinstance(value, UUID) else value,
    }


def _period(asked: Asked, told: Mapping[str, Any]) -> dict[str, date] | None:
    first, until = asked.first, asked.until
    if asked.bucket is not None and asked.bucket in told:
        start = told[asked.bucket]
        if start is None:
            return None
        end = end_of(start, asked.bucket)
        first = start if first is None else max(first, start)
        until = end if until is None else min(until, end)
    return None if first is None or until is None else {"from": first, "until": until}


async def search_facts(call: Call, cube: Cube, sent: FactSearch) -> dict[str, Any]:
    call.by.demand(cube.permission)
    fields = fields_of_cube(cube.name)
    groups = filters.groups_from_document(sent.filter_groups, fields, call.clock)
    groupings = await seen_groupings(call, named_in(groups))
    as_of = None if sent.as_of is None else history.moment_of(call, "as_of", sent.as_of)
    scope, bind = await call.scope(cube.resource), Binder()
    is_past, is_bounded = as_of is not None, sent.period is not None
    wanted = wanted_of(cube, groups, scope, bind, is_past=is_past, is_bounded=is_bounded)
    rows_beside = rows_of(cube, (), groups, is_past=is_past)
    statement = compile_after_binding(_select(cube, wanted, sent).select_from(rows_beside))
    values = {
        "organisation": call.organisation, "zone": str(call.clock.zone), "as_of": as_of,
        "first": sent.period and sent.period.first, "until": sent.period and sent.period.until,
        "today": day_of(as_of or datetime.now(UTC), call.clock.zone),
        **scope.params(), **seen(scope), **groupings, **bind.values, **_after(sent),
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    shown = [_shown(dict(row)) for row in rows[: sent.limit]]
    last = rows[sent.limit - 1] if len(rows) > sent.limit else None
    following = None if last is None else f"{last[KEYS[cube.kind.noun]]}|{last['piece_id']}"
    return {"data": shown, "next": following}


def _select(cube: Cube, wanted: Any, sent: FactSearch) -> Select[Any]:
    table = cube.table
    shown = [
        column.label(KEYS[cube.kind.noun]) if name == "subject_id" else column
        for name, column in table.c.items()
        if name != "organisation_id"
    ]
    key = tuple_(table.c.subject_id, table.c.piece_id)
    if sent.after is not None:
        after = tuple_(*(bindparam(n, type_=Uuid) for n in ("after_subject", "after_piece")))
        wanted = [*wanted, key > after]
    found = select(*shown).where(*wanted).order_by(table.c.subject_id, table.c.piece_id)
    return found.limit(literal_column(str(sent.limit + 1)))


def _after(sent: FactSearch) -> dict[str, Any]:
    if sent.after is None:
        return {}
    try:
        subject, piece = (UUID(part) for part in sent.after.split("|"))
    except ValueError as error:
        raise Malformed(
            "The cursor is not one of this list.",
            errors={"after": "Use `next` of the answer before, or none to start."},
            code="bad_cursor",
        ) from error
    return {"after_subject": subject, "after_piece": piece}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Amounts beside their currency, as everywhere."""
    for name, currency in MONEY.items():
        if row.get(name) is not None:
            row[name] = {"amount": f"{row[name]:f}", "currency": row.get(currency)}
    for name in NUMBERS:
        if row.get(name) is not None:
            row[name] = float(row[name])
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
