"""Pure decisions about submitted forecasts: what is kept, and what they sum to."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from guanxi_pipeline.sum_rules import money, one_currency
from guanxi_shared.errors import Invalid

Amounts = dict[str, Any]


def amounts_from(sent: Mapping[str, Any], *, prefix: str = "") -> Amounts:
    """Stored amounts of a call, or with `adjusted_` of an adjustment; both in one currency, none below
    zero, and the best case no less than what is committed."""
    commit, best = sent["commit"], sent.get("best_case")
    given = {"commit": commit} | ({"best_case": best} if best is not None else {})
    one_currency((each["currency"] for each in given.values()), field="best_case")
    for name, each in given.items():
        if Decimal(each["amount"]) < 0:
            raise Invalid(f"{name} is below nothing.", errors={name: "Send 0 or more."})
    if best is not None and Decimal(best["amount"]) < Decimal(commit["amount"]):
        raise Invalid(
            "The best case is no less than the commitment.",
            errors={"best_case": f"Send {commit['amount']} or more, or leave it out."},
        )
    columns: Amounts = {}
    for name in ("commit", "best_case"):
        each = given.get(name)
        columns[f"{prefix}{name}_amount"] = None if each is None else Decimal(each["amount"])
        columns[f"{prefix}{name}_currency"] = None if each is None else each["currency"]
    return columns


def roll_up(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums of people's own calls as the API shows them; a best case that nobody gave is what was
    committed."""
    own = _counted([call for call in calls if not call["is_roll_up"]])
    adjusted = [_adjusted(call) for call in own]
    return {
        "people": len({call["owner_id"] for call in own}),
        "commit": _summed(call["commit"] for call in own),
        "best_case": _summed(call["best_case"] or call["commit"] for call in own),
        "adjusted_commit": _summed(commit for commit, _ in adjusted),
        "adjusted_best_case": _summed(best for _, best in adjusted),
    }


def _counted(calls: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Whoever says it of all pipelines has said it of each: their calls of single ones are parts of it."""
    of_all = {call["owner_id"] for call in calls if call["pipeline_id"] is None}
    return [c for c in calls if c["pipeline_id"] is None or c["owner_id"] not in of_all]


def _adjusted(call: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    if call["adjusted_commit"] is None:
        return call["commit"], call["best_case"] or call["commit"]
    return call["adjusted_commit"], call["adjusted_best_case"] or call["adjusted_commit"]


def _summed(amounts: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    total: dict[str, Decimal] = {}
    for each in amounts:
        total[each["currency"]] = total.get(each["currency"], Decimal(0)) + Decimal(each["amount"])
    return [money(amount, currency) for currency, amount in sorted(total.items())]
