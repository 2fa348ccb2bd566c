"""Forecasts: what counts, for whom, and what it is held against."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import asyncpg
import pytest

from guanxi_pipeline.forecasts.days import keep_day
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User
from tests.pipeline.conftest import Stages
from tests.pipeline.forecasts.deals import LAST_DAY, PERIOD, enter, forecast, of, sums

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


async def test_shares_count_for_whom_they_are_and_sum_to_the_deal(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    people = [organisation.rep, organisation.rep2, organisation.junior]
    thirds = list(zip(people, (33.3333, 33.3333, 33.3334), strict=True))
    await enter(client, organisation.rep, stages, "closed", "100.00", splits=thirds)
    await enter(client, organisation.rep, stages, "commit", "0.02", splits=thirds)
    found = await forecast(client, organisation.manager)
    assert [sums(of(found, each.id), "closed")["CNY"] for each in people] == [
        "33.33",
        "33.33",
        "33.34",
    ]
    assert sorted(sums(of(found, each.id), "commit")["CNY"] for each in people) == [
        "0.00",
        "0.01",
        "0.01",
    ]
    assert sums(found["total"], "closed") == {"CNY": "100.00"}
    assert (found["total"]["closed"]["count"], of(found, people[2].id)["closed"]["count"]) == (1, 1)
    alone = await forecast(client, organisation.manager, owner_id=str(organisation.junior.id))
    assert sums(alone["total"], "closed") == {"CNY": "33.34"}
    assert alone["total"]["closed"]["count"] == 1
    teams = await forecast(client, organisation.manager, by="team")
    assert sums(of(teams, organisation.teams["a"]), "closed") == {"CNY": "66.66"}
    assert of(teams, organisation.teams["a"])["closed"]["count"] == 1
    assert sums(of(teams, organisation.teams["a1"]), "closed") == {"CNY": "33.34"}
    under = await forecast(client, organisation.manager, team_id=str(organisation.teams["a"]))
    assert sums(under["total"], "closed") == {"CNY": "100.00"}
    below = await forecast(client, organisation.manager, team_id=str(organisation.teams["a1"]))
    assert sums(below["total"], "closed") == {"CNY": "33.34"}


async def test_by_product_lines_count_and_the_rest_for_no_product(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    seats, setup = str(new_id()), str(new_id())
    lines = [
        {"product_id": seats, "quantity": 3, "unit_price": {"amount": "10", "currency": "CNY"}},
        {"product_id": seats, "quantity": 1, "unit_price": {"amount": "5", "currency": "CNY"}},
        {"product_id": setup, "quantity": 1, "unit_price": {"amount": "20", "currency": "CNY"}},
        {"name": "Travel", "quantity": 1, "unit_price": {"amount": "2", "currency": "CNY"}},
    ]  # fmt: skip
    await enter(client, organisation.rep, stages, "closed", None, lines=lines)
    await enter(client, organisation.rep, stages, "closed", "100")
    await enter(
        client, organisation.rep, stages, "closed", "55.01", lines=lines[:2],
        splits=[(organisation.rep, 50), (organisation.rep2, 50)],
    )  # fmt: skip
    found = await forecast(client, organisation.manager, by="product")
    assert sums(of(found, seats), "closed") == {"CNY": "70.00"}
    assert sums(of(found, setup), "closed") == {"CNY": "20.00"}
    assert sums(of(found, None), "closed") == {"CNY": "122.01"}  # 2 of travel, 100, 55.01 - 35
    assert sums(found["total"], "closed") == {"CNY": "212.01"}
    assert found["total"]["closed"]["count"] == 3
    only = await forecast(client, organisation.manager, product_id=seats)
    assert sums(only["total"], "closed") == {"CNY": "70.00"}
    assert sums(of(only, organisation.rep2.id), "closed") == {"CNY": "17.50"}


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


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({"period": "2026-Q5"}, 422, "period"), ({"period": "soon"}, 422, "period"),
        ({"period": "2026-13"}, 422, "period"), ({"period": "٢٠٢٦"}, 422, "period"),
        ({"by": "planet"}, 400, "by"), ({"owner_id": "me"}, 400, "owner_id"),
        ({"currency": "YUAN"}, 400, "currency"), ({"rate_on": "never"}, 400, "rate_on"),
        ({"coverage": "99"}, 400, "coverage"), ({"limit": "5"}, 400, "limit"),
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


async def test_a_managers_sums_are_those_of_the_team_whatever_is_shared(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    """Random deals: groups sum to the total, and so does asking for each member."""
    chance = random.Random(20261128)
    team = [organisation.manager, organisation.rep, organisation.rep2, organisation.junior]
    expected: dict[tuple[str, str, str], Decimal] = {}
    for _ in range(40):
        owner = chance.choice(team)
        several = chance.sample(team, chance.randint(2, 3)) if chance.random() < 0.5 else []
        shares = [chance.randint(1, 40) + 0.5 for _ in several[1:]]
        splits = list(zip(several, [100 - sum(shares), *shares], strict=True)) if several else []
        currency = chance.choice(["CNY", "JPY", "KWD"])
        digits = {"CNY": 2, "JPY": 0, "KWD": 3}[currency]
        amount = str(Decimal(chance.randint(0, 10**6)).scaleb(-digits))
        category = chance.choice(["closed", "commit", "best_case", "pipeline"])
        for each, part in shared_out(amount, digits, splits or [(owner, 100)]):
            key = (str(each.id), category, currency)
            expected[key] = expected.get(key, Decimal(0)) + part
        await enter(
            client, owner, stages, category, amount, currency=currency, splits=splits
        )  # fmt: skip
    whole = await forecast(client, organisation.manager)
    shown = {
        (group["id"], name, each["currency"]): Decimal(each["amount"])
        for group in whole["groups"]
        for name in ("closed", "commit", "best_case", "pipeline")
        for each in group[name]["sums"]
    }
    assert shown == expected
    members = [
        (await forecast(client, organisation.manager, owner_id=str(each.id)))["total"]
        for each in team
    ]
    for parts in (whole["groups"], members):
        for name in ("closed", "commit", "best_case", "pipeline"):
            assert _added(parts, name) == sums(whole["total"], name)


def shared_out(
    amount: str, digits: int, splits: Sequence[tuple[User, float]]
) -> list[tuple[User, Decimal]]:
    """Hamilton's method in whole smallest units, written another way than the service's."""
    units = int(Decimal(amount).scaleb(digits))
    exact = [units * Fraction(str(share)) / 100 for _, share in splits]
    parts = [floor(each) for each in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: units - sum(parts)]:
        parts[i] += 1
    assert sum(parts) == units
    return [
        (each, Decimal(part).scaleb(-digits)) for (each, _), part in zip(splits, parts, strict=True)
    ]


async def test_three_statements_whatever_there_is(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    splits = [(organisation.rep, 50), (organisation.rep2, 50)]
    for currency in ("CNY", "USD", "EUR"):
        await enter(
            client, organisation.rep, stages, "commit", "5", currency=currency, splits=splits
        )
    await keep_day(service_database, organisation.id, datetime(2026, 8, 15, tzinfo=UTC))
    asked: list[str] = []
    real = asyncpg.pool.Pool.fetch

    async def fetch(pool: Any, query: str, *args: Any, **how: Any) -> Any:
        asked.append(query)
        return await real(pool, query, *args, **how)

    monkeypatch.setattr(asyncpg.pool.Pool, "fetch", fetch)
    for by in ("person", "team", "product"):
        asked.clear()
        await forecast(client, organisation.manager, by=by)
        # Whom the caller sees is looked up once a second for all that they ask.
        assert len([query for query in asked if "sees_subtree" not in query]) == 3, asked


def _added(parts: Sequence[dict[str, Any]], name: str) -> dict[str, str]:
    found: dict[str, Decimal] = {}
    for part in parts:
        for currency, amount in sums(part, name).items():
            found[currency] = found.get(currency, Decimal(0)) + Decimal(amount)
    return {currency: str(amount) for currency, amount in sorted(found.items())}


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
