"""Imports and exports of distributors' months: each comes out and goes on from the one before, or is
refused with the difference, whatever the order and the chunks."""

import asyncio
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from guanxi_pipeline.stock.service import hold_sequences
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Heard, Known
from tests.pipeline.products.selling import product
from tests.pipeline.test_references import merged_told
from tests.pipeline.transfers.test_exports import exported, table
from tests.pipeline.transfers.test_product_imports import counts, refused

PATH = "/v1/orders/stock-reports"
BY_MONTH = {"key": "month", "duplicates": "update"}
TABLE = """客户,货号,月份,期初库存,进货,出货,调整,调整原因,期末库存
北京未来科技,GX-1,2026-01,100,50,70,,,80
北京未来科技,GX-1,2026年2月,80,20.5,30,-0.5,broken,70
北京未来科技,GX-9,2026/1,5,0,0,,,
Acme,GX-1,202601,0,10,,,,10
"""


@pytest.fixture
def stock(send: Sender) -> Sender:
    return send.of("stock-reports")


@pytest.fixture
async def places(account: Known) -> dict[str, str]:
    return {"cn": await account("北京未来科技"), "us": await account("Acme", external_id="C-9")}


async def reports(send: Sender, **filters: Any) -> list[dict[str, Any]]:
    params: dict[str, Any] = {"limit": 200, "sort": "id", **filters}
    answer = await send.client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_rows_become_months_and_the_same_again_changes_nothing(
    stock: Sender, places: dict[str, str]
) -> None:
    goods = await product(stock.client, "GX-1", name="Seats")
    assert counts(await stock(TABLE, **BY_MONTH, dry_run=True)) == {"created": 4}
    assert await reports(stock) == []
    assert counts(await stock(TABLE, **BY_MONTH)) == {"created": 4}
    first, second, third, fourth = await reports(stock)
    assert (first["account_id"], first["product_id"], first["sku"]) == (
        places["cn"], goods["id"], "GX-1",
    )  # fmt: skip
    assert (first["month"], first["closing"]) == ("2026-01-01", 80)
    assert (second["month"], second["adjusted"], second["closing"]) == ("2026-02-01", -0.5, 70)
    assert second["adjustment_reason"] == "broken"
    assert (third["product_id"], third["sku"], third["closing"]) == (None, "GX-9", 5)
    assert (fourth["account_id"], fourth["sold"]) == (places["us"], 0)
    assert counts(await stock(TABLE, **BY_MONTH)) == {"unchanged": 4}
    told = (await stock.client.get(f"{PATH}/{first['id']}/history")).json()["data"]
    assert [(each["type"], each["channel"]) for each in told] == [
        ("pipeline.stock_report.created", "import")
    ]


