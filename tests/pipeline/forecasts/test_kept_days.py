"""What was forecast on a day: kept once, by the organisation's day, and read by today's rights."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from guanxi_pipeline.forecasts.days import keep_day, keep_forecasts
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.forecasts.deals import LAST_DAY, enter, forecast, sums

MIDDLE = datetime(2026, 8, 15, 3, tzinfo=UTC)
RATE = """
INSERT INTO exchange_rates (organisation_id, id, currency, base, valid_on, rate) VALUES ($1, $2, 'USD', 'CNY', $3, $4)
"""
KEPT = "SELECT * FROM forecast_figures WHERE organisation_id = $1 AND day = $2"


async def test_a_day_shows_what_was_forecast_then(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    made = await enter(client, organisation.rep, stages, "commit", "400")
    shares = [(organisation.rep, 50), (organisation.junior, 50)]
    await enter(client, organisation.rep, stages, "best_case", "0.03", splits=shares)
    await enter(client, organisation.rep, stages, "closed", "25")
    # Its first and its last day by the organisation's midnight; in Greenwich the first is June.
    await enter(client, organisation.rep, stages, "closed", "3", day="2026-07-01")
    await enter(client, organisation.junior, stages, "closed", "5", day=LAST_DAY)
    await enter(client, organisation.rep, stages, "closed", "900", day="2026-10-01")
    before = {
        by: await forecast(client, organisation.manager, by=by)
        for by in ("person", "team", "pipeline")
    }
    assert sums(before["person"]["total"], "closed") == {"CNY": "33.00"}
    assert await keep_day(service_database, organisation.id, MIDDLE)
    await client(organisation.rep).patch(
        f"/v1/opportunities/{made['id']}", json={"close_on": "2027-01-01"}
    )
    assert sums((await forecast(client, organisation.manager))["total"], "commit") == {}
    for by, now in before.items():
        then = await forecast(client, organisation.manager, by=by, as_of="2026-08-15")
        for name in ("closed", "commit", "best_case", "pipeline", "weighted", "expected"):
            assert then["total"][name] == now["total"][name], (by, name)
            assert [g[name] for g in then["groups"]] == [g[name] for g in now["groups"]], (by, name)
        assert (then["as_of"], then["elapsed"]["days"]) == ("2026-08-15", 46)
        assert "today's rights" in then["rights"]
    junior = await forecast(
        client, organisation.manager, owner_id=str(organisation.junior.id), as_of="2026-08-15"
    )
    assert junior["total"]["best_case"]["count"] == 1


async def test_rights_of_a_kept_day_are_those_of_today(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    await enter(client, organisation.rep, stages, "commit", "400")
    await enter(client, organisation.other_rep, stages, "commit", "9")
    await keep_day(service_database, organisation.id, MIDDLE)
    for user, expected in (
        (organisation.rep, {"CNY": "400.00"}), (organisation.rep2, {}),
        (organisation.manager, {"CNY": "400.00"}), (organisation.admin, {"CNY": "409.00"}),
    ):  # fmt: skip
        found = await forecast(client, user, as_of="2026-08-15")
        assert sums(found["total"], "commit") == expected, user.name


async def test_a_day_is_kept_once_by_however_many_workers(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    await enter(client, organisation.rep, stages, "commit", "400")
    kept = await asyncio.gather(
        *(keep_day(service_database, organisation.id, MIDDLE) for _ in range(4))
    )
    assert sorted(kept) == [False, False, False, True]
    await enter(client, organisation.rep, stages, "commit", "100")
    assert not await keep_day(service_database, organisation.id, MIDDLE)
    async with service_database.transaction(organisation.id) as connection:
        rows = await connection.fetch(KEPT, organisation.id, date(2026, 8, 15))
    assert [(row["count"], row["deals"], str(row["amount"])) for row in rows] == [(1, 1, "400.00")]


async def test_the_day_is_the_organisations_and_a_missed_one_is_not_invented(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    """20:00 of Greenwich is four in the morning of Shanghai's next day."""
    await enter(client, organisation.rep, stages, "commit", "400")
    await keep_day(service_database, organisation.id, datetime(2026, 8, 14, 20, tzinfo=UTC))
    await keep_day(service_database, organisation.id, datetime(2026, 8, 17, 20, tzinfo=UTC))
    rep = client(organisation.rep)
    assert sums((await forecast(client, organisation.rep, as_of="2026-08-15"))["total"], "commit")
    for day in ("2026-08-14", "2026-08-16"):
        missed = await rep.get("/v1/forecasts", params={"period": "2026-Q3", "as_of": day})
        problem = missed.json()
        assert (missed.status_code, problem["code"]) == (404, "day_not_kept")
        assert (problem["first_day"], problem["last_day"]) == ("2026-08-15", "2026-08-18")
    # From January of the year of the day 92 days before to 36 months ahead; half a period is none.
    for period in ("2025-Q3", "2029-08", "2029-Q3", "2029", "2150"):
        asked = {"period": period, "as_of": "2026-08-15"}
        outside = await rep.get("/v1/forecasts", params=asked)
        assert (outside.status_code, list(outside.json()["errors"])) == (422, ["period"]), period
    for period in ("2026-01", "2029-07", "2029-Q2", "2028"):
        assert await forecast(client, organisation.rep, period=period, as_of="2026-08-15")


