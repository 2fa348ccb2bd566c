"""Imports and exports of quotas: one a person or team, period, pipeline and product."""

import asyncio
from typing import Any

import pytest

from guanxi_pipeline.imports.period_rules import first_day
from guanxi_shared.identifiers import new_id
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.products.selling import product
from tests.pipeline.transfers.test_exports import exported, table
from tests.pipeline.transfers.test_product_imports import counts, refused

BY_COMBINATION = {"key": "starts_on", "duplicates": "update"}
TABLE = """负责人,团队,周期,开始日期,销售流程,货号,销售目标,币种,备注
rep,,季度,2026-Q4,Sales,GX-1,"900,000.50",CNY,first
rep,,季度,2026年10月,,,1200000,,
,a,年,2026,,,5000000,CNY,
rep2,,month,2026-10-01,,GX-1,7000,USD,
"""


@pytest.fixture
def quotas(
    send: Sender, client: Clients, organisation: Organisation, stages: Stages
) -> Sender:  # fmt: skip
    """A manager's, who leads team A."""
    return send.of("quotas").by(client(organisation.manager))


@pytest.fixture
async def goods(send: Sender) -> dict[str, Any]:
    return await product(send.client, "GX-1", name="Seats")


async def test_rows_become_quotas_and_the_same_again_changes_nothing(
    quotas: Sender, goods: dict[str, Any], organisation: Organisation, stages: Stages
) -> None:
    assert counts(await quotas(TABLE, **BY_COMBINATION, dry_run=True)) == {"created": 4}
    assert await quotas.records() == []
    assert counts(await quotas(TABLE, **BY_COMBINATION)) == {"created": 4}
    first, second, third, fourth = await quotas.records()
    assert (first["owner_id"], first["team_id"]) == (str(organisation.rep.id), None)
    assert (first["period"], first["starts_on"], first["note"]) == (
        "quarter",
        "2026-10-01",
        "first",
    )
    assert (first["pipeline_id"], first["product_id"]) == (stages.pipeline_id, goods["id"])
    assert first["amount"] == {"amount": "900000.50", "currency": "CNY"}
    assert (second["pipeline_id"], second["product_id"]) == (None, None)
    assert (third["team_id"], third["starts_on"]) == (str(organisation.teams["a"]), "2026-01-01")
    assert (fourth["period"], fourth["amount"]["currency"]) == ("month", "USD")
    assert counts(await quotas(TABLE, **BY_COMBINATION)) == {"unchanged": 4}
    raised = TABLE.replace("7000", "8000").replace("first", "raised")
    assert counts(await quotas(raised, **BY_COMBINATION)) == {"updated": 2, "unchanged": 2}
    told = (await quotas.client.get(f"/v1/quotas/{fourth['id']}/history")).json()["data"]
    assert [(each["type"], each["channel"]) for each in told] == [
        ("pipeline.quota.updated", "import"), ("pipeline.quota.created", "import"),
    ]  # fmt: skip
    assert told[0]["before"] == {"amount": {"amount": "7000.00", "currency": "USD"}}


async def test_each_bad_row_is_refused_by_its_line_and_column(
    quotas: Sender, goods: dict[str, Any], organisation: Organisation
) -> None:
    bad = f"""owner,team,period,starts_on,pipeline,product,product_id,target,currency
rep,,quarter,2026-10-01,,,,100,CNY
other_rep,,quarter,2026-10-01,,,,100,CNY
,b,quarter,2026-10-01,,,,100,CNY
rep,a,quarter,2026-10-01,,,,100,CNY
,,quarter,2026-10-01,,,,100,CNY
rep,,quarter,2026-11-01,,,,100,CNY
rep,,week,2026-10-01,,,,100,CNY
rep,,month,someday,,,,100,CNY
rep,,month,2026-10-01,,,,0,CNY
rep,,month,2026-10-01,Nowhere,,,100,CNY
rep,,month,2026-10-01,,Nothing,,100,CNY
rep,,month,2026-10-01,,,xyz,100,CNY
nobody,,month,2026-10-01,,,,100,CNY
rep,,month,2026-10-01,,,,100,XXY
rep,,month,2026-10-01,,,,,CNY
rep,,month,2026-10-01,,seats,,100,CNY
rep,,month,2026-10-01,,,{new_id()},100,CNY
"""
    done = await quotas(bad, **BY_COMBINATION)
    assert counts(done) == {"created": 3, "refused": 14}, await refused(quotas, done)
    expected = [
        "3: owner: 'other_rep' is nobody whose records you see",
        "4: team: You may set quotas of your own teams only. Choose a team of your own.",
        "5: owner: A quota is a person's or a team's.",
        "6: owner: A quota is a person's or a team's.",
        "7: starts_on: No quarter begins on 2026-11-01. Send 2026-10-01",
        "8: period: ",
        "9: starts_on: 'someday' is not a day",
        "10: target: A quota is more than nothing.",
        "11: pipeline: 'Nowhere' is no pipeline here",
        "12: product: 'Nothing': there is no such product",
        "13: product_id: is no id",
        "14: owner: 'nobody' is no user known here",
        "15: target: ",
        "16: A new quota needs a period",
    ]
    said = await refused(quotas, done)
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []


