"""Exchange rates: one a pair and day, and conversions that say what they rest on."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.factories import Clients, Organisation

PATH = "/v1/exchange-rates"


def rate(**more: Any) -> dict[str, Any]:
    return {"currency": "USD", "base": "CNY", "valid_on": "2026-11-02", "rate": 7.1034} | more


@pytest.fixture
def admin(client: Clients, organisation: Organisation) -> httpx.AsyncClient:
    return client(organisation.admin)


async def entered(admin: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    made = await admin.post(PATH, json=rate(**more))
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def converted(admin: httpx.AsyncClient, query: str) -> dict[str, Any]:
    found = await admin.get(f"{PATH}/convert?{query}")
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


async def test_a_rate_is_kept_changed_deleted_and_brought_back(
    admin: httpx.AsyncClient, client: Clients, organisation: Organisation
) -> None:
    made = await entered(admin, source="PBOC")
    path = f"{PATH}/{made['id']}"
    assert (await client(organisation.rep).get(path)).json() == made
    changed = (await admin.patch(path, json={"rate": "7.25"}, headers={"if-match": '"1"'})).json()
    assert (changed["rate"], changed["version"]) == (7.25, 2)
    stale = await admin.patch(path, json={"rate": 7}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.get(path)).status_code == 404
    assert (await admin.post(path + "/restore")).json()["rate"] == 7.25
    past = await admin.get(path, params={"as_of": made["created_at"]})
    assert past.json()["rate"] == 7.1034
    history = (await admin.get(path + "/history")).json()["data"]
    assert [entry["type"].rpartition(".")[2] for entry in history] == [
        "restored", "deleted", "updated", "created",
    ]  # fmt: skip
    listed = (await admin.get(PATH + "?currency=USD&valid_on[gte]=2026-11-01")).json()["data"]
    assert [row["id"] for row in listed] == [made["id"]]


async def test_only_who_may_enters_rates(client: Clients, organisation: Organisation) -> None:
    assert (await client(organisation.rep).post(PATH, json=rate())).status_code == 403


async def test_a_pair_has_one_rate_a_day_even_of_ten_at_once(admin: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(admin.post(PATH, json=rate(rate=7 + i)) for i in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert refused["code"] == "rate_day_taken"
    assert refused["errors"] == {"valid_on": "2026-11-02 has a rate already."}
    other = await entered(admin, valid_on="2026-11-03")
    moved = await admin.patch(f"{PATH}/{other['id']}", json={"valid_on": "2026-11-02"})
    assert (moved.status_code, moved.json()["code"]) == (409, "rate_day_taken")


async def test_a_deleted_rate_comes_back_only_to_a_free_day(admin: httpx.AsyncClient) -> None:
    first = await entered(admin)
    await admin.delete(f"{PATH}/{first['id']}")
    await entered(admin, rate=7.3)
    back = await admin.post(f"{PATH}/{first['id']}/restore")
    assert (back.status_code, back.json()["code"]) == (409, "rate_day_taken")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"rate": 0}, "rate"), ({"rate": -1}, "rate"), ({"rate": "NaN"}, "rate"),
        ({"rate": True}, "rate"), ({"rate": "1.2345678901234567"}, "rate"),
        ({"currency": "QQQ"}, "currency"), ({"base": "USD"}, "base"),
        ({"valid_on": "2.11.2026"}, "valid_on"), ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    admin: httpx.AsyncClient, sent: dict[str, Any], field: str
) -> None:
    refused = await admin.post(PATH, json=rate(**sent))
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"]
    assert (await admin.get(PATH)).json()["data"] == []


async def test_the_newest_rate_on_or_before_the_day_counts(admin: httpx.AsyncClient) -> None:
    await entered(admin, valid_on="2026-10-01", rate=7.0)
    await entered(admin, valid_on="2026-11-02", rate=7.1)
    await entered(admin, valid_on="2026-11-20", rate=9)
    found = await converted(admin, "from=USD&to=CNY&amount=100.00&on=2026-11-05")
    assert found["converted"] == {"amount": "710.00", "currency": "CNY"}
    assert (found["rate"], found["rate_date"]) == ("7.1", "2026-11-02")
    assert (found["age_days"], found["is_old"], found["via"]) == (3, False, None)
    older = await converted(admin, "from=USD&to=CNY&amount=100.00&on=2026-10-31")
    assert (older["rate"], older["age_days"], older["is_old"]) == ("7", 30, True)
    early = await admin.get(PATH + "/convert?from=USD&to=CNY&amount=1&on=2026-09-30")
    assert (early.status_code, early.json()["code"]) == (422, "rate_missing")
    assert early.json()["missing"] == [{"from": "USD", "to": "CNY", "on": "2026-09-30"}]


async def test_a_rate_serves_both_ways_and_through_the_own_currency(
    admin: httpx.AsyncClient,
) -> None:
    await entered(admin, currency="USD", base="CNY", rate=7.2)
    await entered(admin, currency="CNY", base="JPY", rate=20, valid_on="2026-11-01")
    back = await converted(admin, "from=CNY&to=USD&amount=72&on=2026-11-02")
    assert back["converted"] == {"amount": "10.00", "currency": "USD"}
    assert back["is_inverse"] is True
    across = await converted(admin, "from=USD&to=JPY&amount=10.00&on=2026-11-02")
    assert across["converted"] == {"amount": "1440", "currency": "JPY"}
    assert (across["rate"], across["rate_date"]) == ("144", "2026-11-01")
    assert across["via"] == [
        {"currency": "USD", "to": "CNY", "rate": "7.2", "rate_date": "2026-11-02"},
        {"currency": "CNY", "to": "JPY", "rate": "20", "rate_date": "2026-11-01"},
    ]
    same = await converted(admin, "from=EUR&to=EUR&amount=1.50")
    assert (same["converted"]["amount"], same["rate"]) == ("1.50", "1")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("to=CNY&amount=1", "from"), ("from=USD&amount=1", "to"), ("from=USD&to=CNY", "amount"),
        ("from=US&to=CNY&amount=1", "from"), ("from=USD&to=CNY&amount=1.234", "amount"),
        ("from=USD&to=CNY&amount=much", "amount"), ("from=USD&to=CNY&amount=1&on=soon", "on"),
        ("from=USD&to=CNY&amount=1&at=today", "at"), ("from=USD&from=EUR&to=CNY&amount=1", "from"),
    ],
)  # fmt: skip
async def test_a_question_that_cannot_be_read_is_400(
    admin: httpx.AsyncClient, query: str, field: str
) -> None:
    refused = await admin.get(f"{PATH}/convert?{query}")
    assert refused.status_code == 400, refused.text
    assert field in refused.json()["errors"]


async def test_a_batch_keeps_what_is_right(admin: httpx.AsyncClient) -> None:
    operations = [
        {"op": "create", "data": rate()}, {"op": "create", "data": rate(rate=8)},
        {"op": "create", "data": rate(valid_on="2026-11-03")},
    ]  # fmt: skip
    answer = await admin.post(
        PATH + "/batch", json={"mode": "independent", "operations": operations}
    )
    assert [result["status"] for result in answer.json()["results"]] == [201, 409, 201]


async def test_the_largest_amount_converts_at_the_largest_rate(admin: httpx.AsyncClient) -> None:
    await entered(admin, rate=999999999999)
    found = await converted(admin, "from=USD&to=CNY&amount=999999999999999999.99&on=2026-11-02")
    assert found["converted"]["amount"] == "999999999998999999990000000000.01"
    back = await converted(admin, "from=CNY&to=USD&amount=0.01&on=2026-11-02")
    assert back["converted"]["amount"] == "0.00"
