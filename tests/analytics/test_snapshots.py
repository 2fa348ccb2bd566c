"""Facts as columns: immutable months, sums made anew of them, and a slip in the running sums that is noticed."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from guanxi_analytics.columnar.snapshotting import KIND, ask_for_snapshots, snapshot_facts
from guanxi_analytics.features.engines import computing
from guanxi_analytics.features.sales import customer_scores, of_now
from guanxi_analytics.scores.scoring import score_organisation
from guanxi_shared.db import Database
from guanxi_shared.running_jobs import JobFailed, RunningJob, claim
from tests.analytics.asking import account_made, sold
from tests.analytics.conftest import Hear
from tests.analytics.test_satisfaction import answered, told
from tests.conftest import settle_environment
from tests.factories import Clients, Organisation
from tests.pipeline.orders.ordering import acted
from tests.prepared import Clone
from tests.stand_in import GatewayStandIn

PATH = "/v1/analytics/snapshots"
PIPELINE = {
    "name": "Direct",
    "stages": [
        {"name": "Talk", "kind": "open", "probability": 20},
        {"name": "Won", "kind": "won", "probability": 100},
        {"name": "Lost", "kind": "lost", "probability": 0},
    ],
}
MISSED = "UPDATE customer_summaries SET amount = amount + 1 WHERE organisation_id = $1"


@pytest.fixture
def columns(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    database: Clone,
    gateway_stand_in: GatewayStandIn,
) -> Path:
    """Where this test's worker keeps columns."""
    folder = tmp_path / "columns"
    folder.mkdir()
    settle_environment(
        monkeypatch,
        database,
        "analytics",
        gateway_stand_in,
        tmp_path,
        ANALYTICS_COLUMNS=str(folder),
    )
    return folder


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}


async def snapshot(client: Any, database: Database, organisation: UUID) -> dict[str, Any]:
    answer = await client.post(PATH)
    assert answer.status_code == 202, answer.text
    job = await claim(database, organisation, UUID(answer.json()["id"]), lease_seconds=60)
    assert isinstance(job, RunningJob)
    assert job.kind == KIND
    await snapshot_facts(job)
    async with database.transaction(organisation) as connection:
        await connection.execute("UPDATE jobs SET status = 'done' WHERE id = $1", job.id)
    found: dict[str, Any] = (await client.get(PATH)).json()["data"][0]
    assert (await client.get(f"{PATH}/{found['id']}")).json() == found
    return found


async def a_year(everywhere: Organisation, sales: Clients, customers: Clients) -> dict[str, Any]:
    """Orders of three months, one in part returned; the last one is given."""
    rep, people = sales(everywhere.admin), customers(everywhere.rep)
    acme, other = [await account_made(people, rep, name) for name in ("Acme", "Other")]
    for on, price in (("2026-03-05", "100.00"), ("2026-03-09", "7.50"), ("2026-05-02", "19.99")):
        await sold(rep, other, on, price, 2)
    order = await sold(rep, acme, "2026-07-01", "50.00", 3)
    await acted(
        rep, order["id"], "returns", reason="Broken", returned_on="2026-07-02",
        lines=[{"line_id": order["lines"][0]["id"], "quantity": 1}],
    )  # fmt: skip
    return order


