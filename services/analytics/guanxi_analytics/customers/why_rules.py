"""Why a score is what it is: contributions that add up to it exactly, as it is shown. Pure.

Each contribution is the step from one rounded figure to the next, so that no rounding is left over. Figures are decimals as text.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.customers.outlook_rules import WEEK, parts

CENT: Final = 2
SHARE: Final = 4
SURELY_GONE: Final = 0.01  # below it a value divided by P(alive) is made of its rounding
NO_PURCHASE: Final = 0.001
Row = Mapping[str, Any]
Step = tuple[str, Decimal, str]  # name, the figure that is reached with it, and in words


def explained(
    score: str, unit: str, steps: Iterable[Step], *, digits: int, currency: str | None = None,
    entitlement_id: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    found, before = [], Decimal(0)
    for name, reached, sentence in steps:
        at = round(reached, digits)
        found.append({"name": name, "contribution": f"{at - before:f}", "sentence": sentence})
        before = at
    return {
        "score": score, "currency": currency, "entitlement_id": entitlement_id, "unit": unit,
        "total": f"{before:f}", "contributions": found,
    }  # fmt: skip


def of_alive(row: Row) -> dict[str, Any] | None:
    """In log-odds; None of who never came back: the model counts them as there."""
    if row["repeats"] == 0:
        return None
    age, last = ((day - row["first_on"]).days / WEEK for day in (row["until"], row["last_on"]))
    own = parts(row["found"]["buying"]["parameters"], row["repeats"], last, age)
    for_them = Decimal(own["purchases"])
    days = row["repeats"]
    silent = (row["until"] - row["last_on"]).days
    return explained(
        "alive", "log_odds",
        [
            ("purchases", for_them, f"Bought again on {days} {'day' if days == 1 else 'days'}: that speaks for them."),
            ("silence", for_them + Decimal(own["silence"]), f"Silent for {silent} days: that speaks against them."),
        ],
        digits=SHARE, currency=row["currency"],
    )  # fmt: skip


def of_value(row: Row) -> dict[str, Any]:
    """From their own pace, by what the model makes of it, to what is left of it by the chance that they have gone. In money; each
    purchase at what one of theirs is expected to bring within the horizon."""
    value, alive, purchases = row["value"], row["alive"], row["purchases"]
    said = {"digits": CENT, "currency": row["currency"]}
    if alive < SURELY_GONE or purchases < NO_PURCHASE:
        told = (
            f"P(alive) is {alive:.2%}, and {purchases:.3f} purchases are to come: hardly anything."
        )
        return explained("value", "money", [("gone", value, told)], **said)
    weeks, horizon = (row["until"] - row["first_on"]).days / WEEK, row["settings"]["horizon_weeks"]
    pace = row["repeats"] / weeks * horizon if weeks else 0.0
    each = value / Decimal(purchases)
    still = purchases / alive
    return explained(
        "value", "money",
        [
            ("own_pace", each * Decimal(pace), f"{pace:.1f} purchases within {horizon:g} weeks at their own pace until now."),
            ("model", value / Decimal(alive), f"{still:.1f} by the model of somebody still there, who may leave within them."),
            ("chance_gone", value, f"They are still there with a chance of {alive:.0%}."),
        ],
        **said,
    )  # fmt: skip


def of_risk(row: Row, at_risk: Decimal) -> dict[str, Any]:
    return explained(
        "at_risk", "money",
        [
            ("value", row["value"], "What is expected of them."),
            ("still_there", at_risk, f"Less what comes all the same: they are still there with a chance of {row['alive']:.0%}."),
        ],
        digits=CENT, currency=row["currency"],
    )  # fmt: skip


def of_hazard(contract: Row) -> dict[str, Any] | None:
    """Of a contract as renewals show it."""
    if contract["hazard"] is None:
        return None
    steps, reached = [], Decimal(0)
    for each in contract["reasons"]:
        reached += Decimal(str(each["contribution"]))
        steps.append((each["name"], reached, each["sentence"]))
    return explained(
        "hazard", "share", steps, digits=SHARE, entitlement_id=contract["entitlement_id"]
    )
