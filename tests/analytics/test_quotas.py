"""Quotas as facts: those that count for a stretch of time, beside what was won in it, as pipeline's forecasts have them."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from guanxi_analytics.queries.measures import MEASURES
from guanxi_pipeline.forecasts.period_rules import Period
from guanxi_pipeline.quotas.rules import Quota, quota_of
from tests.analytics.asking import asked, cells, money
from tests.analytics.conftest import Hear
from tests.analytics.doing import done, records_of, stages_made, won
from tests.analytics.test_totals import rows_of
from tests.factories import Clients, Organisation
from tests.tickets.company import in_role

QUOTAS = "/v1/quotas"
QUARTER = {"from": "2026-01-01", "until": "2026-04-01"}
YEAR = {"from": "2026-01-01", "until": "2027-01-01"}
STEPS = {"month": 1, "quarter": 3, "year": 12}


async def set_quota(
    client: httpx.AsyncClient,
    period: str,
    on: str,
    amount: str,
    currency: str = "CNY",
    **whose: Any,
) -> str:
    body = {"period": period, "starts_on": on, "amount": money(amount, currency), **whose}
    return str((await done(client, "POST", QUOTAS, json=body))["id"])


def attained(found: dict[str, Any]) -> dict[Any, tuple[Any, Any, Any]]:
    """Of each row: the quota, what was won, and the percentage."""
    return {
        (*row["dimensions"].values(), row["currency"]): (
            row["values"]["quota"]["amount"], row["values"]["won_amount"]["amount"], row["values"]["quota_attainment"],
        )
        for row in found["rows"]
    }  # fmt: skip


async def test_a_quarter_has_its_months_if_none_is_missing(
    everywhere: Organisation, sales: Clients, client: Clients, hear: Hear
) -> None:
    """One has three months, one a quarter's quota, one two months alone; the team has its own."""
    admin, reader = sales(everywhere.admin), client(everywhere.admin)
    rep, rep2, junior = (str(everywhere.users[n].id) for n in ("rep", "rep2", "junior"))
    stages = await stages_made(admin)
    for month, amount in (("01", "100.00"), ("02", "200.00"), ("03", "300.00")):
        await set_quota(admin, "month", f"2026-{month}-01", amount, owner_id=rep)
    await set_quota(admin, "quarter", "2026-01-01", "1000.00", owner_id=rep2)
    for month in ("01", "02"):
        await set_quota(admin, "month", f"2026-{month}-01", "50.00", owner_id=junior)
    await won(admin, stages, "2026-02-10", "150.00", owner_id=rep)
    await won(admin, stages, "2026-03-31", "300.00", owner_id=rep)
    await won(admin, stages, "2026-03-31", "7.00", "USD", owner_id=rep)
    await won(admin, stages, "2026-03-01", "30.00", owner_id=junior)
    await hear()
    ask = ("quota", "won_amount", "quota_attainment")
    found = attained(await asked(reader, *ask, dimensions=["owner"], period=QUARTER))
    assert found == {
        (rep, "CNY"): ("600.00", "450.00", 75.0), (rep2, "CNY"): ("1000.00", "0.00", 0.0),
        (junior, "CNY"): ("0.00", "30.00", None), (rep, "USD"): ("0.00", "7.00", None),
    }  # fmt: skip
    months = attained(await asked(reader, *ask, dimensions=["month", "owner"], period=QUARTER))
    assert months["2026-02", rep, "CNY"] == ("200.00", "150.00", 75.0)
    assert months["2026-01", junior, "CNY"] == ("50.00", "0.00", 0.0)
    year = attained(await asked(reader, *ask, dimensions=["owner"], period=YEAR))
    assert {quota for quota, _, _ in year.values()} == {"0.00"}  # quarters are missing
    [total] = (await asked(reader, "quota", "quota_attainment", period=QUARTER))["totals"]
    assert total["values"]["quota"] == money("1600.00")
    assert total["values"]["quota_attainment"] == 30.0  # 480 of 1,600: who has no quota won, too
    alone = await asked(reader, "quota_attainment", dimensions=["owner"], period=QUARTER)
    assert {(r["dimensions"]["owner"], r["currency"]) for r in alone["rows"]} == {(rep, "CNY"), (rep2, "CNY")}  # fmt: skip


