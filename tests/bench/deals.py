"""Deals: the board of a pipeline, lists, moves along the board, forecasts; and quotes of a hundred lines."""

import asyncio

import httpx

from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.deal_stock import OPEN_STAGES, PIPELINE_ID, pipeline
from tests.bench.loading import ids_of
from tests.bench.organisation import Member
from tests.bench.stock import DEALS
from tests.bench.traffic import COUNTER, Traffic, request, shuffled

PATH = "/v1/opportunities"
BOARD = f"/v1/pipelines/{PIPELINE_ID}/board"
NUMBER = COUNTER.decode()
MOVED, LINES = 400, 100


def make_pipeline(bench: Bench) -> None:
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with httpx.Client(base_url=bench.suite.url, headers=headers, timeout=30) as client:
        client.post("/v1/pipelines", json=pipeline()).raise_for_status()


def board(bench: Bench, member: Member, *, cards: int = 25) -> Traffic:
    url = bench.suite.url
    return Traffic(url, (request(url, "GET", f"{BOARD}?cards={cards}", token=member.token),))


def list_of_50(bench: Bench) -> Traffic:
    """What is open, by the day it should close."""
    url, token = bench.suite.url, bench.organisation.seller.token
    paths = [
        f"{PATH}?limit=50&status=open&sort=close_on&stage_id={stage_id}" for stage_id in OPEN_STAGES
    ]
    return Traffic(url, tuple(request(url, "GET", path, token=token) for path in paths))


def move(bench: Bench) -> Traffic:
    """The salesperson's deals, each to the top of an open stage, another one each time round."""
    url, seller = bench.suite.url, bench.organisation.seller
    owned = asyncio.run(ids_of(bench.suite.admin_url, seller.id, kind=DEALS, most=MOVED))
    asked = [
        request(
            url, "POST", f"{PATH}/{record_id}/move", token=seller.token,
            body={"stage_id": str(stage_id), "position": "top"}, idempotency_key=f"move-{NUMBER}",
        )
        for stage_id in OPEN_STAGES
        for record_id, _ in owned
    ]  # fmt: skip
    return Traffic(url, shuffled(asked))


def forecast(bench: Bench, member: Member) -> Traffic:
    """What is won and what may be of the present quarter, by person."""
    url = bench.suite.url
    path = "/v1/forecasts?period=this_quarter&by=person"
    return Traffic(url, (request(url, "GET", path, token=member.token),))


def quote(bench: Bench) -> Traffic:
    """A draft of a hundred lines, priced by hand, with a discount on the whole."""
    url, seller = bench.suite.url, bench.organisation.seller
    lines = [
        {"name": f"Part {n}", "quantity": n % 7 + 1, "tax_rate": 13, "discount": n % 4,
         "unit_price": {"amount": f"{n * 3 + 1}.99", "currency": "CNY"}}
        for n in range(LINES)
    ]  # fmt: skip
    body = {"name": "Bench", "currency": "CNY", "lines": lines, "discount": {"percent": 2.5}}
    asked = request(
        url, "POST", "/v1/quotes", token=seller.token, body=body, idempotency_key=f"quote-{NUMBER}"
    )
    return Traffic(url, (asked,), status=201)


CASES = (
    Case("deals: board", lambda b: board(b, b.organisation.seller), is_brief=True),
    Case("deals: board, admin", lambda b: board(b, b.organisation.admin), is_brief=True),
    Case("deals: list of 50", list_of_50, is_brief=True),
    Case("deals: move", move, is_brief=True),
    Case("deals: forecast", lambda b: forecast(b, b.organisation.seller), is_brief=True),
    Case("deals: forecast, admin", lambda b: forecast(b, b.organisation.admin), is_brief=True),
    Case("deals: quote of 100 lines", quote, is_brief=True),
)
