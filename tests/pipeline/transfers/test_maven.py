"""The CRM Sales Opportunities set by its recipe, against the same file read with the csv module."""

import csv
import os
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from guanxi_gateway.cli.recipe_remarks import remarks_on
from guanxi_gateway.cli.recipes import RecordsStep, TableStep, read_recipe
from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.factories import Organisation, apply_to_directory, directory_event, new_user
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.products.selling import product

ROOT = Path(__file__).parents[3]
HERE = ZoneInfo("Asia/Shanghai")
Sums = dict[str, Decimal]


@pytest.fixture
def folder() -> Path:
    sets = Path(os.environ.get("GUANXI_DATASETS") or ROOT / ".." / "shared" / "data")
    if not (found := sets / "crm_sales_opportunities").is_dir():
        pytest.skip(
            "the data set crm_sales_opportunities is not here: put it under GUANXI_DATASETS"
        )
    return found


@pytest.fixture
def chunk_rows() -> int:
    return 1_000


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
async def agents(
    folder: Path, organisation: Organisation, service_database: Database
) -> dict[str, str]:
    """The people of the set in this service's directory: name → id."""
    found = {}
    for row in rows_of(folder / "sales_teams.csv"):
        user = new_user(organisation.id, row["sales_agent"], "sales")
        state = {
            "id": str(user.id), "name": user.name, "email": f"{user.id}@maven.example",
            "is_active": True, "sees_team": [], "sees_subtree": [], "teams": [], "subtree_teams": [],
        }  # fmt: skip
        await apply_to_directory(
            service_database, [directory_event(organisation.id, "user", state)]
        )
        found[user.name] = str(user.id)
    return found


def sums(rows: list[Mapping[str, Any]], key: Any, value: Any) -> Sums:
    found: Counter[str] = Counter()
    for row in rows:
        found[key(row)] += value(row)
    return dict(found)


def quarter(day: date) -> str:
    return f"{day.year} Q{(day.month + 2) // 3}"


def american(text: str) -> date:
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))


def closed_day(record: Mapping[str, Any]) -> date:
    return datetime.fromisoformat(record["closed_at"]).astimezone(HERE).date()


async def test_maven_loads_as_it_is_in_the_file(
    folder: Path, send: Sender, account: Known, agents: dict[str, str], stages: Stages
) -> None:
    by_account = {
        row["account"]: await account(row["account"]) for row in rows_of(folder / "accounts.csv")
    }
    _, pipelines, table = read_recipe("maven-opportunities").steps
    assert isinstance(pipelines, RecordsStep)
    assert isinstance(table, TableStep)
    made = await send.client.post("/v1/pipelines", json=pipelines.records[0])
    assert made.status_code == 201, made.text
    content = (folder / table.file).read_bytes()
    found = await send(content, **table.options)
    rows = rows_of(folder / table.file)
    assert found["job"]["counts"]["created"] == len(rows) == 8_800, found["job"]
    assert found["job"]["errors"] == 0

    records = await send.records()
    stored = {each["external_id"]: each for each in records}
    stage_names = {stage["id"]: stage["name"] for stage in made.json()["stages"]}
    assert Counter(stage_names[each["stage_id"]] for each in records) == {
        "Won": 4_238, "Lost": 2_473, "Engaging": 1_589, "Prospecting": 500,
    }  # fmt: skip
    for row in rows:
        each = stored[row["opportunity_id"]]
        assert stage_names[each["stage_id"]] == row["deal_stage"]
        assert each["account_id"] == by_account.get(row["account"])
        assert each["owner_id"] == agents[row["sales_agent"]]
        assert [line["name"] for line in each["lines"]] == [
            row["product"].replace("GTXPro", "GTX Pro")
        ]
        value = row["close_value"]
        assert each["amount"] == ({"amount": f"{value}.00", "currency": "USD"} if value else None)
        assert (each["closed_at"] is None) == (row["close_date"] == "")
        if row["engage_date"]:
            opened = american(row["engage_date"])
            made_at = datetime.fromisoformat(each["created_at"]).astimezone(HERE)
            assert (each["opened_on"], made_at.date()) == (str(opened), opened)
    assert sum(each["account_id"] is None for each in records) == 1_425

    won = [row for row in rows if row["deal_stage"] == "Won"]
    kept = [each for each in records if each["status"] == "won"]
    people = {id: name for name, id in agents.items()}
    for of_file, of_record in (
        (lambda row: row["product"].replace("GTXPro", "GTX Pro"), lambda r: r["lines"][0]["name"]),
        (lambda row: row["sales_agent"], lambda r: people[r["owner_id"]]),
        (lambda row: quarter(american(row["close_date"])), lambda r: quarter(closed_day(r))),
    ):
        expected = sums(won, of_file, lambda row: Decimal(row["close_value"]))
        assert sums(kept, of_record, lambda r: Decimal(r["amount"]["amount"])) == expected
    total = sum(Decimal(each["amount"]["amount"]) for each in kept)
    assert total == Decimal(10_005_534)

    again = await send(content, **table.options)
    assert again["job"]["counts"]["unchanged"] == 8_800, again["job"]


