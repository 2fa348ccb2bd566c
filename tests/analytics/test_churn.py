"""Warnings, actual churn and win-back on real purchases: who is in them, why, how well aimed, and who sees them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from guanxi_analytics.customers.outlook_rules import alive, lost_on
from guanxi_shared.db import Database
from tests.analytics.test_fits import MODEL, cdnow, fit, heard, named, steady
from tests.factories import Clients, Organisation

CHURN = "/v1/analytics/churn"
WIN_BACK = "/v1/analytics/win-back"
OUTLOOKS = """
SELECT customer_id, alive, repeats, value, value_if_back FROM customer_outlooks WHERE organisation_id = $1
"""


@pytest.fixture
async def company(
    organisation: Organisation, client: Clients, service_database: Database
) -> Organisation:
    """Half of CDNOW's customers, each with an account of `rep`, fitted until 1997-09-30."""
    purchases = [each for each in cdnow() if int(each[0]) % 2 == 0 and each[1] <= date(1997, 9, 30)]
    await heard(service_database, organisation, purchases)
    await named(service_database, organisation, *{name for name, _, _ in purchases})
    await fit(service_database, organisation, client(organisation.admin), until="1997-09-30")
    return organisation


async def pages(client: Any, path: str, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        answer = await client.get(path, params={**asked, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        cursor = answer.json()["page"]["next_cursor"]
    return found


async def test_lists_hold_whom_the_model_says_and_why(
    company: Organisation, client: Clients, service_database: Database
) -> None:
    admin = client(company.admin)
    model = (await admin.get(MODEL)).json()
    fitted = model["buying"]["parameters"]
    async with service_database.transaction(company.id) as connection:
        rows = {row["customer_id"]: row for row in await connection.fetch(OUTLOOKS, company.id)}
    for status, low, high in (("warned", 0.1, 0.5), ("lost", 0, 0.1)):
        expected = {id for id, row in rows.items() if low <= row["alive"] < high}
        found = await pages(admin, CHURN, status=status, limit=23)
        assert {UUID(each["account_id"]) for each in found} == expected
        assert len(found) == len(expected) > 5
        assert [each["alive"] for each in found] == sorted(each["alive"] for each in found)
        for each in found:
            total = sum(each["reasons"]["contributions"].values())
            assert Decimal(each["value"]["amount"]) < Decimal(each["value_if_back"]["amount"])
            assert (total < 0) == (each["alive"] < 0.5)
            is_lost = each["lost_on"] <= "1997-09-30"
            assert is_lost == (status == "lost"), each
            assert (each["lead_days"] == 0) == is_lost
    tested = (await admin.get(CHURN, params={"capacity": "25"})).json()["tested"]
    assert tested["called"] == 25 * tested["moments"]
    assert tested["low"] < tested["precision"] < tested["high"]
    assert tested["precision"] > tested["of_all"]
    assert str(tested["called"]) in tested["sentence"]
    assert lost_on(fitted, 0, date(1997, 1, 1), date(1997, 1, 1)) is None


def test_the_day_of_loss_is_the_first_on_which_the_chance_is_below_a_tenth() -> None:
    fitted = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    first, last = date(1997, 1, 6), date(1997, 4, 14)
    day = lost_on(fitted, 4, first, last)
    assert day is not None
    weeks = (day - first).days / 7
    assert alive(fitted, 4, 14, weeks) <= 0.1 < alive(fitted, 4, 14, weeks - 1 / 7)


async def test_whom_to_win_back_pays(
    company: Organisation, client: Clients, service_database: Database
) -> None:
    admin = client(company.admin)
    asked = {"currency": "USD", "chance": "0.2", "cost": "8"}
    found = await pages(admin, WIN_BACK, **asked, limit=50)
    async with service_database.transaction(company.id) as connection:
        rows = await connection.fetch(OUTLOOKS, company.id)
    expected = {
        row["customer_id"]: (row["value_if_back"] - row["value"]) * Decimal("0.2") - 8
        for row in rows
        if row["alive"] < 0.5
    }
    assert {UUID(each["account_id"]) for each in found} == {
        id for id, money in expected.items() if money > 0
    }
    assert 0 < len(found) < len(expected)
    for each in found:
        told = Decimal(each["expected"]["amount"])
        assert told == pytest.approx(expected[UUID(each["account_id"])], abs=Decimal("0.01"))
    amounts = [Decimal(each["expected"]["amount"]) for each in found]
    assert amounts == sorted(amounts, reverse=True)
    dear = (await admin.get(WIN_BACK, params={"currency": "USD", "cost": "1000000"})).json()
    assert dear["data"] == []


async def test_only_those_who_see_the_accounts_see_who_leaves(
    company: Organisation, client: Clients, other_organisation: Organisation
) -> None:
    for stranger in (company.other_rep, other_organisation.admin):
        assert await pages(client(stranger), CHURN) == []
        assert await pages(client(stranger), WIN_BACK, currency="USD") == []
    seen = (await client(company.rep).get(CHURN)).json()
    assert seen["data"]
    assert {each["value"] for each in seen["data"]} == {None}
    assert seen["tested"] is None
    money = (await client(company.rep).get(WIN_BACK, params={"currency": "USD"})).json()
    assert (money["data"], "see all orders" in money["sentence"]) == ([], True)


async def test_without_a_model_silence_warns(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Bought every four weeks until a hundred days ago: silent for 3.6 intervals."""
    today = datetime.now(UTC).date()
    until = date.fromordinal(today.toordinal() - 100)
    await heard(service_database, organisation, steady(2, 28, until))
    await named(service_database, organisation, "s0", "s1")
    admin = client(organisation.admin)
    told = (await admin.get(CHURN)).json()
    assert (told["by"], told["model"], told["tested"]) == ("rule", None, None)
    assert {each["name"] for each in told["data"]} == {"s0", "s1"}
    assert all(3 < each["silent_intervals"] < 5 for each in told["data"])
    assert (await admin.get(CHURN, params={"k": "6"})).json()["data"] == []
    assert (await admin.get(CHURN, params={"status": "lost", "k": "1.5"})).json()["data"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (CHURN, {"status": "gone"}), (CHURN, {"k": "0"}), (CHURN, {"k": "nan"}), (CHURN, {"capacity": "1.5"}),
        (CHURN, {"capacity": "0"}), (CHURN, {"limit": "0"}), (CHURN, {"cursor": "x"}), (CHURN, {"currency": "CNY"}),
        (WIN_BACK, {"cost": "-1"}), (WIN_BACK, {"chance": "2"}), (WIN_BACK, {"currency": "XXQ"}),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: Clients, organisation: Organisation, path: str, asked: dict[str, str]
) -> None:
    answer = await client(organisation.admin).get(path, params=asked)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == list(asked)
