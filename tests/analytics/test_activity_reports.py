"""Activity beside results: side by side, of whom and when, as pictures too."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from guanxi_analytics.reports.predefined import PREDEFINED
from tests.analytics.asking import account_made, asked, money, sold
from tests.analytics.conftest import Hear
from tests.analytics.doing import records_of, stages_made, visited, won
from tests.factories import Clients, Organisation

RUN = "/v1/analytics/reports/{}/run"
REPORTS = [name for name in PREDEFINED if name.startswith(("activit", "quota", "stock"))]


async def ran(client: httpx.AsyncClient, name: str, **params: str) -> dict[str, Any]:
    answer = await client.get(RUN.format(name), params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["answer"]
    return found


async def in_2026(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    """What the report asks, of that year instead of the present one."""
    document = PREDEFINED[name].document
    period = {"from": "2026-01-01", "until": "2027-01-01"}
    return await asked(client, **{**document, "period": period})


@pytest.fixture
async def story(
    everywhere: Organisation, customers: Clients, sales: Clients, hear: Hear
) -> dict[str, str]:
    """Acme of `rep` was visited twice and bought; Quiet was visited and did not; a deal was won with Acme."""
    people, rep = customers(everywhere.rep), sales(everywhere.rep)
    acme = await account_made(people, rep, "Acme", region="华东")
    quiet = await account_made(people, rep, "Quiet", region="华北")
    for day in ("2026-03-05", "2026-03-25"):
        await visited(people, f"{day}T02:00:00Z", acme)
    await visited(people, "2026-04-05T02:00:00Z", quiet)
    await sold(rep, acme, "2026-03-30", "100.00", 2)
    stages = await stages_made(sales(everywhere.admin))
    await won(rep, stages, "2026-03-20", "500.00", account_id=acme)
    await hear()
    return {"acme": acme, "quiet": quiet}


async def test_visits_stand_beside_what_was_won_and_sold(
    story: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    admin, rep = client(everywhere.admin), str(everywhere.rep.id)
    found = await in_2026(admin, "activity-and-results")
    rows = {(r["dimensions"]["owner"], r["dimensions"]["month"]): r for r in found["rows"]}
    assert set(rows) == {(rep, "2026-03"), (rep, "2026-04")}
    assert rows[rep, "2026-03"]["values"] == {
        "activities_done": 2, "visits": 2, "won_amount": money("500.00"), "revenue": money("200.00"), "deals_won": 1,
    }  # fmt: skip
    assert rows[rep, "2026-04"]["values"] == {
        "activities_done": 1, "visits": 1, "won_amount": money("0.00"), "revenue": money("0.00"), "deals_won": 0,
    }  # fmt: skip
    records = await records_of(admin, rows[rep, "2026-03"])
    assert {name: len(rows) for name, rows in records.items()} == {
        "activities": 2, "deals_closed": 1, "sales": 1,
    }  # fmt: skip
    regions = await in_2026(admin, "activity-and-results-by-region")
    assert {r["dimensions"]["region"]: r["values"]["visits"] for r in regions["rows"]} == {
        "华东": 2, "华北": 1,
    }  # fmt: skip


async def test_others_see_nothing_of_it(
    story: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    for name in ("activity-and-results", "activity-and-results-by-grade", "activities-by-person"):
        found = await ran(client(everywhere.other_rep), name, as_of="2026-12-31T00:00:00Z")
        assert found["rows"] == []
    blind = everywhere.admin.but(
        permissions=("analytics:read", "orders:read", "opportunities:read")
    )
    answer = await client(blind).get(RUN.format("activity-and-results"))
    assert answer.status_code == 403


async def test_what_is_overdue_is_kept_for_a_day_only(
    everywhere: Organisation, client: Clients
) -> None:
    """Tomorrow it is another answer, though nothing changed: the day is part of what it is found by."""
    days = {}
    for name in ("activities-overdue", "activities-by-person"):
        answer = await client(everywhere.admin).get(RUN.format(name), params={"as_of": "2026-11-29T17:00:00Z"})  # fmt: skip
        days[name] = answer.json()["kept"]["parameters"]["today"]
    assert days == {"activities-overdue": "2026-11-30", "activities-by-person": None}


async def test_each_report_is_a_picture_and_a_table(
    story: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    admin = client(everywhere.admin)
    assert len(REPORTS) >= 7
    for n, name in enumerate(REPORTS):
        language = ("en", "zh")[n % 2]
        params = {"format": "svg", "language": language, "as_of": "2026-12-31T00:00:00Z"}
        svg = await admin.get(RUN.format(name), params=params)
        assert svg.status_code == 200, (name, svg.text)
        assert svg.text.rstrip().endswith("</svg>")
        table = await admin.get(RUN.format(name), params=params | {"format": "csv"})
        assert table.status_code == 200, (name, table.text)
    png = await admin.get(
        RUN.format("activity-and-results"),
        params={"format": "png", "as_of": "2026-12-31T00:00:00Z"},
    )
    assert Image.open(io.BytesIO(png.content)).size[0] > 1000