async def test_each_bad_row_is_refused_with_the_difference_by_its_line_and_column(
    stock: Sender, places: dict[str, str]
) -> None:
    bad = f"""account,sku,product,product_id,month,opening,bought,sold,adjusted,closing,restates_opening,restatement_reason
Acme,A,,,2026-01,100,50,70,,77.5,,
Acme,B,,,2026-01,100,50,70,,80,,
Acme,B,,,2026-02,90,0,0,,90,,
Acme,B,,,2026-02,90,0,0,,90,yes,
Acme,B,,,2026-02,90,0,0,,90,yes,counted
Acme,C,,,2026-01,10,0,20,,,,
Acme,C,,,2026-01,10,0,0,-1,,,
Nobody,C,,,2026-01,10,0,0,,,,
Acme,,,,2026-01,10,0,0,,,,
Acme,,Nothing,,2026-01,10,0,0,,,,
Acme,,,{new_id()},2026-01,10,0,0,,,,
Acme,C,,,2026-01-05,10,0,0,,,,
Acme,C,,,soon,10,0,0,,,,
Acme,C,,,2026-01,-1,0,0,,,,
Acme,C,,,2026-01,much,0,0,,,,
Acme,C,,,2026-01,,0,0,,,,
Acme,C,,,2025-12,1,0,0,,,,
Acme,C,,,2026-02,3,0,0,,,,
Acme,C,,,2026-01,1,1,0,,2,,
"""
    done = await stock(bad, **BY_MONTH)
    said = await refused(stock, done)
    expected = [
        "2: closing: closing is 77.5, but opening + bought - sold + adjusted gives 80: a difference of -2.5.",
        "4: opening: opening is 90, but the closing of 2026-01 gives 80: a difference of 10.",
        "5: restatement_reason: Say why the opening differs",
        "7: closing: 10 more went out than there was.",
        "8: Say why the stock was adjusted.",
        "9: account: 'Nobody': there is no such account",
        "10: A new stock report needs an account, a product",
        "11: product: 'Nothing': there is no such product",
        "12: product_id: There is no such product.",
        "13: month: must be a month such as 2026-11",
        "14: month: 'soon' is not a day",
        "15: opening: ",
        "16: opening: 'much'",
        "17: A new stock report needs an account",
        "20: closing: closing is 2, but the opening of 2026-02 gives 3: a difference of -1.",
    ]
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []
    assert counts(done) == {"created": 4, "refused": 15}


async def test_a_change_is_held_between_its_neighbours_as_a_patch_is(
    stock: Sender, places: dict[str, str]
) -> None:
    months = (
        "account,sku,month,opening,bought,sold\nAcme,A,2026-01,100,50,70\nAcme,A,2026-02,80,0,10\n"
    )
    assert counts(await stock(months, **BY_MONTH)) == {"created": 2}
    both = months.replace("100,50,70", "100,51,71")
    assert counts(await stock(both, **BY_MONTH)) == {"updated": 1, "unchanged": 1}
    less = await stock(months.replace("50,70", "50,75"), **BY_MONTH)
    assert counts(less) == {"refused": 1, "unchanged": 1}
    assert (await refused(stock, less))[0].startswith(
        "2: closing is 75, but the opening of 2026-02 gives 80: a difference of -5."
    )
    last = await stock(months.replace("80,0,10", "80,0,20"), **BY_MONTH)
    assert counts(last) == {"updated": 2}  # the first as it was, too
    anew = (
        "account,sku,month,opening,bought,sold,restates_opening,restatement_reason\n"
        "Acme,A,2026-02,80,0,20,yes,counted\nAcme,A,2026-01,100,50,75,,\n"
    )
    assert counts(await stock(anew, **BY_MONTH)) == {"updated": 2}
    assert [(row["month"], row["closing"]) for row in await reports(stock)] == [
        ("2026-01-01", 75), ("2026-02-01", 60),
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["id", "external_id"])
async def test_months_are_known_by_id_and_external_id_and_stay_whose_they_are(
    stock: Sender, places: dict[str, str], key: str
) -> None:
    await stock("external_id,account,sku,month,opening\n1,Acme,A,2026-01,5\n2,Acme,A,2026-03,7\n")
    one, two = (each[key] for each in await reports(stock))
    rows = f"""{key},account_external_id,sku,month,note,sold
{one},C-9,A,2026-01,x,1
{two},,,,y,2
{one},,,2026-02,z,
{two},,B,,z,
{one},,,,,9
"""
    done = await stock(rows, key=key, duplicates="update")
    assert [said.partition(".")[0] for said in await refused(stock, done)] == [
        "4: month: The report is of another month; that stays",
        "5: sku: The report is of another product; that stays",
        "6: 4 more went out than there was",
    ]
    assert [(row["note"], row["closing"]) for row in await reports(stock)] == [("x", 4), ("y", 5)]
    between = await stock(
        "account,sku,month,opening,bought\nAcme,A,2026-02,4,2\nAcme,A,2026-02,4,3\n"
    )
    assert counts(between) == {"created": 1, "refused": 1}
    again = await stock("account,sku,month,opening,bought\nAcme,A,2026-02,4,3\n")
    assert (await refused(stock, again))[0].startswith(
        "2: month: 2026-02 was reported for this account"
    )


