"""The newest fit of each model, with what it was worth on the past."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import orjson

from guanxi_analytics.fitting.fitting import NAME
from guanxi_shared.calls import Call
from guanxi_shared.db import bound

ABOUT: Final[dict[str, dict[str, str]]] = {
    NAME: {
        "predicts": "Whether and on how many days each customer will buy again, and what that is worth.",
        "method": "BG/NBD (Fader, Hardie and Lee 2005) for purchases, Gamma-Gamma (Fader and Hardie 2013) for money.",
        "baseline": "How long customers have been silent, in multiples of their own usual interval: of those as silent, the"
        " share that came again. For sums, each customer's own rate.",
    },
    "active-customers": {
        "predicts": "How many customers will buy in each of the next four weeks.",
        "method": "The best of four plain methods (last value, mean, exponential smoothing, theta) at the moments before, with"
        " conformal intervals.",
        "baseline": "The last week's value.",
    },
    "revenue-ahead": {
        "predicts": "Revenue of each of the next four weeks, in each currency by itself.",
        "method": "As active-customers.",
        "baseline": "The last week's value.",
    },
    "deals-ahead": {
        "predicts": "Which open deals will be won within 90 days, by how long they have been open.",
        "method": "Won and lost as competing risks (Aalen and Johansen 1978) by age.",
        "baseline": "The share of open deals that was won within 90 days, 90 days earlier.",
    },
    "product-affinity": {
        "predicts": "Which products are bought together, and what a customer buys next.",
        "method": "Pairs and rules by whole counts of orders, Fisher's exact test with Benjamini and Hochberg's false discovery"
        " rate; the next product by the greatest confidence of a pair beyond chance.",
        "baseline": "What is bought most.",
    },
    "satisfaction-loyalty": {
        "predicts": "Whether customers buy within half a year, by what they had answered (CSAT, NPS).",
        "method": "Isotonic regression, and logistic regression on a spline; bent or straight is tested.",
        "baseline": "That it makes no difference: the lowest and the highest score stay alike.",
    },
    "satisfaction-index": {
        "predicts": "How satisfied customers are, of 100, and what goes along with it.",
        "method": "PLS path model of the European index (ECSI), from answers keyed image_1, expectations_1, quality_1, value_1,"
        " satisfaction_1, loyalty_1 and so on.",
        "baseline": "None: it describes.",
    },
    "contract-retention": {
        "predicts": "How many contracts are still there after each of their terms.",
        "method": "Shifted beta-geometric (Fader and Hardie 2007), of contracts of each first length by themselves; fitted on the"
        " first half of the terms and held against the others.",
        "baseline": "One constant rate of retention.",
    },
    "renewal-hazard": {
        "predicts": "How likely each term of a contract is not renewed.",
        "method": "Shares not renewed by a term's length and place, those of few drawn toward the wider ones; each month foretold"
        " from what had been decided before it.",
        "baseline": "The share of terms of the same length.",
    },
}
LEARNT_FROM: Final = {
    "deals-ahead": ("opportunities",), "satisfaction-loyalty": ("orders", "tickets"), "satisfaction-index": ("tickets",),
    "contract-retention": ("entitlements",), "renewal-hazard": ("entitlements",),
}  # fmt: skip
NEWEST: Final = """
SELECT * FROM (
  SELECT id::text, name, verdict, sentence, is_used, first_on, until, customers, buying_again, found::text,
    settings::text, watermark::text, fitted_at,
    row_number() OVER (PARTITION BY name ORDER BY fitted_at DESC, id DESC) AS nth
  FROM fitted_models WHERE organisation_id = $2 AND ($3::text IS NULL OR name = $3)
) AS fits WHERE nth <= 2 ORDER BY name, nth
"""
Row = Mapping[str, Any]


async def read_passports(call: Call, name: str | None = None) -> list[dict[str, Any]]:
    asked = (str(call.organisation), call.organisation, name)
    rows = [dict(row) for row in await call.db.pool.fetch(bound(NEWEST), *asked)]
    before = {row["name"]: row for row in rows if row["nth"] == 2}
    return [
        _shown(row, before.get(row["name"]), _sees_all(call, row["name"]))
        for row in rows
        if row["nth"] == 1
    ]


def _sees_all(call: Call, name: str) -> bool:
    """All records of what it was learnt from."""
    of = LEARNT_FROM.get(name, ("orders",))
    return all(call.by.may(f"{each}:read") and call.by.sees(each) == "all" for each in of)


def _shown(row: Row, before: Row | None, sees_all: bool) -> dict[str, Any]:
    found, settings = orjson.loads(row["found"]), orjson.loads(row["settings"])
    told: dict[str, Any] = {
        name: row[name] for name in ("id", "name", "verdict", "sentence", "is_used", "fitted_at")
    }
    if not sees_all and row["name"] in SUMMED_UP:
        told["sentence"] = "What it says sums over all records: it is told to those who see them."
    sums = _sums(row, found, before) if sees_all else dict.fromkeys(SUMS)
    return told | ABOUT[row["name"]] | sums | {
        "horizon_weeks": found.get("horizon_weeks"), "settings": settings if sees_all else {n: settings[n] for n in PLAIN if n in settings},
        "watermark": orjson.loads(row["watermark"]),
    }  # fmt: skip


SUMMED_UP: Final = (
    "satisfaction-loyalty",
    "satisfaction-index",
    "revenue-ahead",
    "active-customers",
    "product-affinity",
    "contract-retention",
    "renewal-hazard",
)
PLAIN: Final = ("code_version", "discount", "horizon_weeks", "grace", "capacity")
SUMS: Final = (
    "data",
    "buying",
    "spending",
    "judgement",
    "backtest",
    "calibration",
    "coverage",
    "drift",
    "figures",
)


def _sums(row: Row, found: Mapping[str, Any], before: Row | None) -> dict[str, Any]:
    tests = [
        {**one, "origin": date.fromordinal(one["origin"])} for one in found.get("backtest", ())
    ]
    return {
        "data": {name: row[name] for name in ("first_on", "until", "customers", "buying_again")}
        | ({} if row["name"] == NAME else {"buying_again": None}),
        "buying": found.get("buying"), "spending": found.get("spending"), "judgement": found.get("judgement"),
        "backtest": tests, "calibration": found.get("calibration", []), "coverage": found.get("coverage", []),
        "drift": _drift(found, before), "figures": None if row["name"] == NAME else found,
    }  # fmt: skip


def _drift(found: Mapping[str, Any], before: Row | None) -> dict[str, Any] | None:
    if before is None:
        return None
    old, new = _parameters(orjson.loads(before["found"])), _parameters(found)
    if not old or not new:
        return None
    moved = {
        name: round((new[name] / was - 1) * 100, 2) for name, was in old.items() if was and name in new
    }  # fmt: skip
    return {
        "fitted_at": before["fitted_at"], "verdict": before["verdict"], "parameters": moved,
        "score": found.get("score_drift"),
    }  # fmt: skip


def _parameters(found: Mapping[str, Any]) -> Mapping[str, float] | None:
    own: Mapping[str, float] | None = (found.get("buying") or found).get("parameters")
    return own