async def test_without_what_the_recipe_corrects_each_row_says_what_is_wrong(
    folder: Path, send: Sender, account: Known, agents: dict[str, str], stages: Stages
) -> None:
    """No pipeline with these stages, half of the accounts: every row that names them is refused."""
    names = sorted(row["account"] for row in rows_of(folder / "accounts.csv"))
    for name in names[::2]:
        await account(name)
    *_, table = read_recipe("maven-opportunities").steps
    assert isinstance(table, TableStep)
    options = {**table.options, "defaults": {}, "duplicates": "skip"}
    found = await send((folder / table.file).read_bytes(), **options)
    missing = set(names[1::2])
    expected = {}
    for row in rows_of(folder / table.file):
        said = []
        if row["deal_stage"] not in ("Won", "Lost"):
            said.append(f"deal_stage: {row['deal_stage']!r} is no stage of the pipeline Sales.")
        elif row["account"] in missing:
            said.append(f"account: {row['account']!r}: there is no such account.")
        elif row["deal_stage"] == "Lost":
            said.append("Lost needs reason. Needed to enter Lost.")
        if said:
            expected[row["opportunity_id"]] = said[0]
    errors = csv.DictReader((await send.errors(found["id"])).splitlines())
    refused = {row["opportunity_id"]: row["Not imported because"] for row in errors}
    assert {
        id: text for id, text in refused.items() if not text.startswith(expected.get(id, "?"))
    } == {}
    assert refused.keys() == expected.keys()
    assert found["job"]["counts"]["created"] == 8_800 - len(expected)


async def test_each_row_with_dirt_is_told_and_what_is_corrected_finds_its_product(
    folder: Path, send: Sender, account: Known, agents: dict[str, str]
) -> None:
    """`GTXPro` by its correction is the product GTX Pro; without it, a line that no product is called."""
    for row in rows_of(folder / "accounts.csv"):
        await account(row["account"])
    sold = {
        row["product"]: (await product(send.client, row["product"], name=row["product"]))["id"]
        for row in rows_of(folder / "products.csv")
    }
    _, pipelines, table = read_recipe("maven-opportunities").steps
    assert isinstance(pipelines, RecordsStep)
    assert isinstance(table, TableStep)
    rows = rows_of(folder / table.file)
    told = remarks_on(folder / table.file, table)
    by_column = {
        column: [each for each in told if each.column == column]
        for column in ("product", "account")
    }
    assert [each.line for each in by_column["product"]] == [
        line for line, row in enumerate(rows, 2) if row["product"] == "GTXPro"
    ]
    assert [each.line for each in by_column["account"]] == [
        line for line, row in enumerate(rows, 2) if not row["account"]
    ]
    assert (len(by_column["product"]), len(by_column["account"])) == (1_480, 1_425)
    assert len(told) == 2_905
    assert {each.sentence for each in told} == {
        "'GTXPro' is taken as 'GTX Pro'.", "It names no account; the record has none.",
    }  # fmt: skip

    await send.client.post("/v1/pipelines", json=pipelines.records[0])
    few = (folder / table.file).read_text().splitlines(keepends=True)[:1_001]
    await send("".join(few), **table.options)
    names = {id: name for name, id in sold.items()}
    bought = Counter(names[each["lines"][0]["product_id"]] for each in await send.records())
    assert bought == Counter(row["product"].replace("GTXPro", "GTX Pro") for row in rows[:1_000])

    mapping = {**table.options["mapping"], "product": "product", "opportunity_id": "name"}
    raw = {**table.options, "mapping": mapping, "key": "none", "duplicates": "create"}
    await send("".join(few), **raw)
    uncorrected = [each for each in await send.records() if each["external_id"] is None]
    unknown = [each["lines"][0] for each in uncorrected if not each["lines"][0].get("product_id")]
    assert Counter(line["name"] for line in unknown) == {
        "GTXPro": sum(row["product"] == "GTXPro" for row in rows[:1_000])
    }