async def test_months_that_go_by_an_article_number_go_on_by_it(
    stock: Sender, places: dict[str, str]
) -> None:
    """What was reported before the product was in the price list stays one sequence."""
    await stock("account,sku,month,opening\nAcme,GX-1,2026-01,5\n", **BY_MONTH)
    goods = await product(stock.client, "GX-1", name="Seats")
    more = (
        "account,sku,month,opening\nAcme,GX-1,2026-01,5\nAcme,GX-1,2026-02,4\nAcme,GX-1,2026-02,5\n"
    )
    done = await stock(more, **BY_MONTH)
    assert counts(done) == {"unchanged": 1, "refused": 1, "created": 1}
    assert {row["product_id"] for row in await reports(stock)} == {None}
    other = (
        "account,product,month,opening\n北京未来科技,seats,2026-01,9\n北京未来科技,gx-1,2026-02,9\n"
    )
    assert counts(await stock(other, **BY_MONTH)) == {"created": 2}
    assert {row["product_id"] for row in await reports(stock, account_id=places["cn"])} == {
        goods["id"]
    }


async def test_stores_that_were_merged_are_not_taken_for_one_another(
    stock: Sender, account: Known, heard: Heard, organisation: Organisation
) -> None:
    kept, gone = await account("Kept"), await account("Gone")
    both = "account,sku,month,opening\nKept,A,2026-01,5\nGone,A,2026-01,7\nGone,A,2026-02,7\n"
    assert counts(await stock(both, **BY_MONTH)) == {"created": 3}
    for event in merged_told(
        organisation, "account", str(new_id()), [gone], kept, "Kept", version=2
    ):
        await heard(event)
    before = await reports(stock)
    assert {row["account_id"] for row in before} == {kept}
    whole = await stock(
        "account,sku,month,opening\nKept,A,2026-01,5\nKept,A,2026-02,7\n", **BY_MONTH
    )
    assert await refused(stock, whole) == ["2: 2 stock-reports have this month; merge them first."]
    content = await exported(stock, resource="stock-reports")
    assert counts(await stock(content, key="id", duplicates="update")) == {"unchanged": 3}
    assert await reports(stock) == before
    own = await stock("account,sku,month,opening\nKept,A,2026-02,5\n")
    assert counts(own) == {"created": 1}


@dataclass
class Cell:
    """Where a history was spoilt: its account, month, and by how much."""

    account: str
    month: str
    by: Decimal


def history(
    rng: random.Random, account: str, *, is_spoilt: bool
) -> tuple[list[dict[str, str]], Cell | None]:
    """Consistent months of one account and product; at most one cell of one month is spoilt."""
    year, first = rng.choice([1999, 2024, 2026]), rng.randint(1, 12)
    opening = Decimal(rng.randint(0, 10**7)) / 1000
    rows = []
    for count in range(rng.randint(1, 12)):
        index = year * 12 + first - 1 + count
        bought, adjusted = (
            Decimal(rng.randint(0, 10**6)) / 1000,
            Decimal(rng.choice([0, 0, "-0.25", 3])),
        )
        restated = rng.random() < 0.15 and count > 0
        if restated:
            opening += 7
        adjusted = max(adjusted, -opening - bought)
        sold = (opening + bought + adjusted) * rng.choice([Decimal(0), Decimal("0.5"), Decimal(1)])
        sold = sold.quantize(Decimal("0.001"), rounding="ROUND_DOWN")
        closing = opening + bought - sold + adjusted
        rows.append({
            "account": account, "sku": "S", "month": f"{index // 12}-{index % 12 + 1:02}", "opening": str(opening),
            "bought": str(bought), "sold": str(sold), "adjusted": str(adjusted),
            "adjustment_reason": "counted" if adjusted else "", "closing": str(closing),
            "restates_opening": "yes" if restated else "", "restatement_reason": "found" if restated else "",
        })  # fmt: skip
        opening = closing
    if not is_spoilt:
        return rows, None
    row, column, by = rng.choice(rows), rng.choice(("opening", "bought", "sold", "closing")), Decimal(
        rng.randint(1, 99_999)
    ) / 1000  # fmt: skip
    row[column] = str(Decimal(row[column]) + by)
    wrong = by if column in ("closing", "sold") else -by
    return rows, Cell(account, row["month"], wrong)