async def test_months_are_files_that_stay_while_nothing_of_them_changes(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear,
    service_database: Database, columns: Path,
) -> None:  # fmt: skip
    order = await a_year(everywhere, sales, customers)
    await hear()
    admin = client(everywhere.admin)
    first = await snapshot(admin, service_database, everywhere.id)
    assert [month["month"] for month in first["months"]] == ["2026-03", "2026-05", "2026-07"]
    assert first["compared"] == {"compared": 2, "differ": 0, "examples": []}
    rows = {m["month"]: pq.read_metadata(columns / m["file"]).num_rows for m in first["months"]}
    assert rows == {m["month"]: m["rows"] for m in first["months"]}
    again = await snapshot(admin, service_database, everywhere.id)
    assert (again["months"], again["watermark"]) == (first["months"], first["watermark"])
    digests = [{k: v["digest"] for k, v in each["features"].items()} for each in (first, again)]
    assert digests[0] == digests[1]
    answer = await sales(everywhere.admin).patch(
        f"/v1/orders/{order['id']}", json={"source": "fair"}
    )
    assert answer.status_code == 200, answer.text
    await hear()
    third = await snapshot(admin, service_database, everywhere.id)
    assert [m["file"] for m in third["months"][:2]] == [m["file"] for m in first["months"][:2]]
    assert third["months"][2]["file"] != first["months"][2]["file"]
    assert third["watermark"]["pipeline"] > first["watermark"]["pipeline"]
    assert files_of(columns) == {
        month["file"] for each in (first, third) for month in each["months"]
    }


async def test_columns_score_customers_as_the_service_does(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear,
    service_database: Database, columns: Path,
) -> None:  # fmt: skip
    await a_year(everywhere, sales, customers)
    await hear()
    made = await snapshot(client(everywhere.admin), service_database, everywhere.id)
    async with service_database.transaction(everywhere.id) as connection:
        await score_organisation(connection, everywhere.id)
        rows = await connection.fetch(
            "SELECT customer_id::text, currency, recency, frequency, monetary, grade, last_on"
            " FROM customer_scores WHERE organisation_id = $1 ORDER BY customer_id, currency",
            everywhere.id,
        )
    with computing("duckdb", [columns / month["file"] for month in made["months"]]) as compute:
        assert compute(of_now(customer_scores)).to_pylist() == [dict(row) for row in rows]


async def test_a_sum_that_went_wrong_is_noticed_and_named(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear,
    service_database: Database, columns: Path,
) -> None:  # fmt: skip
    await a_year(everywhere, sales, customers)
    await hear()
    async with service_database.transaction(everywhere.id) as connection:
        await connection.execute(MISSED, everywhere.id)
    found = await snapshot(client(everywhere.admin), service_database, everywhere.id)
    assert (found["compared"]["compared"], found["compared"]["differ"]) == (2, 2)
    assert all(each.endswith(" CNY") for each in found["compared"]["examples"])


async def everything(
    organisation: Organisation,
    database: Database,
    sales: Clients,
    customers: Clients,
    desk: Clients,
) -> None:
    """Two deals, of which one is won, two tickets, and answers of two kinds."""
    seller = sales(organisation.admin)
    account = await account_made(customers(organisation.rep), seller, "Acme")
    made = await seller.post("/v1/pipelines", json=PIPELINE)
    assert made.status_code == 201, made.text
    for amount, stage in zip(("100.00", "7.25"), made.json()["stages"], strict=False):
        sent = {
            "name": "Deal", "account_id": account, "stage_id": stage["id"], "opened_on": "2026-04-05",
            "amount": {"amount": amount, "currency": "CNY"},
        }  # fmt: skip
        answer = await seller.post("/v1/opportunities", json=sent)
        assert answer.status_code == 201, answer.text
    for priority in ("high", "low"):
        answer = await desk(organisation.admin).post(
            "/v1/tickets", json={"subject": "Leak", "priority": priority}
        )
        assert answer.status_code == 201, answer.text
    events = [answered(organisation, "csat", score, "2026-02-03") for score in (5, 3)]
    await told(database, organisation, [*events, answered(organisation, "nps", 9, "2026-03-03")])


