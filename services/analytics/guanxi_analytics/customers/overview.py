"""All that analytics says of one customer: what was, what is expected, why, what would change it, and what to do by rules."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.customers import action_rules, change_rules, why_rules
from guanxi_analytics.customers.action_rules import Guesses, Known
from guanxi_analytics.customers.content import read_content
from guanxi_analytics.customers.outlooks import at_risk, read_outlooks, shown
from guanxi_analytics.customers.reading import demand_account, read_purchases, read_scores
from guanxi_analytics.customers.standing import read_standing
from guanxi_analytics.customers.under_contract import read_contracts
from guanxi_analytics.products.prices import usual_price
from guanxi_analytics.products.reading import read_next_products
from guanxi_analytics.risk.reading import read_customer_risk
from guanxi_shared.calls import Call

RULES: Final = (
    "These are rules in a fixed order, and no predictions: each says by which figures it applies. Money is expected where it can be"
    " computed from what models in use expect, or from what was sent."
)
NO_ORDERS: Final = "What they may buy next is told to those who read orders."
Row = Mapping[str, Any]


async def read_customer(call: Call, account_id: UUID, guesses: Guesses) -> dict[str, Any]:
    """NotFound for an account that the caller does not see."""
    account = await demand_account(call, account_id)
    purchases = await read_purchases(call, account_id)
    outlooks, sees_sums = await read_outlooks(call, account_id)
    standing, told = await read_standing(call, account_id, outlooks)
    content = await read_content(call, account_id, outlooks)
    contracts = await read_contracts(call, account_id)
    by_contracts = contracts.pop("what_would_change")
    risk, owed = await read_customer_risk(call, account_id, account)
    products = await _next_products(call, account_id)
    currency = _currency(outlooks, purchases)
    known = Known(
        today=call.clock.today, currency=currency, **_silence(outlooks, purchases), **_expected(outlooks, sees_sums),
        **_said(call, content), terms=[_term(each) for each in contracts["data"]],
        offer=await _offer(call, products, currency),
        overdue=[
            action_rules.Overdue(name, each.overdue, each.invoices_overdue, each.oldest_days_late)
            for name, each in owed.items() if each.overdue
        ],
    )  # fmt: skip
    found = action_rules.actions(known, guesses)
    return {
        "account_id": str(account_id), "name": account["name"], "grade": account["grade"],
        "lifecycle_stage": account["lifecycle_stage"], "purchases": purchases, "scores": await read_scores(call, account_id),
        "outlooks": [shown(row, sees_sums) for row in outlooks], "outlooks_sentence": _money_too(told, outlooks, sees_sums),
        "quadrant": standing, "satisfaction": content, "contracts": contracts, "risk": risk, "next_products": products,
        "why": _why(outlooks, sees_sums, contracts["data"]),
        "what_would_change": [
            *(each for row in outlooks for each in change_rules.of_outlook(row, sees_sums=sees_sums)), *by_contracts
        ],
        "next_best_actions": {
            "sentence": RULES, "data": [action_rules.shown(each, n, currency) for n, each in enumerate(found, 1)]
        },
    }  # fmt: skip


def _money_too(told: str, outlooks: Sequence[Row], sees_sums: bool) -> str:
    if outlooks and not sees_sums:
        return f"{told} Values are told to those who see all of their orders."
    return told


def _why(outlooks: Sequence[Row], sees_sums: bool, contracts: Sequence[Row]) -> list[dict[str, Any]]:  # fmt: skip
    found: list[dict[str, Any] | None] = []
    for row in outlooks:
        found.append(why_rules.of_alive(row))
        if sees_sums and row["value"] is not None:
            found += [why_rules.of_value(row), why_rules.of_risk(row, at_risk(row))]
    found += [why_rules.of_hazard(each) for each in contracts]
    return [each for each in found if each is not None]


async def _next_products(call: Call, account_id: UUID) -> dict[str, Any]:
    url = f"/v1/analytics/customers/{account_id}/next-products"
    if not call.by.may("orders:read"):
        return {"url": url, "by": "nothing", "verdict": None, "sentence": NO_ORDERS, "data": []}
    found = await read_next_products(call, account_id)
    return {"url": url} | {name: found[name] for name in ("by", "verdict", "sentence", "data")}


def _currency(outlooks: Sequence[Row], purchases: Sequence[Row]) -> str | None:
    """That of their outlook, else the one they last bought in."""
    bought = [row for row in purchases if row["last_on"] is not None]
    last = max(bought, key=lambda row: row["last_on"], default=None)
    found = outlooks[0] if outlooks else last
    return None if found is None else str(found["currency"])


def _silence(outlooks: Sequence[Row], purchases: Sequence[Row]) -> dict[str, Any]:
    """By the history that the fit saw, else by the orders that the caller sees."""
    if outlooks:
        row = outlooks[0]
        silent, repeats = (row["until"] - row["last_on"]).days, row["repeats"]
        span = (row["last_on"] - row["first_on"]).days
    else:
        bought = [row for row in purchases if row["last_on"] is not None]
        if not bought:
            return {}
        last, first = max(row["last_on"] for row in bought), min(row["first_on"] for row in bought)
        silent, span = min(row["days_since_last"] for row in bought), (last - first).days
        repeats = sum(row["days"] for row in bought) - 1
    return {"silent_days": silent, "usual_days": span / repeats if repeats and span else None}


def _expected(outlooks: Sequence[Row], sees_sums: bool) -> dict[str, Any]:
    """Nothing of a model that is merely shown: nothing is done by it."""
    if not outlooks or outlooks[0]["verdict"] != "use":
        return {}
    row = outlooks[0]
    money = {name: row[name] if sees_sums else None for name in ("value", "value_if_back")}
    return {"alive": row["alive"] if row["repeats"] else None} | money


def _said(call: Call, content: Row) -> dict[str, Any]:
    answers = [
        action_rules.Answer(
            each["kind"], each["score"], _day(call, each["answered_at"])
        )
        for each in content["answers"]
    ]  # fmt: skip
    complaints = content["complaints"]
    if not complaints or not complaints["open"]:
        return {"answers": answers}
    oldest = _day(call, complaints["oldest_at"])
    return {"answers": answers, "complaints": complaints["open"], "oldest_complaint_on": oldest}


def _day(call: Call, moment: datetime) -> date:
    return moment.astimezone(call.clock.zone).date()


def _term(contract: Row) -> action_rules.Term:
    return action_rules.Term(
        contract["entitlement_id"], contract["ends_on"], contract["days_left"], contract["hazard"]
    )


async def _offer(call: Call, products: Row, currency: str | None) -> action_rules.Offer | None:
    """The surest one that is named because of another; what is merely bought most is no reason to call."""
    first = next((each for each in products["data"] if each["because"] is not None), None)
    if first is None:
        return None
    product, because = first["product"], first["because"]["product"]
    key = product["key"]
    return action_rules.Offer(
        product["name"] or key, because["name"] or because["key"], first["because"]["confidence"],
        None if currency is None else await usual_price(call, key, currency),
    )  # fmt: skip
