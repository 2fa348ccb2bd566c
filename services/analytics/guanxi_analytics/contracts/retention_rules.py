"""From counts of terms to retention as the API shows it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.cohorts.cohort_rules import told
from guanxi_analytics.facts.contract_rules import TERMS
from guanxi_shared.survey_figures import share

MOST_TERMS: Final = 120
DISCOUNT: Final = 0.1  # of a year
YEAR_DAYS: Final = 365.25
COUNTS: Final = ("entered", "at_risk", "lost", "running", "put_away", "lapsed")
Row = Mapping[str, Any]


def blocks_of(rows: Iterable[Row], most: int) -> list[dict[str, Any]]:
    """One for each length of the first term, the shortest first: counts of all its contracts, and of each term. Terms behind the
    first one that nobody had to renew yet are left out."""
    by_term: dict[str, dict[int, dict[str, int]]] = {}
    days: dict[str, int] = {}
    for row in rows:
        if row["n"] <= most:
            sums = by_term.setdefault(row["term"], {}).setdefault(
                row["n"], dict.fromkeys(COUNTS, 0)
            )
            for name in COUNTS:
                sums[name] += row[name]
            days[row["term"]] = days.get(row["term"], 0) + row["days"]
    found = []
    for term in TERMS:
        if term not in by_term:
            continue
        own, due = by_term[term], []
        for n in range(1, most + 1):
            if n not in own or not own[n]["at_risk"]:
                break
            due.append(own[n])
        at_risk, lost = ([each[name] for each in due] for name in ("at_risk", "lost"))
        whole = {name: sum(each[name] for each in own.values()) for name in COUNTS}
        terms_due = whole["at_risk"]
        found.append(
            {
                "term": term, "at_risk": at_risk, "lost": lost, "whole": whole,
                "years": days[term] / terms_due / YEAR_DAYS if terms_due else 0.0,
            }
        )  # fmt: skip
    return found


def shown(
    block: Row, learnt: Row, cohorts: list[dict[str, Any]] | None, margin: tuple[float, str] | None
) -> dict[str, Any]:
    whole = block["whole"]
    ended = whole["put_away"] + whole["lapsed"]
    contracts = whole["running"] + ended
    names = ("verdict", "sentence", "parameters", "sorting", "backtest")
    return {
        "term": block["term"], "term_years": round(block["years"], 4), "contracts": contracts,
        "running": whole["running"], "put_away": whole["put_away"], "lapsed": whole["lapsed"],
        "churn": share(ended, contracts),
        "model": {name: learnt[name] for name in names}, "terms": _terms(block, learnt), "cohorts": cohorts,
        "lifetime": [each | {"value": _value(each["renewals"], margin)} for each in learnt["lifetime"]],
    }  # fmt: skip


def _terms(block: Row, learnt: Row) -> list[dict[str, Any]]:
    seen, fitted = learnt["observed"]["survivors"], learnt["fitted"]
    found = []
    for n, (at_risk, lost) in enumerate(zip(block["at_risk"], block["lost"], strict=True)):
        model = None if fitted is None else {
            "retention": fitted["retention"]["value"][n],
            **{name: fitted["survivors"][name][n] for name in ("value", "low", "high")},
            "difference": learnt["sorting"]["differences"][n],
        }  # fmt: skip
        found.append(
            {
                "n": n + 1, "at_risk": at_risk, "lost": lost, "retention": told(at_risk - lost, at_risk),
                "survivors": {name: seen[name][n] for name in ("value", "low", "high")}, "fitted": model,
            }
        )  # fmt: skip
    return found


def cohorts_of(rows: Iterable[Row], learnt: Mapping[str, Row]) -> dict[str, list[dict[str, Any]]]:
    """By first term: of the contracts begun in a period, how many each term kept, and what the model of all of them says."""
    found: dict[str, dict[date, list[Row]]] = {}
    for row in rows:
        found.setdefault(row["term"], {}).setdefault(row["cohort"], []).append(row)
    return {
        term: [_cohort(cohort, own, learnt.get(term)) for cohort, own in sorted(by.items())]
        for term, by in found.items()
    }


def _cohort(cohort: date, rows: Sequence[Row], learnt: Row | None) -> dict[str, Any]:
    """The share of all its contracts is told of terms that all of them were due to renew, or had left before."""
    fitted = learnt["fitted"] if learnt else None
    by_n = {row["n"]: row for row in rows}
    size = by_n[1]["entered"]
    kept, terms = size, []
    for n in sorted(by_n):
        row = by_n[n]
        if row["at_risk"] == 0 or row["at_risk"] < kept:
            break
        kept = row["at_risk"] - row["lost"]
        survivors = fitted["survivors"]["value"] if fitted else []
        terms.append(
            {
                "n": n, "kept": kept, "survivors": told(kept, size),
                "fitted": survivors[n - 1] if n <= len(survivors) else None,
            }
        )  # fmt: skip
    return {"cohort": cohort, "contracts": size, "terms": terms}


def _value(renewals: float, margin: tuple[float, str] | None) -> dict[str, str] | None:
    if margin is None:
        return None
    amount = round(Decimal(renewals) * Decimal(margin[0]), 2)
    return {"amount": f"{amount:f}", "currency": margin[1]}
