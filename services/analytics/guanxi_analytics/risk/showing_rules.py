"""Risk as it is shown: money, ages and reasons, each with the request that lists its records. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.facts.invoice_rules import BUCKETS
from guanxi_analytics.queries.figure_rules import money_of
from guanxi_analytics.queries.suppression_rules import hidden_rows, hidden_totals
from guanxi_analytics.risk.risk_rules import (
    LEVELS,
    Aged,
    Figures,
    Moment,
    level_of,
    reasons_of,
    utilisation_of,
)

SEARCH: Final = "/v1/analytics/facts/invoices/search"
Row = Mapping[str, Any]


def account_shown(id: UUID, figures: Figures, moment: Moment) -> dict[str, Any]:
    used, told = utilisation_of(figures)
    limit, settled = figures.limit, figures.settled
    return {
        "level": level_of(figures), "reasons": reasons_of(figures),
        "owed": [_owed(id, currency, each, moment) for currency, each in figures.owed.items()],
        "credit_limit": None if limit is None else _money(limit.amount, limit.currency),
        "utilisation": used, "utilisation_sentence": told,
        "settled": {
            "since": moment.since, "invoices": settled.invoices,
            "mean_days_late": None if settled.mean is None else round(float(settled.mean), 2),
            "records": _records(
                moment, _is("account_id", str(id)), _is("status", "paid"), _is("paid_on", str(moment.since), "gt"),
                _is("paid_on", str(moment.today), "lte"),
            ),
        },
        "invoices_url": f"/v1/invoices?account_id={id}&status=open",
    }  # fmt: skip


SHOWN: Final = (
    "level", "reasons", "owed", "credit_limit", "utilisation", "utilisation_sentence", "settled", "invoices_url",
)  # fmt: skip


def _owed(id: UUID, currency: str, each: Aged, moment: Moment) -> dict[str, Any]:
    return {
        "currency": currency, "outstanding": _money(each.outstanding, currency), "overdue": _money(each.overdue, currency),
        "invoices": each.invoices, "invoices_overdue": each.invoices_overdue, "oldest_days_late": each.oldest_days_late,
        "buckets": [{"bucket": name, "outstanding": _money(sum_, currency)} for name, sum_ in each.buckets.items()],
        "records": _records(moment, _is("account_id", str(id)), _is("currency", currency), OUTSTANDING),
    }  # fmt: skip


def _money(amount: Decimal, currency: str) -> dict[str, Any]:
    return money_of(amount, currency, is_exact=True)


def _is(field: str, value: str, operator: str = "eq") -> dict[str, str]:
    return {"field": field, "operator": operator, "value": value}


OUTSTANDING: Final = _is("outstanding", "0", "gt")


def _records(moment: Moment, *conditions: Row) -> dict[str, Any]:
    body: dict[str, Any] = {"filter_groups": [{"filters": list(conditions)}]}
    at = {} if moment.at is None else {"as_of": moment.at.isoformat()}
    return {"path": SEARCH, "body": body | at}


def levels_shown(counts: Mapping[str, int], least: int) -> list[dict[str, Any]]:
    """The gravest first; a count below the smallest cell is not told."""
    hidden = (
        hidden_rows({(name, None): n for name, n in counts.items() if n}, least) if least else set()
    )
    return [
        {"level": name, "accounts": None if (name, None) in hidden else counts[name]}
        for name in reversed(LEVELS)
    ]


def totals_shown(rows: Sequence[Row], least: int, moment: Moment) -> list[dict[str, Any]]:
    """By currency. Where a bucket is not told, what is overdue is none either, nor a total of too few accounts."""
    behind = {(row["bucket"], row["currency"]): row["accounts"] for row in rows if not row["is_total"]}  # fmt: skip
    whole = {(row["currency"],): row["accounts"] for row in rows if row["is_total"]}
    hidden = hidden_rows(behind, least) if least else set()
    hidden_wholes = hidden_totals(whole, least) if least else set()
    sums = {(row["bucket"], row["currency"]): row for row in rows if not row["is_total"]}
    return [
        _total(row, sums, hidden, (row["currency"],) in hidden_wholes, moment)
        for row in sorted(rows, key=lambda row: str(row["currency"])) if row["is_total"]
    ]  # fmt: skip


def _total(
    row: Row, sums: Mapping[Any, Row], hidden: set[Any], is_hidden: bool, moment: Moment
) -> dict[str, Any]:
    currency = row["currency"]
    buckets = {name: sums.get((name, currency)) for name in BUCKETS}
    is_partly = is_hidden or any((name, currency) in hidden for name in BUCKETS)

    def amount(name: str) -> Decimal:
        own = buckets[name]
        return Decimal(0) if own is None else own["outstanding"]

    overdue = sum((amount(name) for name in BUCKETS if name != "not_due"), Decimal(0))
    return {
        "currency": currency, "is_suppressed": is_partly,
        "accounts": None if is_hidden else row["accounts"], "invoices": None if is_hidden else row["invoices"],
        "outstanding": None if is_hidden else _money(row["outstanding"], currency),
        "overdue": None if is_partly else _money(overdue, currency),
        "overdue_share": None if is_partly else round(float(overdue / row["outstanding"]), 4),
        "buckets": [
            {
                "bucket": name,
                "outstanding": None if is_hidden or (name, currency) in hidden else _money(amount(name), currency),
            }
            for name in BUCKETS
        ],
        "records": _records(moment, _is("currency", currency), OUTSTANDING),
    }  # fmt: skip
