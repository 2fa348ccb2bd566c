"""Reports: saved and predefined, shared, run, and answered from what is kept where that still holds."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from openpyxl import load_workbook

from guanxi_analytics.reports.kept import version_of
from guanxi_shared.db import Database
from tests.analytics.asking import YEAR, account_made, money, sold
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation

REPORTS = "/v1/analytics/reports"
THIS_YEAR = {"from": f"{YEAR}-01-01", "until": f"{YEAR + 1}-01-01"}
BY_REGION = {
    "name": "Regions", "name_zh": "地区",
    "document": {"measures": ["revenue", "orders"], "dimensions": ["region"], "period": THIS_YEAR},
}  # fmt: skip


@pytest.fixture
async def story(
    everywhere: Organisation, sales: Clients, customers: Clients, hear: Hear
) -> dict[str, str]:
    """Two customers of `rep`, one of `other_rep`."""
    found = {}
    for who, name, region, price in (
        ("rep", "=HYPERLINK(1)", "华东", "200.00"), ("rep", "Ben", "北京", "-30.00"),
        ("other_rep", "Cao", "华北", "999.00"),
    ):  # fmt: skip
        user = everywhere.users[who]
        kind = "person" if name == "Ben" else "company"
        found[name] = await account_made(
            customers(user), sales(user), name, region=region, kind=kind
        )
        amount = price.removeprefix("-")
        await sold(sales(user), found[name], f"{YEAR}-01-01", amount, 1, name="=1+1")
    await hear()
    return found


async def saved(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post(REPORTS, json={**BY_REGION, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ran(client: httpx.AsyncClient, name: str, **params: str) -> dict[str, Any]:
    answer = await client.get(f"{REPORTS}/{name}/run", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def regions(run: dict[str, Any]) -> dict[str, Any]:
    return {
        row["dimensions"]["region"]: row["values"]["revenue"]["amount"]
        for row in run["answer"]["rows"]
    }


async def test_a_report_is_a_record_like_others(client: Clients, everywhere: Organisation) -> None:
    rep = client(everywhere.rep)
    made = await saved(rep)
    assert made["document"] == BY_REGION["document"]
    at = f"{REPORTS}/{made['id']}"
    got = await rep.get(at)
    assert got.headers["etag"] == '"1"'
    changed = await rep.patch(at, json={"chart": "bars"}, headers={"if-match": '"1"'})
    assert changed.json()["chart"] == "bars"
    assert changed.json()["version"] == 2
    stale = await rep.patch(at, json={"chart": "line"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert (await rep.delete(at)).status_code == 200
    assert (await rep.get(at)).status_code == 404
    assert (await rep.get(at + "/run")).status_code == 404
    assert (await rep.post(at + "/restore")).status_code == 200
    told = (await rep.get(at + "/history")).json()["data"]
    assert [entry["type"].rpartition(".")[2] for entry in told] == ["restored", "deleted", "updated", "created"]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"document": {"measures": ["nonsense"]}}, 422, "document"),
        ({"document": {"measures": ["revenue"], "dimensions": ["queue"]}}, 422, "dimensions"),
        ({"document": {"measures": []}}, 422, "document.measures"),
        ({"document": {"measures": ["revenue"], "as_of": "2026-01-01"}}, 422, "document.as_of"),
        ({"chart": "pie"}, 422, "chart"),
        ({"document": {"measures": ["revenue"], "filter_groups": [{"filters": [{"field": "x", "operator": "eq", "value": 1}]}]}}, 422, "document"),
    ],
)  # fmt: skip
async def test_what_means_nothing_is_refused_by_its_field(
    sent: dict[str, Any], status: int, field: str, client: Clients, everywhere: Organisation
) -> None:
    answer = await client(everywhere.rep).post(REPORTS, json={**BY_REGION, **sent})
    assert answer.status_code == status, answer.text
    assert field in answer.json()["errors"], answer.text


async def test_a_shared_report_is_run_with_the_eyes_of_who_looks(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    admin, rep, other = (client(everywhere.users[n]) for n in ("admin", "rep", "other_rep"))
    made = await saved(admin, shared_with="all")
    assert regions(await ran(admin, made["id"])) == {"华北": "999.00", "华东": "200.00", "北京": "30.00"}  # fmt: skip
    assert regions(await ran(rep, made["id"])) == {"华东": "200.00", "北京": "30.00"}
    assert regions(await ran(other, made["id"])) == {"华北": "999.00"}
    private = await saved(admin)
    assert (await rep.get(f"{REPORTS}/{private['id']}/run")).status_code == 404
    assert (await rep.patch(f"{REPORTS}/{made['id']}", json={"chart": "bars"})).status_code == 403


async def test_an_answer_is_kept_until_a_fact_changes(
    story: dict[str, str], client: Clients, everywhere: Organisation, sales: Clients, hear: Hear
) -> None:
    rep = client(everywhere.rep)
    id = (await saved(rep))["id"]
    first, again = await ran(rep, id), await ran(rep, id)
    assert [first["kept"]["is_kept"], again["kept"]["is_kept"]] == [False, True]
    assert again["answer"] == first["answer"]
    await sold(sales(everywhere.rep), story["Ben"], f"{YEAR}-01-01", "1.50")
    await hear()
    changed = await ran(rep, id)
    assert not changed["kept"]["is_kept"]
    assert regions(changed) == {"华东": "200.00", "北京": "31.50"}


async def test_who_sees_the_same_shares_an_answer_and_others_do_not(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    admin = client(everywhere.admin)
    id = (await saved(admin, shared_with="all"))["id"]
    await ran(admin, id)
    assert not (await ran(client(everywhere.rep), id))["kept"]["is_kept"]
    wide = everywhere.rep.but(visibility={"*": "all"})
    assert (await ran(client(wide), id))["kept"]["is_kept"]
    blind = everywhere.admin.but(permissions=("analytics:read", "reports:read"))
    assert (await client(blind).get(f"{REPORTS}/{id}/run")).status_code == 403


async def test_erasing_somebody_forgets_kept_answers(
    story: dict[str, str], client: Clients, everywhere: Organisation, customers: Clients,
    hear: Hear, service_database: Database,
) -> None:  # fmt: skip
    admin = client(everywhere.admin)
    document = {"measures": ["revenue"], "dimensions": ["account"]}
    id = (await saved(admin, document=document))["id"]
    assert "Ben" in (await ran(admin, id))["answer"]["names"]["account"].values()
    erased = await customers(everywhere.admin).post(
        f"/v1/accounts/{story['Ben']}/erase", json={"reason": "subject_request"}
    )
    assert erased.status_code == 200, erased.text

    async def kept() -> int:
        async with service_database.transaction(everywhere.id) as connection:
            rows = await connection.fetch("SELECT answer FROM report_results")
        return sum(b"Ben" in row["answer"] for row in rows)

    await hear()
    assert await kept() == 0


async def test_a_run_as_of_a_moment_shows_what_it_showed_then(
    story: dict[str, str], client: Clients, everywhere: Organisation, sales: Clients, hear: Hear
) -> None:
    rep = client(everywhere.rep)
    id = (await saved(rep))["id"]
    then, at = await ran(rep, id), datetime.now(UTC).isoformat()
    await sold(sales(everywhere.rep), story["Ben"], f"{YEAR}-01-01", "7.00")
    await hear()
    assert regions(await ran(rep, id)) != regions(then)
    past = await ran(rep, id, as_of=at)
    assert past["answer"]["rows"][0]["values"] == then["answer"]["rows"][0]["values"]
    assert regions(past) == regions(then)


async def test_relative_days_count_from_the_moment_asked_for(
    client: Clients, everywhere: Organisation
) -> None:
    rep = client(everywhere.rep)
    past = await ran(rep, "sales-by-month", as_of="2024-05-06T12:00:00Z")
    assert past["answer"]["period"] == {"from": "2024-01-01", "until": "2025-01-01"}


async def test_every_predefined_report_runs(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    admin = client(everywhere.admin)
    listed = (await admin.get(f"{REPORTS}/predefined")).json()["data"]
    assert len(listed) > 15
    assert all(each["is_permitted"] for each in listed)
    for each in listed:
        run = await ran(admin, each["id"])
        assert run["report"]["labels"]["zh"] == each["name_zh"]
    agent = everywhere.rep.but(permissions=("analytics:read", "tickets:read"))
    allowed = {
        each["id"]: each["is_permitted"]
        for each in (await client(agent).get(f"{REPORTS}/predefined")).json()["data"]
    }
    assert allowed["tickets-by-month"]
    assert not allowed["sales-by-month"]


async def test_top_customers_have_grades_by_their_share(
    story: dict[str, str], client: Clients, everywhere: Organisation
) -> None:
    rows = (await ran(client(everywhere.admin), "top-customers"))["answer"]["rows"]
    assert [row["grade"] for row in rows] == ["A", "B", "C"]
    assert rows[0]["values"]["revenue"] == money("999.00")


@pytest.mark.parametrize(
    ("name", "params", "status"),
    [
        ("no-such-report", {}, 404), ("sales-by-month", {"as_of": "yester"}, 400),
        ("sales-by-month", {"format": "gif"}, 400), ("sales-by-month", {"language": "fr"}, 400),
        ("sales-by-month", {"colour": "red"}, 400),
    ],
)  # fmt: skip
async def test_runs_of_nonsense_are_refused(
    name: str, params: dict[str, str], status: int, client: Clients, everywhere: Organisation
) -> None:
    answer = await client(everywhere.admin).get(f"{REPORTS}/{name}/run", params=params)
    assert answer.status_code == status, answer.text


async def test_a_table_is_exported_as_it_is_read_and_runs_nothing(
    story: dict[str, str], client: Clients, everywhere: Organisation, tmp_path: Any
) -> None:
    rep = client(everywhere.rep)
    document = {
        "measures": ["revenue", "orders"],
        "dimensions": ["account", "product"],
        "period": THIS_YEAR,
    }
    at = f"{REPORTS}/{(await saved(rep, document=document))['id']}/run"
    text = (await rep.get(at, params={"format": "csv", "language": "en"})).content.decode(
        "utf-8-sig"
    )
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][-2:] == ["Revenue, net of returns", "Orders"]
    assert rows[1] == ["'=HYPERLINK(1)", "'=1+1", "CNY", "200.00", "1"]
    book = await rep.get(at, params={"format": "xlsx", "language": "zh"})
    [head, first, _] = load_workbook(io.BytesIO(book.content)).active.values  # type: ignore[union-attr]
    assert head == ("客户", "产品", "币种", "净销售额", "订单数")
    assert first == ("=HYPERLINK(1)", "=1+1", "CNY", 200, 1)
    sent = await rep.get(at, headers={"accept": "application/vnd.apache.parquet"})
    target = tmp_path / "report.parquet"
    target.write_bytes(sent.content)
    read = duckdb.sql(f"SELECT account, product, revenue, orders FROM '{target}'").fetchall()
    assert next((a, p, str(r), o) for a, p, r, o in read) == ("=HYPERLINK(1)", "=1+1", "200.000000", 1)  # fmt: skip


def test_other_code_looks_for_other_answers(tmp_path: Path) -> None:
    source = tmp_path / "rules.py"
    source.write_text("DIGITS = 2\n")
    before = version_of(tmp_path)
    assert version_of(tmp_path) == before
    source.write_text("DIGITS = 4\n")
    assert version_of(tmp_path) != before
    assert 0 <= before < 2**31
