"""What a campaign brought: a real experiment by the way that everybody's orders go, and what must hold of any."""

import csv
import gzip
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.promotion.effect_rules import Group, effect
from guanxi_shared.db import Database
from tests.analytics.data_sets import data_set
from tests.analytics.test_fits import customer, heard
from tests.factories import Clients, Organisation

PATH = "/v1/analytics/campaign-effect"
DAY = date(2025, 3, 10)
PERIOD = {"from": "2025-03-01", "until": "2025-04-01"}


def hillstrom(arm: str) -> list[tuple[str, dict[str, str]]]:
    text = gzip.decompress((data_set("hillstrom_email") / "hillstrom.csv.gz").read_bytes()).decode()
    rows = enumerate(csv.DictReader(text.splitlines()))
    return [(f"h{n}", row) for n, row in rows if row["segment"] == arm]


async def asked(client: Any, **body: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=PERIOD | body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("arm", "what", "share", "control", "points", "each"),
    [
        ("Womens E-Mail", "visit", 15.14, 10.62, 4.52, None),
        ("Mens E-Mail", "conversion", 1.253, 0.573, 0.681, 0.77),
    ],
)  # fmt: skip
async def test_the_uplift_of_an_experiment_is_the_published_one(
    organisation: Organisation, client: Clients, service_database: Database,
    arm: str, what: str, share: float, control: float, points: float, each: float | None,
) -> None:  # fmt: skip
    """Hillstrom 2008: 64,000 customers in three arms by lot. Visits 15.14 % (Women's) and 10.62 % (none); conversions 1.25 %
    (Men's) and 0.57 %, spend 0.77 a head more. A visit stands as an order of nothing."""
    groups = {name: hillstrom(name) for name in (arm, "No E-Mail")}
    bought = [
        (who, DAY, Decimal(row["spend"]) if what == "conversion" else Decimal(0))
        for group in groups.values() for who, row in group if row[what] == "1"
    ]  # fmt: skip
    await heard(service_database, organisation, bought)
    ids = {name: [str(customer(organisation, who)) for who, _ in rows] for name, rows in groups.items()}  # fmt: skip
    found = await asked(
        client(organisation.admin), addressed=ids[arm], held_out=ids["No E-Mail"], is_by_lot=True,
        cost={"amount": "1000.00", "currency": "USD"},
    )  # fmt: skip
    assert found["kind"] == "effect"
    assert (found["addressed"]["n"], found["held_out"]["n"]) == (len(ids[arm]), 21_306)
    assert 100 * found["addressed"]["response"]["share"] == pytest.approx(share, abs=0.005)
    assert 100 * found["held_out"]["response"]["share"] == pytest.approx(control, abs=0.005)
    uplift = found["uplift"]
    assert 100 * uplift["difference"] == pytest.approx(points, abs=0.005)
    assert 0 < uplift["low"] < uplift["difference"] < uplift["high"]
    assert uplift["is_beyond_chance"]
    responded = found["addressed"]["responded"]
    assert found["costs"]["by_response"] == {"amount": f"{Decimal(1000) / responded:.2f}", "currency": "USD"}  # fmt: skip
    assert Decimal(found["costs"]["by_response_more"]["amount"]) > Decimal(found["costs"]["by_response"]["amount"])  # fmt: skip
    if each is not None:
        [money] = found["money"]
        assert float(money["difference"]["amount"]) == pytest.approx(each, abs=0.005)
        assert Decimal(money["low"]["amount"]) > 0


async def test_without_a_hold_out_by_lot_it_is_an_association(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    people = [f"p{n}" for n in range(40)]
    await heard(service_database, organisation, [(who, DAY, Decimal(5)) for who in people[:12]])
    await heard(service_database, organisation, [(people[0], date(2025, 4, 1), Decimal(99))])
    ids = [str(customer(organisation, who)) for who in people]
    admin, cost = client(organisation.admin), {"amount": "60", "currency": "USD"}
    alone = await asked(admin, addressed=ids[:20], cost=cost)
    assert (alone["kind"], alone["uplift"], alone["held_out"]) == ("association", None, None)
    assert "no effect" in alone["sentence"]
    assert (alone["addressed"]["responded"], alone["addressed"]["orders"]) == (12, 12)
    assert alone["addressed"]["revenue"] == [{"amount": "60.00", "currency": "USD"}]
    assert alone["costs"]["by_response"] == {"amount": "5.00", "currency": "USD"}
    assert alone["costs"]["by_response_more"] is None
    chosen = await asked(admin, addressed=ids[:20], held_out=ids[20:])
    assert (chosen["kind"], chosen["uplift"]["difference"]) == ("association", 0.6)
    hidden = await asked(client(organisation.other_rep), addressed=ids[:20])
    assert hidden["addressed"]["responded"] == 0
    assert "you see" in hidden["sentence"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"addressed": [str(uuid4())]}, "addressed"), ({"addressed": []}, "addressed"), ({"until": "2025-03-01"}, "until"),
        ({"held_out": ["x"]}, "held_out"), ({"held_out": "same"}, "held_out"), ({"cost": {"amount": "1", "currency": "??"}}, "cost"),
        ({"budget": 1}, "budget"),
    ],
)  # fmt: skip
async def test_what_is_sent_wrongly_is_named(
    organisation: Organisation, client: Clients, more: dict[str, Any], field: str
) -> None:
    ids = [str(uuid4()) for _ in range(10)]
    body = PERIOD | {"addressed": ids} | more
    if body.get("held_out") == "same":
        body["held_out"] = ids
    answer = await client(organisation.admin).post(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert any(name.startswith(field) for name in answer.json()["errors"]), answer.text


@given(st.integers(10, 500), st.integers(10, 500), st.data())
def test_groups_that_change_places_turn_the_sign(n: int, m: int, data: st.DataObject) -> None:
    one, other = (
        Group(size, (k := data.draw(st.integers(0, size))), k, {"EUR": (Decimal(k * 3), Decimal(k * 9))})
        for size in (n, m)
    )  # fmt: skip
    found, back = (effect(a, b, is_by_lot=True, cost=None) for a, b in ((one, other), (other, one)))
    assert found["uplift"]["difference"] == pytest.approx(-back["uplift"]["difference"], abs=1e-6)
    assert found["uplift"]["low"] == pytest.approx(-back["uplift"]["high"], abs=2e-6)
    assert found["uplift"]["is_beyond_chance"] == back["uplift"]["is_beyond_chance"]
    assert found["money"][0]["is_beyond_chance"] == back["money"][0]["is_beyond_chance"]