@pytest.mark.parametrize("is_dry", [True, False])
async def test_a_second_quota_of_a_combination_is_refused_unless_it_is_the_key(
    quotas: Sender, is_dry: bool
) -> None:
    lines = "".join(f"rep,month,2026-{month:02},5\n" for month in range(1, 11))
    twice = f"owner,period,starts_on,amount\n{lines}rep,month,2026-01-01,6\n"
    done = await quotas(twice, dry_run=is_dry)
    assert counts(done) == {"created": 10, "refused": 1}
    (said,) = await refused(quotas, done)
    assert said.startswith("12: starts_on: there is a quota of the same month")
    expected = {"created": 10, "updated": 1} if is_dry else {"unchanged": 10, "updated": 1}
    assert counts(await quotas(twice, **BY_COMBINATION, dry_run=is_dry)) == expected


@pytest.mark.parametrize("key", ["id", "external_id"])
async def test_quotas_are_changed_by_id_and_external_id_and_never_into_one_another(
    quotas: Sender, key: str
) -> None:
    await quotas(
        "external_id,owner,period,starts_on,amount\n"
        "1,rep,month,2026-01,5\n2,rep,month,2026-02,5\n3,rep2,month,2026-02,5\n"
    )
    one, two, three = (each[key] for each in await quotas.records())
    moved = f"{key},starts_on,owner,amount\n{two},2026-01,,\n{one},2026-03,,9\n{two},2026-01,,\n{three},,rep,\n"
    done = await quotas(moved, key=key, duplicates="update")
    assert counts(done) == {"updated": 3, "refused": 1}, await refused(quotas, done)
    rows = {each["external_id"]: each for each in await quotas.records()}
    assert [(rows[n]["starts_on"], rows[n]["amount"]["amount"]) for n in "12"] == [
        ("2026-03-01", "9.00"), ("2026-01-01", "5.00"),
    ]  # fmt: skip
    unknown = str(new_id()) if key == "id" else "none"
    lost = await quotas(f"{key},amount\n{unknown},3\n", key=key, duplicates="update")
    assert (await refused(quotas, lost))[0].startswith("2: A new quota needs a period")
    # The third was rep's for February; a single row that would make it January's stands alone.
    alone = await quotas(f"{key},starts_on\n{three},2026-01\n", key=key, duplicates="update")
    assert (await refused(quotas, alone))[0].startswith(
        "2: starts_on: there is a quota of the same"
    )


async def test_a_table_of_quotas_comes_back_whole_and_a_rep_exports_what_they_see(
    quotas: Sender, goods: dict[str, Any], client: Clients, organisation: Organisation
) -> None:
    await quotas(TABLE, **BY_COMBINATION)
    before = await quotas.records()
    for key in ("starts_on", "id"):
        for format in ("csv", "xlsx", "ndjson"):
            content = await exported(quotas, resource="quotas", format=format)
            again = await quotas(content, key=key, duplicates="update")
            assert counts(again) == {"unchanged": 4}, (key, format, await refused(quotas, again))
    assert await quotas.records() == before
    (row, *_) = table((await quotas.client.get("/v1/quotas/export?sort=id")).content)
    assert [row[n] for n in ("pipeline", "product", "amount", "amount_currency")] == [
        "Sales", "Seats", "900000.50", "CNY",
    ]  # fmt: skip
    rep = quotas.by(client(organisation.rep2))
    seen = {
        (each["team"], each["period"]) for each in table(await exported(rep, resource="quotas"))
    }
    assert seen == {("a", "year"), ("", "month")}
    stranger = client(organisation.other_rep)
    assert table((await stranger.get("/v1/quotas/export")).content) == []
    refused_start = await rep.upload(TABLE, start="true")
    assert refused_start.status_code == 403, refused_start.text
    blind = client(organisation.rep.but(permissions=("exports:create",)))
    assert (await blind.post("/v1/exports", json={"resource": "quotas"})).status_code == 403


async def test_files_and_requests_at_once_make_each_quota_once(
    quotas: Sender, organisation: Organisation
) -> None:
    lines = [
        f"rep,month,{year}-{month:02},{month}\n" for year in (2026, 2027) for month in range(1, 13)
    ]
    head = "owner,period,starts_on,amount\n"

    async def ask(month: int) -> int:
        sent = {"owner_id": str(organisation.rep.id), "period": "month",
                "starts_on": f"2026-{month:02}-01", "amount": {"amount": str(month), "currency": "CNY"}}  # fmt: skip
        return (await quotas.client.post("/v1/quotas", json=sent)).status_code

    files = asyncio.gather(
        *(quotas(head + "".join(order), **BY_COMBINATION) for order in (lines, lines[::-1]))
    )
    made = await asyncio.gather(*map(ask, range(1, 13)))
    done = await files
    assert {each["job"]["status"] for each in done} == {"done"}
    assert set(made) <= {201, 409}
    assert [each["job"]["errors"] for each in done] == [0, 0]
    created = sum(counts(each).get("created", 0) for each in done)
    assert created + made.count(201) == len(await quotas.records()) == 24


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11", "2026-11-01"), ("2026/3", "2026-03-01"), ("202611", "2026-11-01"), ("2026年11月", "2026-11-01"),
        ("2026-Q4", "2026-10-01"), ("2026q1", "2026-01-01"), ("2026年第三季度", "2026-07-01"),
        ("2026年2季", "2026-04-01"), ("2026", "2026-01-01"), ("2026年度", "2026-01-01"), ("2026-13", None),
        ("2026-00", None), ("0000", None), ("2026-11-02", None), ("２０２６", None), ("", None), ("soon", None),
    ],
)  # fmt: skip
def test_months_quarters_and_years_are_read_as_files_write_them(text: str, day: str | None) -> None:
    found = first_day(text)
    assert (found and found.isoformat()) == day
