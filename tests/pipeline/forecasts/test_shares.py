"""Shares of people and parts of products: they sum to the deal, and people to their team."""

import random
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from tests.factories import Clients, Organisation, User
from tests.pipeline.conftest import Stages
from tests.pipeline.forecasts.deals import enter, forecast, of, sums
from tests.pipeline.products.selling import product


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
    admin = client(organisation.admin)
    seats, setup = [(await product(admin, sku))["id"] for sku in ("SEATS", "SETUP")]
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


def _added(parts: Sequence[dict[str, Any]], name: str) -> dict[str, str]:
    found: dict[str, Decimal] = {}
    for part in parts:
        for currency, amount in sums(part, name).items():
            found[currency] = found.get(currency, Decimal(0)) + Decimal(amount)
    return {currency: str(amount) for currency, amount in sorted(found.items())}
