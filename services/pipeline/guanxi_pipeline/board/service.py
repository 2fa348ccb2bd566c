"""A pipeline's board: each stage's count, sums and first cards, in two statements at any size."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.board.asked import Asked
from guanxi_pipeline.board.queries import first_cards, stage_sums
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.opportunities.stays import flags_now
from guanxi_pipeline.pipelines.known import Known, Pipeline, Stage, known_pipelines
from guanxi_pipeline.rates.rules import Rates, converted_or_why_not
from guanxi_pipeline.sum_rules import money, rounded
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound

Sum = tuple[Decimal, str]


async def read_board(call: Call, pipeline_id: UUID, asked: Asked) -> dict[str, Any]:
    known = await known_pipelines(call, pipeline_id)
    pipeline = known.pipelines.get(pipeline_id)
    if pipeline is None or pipeline.is_gone:
        raise NotFound(f"There is no pipeline with the id {str(pipeline_id)!r}.")
    scope = await call.scope_of(OPPORTUNITIES)
    sums, rates = await stage_sums(
        call, pipeline_id, asked.query, scope, currency=asked.currency, on=asked.rate_on
    )
    if asked.currency is not None:  # somebody insists on it
        rates.demand({row["currency"] for row in sums if row["currency"]})
    held = {row["stage_id"] for row in sums}
    known = await known_pipelines(call, pipeline_id, *held)
    pipeline = known.pipelines[pipeline_id]
    stages = [s for s in pipeline.stages.values() if not s.is_removed or s.id in held]
    cards = await first_cards(
        call, pipeline_id, sorted(held), asked.query, scope, most=asked.cards + 1
    ) if asked.cards and held else []  # fmt: skip
    shown = [_stage(call, known, stage, sums, cards, asked, rates) for stage in stages]
    return _board(pipeline, stages, sums, shown, asked, rates)


def _stage(
    call: Call, known: Known, stage: Stage, sums: Sequence[Mapping[str, Any]],
    cards: Sequence[Mapping[str, Any]], asked: Asked, rates: Rates,
) -> dict[str, Any]:  # fmt: skip
    own = [row for row in sums if row["stage_id"] == stage.id]
    listed = [row for row in cards if row["stage_id"] == stage.id]
    now = datetime.now(UTC)
    return {
        "id": str(stage.id), "name": stage.name, "kind": stage.kind,
        "probability": stage.probability, "is_removed": stage.is_removed,
        "without_amount": sum(row["count"] for row in own if row["currency"] is None),
        **_figures(own, rates),
        "cards": [_card(call, known, row, now) for row in listed[: asked.cards]],
        "has_more": len(listed) > asked.cards,
    }  # fmt: skip


def _figures(rows: Sequence[Mapping[str, Any]], rates: Rates) -> dict[str, Any]:
    """Counts and sums of rows of the first statement; each currency by itself, and converted."""
    plain, weighted = _by_currency(rows, "amount"), _by_currency(rows, "weighted")
    return {
        "count": sum(row["count"] for row in rows),
        "sums": [money(amount, currency) for amount, currency in plain],
        "weighted": [money(amount, currency) for amount, currency in weighted],
        "converted": converted_or_why_not(plain, rates)[0],
        "converted_weighted": converted_or_why_not(weighted, rates)[0],
    }


def _by_currency(rows: Sequence[Mapping[str, Any]], name: str) -> list[Sum]:
    """Weighted sums are rounded once, when all of a currency is added up."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        if row["currency"] is not None:
            totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + row[name]
    return [(rounded(amount, currency), currency) for currency, amount in sorted(totals.items())]


def _card(call: Call, known: Known, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The opportunity as it is shown everywhere, with what is wrong with it."""
    card: dict[str, Any] = orjson.loads(row["as_shown"])
    return card | {"flags": flags_now(call, known, row, now)}


def _board(
    pipeline: Pipeline, stages: Sequence[Stage], sums: Sequence[Mapping[str, Any]],
    shown: Sequence[Mapping[str, Any]], asked: Asked, rates: Rates,
) -> dict[str, Any]:  # fmt: skip
    still_open = {stage.id for stage in stages if stage.kind == "open"}
    return {
        "pipeline_id": str(pipeline.id), "name": pipeline.name, "currency": rates.target,
        "rate_on": asked.rate_on,
        "missing_rates": rates.missing(row["currency"] for row in sums if row["currency"]),
        "stages": list(shown),
        "total": _figures([row for row in sums if row["stage_id"] in still_open], rates),
    }  # fmt: skip
