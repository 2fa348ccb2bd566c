"""Forecasts: what counts, for whom, and what it is held against."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from guanxi_pipeline.forecasts.days import keep_day
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User
from tests.pipeline.conftest import Stages
from tests.pipeline.forecasts.deals import LAST_DAY, PERIOD, enter, forecast, of, sums
from tests.pipeline.products.selling import product
from tests.statements import statements_of

QUOTA = {"period": "quarter", "starts_on": "2026-07-01"}


async def test_each_deal_counts_where_it_stands_and_the_omitted_one_nowhere(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = organisation.rep
    await enter(client, rep, stages, "closed", "1000")
    await enter(client, rep, stages, "commit", "400")
    await enter(client, rep, stages, "best_case", "200")
    await enter(client, rep, stages, "pipeline", "100.01")
    await enter(client, rep, stages, "pipeline", None)
    await enter(client, rep, stages, "pipeline", "50", forecast_category="omitted")
    await enter(
        client, rep, stages, "pipeline", "30", forecast_category="closed"
    )  # by hand: commit
    found = await forecast(client, rep)
    total = found["total"]
    shown = {
        name: sums(total, name).get("CNY") for name in ("closed", "commit", "best_case", "pipeline")
    }
    assert shown == {
        "closed": "1000.00",
        "commit": "430.00",
        "best_case": "200.00",
        "pipeline": "100.01",
    }
    # 400 x 75 % + 30 x 10 % + 200 x 50 % + 100.01 x 10 %
    assert sums(total, "weighted") == {"CNY": "413.00"}
    assert sums(total, "expected") == {"CNY": "1413.00"}
    assert (total["pipeline"]["count"], total["without_amount"]) == (2, 1)
    assert found["period"] == {
        "name": PERIOD, "kind": "quarter", "starts_on": "2026-07-01", "ends_on": "2026-09-30",
    }  # fmt: skip
    assert of(found, rep.id)["name"] == "rep"


async def test_the_organisations_midnight_decides_in_which_period_a_win_falls(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    """31 July of Shanghai begins on 30 July of Greenwich."""
    await enter(client, organisation.rep, stages, "closed", "7", day="2026-07-01")
    await enter(client, organisation.rep, stages, "closed", "5", day=LAST_DAY)
    for period, expected in (
        ("2026-Q3", "12.00"), ("2026-07", "7.00"), ("2026-09", "5.00"), ("2026", "12.00"),
        ("2026-Q2", None), ("2026-10", None),
    ):  # fmt: skip
        found = await forecast(client, organisation.rep, period=period)
        assert sums(found["total"], "closed").get("CNY") == expected, period


async def test_a_quota_gives_attainment_pace_and_gap(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    await enter(client, organisation.rep, stages, "closed", "250")
    manager = client(organisation.manager)
    for whose, amount in (
        ({"owner_id": str(organisation.rep.id)}, "1000"), ({"owner_id": str(organisation.rep2.id)}, "500"),
        ({"team_id": str(organisation.teams["a"])}, "2000"),
    ):  # fmt: skip
        sent = QUOTA | whose | {"amount": {"amount": amount, "currency": "CNY"}}
        assert (await manager.post("/v1/quotas", json=sent)).status_code == 201
    found = await forecast(client, organisation.manager)
    mine = of(found, organisation.rep.id)
    assert (mine["attainment"], mine["pace"]) == (0.25, 0.25)  # the quarter is over
    assert mine["gap"] == {"amount": "750.00", "currency": "CNY"}
    assert sums(of(found, organisation.rep2.id), "closed") == {}
    assert (found["total"]["attainment"], found["total"]["gap"]["amount"]) == (0.1667, "1250.00")
    teams = await forecast(client, organisation.manager, by="team")
    assert of(teams, organisation.teams["a"])["attainment"] == 0.125
    rep = await forecast(client, organisation.rep)
    assert [group["name"] for group in rep["groups"]] == ["rep"]
    assert rep["total"]["attainment"] == 0.25
    blind = organisation.rep.but(permissions=("forecasts:read",))
    assert (await forecast(client, blind))["total"]["quota"] is None


async def test_teams_have_quotas_of_their_own_that_add_up(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    await enter(client, organisation.rep, stages, "closed", "250")
    await enter(client, organisation.junior, stages, "closed", "50")
    manager, a, a1 = client(organisation.manager), organisation.teams["a"], organisation.teams["a1"]
    for team, amount in ((a, "1000"), (a1, "500")):
        sent = QUOTA | {"team_id": str(team), "amount": {"amount": amount, "currency": "CNY"}}
        assert (await manager.post("/v1/quotas", json=sent)).status_code == 201
    for asked, expected in (
        ({"by": "team"}, 0.2), ({"by": "team", "team_id": str(a)}, 0.2), ({"team_id": str(a)}, 0.2),
        ({"team_id": str(a1)}, 0.1), ({"team_id": str(a), "by": "pipeline"}, 0.2), ({}, None),
    ):  # fmt: skip
        found = await forecast(client, organisation.manager, **asked)
        assert found["total"]["attainment"] == expected, asked
    found = await forecast(client, organisation.manager, by="team", team_id=str(a1))
    assert [(group["id"], group["attainment"]) for group in found["groups"]] == [(str(a1), 0.1)]
    junior = await forecast(client, organisation.junior, by="team")
    assert [(group["id"], group["attainment"]) for group in junior["groups"]] == [(str(a1), 0.1)]


async def test_a_pipeline_and_a_product_are_held_against_their_own_quotas(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    seats = (await product(client(organisation.admin), "SEATS"))["id"]
    line = {"product_id": seats, "quantity": 1, "unit_price": {"amount": "30", "currency": "CNY"}}
    await enter(client, organisation.rep, stages, "closed", "50", lines=[line])
    manager = client(organisation.manager)
    for named, amount in (
        ({}, "1000"),
        ({"pipeline_id": stages.pipeline_id}, "100"),
        ({"product_id": seats}, "60"),
    ):
        sent = QUOTA | named | {
            "owner_id": str(organisation.rep.id), "amount": {"amount": amount, "currency": "CNY"},
        }  # fmt: skip
        assert (await manager.post("/v1/quotas", json=sent)).status_code == 201
    for asked, key, of_group, of_all in (
        ({"by": "pipeline"}, stages.pipeline_id, 0.5, 0.05), ({"by": "product"}, seats, 0.5, 0.05),
        ({"pipeline_id": stages.pipeline_id}, organisation.rep.id, 0.5, 0.5),
        ({"product_id": seats}, organisation.rep.id, 0.5, 0.5),
    ):  # fmt: skip
        found = await forecast(client, organisation.manager, **asked)
        assert (of(found, key)["attainment"], found["total"]["attainment"]) == (of_group, of_all), (
            asked
        )


async def test_currencies_are_never_added_without_a_rate(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    await enter(client, organisation.rep, stages, "closed", "100")
    await enter(client, organisation.rep, stages, "closed", "10", currency="USD")
    found = await forecast(client, organisation.rep)
    assert sums(found["total"], "closed") == {"CNY": "100.00", "USD": "10.00"}
    assert found["total"]["closed"]["converted"] is None
    assert found["missing_rates"] == ["USD"]
    refused = await client(organisation.rep).get(
        "/v1/forecasts", params={"period": PERIOD, "currency": "CNY"}
    )
    assert refused.status_code == 422
    assert (refused.json()["code"], "USD" in refused.json()["detail"]) == ("rate_missing", True)
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "INSERT INTO exchange_rates (organisation_id, id, currency, base, valid_on, rate)"
            " VALUES ($1, $2, 'USD', 'CNY', '2026-07-01', 7.1)", organisation.id, new_id(),
        )  # fmt: skip
    found = await forecast(client, organisation.rep, currency="CNY")
    assert found["total"]["closed"]["converted"] == {
        "amount": "171.00", "currency": "CNY",
        "rates": [{"currency": "USD", "rate": "7.1", "rate_date": "2026-07-01"}],
    }  # fmt: skip


async def test_absurd_amounts_are_figures_and_no_crash(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    await enter(client, organisation.rep, stages, "closed", "999999999999999999.99", currency="USD")
    sent = QUOTA | {
        "owner_id": str(organisation.rep.id),
        "amount": {"amount": "0.01", "currency": "CNY"},
    }
    assert (await client(organisation.manager).post("/v1/quotas", json=sent)).status_code == 201
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "INSERT INTO exchange_rates (organisation_id, id, currency, base, valid_on, rate)"
            " VALUES ($1, $2, 'USD', 'CNY', '2026-07-01', 10000000)", organisation.id, new_id(),
        )  # fmt: skip
    total = (await forecast(client, organisation.rep, currency="CNY"))["total"]
    assert (total["attainment"], total["pace"]) == (pytest.approx(1e27), pytest.approx(1e27))


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({"period": "2026-Q5"}, 422, "period"), ({"period": "soon"}, 422, "period"),
        ({"period": "2026-13"}, 422, "period"), ({"period": "٢٠٢٦"}, 422, "period"),
        ({"by": "planet"}, 400, "by"), ({"owner_id": "me"}, 400, "owner_id"),
        ({"currency": "YUAN"}, 400, "currency"), ({"rate_on": "never"}, 400, "rate_on"),
        ({"coverage": "99"}, 400, "coverage"), ({"limit": "5"}, 400, "limit"),
        ({"as_of": "0001-01-01", "period": "last_year"}, 400, "as_of"),
        ({"as_of": "2199-01-01"}, 422, "as_of"), ({"as_of": "2026-07-01"}, 404, "as_of"),
        ({"as_of": "2026-07-01", "by": "product"}, 422, "by"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_named(
    client: Clients, organisation: Organisation, asked: dict[str, str], status: int, field: str
) -> None:
    refused = await client(organisation.rep).get("/v1/forecasts", params=asked)
    assert refused.status_code == status, refused.text
    assert field in refused.json()["errors"], refused.text


async def test_who_may_not_read_forecasts_is_told_which_permission_it_takes(
    client: Clients, organisation: Organisation
) -> None:
    for path in ("/v1/forecasts", "/v1/forecasts/accuracy", "/v1/forecasts/calls"):
        for user, status in (
            (organisation.rep, 200), (organisation.rep.but(permissions=("opportunities:*",)), 403),
        ):  # fmt: skip
            assert (await client(user).get(path)).status_code == status, path


async def test_nobody_sees_more_than_their_deals(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    amounts = {"rep": "1", "rep2": "20", "junior": "300", "other_rep": "4000"}
    for name, amount in amounts.items():
        await enter(client, organisation.users[name], stages, "closed", amount)
    expected: Sequence[tuple[User, str]] = (
        (organisation.rep, "1.00"), (organisation.junior, "300.00"), (organisation.manager, "321.00"),
        (organisation.other_rep, "4000.00"), (organisation.admin, "4321.00"),
    )  # fmt: skip
    for user, amount in expected:
        found = await forecast(client, user)
        assert sums(found["total"], "closed") == {"CNY": amount}, user.name
    stranger = await forecast(client, organisation.rep, owner_id=str(organisation.rep2.id))
    assert sums(stranger["total"], "closed") == {}


@pytest.mark.usefixtures("remembered")
async def test_three_statements_whatever_there_is(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    splits = [(organisation.rep, 50), (organisation.rep2, 50)]
    for currency in ("CNY", "USD", "EUR"):
        await enter(
            client, organisation.rep, stages, "commit", "5", currency=currency, splits=splits
        )
    await keep_day(service_database, organisation.id, datetime(2026, 8, 15, tzinfo=UTC))
    await forecast(client, organisation.manager)
    for by in ("person", "team", "product"):
        with statements_of(service_database) as seen:
            await forecast(client, organisation.manager, by=by)
        assert len(seen) == 3, seen


async def test_an_open_deal_of_the_present_period_is_forecast_now(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    clock = await forecast(client, organisation.rep, period="this_month")
    await enter(client, organisation.rep, stages, "commit", "10", day=clock["period"]["ends_on"])
    found = await forecast(client, organisation.rep, period="this_month")
    assert sums(found["total"], "commit") == {"CNY": "10.00"}
    assert found["elapsed"]["counted_in"] == "calendar_days"
    assert 0 < found["elapsed"]["share"] <= 1
    assert found["total"]["interval"] is None
    assert "9 finished months" in found["total"]["interval_refused"]
