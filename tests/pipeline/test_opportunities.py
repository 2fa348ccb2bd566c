"""Opportunities: what they take, what they become, and what is found."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages


def deal(**more: Any) -> dict[str, Any]:
    return {"name": "Licences", "amount": {"amount": "1000.00", "currency": "CNY"}} | more


async def test_a_deal_begins_in_the_first_stage_with_what_that_says(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> None:
    account_id = await account("未来科技")
    made = await client(organisation.rep).post(
        "/v1/opportunities", json=deal(account_id=account_id, close_on="2027-01-31")
    )
    assert made.status_code == 201, made.text
    found = made.json()
    assert (found["stage_id"], found["status"]) == (stages["Qualification"], "open")
    assert (found["probability"], found["probability_source"]) == (10, "stage")
    assert (found["forecast_category"], found["first_close_on"]) == ("pipeline", "2027-01-31")
    assert found["owner_id"] == str(organisation.rep.id)
    assert found["is_account_verified"] is True
    read = await client(organisation.rep).get(f"/v1/opportunities/{found['id']}")
    assert read.json() == found
    assert read.headers["etag"] == '"1"'


async def test_it_is_found_by_its_account_by_pinyin_and_by_what_is_known_of_it(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> None:
    account_id = await account("北京未来科技", industry="software")
    rep = client(organisation.rep)
    made = (await rep.post("/v1/opportunities", json=deal(account_id=account_id))).json()
    await rep.post("/v1/opportunities", json=deal(name="Other"))
    for query in (
        "q=未来", "q=wlkj", "account_industry=software", "account_name=北京未来科技",
        f"account_id={account_id}", "stage=Qualification&account_grade[in]=A&q=wlkj",
    ):  # fmt: skip
        page = (await rep.get(f"/v1/opportunities?{query}&include=account,stage")).json()
        if "grade" in query:
            assert page["data"] == []
            continue
        assert [row["id"] for row in page["data"]] == [made["id"]], query
        assert page["data"][0]["account"]["name"] == "北京未来科技"
        assert page["data"][0]["stage"]["name"] == "Qualification"


async def test_an_account_that_the_caller_may_not_see_does_not_exist(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> None:
    hidden = await account("Hidden", owner=organisation.other_rep)
    refused = await client(organisation.rep).post("/v1/opportunities", json=deal(account_id=hidden))
    assert refused.status_code == 422
    assert refused.json()["code"] == "unknown_reference"
    assert "account_id" in refused.json()["errors"]
    allowed = await client(organisation.other_rep).post(
        "/v1/opportunities", json=deal(account_id=hidden)
    )
    assert allowed.status_code == 201


async def test_a_deal_amounts_to_the_sum_of_its_lines_unless_somebody_says_otherwise(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    lines = [
        {"name": "Seats", "quantity": 3, "unit_price": {"amount": "19.99", "currency": "EUR"}},
        {"name": "Setup", "quantity": 1, "unit_price": {"amount": "100", "currency": "EUR"}, "discount": 12.5},
    ]  # fmt: skip
    made = (await rep.post("/v1/opportunities", json={"name": "By lines", "lines": lines})).json()
    assert made["amount"] == {"amount": "147.47", "currency": "EUR"}  # 59.97 + 87.50
    assert [line["amount"]["amount"] for line in made["lines"]] == ["59.97", "87.50"]
    path = f"/v1/opportunities/{made['id']}"
    fewer = (await rep.patch(path, json={"lines": lines[:1]})).json()
    assert fewer["amount"]["amount"] == "59.97"
    given = (await rep.patch(path, json={"amount": {"amount": "50", "currency": "EUR"}})).json()
    kept = (await rep.patch(path, json={"lines": lines})).json()
    assert (given["amount_source"], kept["amount"]["amount"]) == ("given", "50.00")
    back = (await rep.patch(path, json={"amount": None})).json()
    assert (back["amount_source"], back["amount"]["amount"]) == ("lines", "147.47")


async def test_a_line_that_says_no_quantity_is_of_one(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    lines = [{"unit_price": {"amount": "19.99", "currency": "EUR"}}]
    made = await client(organisation.rep).post(
        "/v1/opportunities", json={"name": "x", "lines": lines}
    )
    assert made.status_code == 201, made.text
    assert made.json()["amount"] == {"amount": "19.99", "currency": "EUR"}
    assert (made.json()["lines"][0]["quantity"], made.json()["lines"][0]["discount"]) == (1, 0)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"splits": [{"user_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "share": 99.9}]}, "splits"),
        ({"splits": [{"user_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "share": 100}]}, "splits"),
        ({"account_id": "nobody"}, "account_id"),
        ({"stage_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "stage_id"),
        ({"pipeline_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "pipeline_id"),
        ({"close_on": "31.1.2027"}, "close_on"),
        ({"closed_on": "2026-01-01"}, "closed_on"),
        ({"probability": 101}, "probability"),
        ({"amount": {"amount": "1.234", "currency": "CNY"}}, "amount"),
        ({"lines": [{"quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"unit_price": {"amount": "1", "currency": "CNY"}},
                    {"unit_price": {"amount": "1", "currency": "USD"}}]}, "lines"),
        ({"contacts": [{"contact_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}] * 2}, "contacts"),
        ({"stage": "Won"}, "stage"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_written(
    client: Clients, organisation: Organisation, stages: Stages, sent: Any, field: str
) -> None:
    rep = client(organisation.rep)
    refused = await rep.post("/v1/opportunities", json=deal(**sent))
    assert refused.status_code in (400, 422), refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert any(name.startswith(field) for name in refused.json()["errors"]), refused.text
    assert (await rep.get("/v1/opportunities?total=exact")).json()["page"]["total"] == 0


async def test_slips_are_counted_from_the_first_closing_day(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    made = (await rep.post("/v1/opportunities", json=deal(close_on="2026-02-01"))).json()
    path = f"/v1/opportunities/{made['id']}"
    for day in ("2026-03-01", "2026-02-15", "2026-04-01"):  # earlier is no slip
        found = (await rep.patch(path, json={"close_on": day})).json()
    assert (found["close_on_moves"], found["first_close_on"]) == (2, "2026-02-01")
    flags = (await rep.get(path + "/stages")).json()["flags"]
    assert [flag["flag"] for flag in flags] == ["overdue", "slipping"]
    assert "moved 2 times, from 2026-02-01 to 2026-04-01" in flags[1]["reason"]
    for name, expected in (("overdue", 1), ("slipping", 1), ("idle", 0), ("stuck", 0)):
        listed = (await rep.get(f"/v1/opportunities?flag={name}")).json()["data"]
        assert len(listed) == expected, name


async def test_a_line_of_which_only_the_price_is_said_is_one_of_it(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    price = {"amount": "12.50", "currency": "EUR"}
    made = (
        await rep.post("/v1/opportunities", json={"name": "x", "lines": [{"unit_price": price}]})
    ).json()
    assert made["amount"] == price
    assert made["lines"] == [
        {"product_id": None, "name": None, "quantity": 1.0, "unit_price": price, "discount": 0, "amount": price}
    ]  # fmt: skip
    patched = await rep.patch(f"/v1/opportunities/{made['id']}", json={"lines": [{"name": "Free"}]})
    assert (patched.status_code, patched.json()["amount"]) == (200, None)


@pytest.mark.parametrize("path", ["", "/export"])
async def test_a_flag_that_there_is_none_of_is_refused_before_anything_is_answered(
    client: Clients, organisation: Organisation, stages: Stages, path: str
) -> None:
    refused = await client(organisation.rep).get(f"/v1/opportunities{path}?flag[in]=idle,nonsense")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["flag"])


@pytest.mark.parametrize(
    ("shares", "status"),
    [
        ([100], 201), ([33.3, 33.3, 33.4], 201), ([99.99999999999999, 1e-14], 201),
        ([50, 50.000001], 422), ([100, 1e-300], 422), ([50, 50, 1e-30], 422), ([100, -1, 1], 422),
    ],
)  # fmt: skip
async def test_shares_sum_to_a_hundred_however_small_one_of_them_is(
    client: Clients, organisation: Organisation, stages: Stages, shares: list[float], status: int
) -> None:
    users = [str(user.id) for user in organisation.users.values()]
    splits = [{"user_id": id, "share": share} for id, share in zip(users, shares, strict=False)]
    sent = {"name": "x", "splits": splits}
    answer = await client(organisation.rep).post("/v1/opportunities", json=sent)
    assert answer.status_code == status, answer.text
    assert status == 201 or any(name.startswith("splits") for name in answer.json()["errors"])