async def test_teams_and_pipelines_have_quotas_of_their_own(
    everywhere: Organisation, sales: Clients, client: Clients, hear: Hear
) -> None:
    """A quota for everything comes before those by pipeline, which are summed where there is none."""
    admin, reader = sales(everywhere.admin), client(everywhere.admin)
    rep, rep2 = str(everywhere.rep.id), str(everywhere.users["rep2"].id)
    team = str(everywhere.rep.teams[0])
    one, two = await stages_made(admin, "One"), await stages_made(admin, "Two")
    for owner, whole in ((rep, "500.00"), (rep2, None)):
        for stages, amount in ((one, "100.00"), (two, "150.00")):
            await set_quota(admin, "month", "2026-03-01", amount, owner_id=owner, pipeline_id=stages["pipeline"])  # fmt: skip
        if whole is not None:
            await set_quota(admin, "month", "2026-03-01", whole, owner_id=owner)
    await set_quota(admin, "month", "2026-03-01", "900.00", team_id=team)
    await won(admin, one, "2026-03-05", "90.00", owner_id=rep, team_id=team)
    await won(admin, two, "2026-03-05", "30.00", owner_id=rep2, team_id=team)
    await hear()
    march = {"from": "2026-03-01", "until": "2026-04-01"}
    ask = ("quota", "won_amount", "quota_attainment")
    people = attained(await asked(reader, *ask, dimensions=["owner"], period=march))
    assert people == {
        (rep, "CNY"): ("500.00", "90.00", 18.0),
        (rep2, "CNY"): ("250.00", "30.00", 12.0),
    }
    teams = await asked(reader, *ask, dimensions=["team"], period=march)
    assert attained(teams) == {(team, "CNY"): ("900.00", "120.00", pytest.approx(13.3333))}
    pipelines = await asked(reader, *ask, dimensions=["pipeline", "month"])
    assert attained(pipelines) == {
        (one["pipeline"], "2026-03", "CNY"): ("200.00", "90.00", 45.0),
        (two["pipeline"], "2026-03", "CNY"): ("300.00", "30.00", 10.0),
    }  # fmt: skip
    only = [{"filters": [{"field": "pipeline_id", "operator": "eq", "value": two["pipeline"]}]}]
    filtered = await asked(reader, *ask, dimensions=["owner"], period=march, filter_groups=only)
    assert attained(filtered) == {
        (rep, "CNY"): ("150.00", "0.00", 0.0),
        (rep2, "CNY"): ("150.00", "30.00", 20.0),
    }
    for found in (teams, pipelines, filtered):
        for row in [*found["rows"], *found["totals"]]:
            rows = await records_of(reader, row)
            sums = {
                n: sum(Decimal(r["amount"]["amount"]) for r in each) for n, each in rows.items()
            }
            assert sums["quotas"] == Decimal(row["values"]["quota"]["amount"])
            assert sums["deals_closed"] == Decimal(row["values"]["won_amount"]["amount"])


async def test_quotas_are_answered_as_they_were(
    everywhere: Organisation, sales: Clients, client: Clients, hear: Hear
) -> None:
    admin, reader, rep = sales(everywhere.admin), client(everywhere.admin), str(everywhere.rep.id)
    id = await set_quota(admin, "quarter", "2026-01-01", "100.00", owner_id=rep)
    await hear()
    at = datetime.now(UTC).isoformat()
    await done(admin, "PATCH", f"{QUOTAS}/{id}", json={"amount": money("200.00")})
    await hear()
    ask: dict[str, Any] = {"dimensions": ["quarter"], "period": YEAR, "compare": "previous_year"}
    found = await asked(reader, "quota", **ask)
    assert cells(found, "quota") == {("2026-Q1",): money("200.00")}
    assert found["rows"][0]["compared"]["quota"] == money("0.00")
    assert cells(await asked(reader, "quota", as_of=at, **ask), "quota") == {("2026-Q1",): money("100.00")}  # fmt: skip
    await done(admin, "DELETE", f"{QUOTAS}/{id}")
    await hear()
    assert (await asked(reader, "quota", **ask))["rows"] == []
    assert cells(await asked(reader, "quota", as_of=at, **ask), "quota") == {("2026-Q1",): money("100.00")}  # fmt: skip


