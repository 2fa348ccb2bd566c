"""Two pipelines and two years of deals: of the right shape, and as the API takes them."""

import statistics
from collections import Counter
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from guanxi_gateway.cli.demo.deal_words import LOSS_REASONS
from guanxi_gateway.cli.demo.deals import make_deals, make_pipelines, slips
from guanxi_pipeline.opportunities.schemas import OpportunityCreate
from guanxi_pipeline.pipelines.rules import stages_as_stored
from guanxi_pipeline.pipelines.schemas import PipelineCreate
from tests.gateway.demo.made import COMPANIES, CUSTOMERS, PEOPLE, PURCHASES, SEED, TODAY

DEALS = make_deals(SEED, CUSTOMERS, PURCHASES, TODAY)
PIPELINES = make_pipelines(SEED)
STAGES = {stage["id"]: stage for pipeline in PIPELINES for stage in pipeline["stages"]}


def kind(deal: dict[str, Any]) -> str:
    return str(STAGES[deal["stage_id"]]["kind"])


def test_the_same_seed_gives_the_same_deals_on_the_same_day() -> None:
    assert make_deals(SEED, CUSTOMERS, PURCHASES, TODAY) == DEALS
    assert make_deals(SEED + 1, CUSTOMERS, PURCHASES, TODAY) != DEALS


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda pipeline: pipeline["name"])
def test_the_service_takes_the_pipelines(pipeline: dict[str, Any]) -> None:
    data = PipelineCreate.model_validate_json(orjson.dumps(pipeline), strict=True)
    stages_as_stored([{**s, "id": None} for s in data.model_dump(mode="json")["stages"]], [])
    ids = [stage["id"] for stage in pipeline["stages"]]
    assert len(set(ids)) == len(ids)


def test_the_service_takes_every_deal() -> None:
    for deal in DEALS:
        OpportunityCreate.model_validate_json(orjson.dumps(deal), strict=True)
    assert len({deal["id"] for deal in DEALS}) == len(DEALS)


def test_deals_stand_where_they_may_stand() -> None:
    accounts, people = {c["id"]: c for c in COMPANIES}, {p["id"]: p for p in PEOPLE}
    for deal in DEALS:
        pipeline = next(p for p in PIPELINES if p["id"] == deal["pipeline_id"])
        assert deal["stage_id"] in {stage["id"] for stage in pipeline["stages"]}
        assert deal["owner_id"] == accounts[deal["account_id"]]["owner_id"]
        for link in deal["contacts"]:
            person = people[link["contact_id"]]
            assert deal["account_id"] in {place["account_id"] for place in person["accounts"]}
        assert (kind(deal) == "lost") == (deal.get("reason") in LOSS_REASONS)
        assert (kind(deal) == "open") == ("closed_on" not in deal)
        if "closed_on" in deal:
            assert date.fromisoformat(deal["closed_on"]) <= TODAY - timedelta(days=2)
            assert deal["opened_on"] < deal["closed_on"]
        if kind(deal) == "won":
            assert date.fromisoformat(deal["closed_on"]) in PURCHASES[deal["account_id"]]


def test_shapes_are_those_of_the_public_set() -> None:
    kinds = Counter(map(kind, DEALS))
    closed = kinds["won"] + kinds["lost"]
    assert 0.55 < kinds["won"] / closed < 0.70
    assert 0.08 < kinds["open"] / len(DEALS) < 0.30
    cny = [float(d["amount"]["amount"]) for d in DEALS if d["amount"]["currency"] == "CNY"]
    assert 30_000 < statistics.median(cny) < 400_000
    assert len({deal["amount"]["currency"] for deal in DEALS}) > 5
    won, lost = (
        statistics.median(_days(deal) for deal in DEALS if kind(deal) == each)
        for each in ("won", "lost")
    )
    assert 45 < won < 70
    assert 10 < lost < 30


def _days(deal: dict[str, Any]) -> int:
    opened, closed = (date.fromisoformat(deal[name]) for name in ("opened_on", "closed_on"))
    return (closed - opened).days


def test_some_open_deals_were_put_off_once_or_twice() -> None:
    put_off = slips(SEED, DEALS)
    still_open = {deal["id"]: deal for deal in DEALS if kind(deal) == "open"}
    assert put_off.keys() <= still_open.keys()
    assert {len(moves) for moves in put_off.values()} == {1, 2}
    for id, moves in put_off.items():
        days = [still_open[id]["close_on"], *(move["close_on"] for move in moves)]
        assert days == sorted(days)