@pytest.mark.parametrize("chunk_rows", [1, 5, 1000])
@pytest.mark.parametrize("order", ["by_account", "by_month", "newest_first", "shuffled"])
async def test_consistent_histories_go_in_whole_and_a_spoilt_cell_refuses_its_row(
    stock: Sender, account: Known, chunk_rows: int, order: str
) -> None:
    rng = random.Random(f"{order} {chunk_rows}")
    rows, spoilt = [], {}
    for number in range(12):
        await account(f"Store {number}")
        months, cell = history(rng, f"Store {number}", is_spoilt=number % 3 == 0)
        rows += months
        if cell is not None:
            spoilt[cell.account, cell.month] = cell.by
    if order in ("by_month", "newest_first"):
        rows.sort(key=lambda row: row["month"], reverse=order == "newest_first")
    elif order == "shuffled":
        rng.shuffle(rows)
    content = "\n".join(
        [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    )  # fmt: skip
    dry = await stock(content, **BY_MONTH, dry_run=True)
    done = await stock(content, **BY_MONTH)
    assert counts(dry) == counts(done) == {"created": len(rows) - 4, "refused": 4}, await refused(
        stock, done
    )
    for said in await refused(stock, done):
        row = rows[int(said.partition(":")[0]) - 2]
        by = spoilt.pop((row["account"], row["month"]))
        assert said.endswith(f"a difference of {by.normalize():f}."), said
    assert spoilt == {}
    again = await stock(content, **BY_MONTH)
    assert counts(again) == {"unchanged": len(rows) - 4, "refused": 4}


async def test_two_files_of_the_same_stores_and_requests_at_once_neither_wait_for_ever_nor_fail(
    stock: Sender, account: Known
) -> None:
    names = [f"Store {n}" for n in range(6)]
    ids = [await account(name) for name in names]
    rows = [
        f"{name},{sku},2026-{month:02},5,{month},{month}\n"
        for name in names for sku in ("A", "B") for month in range(1, 7)
    ]  # fmt: skip
    head = "account,sku,month,opening,bought,sold\n"
    options = [BY_MONTH, BY_MONTH, {}, {}]
    files = asyncio.gather(
        *(
            stock(head + "".join(rows if n % 2 else rows[::-1]), **each)
            for n, each in enumerate(options)
        )
    )

    async def ask(account_id: str) -> list[int]:
        statuses = []
        for month in range(1, 7):
            sent = {"account_id": account_id, "sku": "A", "month": f"2026-{month:02}", "opening": 5,
                    "bought": 1, "sold": 1}  # fmt: skip
            made = await stock.client.post(PATH, json=sent)
            statuses.append(made.status_code)
            for row in await reports(stock, account_id=account_id):
                changed = await stock.client.patch(f"{PATH}/{row['id']}", json={"note": "seen"})
                statuses.append(changed.status_code)
        return statuses

    asked = await asyncio.gather(*map(ask, ids))
    done = await files
    assert {each["job"]["status"] for each in done} == {"done"}
    assert {status for each in asked for status in each} <= {200, 201, 409}
    assert len(await reports(stock)) == len(rows)
    assert [each["job"]["errors"] for each in done[:2]] == [0, 0]


async def test_a_table_of_months_comes_back_whole_and_a_rep_exports_what_they_see(
    stock: Sender, places: dict[str, str], account: Known, client: Clients,
    organisation: Organisation,
) -> None:  # fmt: skip
    await product(stock.client, "GX-1", name="Seats")
    restated = "北京未来科技,GX-1,2026-03,60,,,,,60,yes,counted\n"
    extra = ",restates_opening,restatement_reason\n"
    first, *others = TABLE.splitlines()
    whole = first + extra + "".join(f"{line},,\n" for line in others) + restated
    assert counts(await stock(whole, **BY_MONTH)) == {"created": 5}
    before = await reports(stock)
    for key in ("month", "id"):
        for format in ("csv", "xlsx", "ndjson"):
            content = await exported(stock, resource="stock-reports", format=format)
            again = await stock(content, key=key, duplicates="update")
            assert counts(again) == {"unchanged": 5}, (key, format, await refused(stock, again))
    assert await reports(stock) == before
    direct = await stock.client.get(f"{PATH}/export?sku=GX-9")
    assert [(row["account"], row["month"]) for row in table(direct.content)] == [
        ("北京未来科技", "2026-01-01")
    ]
    rep = stock.by(client(organisation.rep))
    own = await account("Mine", owner=organisation.rep)
    sent = {"account_id": own, "sku": "R", "month": "2026-01", "opening": 1}
    assert (await rep.client.post(PATH, json=sent)).status_code == 201
    (row,) = table(await exported(rep, resource="stock-reports"))
    assert (row["account"], row["sku"], row["owner"].partition("@")[0]) == ("Mine", "R", "rep")
    await account("Secret", owner=organisation.other_rep)
    theirs = await rep(
        "account,sku,month,opening\nSecret,A,2026-01,1\nMine,R,2026-02,1\n", key="month"
    )
    assert counts(theirs) == {"created": 1, "refused": 1}
    assert (await refused(rep, theirs))[0].startswith(
        "2: account: 'Secret': there is no such account"
    )
    by_id = await rep(f"id,note\n{before[0]['id']},mine\n", key="id", duplicates="update")
    assert (await refused(rep, by_id))[0].startswith(
        "2: This id belongs to a stock report that you may not"
    )
    blind = stock.by(client(organisation.rep.but(permissions=("imports:create", "exports:create"))))
    assert (await blind.upload(TABLE, start="true")).status_code == 403
    assert (await blind.client.get(f"{PATH}/export")).status_code == 403


WAITING = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_a_chunk_waits_for_whoever_writes_months_beside_its_own(
    stock: Sender, account: Known, organisation: Organisation, service_database: Database
) -> None:
    """What a request writes meanwhile is there when the chunk is looked at: the two do not fit."""
    account_id, other = await account("Acme"), await account("Other")
    february = {"account_id": account_id, "sku": "A", "month": "2026-02", "opening": 79}
    report = (await stock.client.post(PATH, json=february | {"opening": 80})).json()
    rows = (
        "account,sku,month,opening,bought,sold\nAcme,A,2026-01,100,50,70\nOther,A,2026-01,1,1,1\n"
    )
    held = [(UUID(account_id), "sku:A"), (UUID(other), "sku:A")]
    async with service_database.transaction(organisation.id) as connection:
        await hold_sequences(connection, organisation.id, held)
        running = asyncio.ensure_future(stock(rows))

        async def waits() -> bool:
            return bool(await service_database.pool.fetchval(WAITING))

        await until(waits)
        changed = "UPDATE stock_reports SET opening = 79, closing = 79 WHERE id = $1"
        await connection.execute(changed, UUID(report["id"]))
    done = await running
    assert counts(done) == {"created": 1, "refused": 1}
    assert (await refused(stock, done))[0].startswith(
        "2: closing is 80, but the opening of 2026-02 gives 79: a difference of 1."
    )