async def test_only_quotas_that_the_caller_sees_are_summed(
    everywhere: Organisation, sales: Clients, client: Clients, hear: Hear,
    other_organisation: Organisation,
) -> None:  # fmt: skip
    admin = sales(everywhere.admin)
    for name in ("rep", "other_rep"):
        await set_quota(admin, "month", "2026-03-01", "10.00", owner_id=str(everywhere.users[name].id))  # fmt: skip
    await hear()
    seen = {}
    for name in ("rep", "manager", "admin", "other_rep", "junior", "read_only"):
        reader = client(everywhere.users[name])
        found = await asked(reader, "quota", dimensions=["month"])
        records = await done(reader, "POST", "/v1/analytics/facts/quotas/search", json={})
        seen[name] = ([r["values"]["quota"]["amount"] for r in found["rows"]], len(records["data"]))
    assert seen == {
        "rep": (["10.00"], 1), "manager": (["10.00"], 1), "admin": (["20.00"], 2), "other_rep": (["10.00"], 1),
        "junior": ([], 0), "read_only": (["10.00"], 1),
    }  # fmt: skip
    foreign = await asked(client(other_organisation.admin), "quota", dimensions=["month"])
    assert foreign["rows"] == []
    agent = client(in_role(everywhere.rep, "agent"))
    answer = await agent.post("/v1/analytics/query", json={"measures": ["quota"], "dimensions": ["month"]})  # fmt: skip
    assert (answer.status_code, "quotas:read" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"dimensions": ["owner"]}, "period"), ({"dimensions": ["week"]}, "dimensions"), ({}, "period"),
        ({"dimensions": ["owner", "team", "month"]}, "dimensions"), ({"dimensions": ["region", "month"]}, "dimensions"),
        ({"period": {"from": "2026-01-01", "until": "2026-02-15"}}, "period"),
        ({"dimensions": ["month"], "period": {"from": "2026-01-02", "until": "2026-03-01"}}, "period.from"),
        ({"dimensions": ["quarter"], "period": {"from": "2026-02-01", "until": "2026-07-01"}}, "period.from"),
        ({"dimensions": ["owner", "month"], "filter_groups": [{"filters": [{"field": "team_id", "operator": "is_null", "value": True}]}]}, "dimensions"),
    ],
)  # fmt: skip
async def test_what_no_quota_is_of_is_refused(
    client: Clients, organisation: Organisation, body: dict[str, Any], field: str
) -> None:
    for measure in ("quota", "quota_attainment"):
        sent = {"measures": [measure], **body}
        answer = await client(organisation.admin).post("/v1/analytics/query", json=sent)
        assert answer.status_code == 422, answer.text
        assert list(answer.json()["errors"]) == [field]


async def test_a_day_after_the_last_whole_month_is_no_hindrance(
    everywhere: Organisation, client: Clients
) -> None:
    """The quota of the month that is under way is that of all of it."""
    ask = {"dimensions": ["month"], "period": {"from": "this_year", "until": "tomorrow"}}
    assert (await asked(client(everywhere.admin), "quota", "won_amount", **ask))["rows"] == []


SOURCE = """
SELECT owner_id, period, starts_on, pipeline_id, product_id, amount_amount AS amount, amount_currency AS currency
FROM pipeline.quotas WHERE organisation_id = $1 AND deleted_at IS NULL AND owner_id IS NOT NULL
"""
Sums = dict[tuple[str, str, str, str], Decimal]  # by length, its first day, person, currency


