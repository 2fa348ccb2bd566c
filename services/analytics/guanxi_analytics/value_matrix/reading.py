"""The value matrix, and the customers in it, as far as the caller sees their accounts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)

from guanxi_analytics.facts.kinds import ACCOUNTS, TABLES
from guanxi_analytics.value_matrix.asked import CustomersAsked
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
ACCOUNT: Final = ACCOUNTS.table
OUTLOOK: Final = TABLES["customer_outlooks"]
MODEL: Final = TABLES["fitted_models"]
MOVE: Final = TABLES["quadrant_moves"]
LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "protect": {"en": "Brings much and may bring much: protect", "zh": "重点维护"},
    "grow": {"en": "Brings little yet and may bring much: grow", "zh": "重点培育"},
    "harvest": {"en": "Brings much, with little beyond: harvest", "zh": "稳定收获"},
    "maintain": {"en": "Brings little, with little beyond: maintain", "zh": "一般维持"},
    "uncertain": {"en": "What it may bring is too uncertain to say", "zh": "潜力不确定"},
}
MODEL_NOW: Final = """
SELECT name, verdict, sentence, until, settings::text FROM fitted_models
WHERE organisation_id = $2 AND name = 'repeat-purchases' ORDER BY fitted_at DESC, id DESC LIMIT 1
"""
Row = Mapping[str, Any]


async def read_matrices(call: Call, currency: str | None) -> list[dict[str, Any]]:
    """One for each currency in which spending was fitted; none before the first fit, and of a model that is not used
    one without a currency, which says why."""
    model = await call.db.pool.fetchrow(bound(MODEL_NOW), str(call.organisation), call.organisation)
    if model is None:
        return []
    scope = await call.scope("accounts")
    statement = SHAPES.get(("sums", scope.shape), lambda: _sums(scope))
    values = {"organisation": call.organisation, **scope.params()}
    found = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    sees_sums = sees_all_sums(call)
    cuts: dict[str, Any] = orjson.loads(model["settings"]).get("cuts", {})
    wanted: list[str | None] = [each for each in sorted(cuts) if currency in (None, each)]
    rows: list[Row] = [dict(row) for row in found]
    return [_matrix(dict(model), each, cuts, rows, sees_sums) for each in wanted or [currency]]


def sees_all_sums(call: Call) -> bool:
    return call.by.may("orders:read") and call.by.sees("orders") == "all"


def _matrix(
    model: Row, currency: str | None, all_cuts: Mapping[str, Any], rows: list[Row], sees_sums: bool
) -> dict[str, Any]:
    cuts = all_cuts.get(currency) if currency else None
    own = {row["quadrant"]: row for row in rows if row["currency"] == currency}

    def money(value: Any) -> dict[str, str | None] | None:
        return {"amount": f"{Decimal(value):f}", "currency": currency} if sees_sums else None

    return {
        "currency": currency, "model": f"/v1/analytics/models/{model['name']}",
        "verdict": model["verdict"], "sentence": model["sentence"], "until": model["until"],
        "cuts": None if cuts is None or not sees_sums else {
            name: {"amount": value, "currency": currency} for name, value in cuts.items()
        },
        "quadrants": [] if cuts is None else [
            {
                "quadrant": name, "labels": labels,
                "customers": own[name]["customers"] if name in own else 0,
                "present": money(own[name]["present"] if name in own else 0),
                "potential": money(own[name]["potential"] if name in own else 0),
            }
            for name, labels in LABELS.items()
        ],
    }  # fmt: skip


def seen(scope: Scope) -> list[ColumnElement[bool]]:
    """Outlooks beside the accounts of which they are, as far as those are visible."""
    return [
        OUTLOOK.c.organisation_id == bindparam("organisation", type_=Uuid),
        ACCOUNT.c.organisation_id == OUTLOOK.c.organisation_id,
        ACCOUNT.c.subject_id == OUTLOOK.c.customer_id,
        ACCOUNT.c.ended_at.is_(None), predicate(ACCOUNT, scope),
    ]  # fmt: skip


def _sums(scope: Scope) -> Select[Any]:
    return (
        select(
            OUTLOOK.c.currency, OUTLOOK.c.quadrant, func.count().label("customers"),
            func.sum(OUTLOOK.c.present).label("present"), func.sum(OUTLOOK.c.value).label("potential"),
        )
        .where(*seen(scope), OUTLOOK.c.quadrant.is_not(None))
        .group_by(OUTLOOK.c.currency, OUTLOOK.c.quadrant)
    )  # fmt: skip


async def list_customers(call: Call, asked: CustomersAsked) -> dict[str, Any]:
    scope = await call.scope("accounts")
    key = ("customers", scope.shape, asked.shape)
    statement = SHAPES.get(key, lambda: _customers(asked, scope))
    values = {
        "organisation": call.organisation, "currency": asked.currency, "quadrant": asked.quadrant,
        "after": asked.after and asked.after[0], "after_id": asked.after and asked.after[1],
        "most": asked.limit + 1, **scope.params(),
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    shown, sees_sums = rows[: asked.limit], sees_all_sums(call)
    has_more = len(rows) > asked.limit
    cursor = asked.cursor_behind(dict(shown[-1])) if has_more else None
    return {
        "data": [_customer(dict(row), sees_sums) for row in shown],
        "page": {"next_cursor": cursor, "has_more": has_more, "total": None},
    }


RISK: Final = OUTLOOK.c.value * (literal_column("1") - OUTLOOK.c.alive)
SILENT: Final[ColumnElement[Any]] = MODEL.c.until - OUTLOOK.c.last_on
INTERVALS: Final[ColumnElement[Any]] = case(
    (
        OUTLOOK.c.repeats > literal_column("0"),
        cast(SILENT, Float) * OUTLOOK.c.repeats
        / func.nullif(OUTLOOK.c.last_on - OUTLOOK.c.first_on, literal_column("0")),
    )
)  # fmt: skip
SORTS: Final[Mapping[str, ColumnElement[Any]]] = {
    "at_risk": func.coalesce(RISK, literal_column("0")),
    "potential": func.coalesce(cast(OUTLOOK.c.value, Float), literal_column("0")),
    "present": func.coalesce(cast(OUTLOOK.c.present, Float), literal_column("0")),
    "silent_intervals": func.coalesce(INTERVALS, literal_column("-1")),
    "alive": cast(-OUTLOOK.c.alive, Float),
}


def _customers(asked: CustomersAsked, scope: Scope) -> Select[Any]:
    order = cast(SORTS[asked.sort], Float).label("rank")
    last = (
        select(MOVE.c.before, MOVE.c.moved_at)
        .where(
            MOVE.c.organisation_id == OUTLOOK.c.organisation_id,
            MOVE.c.customer_id == OUTLOOK.c.customer_id, MOVE.c.currency == OUTLOOK.c.currency,
        )
        .order_by(MOVE.c.moved_at.desc())
        .limit(literal_column("1"))
        .lateral("last")
    )  # fmt: skip
    of_model = and_(
        MODEL.c.organisation_id == OUTLOOK.c.organisation_id, MODEL.c.id == OUTLOOK.c.model_id
    )
    wanted = [*seen(scope), OUTLOOK.c.currency == bindparam("currency", type_=Text)]
    if asked.quadrant is not None:
        wanted.append(OUTLOOK.c.quadrant == bindparam("quadrant", type_=Text))
    if asked.after is not None:
        rank, id = bindparam("after", type_=Float), bindparam("after_id", type_=Uuid)
        same = and_(order.element == rank, OUTLOOK.c.customer_id > id)
        wanted.append((order.element < rank) | same)
    names = (
        "customer_id",
        "currency",
        "quadrant",
        "repeats",
        "last_on",
        "alive",
        "present",
        "value",
    )
    return (
        select(
            *(OUTLOOK.c[name] for name in names), ACCOUNT.c.name, last.c.before, last.c.moved_at, order,
            SILENT.label("silent"), INTERVALS.label("intervals"), RISK.label("risk"),
        )
        .select_from(
            OUTLOOK.join(ACCOUNT, ACCOUNT.c.subject_id == OUTLOOK.c.customer_id)
            .join(MODEL, of_model).outerjoin(last, literal_column("true"))
        )
        .where(*wanted)
        .order_by(order.desc(), OUTLOOK.c.customer_id)
        .limit(bindparam("most"))
    )  # fmt: skip


def _customer(row: Row, sees_sums: bool) -> dict[str, Any]:
    currency = row["currency"]

    def money(value: Any) -> dict[str, str] | None:
        if value is None or not sees_sums:
            return None
        return {"amount": f"{round(Decimal(value), 2):f}", "currency": currency}

    intervals = row["intervals"]
    return {
        "account_id": str(row["customer_id"]), "name": row["name"], "currency": currency,
        "quadrant": row["quadrant"], "before": row["before"], "moved_at": row["moved_at"],
        "repeats": row["repeats"], "last_on": row["last_on"], "silent_days": row["silent"],
        "silent_intervals": None if intervals is None else round(intervals, 2),
        "alive": round(row["alive"], 4), "present": money(row["present"]),
        "potential": money(row["value"]), "at_risk": money(row["risk"]),
    }  # fmt: skip
