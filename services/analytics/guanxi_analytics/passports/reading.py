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
    }
}
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
    sees_all = call.by.may("orders:read") and call.by.sees("orders") == "all"
    return [_shown(row, before.get(row["name"]), sees_all) for row in rows if row["nth"] == 1]


def _shown(row: Row, before: Row | None, sees_all: bool) -> dict[str, Any]:
    found, settings = orjson.loads(row["found"]), orjson.loads(row["settings"])
    told: dict[str, Any] = {
        name: row[name] for name in ("id", "name", "verdict", "sentence", "is_used", "fitted_at")
    }
    sums = _sums(row, found, before) if sees_all else dict.fromkeys(SUMS)
    return told | ABOUT[row["name"]] | sums | {
        "horizon_weeks": found.get("horizon_weeks"), "settings": settings if sees_all else {n: settings[n] for n in PLAIN if n in settings},
        "watermark": orjson.loads(row["watermark"]),
    }  # fmt: skip


PLAIN: Final = ("code_version", "discount", "horizon_weeks")
SUMS: Final = (
    "data",
    "buying",
    "spending",
    "judgement",
    "backtest",
    "calibration",
    "coverage",
    "drift",
)


def _sums(row: Row, found: Mapping[str, Any], before: Row | None) -> dict[str, Any]:
    tests = [
        {**one, "origin": date.fromordinal(one["origin"])} for one in found.get("backtest", ())
    ]
    return {
        "data": {name: row[name] for name in ("first_on", "until", "customers", "buying_again")},
        "buying": found.get("buying"), "spending": found.get("spending"), "judgement": found.get("judgement"),
        "backtest": tests, "calibration": found.get("calibration", []), "coverage": found.get("coverage", []),
        "drift": _drift(found, before),
    }  # fmt: skip


def _drift(found: Mapping[str, Any], before: Row | None) -> dict[str, Any] | None:
    if before is None or "buying" not in found:
        return None
    old = orjson.loads(before["found"]).get("buying")
    if old is None:
        return None
    new = found["buying"]["parameters"]
    moved = {name: round((new[name] / was - 1) * 100, 2) for name, was in old["parameters"].items()}
    return {
        "fitted_at": before["fitted_at"], "verdict": before["verdict"], "parameters": moved,
        "score": found.get("score_drift"),
    }  # fmt: skip
