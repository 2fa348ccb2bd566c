"""Tickets by the clocks that they had, as their `sla` shows them."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, cast, func, literal_column, not_, or_
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared.resources import Where

HAD: Final[ColumnElement[Any]] = literal_column(
    """'$.clocks[*] ? (@.state != "cancelled" && @.kind == $kinds[*])'::jsonpath"""
)
RUNS: Final[ColumnElement[Any]] = literal_column(
    """'$.clocks[*] ? ((@.state == "running" || @.state == "paused") && @.kind == $kinds[*])'::jsonpath"""
)


def had_clock(table: Table) -> Where:
    """A clock of the kind that was not cancelled, or of which any run was late."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        kinds = _kinds(value, bind)
        is_late: ColumnElement[bool] = table.c.sla_breached.bool_op("&&")(kinds)
        return or_(is_late, _shows(table, HAD, kinds))

    return where


def runs_clock(table: Table) -> Where:
    """A clock of the kind goes on or stands still, and no run of it was late."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        kinds = _kinds(value, bind)
        is_late: ColumnElement[bool] = table.c.sla_breached.bool_op("&&")(kinds)
        return not_(is_late) & _shows(table, RUNS, kinds)

    return where


def _kinds(value: Any, bind: Any) -> ColumnElement[Any]:
    return cast(bind(value if isinstance(value, list) else [value], ARRAY(Text)), ARRAY(Text))


def _shows(
    table: Table, path: ColumnElement[Any], kinds: ColumnElement[Any]
) -> ColumnElement[bool]:
    named = func.jsonb_build_object("kinds", func.to_jsonb(kinds))
    return func.coalesce(func.jsonb_path_exists(table.c.sla, path, named), False)