async def test_a_day_is_kept_without_rates_and_read_with_those_that_hold_on_it(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    """Sums are kept per currency; a rate that comes later for that day converts them then."""
    await enter(client, organisation.rep, stages, "closed", "100")
    await enter(client, organisation.rep, stages, "commit", "10", currency="USD")
    assert await keep_day(service_database, organisation.id, MIDDLE)
    then = await forecast(client, organisation.rep, as_of="2026-08-15")
    assert sums(then["total"], "expected") == {"CNY": "100.00", "USD": "7.50"}
    assert (then["total"]["expected"]["converted"], then["missing_rates"]) == (None, ["USD"])
    asked = {"period": "2026-Q3", "as_of": "2026-08-15", "currency": "CNY"}
    refused = await client(organisation.rep).get("/v1/forecasts", params=asked)
    assert refused.status_code == 422
    assert refused.json()["missing"] == [{"from": "USD", "to": "CNY", "on": "2026-08-15"}]
    async with service_database.transaction(organisation.id) as connection:
        for day, rate in ((date(2026, 8, 14), 7), (date(2026, 8, 16), 9)):
            await connection.execute(RATE, organisation.id, new_id(), day, rate)
    then = await forecast(client, organisation.rep, as_of="2026-08-15", currency="CNY")
    assert then["total"]["expected"]["converted"] == {
        "amount": "152.50", "currency": "CNY",
        "rates": [{"currency": "USD", "rate": "7", "rate_date": "2026-08-14"}],
    }  # fmt: skip


async def test_the_workers_duty_keeps_today_for_every_organisation(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    service_database: Database,
) -> None:  # fmt: skip
    await keep_forecasts.duty(service_database)
    for each in (organisation, other_organisation):
        today = (await forecast(client, each.rep, period="this_month"))["elapsed"]["days"]
        found = await forecast(client, each.rep, period="this_month", as_of="today")
        assert found["elapsed"]["days"] == today


def month_before(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(year, month + 1, 1)


# No further back than is looked; the middle of a February is another day of a longer month.
THIS = datetime.now(ZoneInfo("Asia/Shanghai")).date().replace(day=1)
LAST = month_before(THIS, 2 if THIS.month == 3 else 1)
MIDDLE_OF_LAST = {"period": f"{LAST:%Y-%m}", "as_of": f"{LAST:%Y-%m}-15"}
PERIODS = (  # of a month: what was open in its middle at 100 percent, what came of it
    (month_before(LAST, 4), 100, 90), (month_before(LAST, 3), 100, 110), (month_before(LAST, 2), 200, 200),
    (month_before(LAST, 1), 50, 40),
)  # fmt: skip


async def keep_past(database: Database, organisation: Organisation, stages: Stages) -> None:
    """Months as they would have been kept: in their middle, and when all was over."""
    async with database.transaction(organisation.id) as connection:

        async def keep(day: date, month: date, category: str, amount: int) -> None:
            await connection.execute(
                "INSERT INTO forecast_days VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                organisation.id, day, PERIODS[0][0],
            )  # fmt: skip
            n = await connection.fetchval(
                "SELECT count(*) FROM forecast_figures WHERE organisation_id = $1 AND day = $2",
                organisation.id,
                day,
            )
            await connection.execute(
                "INSERT INTO forecast_figures (organisation_id, day, n, month, owner_id, person_id, pipeline_id,"
                " currency, category, count, team_deals, deals, bare, amount, weighted)"
                " VALUES ($1, $2, $3, $4, $5, $5, $6, 'CNY', $7, 1, 1, 1, 0, $8, $8)",
                organisation.id, day, n, month, organisation.rep.id, stages.pipeline_id, category, amount,
            )  # fmt: skip

        for month, forecast_amount, actual in PERIODS:
            await keep(month.replace(day=15), month, "commit", forecast_amount)
            await keep(LAST.replace(day=15), month, "closed", actual)
        await keep(LAST.replace(day=15), LAST, "commit", 1000)


async def test_an_interval_comes_of_past_error_and_shows_it(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    await keep_past(service_database, organisation, stages)
    asked: dict[str, Any] = MIDDLE_OF_LAST
    found = (await forecast(client, organisation.manager, **asked, coverage=60))["total"][
        "interval"
    ]
    # Ratios 0.8, 0.9, 1, 1.1; the quantiles 0.2 and 0.8 stand at places 1 and 4 of 4.
    assert (found["low"]["amount"], found["middle"]["amount"], found["high"]["amount"]) == (
        "800.00", "950.00", "1100.00",
    )  # fmt: skip
    assert (found["n"], found["coverage"]) == (4, 60)
    assert [(p["period"], p["ratio"], p["forecast_on"]) for p in found["past"]] == [
        (f"{month:%Y-%m}", ratio, f"{month:%Y-%m}-15")
        for (month, *_), ratio in zip(reversed(PERIODS), (0.8, 1.0, 1.1, 0.9), strict=True)
    ]
    refused = (await forecast(client, organisation.manager, **asked))["total"]
    assert refused["interval"] is None
    assert "there are 4, enough for coverage=60" in refused["interval_refused"]
    rep, pipeline = str(organisation.rep.id), stages.pipeline_id
    for narrowed, n in (
        ({"owner_id": rep}, 4), ({"pipeline_id": pipeline}, 4), ({"owner_id": str(organisation.rep2.id)}, 0),
        ({"team_id": str(organisation.teams["a"])}, 0),  # nobody's team was noted
    ):  # fmt: skip
        narrow = (await forecast(client, organisation.manager, **asked, **narrowed, coverage=60))[
            "total"
        ]
        assert (narrow["interval"] or {"n": 0})["n"] == n, narrowed
    unseen = (await forecast(client, organisation.other_rep, **asked, coverage=60))["total"]
    assert "there are 0." in unseen["interval_refused"]


async def test_a_rate_that_is_missing_for_a_past_period_is_named(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    await keep_past(service_database, organisation, stages)
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "UPDATE forecast_figures SET currency = 'USD' WHERE month = $1", PERIODS[1][0]
        )
    asked: dict[str, Any] = {**MIDDLE_OF_LAST, "coverage": 60}
    total = (await forecast(client, organisation.manager, **asked))["total"]
    assert total["interval"] is None
    assert "no rate from USD to CNY" in total["interval_refused"]
    refused = await client(organisation.manager).get(
        "/v1/forecasts/accuracy", params={"kind": "month"}
    )
    assert (refused.status_code, refused.json()["missing"][0]["from"]) == (422, "USD")


async def test_accuracy_is_told_for_each_finished_period(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    await keep_past(service_database, organisation, stages)
    answer = await client(organisation.manager).get(
        "/v1/forecasts/accuracy", params={"kind": "month"}
    )
    found = answer.json()
    # Off by 10, 10, 0 and 10 of 440 won; 10 too much altogether.
    assert (found["n"], found["wape"], found["bias"]) == (4, 0.0682, 0.0227)
    assert found["mape"] == round((10 / 90 + 10 / 110 + 10 / 40) / 4, 4)
    assert [each["error"]["amount"] for each in found["periods"]] == [
        "10.00",
        "0.00",
        "-10.00",
        "10.00",
    ]
    for wrong in (
        {"kind": "week"}, {"percent": "0"}, {"percent": "00501"}, {"percent": "0001" + "0" * 5_000}, {"by": "team"},
    ):  # fmt: skip
        refused = await client(organisation.rep).get("/v1/forecasts/accuracy", params=wrong)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, list(wrong))