async def test_deals_tickets_and_answers_are_columns_too_and_held_against_the_facts(
    everywhere: Organisation, sales: Clients, customers: Clients, desk: Clients, client: Clients, hear: Hear,
    service_database: Database, columns: Path,
) -> None:  # fmt: skip
    await everything(everywhere, service_database, sales, customers, desk)
    await hear()
    admin = client(everywhere.admin)
    first = await snapshot(admin, service_database, everywhere.id)
    kinds = Counter(month["kind"] for month in first["months"])
    assert kinds == {"deals": 1, "tickets": 1, "answers": 2}
    assert first["compared"]["differ"] == 0, first["compared"]
    assert first["compared"]["compared"] >= 5
    for month in first["months"]:
        assert pq.read_metadata(columns / month["file"]).num_rows == month["rows"]
    deals = [month for month in first["months"] if month["kind"] == "deals"]
    amounts = pq.read_table(columns / deals[0]["file"]).column("amount").to_pylist()
    assert sorted(amounts) == [Decimal("7.2500"), Decimal("100.0000")]
    again = await snapshot(admin, service_database, everywhere.id)
    assert again["months"] == first["months"]
    key = columns / deals[0]["file"]
    table = pq.read_table(key)
    pq.write_table(table.slice(0, 1), key)  # as if somebody had changed what never changes
    spoilt = await snapshot(admin, service_database, everywhere.id)
    assert spoilt["compared"]["differ"] >= 1
    assert all(each.startswith("deals ") for each in spoilt["compared"]["examples"])


async def test_an_object_store_serves_as_well_as_a_folder(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear,
    service_database: Database, columns: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await a_year(everywhere, sales, customers)
    await hear()
    monkeypatch.setenv("ANALYTICS_COLUMNS", f"file://{columns}")
    found = await snapshot(client(everywhere.admin), service_database, everywhere.id)
    assert found["compared"]["differ"] == 0
    assert files_of(columns) == {month["file"] for month in found["months"]}


@pytest.mark.parametrize("figure", ["0.00001", "99999999999999"])
async def test_what_columns_cannot_hold_is_refused_not_rounded(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear,
    service_database: Database, columns: Path, figure: str,
) -> None:  # fmt: skip
    """A line with too many digits, and lines whose sum of a day has too many."""
    await a_year(everywhere, sales, customers)
    await hear()
    async with service_database.transaction(everywhere.id) as connection:
        await connection.execute(
            f"UPDATE sale_facts SET amount = {figure}, valid_on = '2026-03-05' WHERE organisation_id = $1",
            everywhere.id,
        )
    with pytest.raises(JobFailed, match="more digits"):
        await snapshot(client(everywhere.admin), service_database, everywhere.id)
    assert (await client(everywhere.admin).get(PATH)).json()["data"] == []


async def test_nothing_sold_is_a_snapshot_of_nothing(
    everywhere: Organisation, client: Clients, service_database: Database, columns: Path
) -> None:
    found = await snapshot(client(everywhere.admin), service_database, everywhere.id)
    assert (found["rows"], found["months"], found["compared"]) == (0, [], None)


async def test_it_is_asked_for_once_a_day_where_facts_changed(
    everywhere: Organisation, organisation: Organisation, sales: Clients, customers: Clients,
    client: Clients, hear: Hear, service_database: Database, columns: Path,
) -> None:  # fmt: skip
    await a_year(everywhere, sales, customers)
    await hear()

    async def waiting() -> Mapping[str, int]:
        async with service_database.transaction(everywhere.id) as connection:
            count = await connection.fetchval(
                "SELECT count(*) FROM jobs WHERE organisation_id = $1 AND kind = $2 AND status = 'queued'",
                everywhere.id, KIND,
            )  # fmt: skip
        return {"queued": count}

    for _ in range(2):
        await ask_for_snapshots.duty(service_database)
        assert await waiting() == {"queued": 1}


async def test_only_who_runs_analytics_sees_snapshots(
    everywhere: Organisation, client: Clients
) -> None:
    rep = client(everywhere.rep)
    assert (await rep.get(PATH)).status_code == 403
    assert (await rep.post(PATH)).status_code == 403
    missing = await client(everywhere.admin).get(f"{PATH}/{everywhere.id}")
    assert missing.status_code == 404