class Story:
    """Random quotas of two people, in three currencies, by pipeline and product or for all."""

    def __init__(
        self, rng: random.Random, client: httpx.AsyncClient, owners: list[str], pipelines: list[str]
    ) -> None:
        self.rng, self.client, self.owners, self.pipelines = rng, client, owners, pipelines
        self.quotas: list[str] = []

    async def step(self) -> None:
        deeds = [self.set] if self.rng.random() < 0.8 else [self.change, self.delete, self.restore]
        await self.rng.choice(deeds)()

    def amount(self) -> dict[str, str]:
        return money(f"{self.rng.randrange(1, 99_999)}.{self.rng.randrange(100):02d}", self.rng.choice(["CNY", "CNY", "USD"]))  # fmt: skip

    async def set(self) -> None:
        period = self.rng.choice(["month", "month", "month", "quarter", "year"])
        month = (
            self.rng.randrange(0, 12 if self.rng.random() < 0.5 else 3)
            // STEPS[period]
            * STEPS[period]
            + 1
        )
        body: dict[str, Any] = {
            "period": period, "starts_on": f"2026-{month:02d}-01", "amount": self.amount(),
            "owner_id": self.rng.choice(self.owners),
        }  # fmt: skip
        if self.rng.random() < 0.4:
            body["pipeline_id"] = self.rng.choice(self.pipelines)
        if self.rng.random() < 0.2:
            body["product_id"] = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"
        answer = await self.client.post(QUOTAS, json=body)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 201:
            self.quotas.append(answer.json()["id"])

    async def change(self) -> None:
        await self.do("PATCH", "", {"json": {"amount": self.amount()}})

    async def delete(self) -> None:
        await self.do("DELETE", "", {})

    async def restore(self) -> None:
        await self.do("POST", "/restore", {})

    async def do(self, method: str, path: str, more: dict[str, Any]) -> None:
        if not self.quotas:
            return
        url = f"{QUOTAS}/{self.rng.choice(self.quotas)}{path}"
        answer = await self.client.request(method, url, **more)
        assert answer.status_code < 500, answer.text


async def in_pipeline(database: Any, organisation: Organisation) -> Sums:
    """By the rules of the forecast, over pipeline's own table."""
    rows = await rows_of(database, SOURCE, organisation)
    known = [
        Quota(r["owner_id"], Period(r["starts_on"], r["period"]), r["pipeline_id"], r["product_id"], r["amount"], r["currency"])
        for r in rows
    ]  # fmt: skip
    found: Sums = {}
    for grain, months in STEPS.items():
        for first in (date(2026, month, 1) for month in range(1, 13, months)):
            for owner in {each.of for each in known}:
                own = [each for each in known if each.of == owner]
                sums = quota_of(own, Period(first, grain), pipeline_id=None, product_id=None)
                for currency, amount in (sums or {}).items():
                    found[grain, str(first), str(owner), currency] = amount
    return found


def first_day(label: str) -> str:
    year, _, rest = label.partition("-")
    month = (int(rest[1:]) * 3 - 2) if rest.startswith("Q") else int(rest or 1)
    return f"{year}-{month:02d}-01"


async def in_analytics(client: httpx.AsyncClient, **more: Any) -> Sums:
    found: Sums = {}
    for grain in STEPS:
        rows = (await asked(client, "quota", dimensions=[grain, "owner"], **more))["rows"]
        for row in rows:
            told = row["dimensions"]
            key = (grain, first_day(told[grain]), told["owner"], row["currency"])
            found[key] = Decimal(row["values"]["quota"]["amount"])
    return found


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_quotas_are_those_of_the_forecasts_rules(
    everywhere: Organisation, sales: Clients, client: Clients, hear: Hear, database: Any, seed: int
) -> None:
    admin, reader = sales(everywhere.admin), client(everywhere.admin)
    owners = [str(everywhere.rep.id), str(everywhere.users["rep2"].id)]
    pipelines = [(await stages_made(admin, name))["pipeline"] for name in ("One", "Two")]
    story, moments = Story(random.Random(seed), admin, owners, pipelines), []
    for _ in range(4):
        for _ in range(25):
            await story.step()
        moments.append((datetime.now(UTC).isoformat(), await in_pipeline(database, everywhere)))
    await hear()
    assert await in_analytics(reader) == moments[-1][1]
    for at, sums in moments:
        assert await in_analytics(reader, as_of=at) == sums
    grains = {grain for _, sums in moments for grain, *_ in sums}
    assert grains == set(STEPS)


def test_quotas_are_named_in_both_languages() -> None:
    for name in ("quota", "quota_attainment"):
        assert MEASURES[name].labels["zh"] != MEASURES[name].labels["en"]
