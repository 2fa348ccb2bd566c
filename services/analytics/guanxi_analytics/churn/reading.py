"""The warning list, actual churn, and whom to win back, as far as the caller sees the accounts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from guanxi_analytics.churn import statements
from guanxi_analytics.churn.asked import ChurnAsked, WinBackAsked, page_of
from guanxi_analytics.churn.warning_rules import aimed
from guanxi_analytics.customers.outlook_rules import lost_on, reasons
from guanxi_analytics.value_matrix.reading import sees_all_sums
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes

SHAPES: Final = Shapes()
MODEL: Final = """
SELECT name, verdict, sentence, is_used, until, found::text, settings::text FROM fitted_models
WHERE organisation_id = $2 AND name = 'repeat-purchases' ORDER BY fitted_at DESC, id DESC LIMIT 1
"""
OWN: Final = "SELECT currency FROM directory_state WHERE organisation_id = $2"
Row = Mapping[str, Any]


async def read_churn(call: Call, asked: ChurnAsked) -> dict[str, Any]:
    model = await _model(call)
    by_model = model is not None and model["verdict"] == "use"
    scope = await call.scope("accounts")
    is_first = asked.after is None
    key = ("churn", scope.shape, asked.status, by_model, is_first)
    statement = SHAPES.get(
        key, lambda: statements.churn(scope, status=asked.status, by_model=by_model, is_first=is_first)
    )  # fmt: skip
    rows = await _rows(call, statement, asked, {"k": asked.k, "today": call.clock.today}, scope)
    shown, page = page_of(rows, asked.limit)
    sees_sums, found = sees_all_sums(call), {} if model is None else model["found"]
    fitted = found["buying"]["parameters"] if "buying" in found else None
    tested = aimed(found.get("warnings", ()), asked.capacity) if sees_sums else None
    return {
        "status": asked.status, "by": "model" if by_model else "rule",
        "rule": f"Silent for more than {asked.k:g} of their own usual intervals.",
        "model": None if model is None else {
            "url": f"/v1/analytics/models/{model['name']}", "verdict": model["verdict"],
            "sentence": model["sentence"], "until": model["until"],
        },
        "horizon_weeks": found.get("horizon_weeks"), "tested": tested,
        "data": [_customer(dict(row), fitted, model, sees_sums) for row in shown], "page": page,
    }  # fmt: skip


async def read_win_back(call: Call, asked: WinBackAsked) -> dict[str, Any]:
    """Its order is by money: what stands there is for those who see all orders, as the money is."""
    model, currency = await _model(call), asked.currency
    if currency is None:
        currency = await call.db.pool.fetchval(
            bound(OWN), str(call.organisation), call.organisation
        )
    scope = await call.scope("accounts")
    statement = SHAPES.get(
        ("win_back", scope.shape, asked.after is None),
        lambda: statements.win_back(scope, is_first=asked.after is None),
    )
    more = {"chance": asked.chance, "cost": asked.cost, "currency": currency}
    rows = await _rows(call, statement, asked, more, scope) if sees_all_sums(call) else []
    shown, page = page_of(rows, asked.limit)
    return {
        "currency": currency, "chance": asked.chance, "cost": _money(asked.cost, currency),
        "sentence": _told(call, model, asked),
        "horizon_weeks": None if model is None else model["settings"].get("horizon_weeks"),
        "data": [_returner(dict(row)) for row in shown], "page": page,
    }  # fmt: skip


async def _model(call: Call) -> dict[str, Any] | None:
    row = await call.db.pool.fetchrow(bound(MODEL), str(call.organisation), call.organisation)
    if row is None:
        return None
    return dict(row) | {name: orjson.loads(row[name]) for name in ("found", "settings")}


async def _rows(
    call: Call, statement: Any, asked: ChurnAsked | WinBackAsked, more: Row, scope: Any
) -> list[Any]:
    values = {
        "organisation": call.organisation, "most": asked.limit + 1, "after": asked.after and asked.after[0],
        "after_id": asked.after and asked.after[1], **more, **scope.params(),
    }  # fmt: skip
    found: list[Any] = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return found


def _customer(row: Row, fitted: Any, model: Row | None, sees_sums: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "account_id": str(row["customer_id"]), "name": row["name"], "last_on": row["last_on"],
        "repeats": int(row["repeats"]), "silent_days": int(row["silent"]),
        "silent_intervals": None if row["intervals"] is None else round(row["intervals"], 2),
        "is_silent": bool(row["is_silent"]), "alive": None, "reasons": None, "lost_on": None, "lead_days": None,
        "value": None, "value_if_back": None,
    }  # fmt: skip
    if fitted is None or model is None or row["o_alive"] is None:
        return told
    own = (row["o_repeats"], row["o_first_on"], row["o_last_on"])
    lost = lost_on(fitted, *own)
    if sees_sums and row["o_value"] is not None:
        told |= {
            name: _money(row[f"o_{name}"], row["o_currency"]) for name in ("value", "value_if_back")
        }
    return told | {
        "alive": round(row["o_alive"], 4), "reasons": reasons(fitted, *own, model["until"]), "lost_on": lost,
        "lead_days": None if lost is None else max(0, (lost - model["until"]).days),
    }  # fmt: skip


def _returner(row: Row) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "account_id": str(row["customer_id"]), "name": row["name"], "last_on": row["last_on"],
        "repeats": row["repeats"], "alive": round(row["alive"], 4),
        "value": _money(row["value"], currency), "value_if_back": _money(row["value_if_back"], currency),
        "expected": _money(row["rank"], currency),
    }  # fmt: skip


def _money(value: Any, currency: str | None) -> dict[str, str | None]:
    return {"amount": f"{round(Decimal(value), 2):f}", "currency": currency}


def _told(call: Call, model: Row | None, asked: WinBackAsked) -> str:
    if not sees_all_sums(call):
        return "What customers would bring is shown to those who see all orders."
    if model is None:
        return "Nothing was fitted yet: POST /v1/analytics/models/fit."
    if not model["is_used"]:
        return f"No value can be told: {model['sentence']}"
    return (
        f"Expected is {asked.chance:.0%}, your guess of how often it works, of what a customer brings more within the"
        " horizon by coming back today, less what it costs. Whether it works takes a hold-out to know."
    )
