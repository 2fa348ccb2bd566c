"""Imports and exports of exchange rates: one a pair and day, whatever a file says how often."""

from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.transfers.test_exports import exported, table
from tests.pipeline.transfers.test_product_imports import counts, refused

TABLE = """日期,币种,本位币,汇率,来源
2026/11/2,USD,CNY,7.1034,PBOC
2026-11-03,USD,CNY,7.11,
2026-11-02,JPY,CNY,0.0000012,
"""
BY_DAY = {"key": "valid_on", "duplicates": "update"}


@pytest.fixture
def rates(send: Sender) -> Sender:
    return send.of("exchange-rates")


async def test_rows_become_rates_and_the_same_day_again_changes_them(rates: Sender) -> None:
    assert counts(await rates(TABLE, **BY_DAY, dry_run=True)) == {"created": 3}
    assert await rates.records() == []
    assert counts(await rates(TABLE, **BY_DAY)) == {"created": 3}
    first, *_, last = await rates.records()
    assert [first[n] for n in ("currency", "base", "valid_on", "rate", "source")] == [
        "USD", "CNY", "2026-11-02", 7.1034, "PBOC",
    ]  # fmt: skip
    assert last["rate"] == 0.0000012
    assert counts(await rates(TABLE, **BY_DAY)) == {"unchanged": 3}
    other = "day,currency,base,rate\n2026-11-02,USD,CNY,7.12\n2026-11-04,USD,CNY,7\n"
    assert counts(await rates(other, **BY_DAY, dry_run=True)) == {"created": 1, "updated": 1}
    assert counts(await rates(other, **BY_DAY)) == {"created": 1, "updated": 1}
    again = (await rates.client.get(f"/v1/exchange-rates/{first['id']}")).json()
    assert (again["rate"], again["source"], again["version"]) == (7.12, "PBOC", 2)
    found = await rates.client.get(
        "/v1/exchange-rates/convert?from=USD&to=CNY&amount=100&on=2026-11-02"
    )
    assert found.json()["converted"]["amount"] == "712.00"
    told = (await rates.client.get(f"/v1/exchange-rates/{first['id']}/history")).json()["data"]
    assert [each["type"].rpartition(".")[2] for each in told] == ["updated", "created"]
    assert {each["channel"] for each in told} == {"import"}
    assert (told[0]["before"], told[0]["after"]["rate"]) == ({"rate": 7.1034}, 7.12)


async def test_each_bad_row_is_refused_with_a_sentence_and_the_others_go_in(rates: Sender) -> None:
    bad = """day,currency,base,rate
2026-11-02,USD,CNY,7.1
2026-11-02,USD,USD,1
2026-11-02,usd,CNY,7
2026-11-02,XXY,CNY,7
2026-11-02,EUR,CNY,0
2026-11-02,EUR,CNY,-2
2026-11-02,EUR,CNY,much
2026-13-02,EUR,CNY,8
2026-11-02,EUR,,8
2026-11-02,EUR,CNY,
2026-11-02,GBP,CNY,1.2345678901234567
2026-11-02,GBP,CNY,9.2
"""
    done = await rates(bad, **BY_DAY)
    assert counts(done) == {"created": 2, "refused": 10}
    said = await refused(rates, done)
    assert said[:3] == [
        "3: base: A currency has no rate to itself. Name another currency.",
        "4: currency: is no ISO 4217 currency such as CNY.",
        "5: currency: is no ISO 4217 currency such as CNY.",
    ]
    beginnings = ["6: rate: must lie between", "7: rate: must lie between", "8: rate: ", "9: day: ",
                  "10: base: ", "11: rate: ", "12: rate: has more than 15 significant digits"]  # fmt: skip
    assert [s for s, b in zip(said[3:], beginnings, strict=True) if not s.startswith(b)] == []


@pytest.mark.parametrize("is_dry", [True, False])
async def test_a_day_that_has_a_rate_is_told_unless_it_is_the_key(
    rates: Sender, is_dry: bool
) -> None:
    lines = "".join(f"2026-11-{day:02},USD,CNY,7\n" for day in range(1, 12))
    twice = f"day,currency,base,rate\n{lines}2026-11-01,USD,CNY,8\n"
    done = await rates(twice, dry_run=is_dry)
    assert counts(done) == {"created": 11, "refused": 1}
    assert await refused(rates, done) == [
        "13: day: there is a rate from USD to CNY for 2026-11-01 already."
    ]
    assert counts(await rates(twice, key="valid_on", dry_run=is_dry)) == (
        {"created": 11, "skipped": 1} if is_dry else {"skipped": 12}
    )


async def test_rates_are_changed_by_id_and_never_into_one_another(rates: Sender) -> None:
    await rates(TABLE)
    first, second, _ = await rates.records()
    by_id = {"key": "id", "duplicates": "update"}
    moved = f"id,valid_on\n{second['id']},2026-11-02\n{first['id']},2026-11-05\n{second['id']},2026-11-02\n"
    done = await rates(moved, **by_id)
    assert counts(done) == {"updated": 2, "refused": 1}
    unknown = await rates("id,rate\n01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50,3\n", **by_id)
    assert await refused(rates, unknown) == ["2: There is no exchange rate with this id."]


async def test_a_table_of_rates_comes_back_whole(
    rates: Sender, client: Clients, organisation: Organisation
) -> None:
    await rates(TABLE)
    before = await rates.records()
    for format in ("csv", "xlsx", "ndjson"):
        content = await exported(rates, resource="exchange-rates", format=format)
        again = await rates(content, key="valid_on", duplicates="update")
        assert counts(again) == {"unchanged": 3}, format
    assert await rates.records() == before
    direct = await rates.client.get("/v1/exchange-rates/export?currency=JPY")
    rows: list[dict[str, Any]] = table(direct.content)
    assert [(row["valid_on"], float(row["rate"])) for row in rows] == [("2026-11-02", 0.0000012)]
    reader = rates.by(client(organisation.rep))
    refused_start = await reader.upload(TABLE, start="true")
    assert refused_start.status_code == 403, refused_start.text
