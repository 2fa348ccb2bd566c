"""The command line against a served API: real data sets by their recipes, tables, exports."""

import asyncio
import csv
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from click.testing import Result
from typer.testing import CliRunner

from guanxi_gateway.cli.app import command_line
from guanxi_gateway.cli.recipes import Join, names, read_recipe
from guanxi_gateway.cli.sql_inserts import joined, read_inserts
from guanxi_shared.edge import Edge
from guanxi_shared.launch.errors import LaunchError
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.factories import Organisation
from tests.stand_in import GatewayStandIn

ROOT = Path(__file__).parents[3]
Guanxi = Callable[..., Awaitable[Result]]


def data_set(name: str) -> Path:
    folder = Path(os.environ.get("GUANXI_DATASETS") or ROOT / ".." / "shared" / "data") / name
    if not folder.is_dir():
        pytest.skip(f"the data set {name} is not here: put it under GUANXI_DATASETS")
    return folder


@pytest.fixture
async def guanxi(
    contacts: Edge, gateway_stand_in: GatewayStandIn, organisation: Organisation, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Guanxi]:  # fmt: skip
    """`await guanxi("import", …)` runs the command line as the organisation's admin, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    server = uvicorn.Server(uvicorn.Config(contacts, port=0, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    await until(partial(_has_started, server))
    port = server.servers[0].sockets[0].getsockname()[1]
    token = gateway_stand_in.sign(organisation.admin.grant)
    given = ["--url", f"http://127.0.0.1:{port}", "--api-key", token]

    async def run(command: str, *arguments: str) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, command_line(), [command, *arguments, *given]
        )

    try:
        yield run
    finally:
        server.should_exit = True
        await task


async def _has_started(server: uvicorn.Server) -> bool:
    return server.started


async def test_the_accounts_of_maven_load_as_they_are_in_the_file(
    guanxi: Guanxi, send: Sender, tmp_path: Path
) -> None:
    folder = data_set("crm_sales_opportunities")
    result = await guanxi("import", "--recipe", "maven-accounts", str(folder))
    assert result.exit_code == 0, result.output
    with (tmp_path / "accounts.accounts.remarks.csv").open(encoding="utf-8-sig") as file:
        remarks = list(csv.DictReader(file))
    lines = (folder / "accounts.csv").read_text().splitlines()
    dirty = [
        number
        for number, line in enumerate(lines, 1)
        if "technolgy" in line or "Philipines" in line
    ]
    assert [int(each["line"]) for each in remarks] == dirty
    assert (
        f"{sum('technolgy' in line for line in lines)} rows, sector: 'technolgy' is taken"
        in result.output
    )

    with (folder / "accounts.csv").open(newline="") as file:
        rows = {row["account"]: row for row in csv.DictReader(file)}
    stored = {each["name"]: each for each in await send.records()}
    by_id = {each["id"]: name for name, each in stored.items()}
    assert len(rows) == 85
    assert stored.keys() == rows.keys()
    for name, row in rows.items():
        each = stored[name]
        assert each["industry"] == row["sector"].replace("technolgy", "technology")
        assert each["founded_year"] == int(row["year_established"])
        assert Decimal(each["revenue"]["amount"]) == Decimal(row["revenue"]) * 1_000_000
        assert each["revenue"]["currency"] == "USD"
        assert each["staff_count"] == int(row["employees"])
        assert each["addresses"][0]["country"] == row["office_location"].replace(
            "Philipines", "Philippines"
        )
        assert by_id.get(each["parent_id"], "") == row["subsidiary_of"]

    again = await guanxi("import", "--recipe", "maven-accounts", str(folder))
    assert again.exit_code == 0, again.output
    assert {each["version"] for each in await send.records() if not each["parent_id"]} == {1}


async def test_the_customers_of_northwind_load_as_they_are_in_the_dump(
    guanxi: Guanxi, send: Sender
) -> None:
    folder = data_set("northwind")
    result = await guanxi("import", "--recipe", "northwind-customers", str(folder))
    assert result.exit_code == 0, result.output

    accounts = {each["external_id"]: each for each in await send.records()}
    people = {each["name"]: each for each in await send.of("contacts").records()}
    expected = _customers(folder / "northwind_postgres.sql")
    assert len(expected) == 91
    assert accounts.keys() == {row[0] for row in expected}
    for (
        key,
        company,
        contact,
        title,
        street,
        city,
        state,
        postcode,
        country,
        phone,
        fax,
    ) in expected:
        account, person = accounts[key], people[contact]
        address = account["addresses"][0]
        assert account["name"] == company
        assert [address.get(n) for n in ("street", "city", "state", "postcode", "country")] == [
            street, city, state or None, postcode or None, country,
        ]  # fmt: skip
        assert [p["number"] for p in account["phones"]] == [n for n in (phone, fax) if n]
        assert person["title"] == title
        assert account["id"] in [link["account_id"] for link in person["accounts"]]


def _customers(path: Path) -> list[list[str]]:
    """Read in another way than the product does: line by line, each a Python tuple but for NULL."""
    lines = [
        line for line in path.read_text().splitlines() if line.startswith("INSERT INTO customers ")
    ]
    rows = []
    for line in lines:
        inside = line[line.index("(") + 1 : line.rindex(")")]
        cells = re.split(r", (?=(?:'|NULL))", inside)
        rows.append(["" if cell == "NULL" else cell[1:-1].replace("''", "'") for cell in cells])
    return rows


async def test_a_table_is_imported_with_its_mapping_and_tells_what_failed(
    guanxi: Guanxi, send: Sender, tmp_path: Path
) -> None:
    path, errors = tmp_path / "list.csv", tmp_path / "errors.csv"
    path.write_text("Firma;Ort;Größe\nAcme;Berlin;12\nBeta;Bonn;viele\n", encoding="cp1252")
    options = ["--map", "Firma=name", "--map", "Ort=address_city", "--map", "Größe=staff_count"]
    dry = await guanxi("import", str(path), *options, "--dry-run", "--errors", str(errors))
    assert await send.records() == []
    result = await guanxi(
        "import", str(path), *options, "--default", "source=fair", "--errors", str(errors)
    )

    (stored,) = await send.records()
    assert (dry.exit_code, result.exit_code) == (1, 1)
    assert "1 created, 1 refused (dry run)" in dry.output
    assert "1 created, 1 refused" in result.output
    assert (stored["name"], stored["staff_count"], stored["source"]) == ("Acme", 12, "fair")
    assert "viele" in errors.read_text(encoding="utf-8-sig")


async def test_a_filter_is_exported_to_a_file(guanxi: Guanxi, send: Sender, tmp_path: Path) -> None:
    await send("name,industry,employees\nAcme,retail,5\nBeta,retail,50\nCai,food,500\n")
    path = tmp_path / "out.csv"
    result = await guanxi(
        "export", "accounts", str(path), "--filter", "industry=retail", "--filter", "staff_count[gte]=10",
        "--fields", "name",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    header, row = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    assert (header, row[1]) == (["id", "name"], "Beta")


async def test_refusals_are_sentences(guanxi: Guanxi, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("name\nAcme\n")
    for arguments, said in (
        (["import", str(path), "--map", "nothing=name"], "The file has no column 'nothing'"),
        (["import", str(path), "--map", "nothing"], "equals sign"),
        (["import", str(tmp_path / "none.csv")], "cannot be read"),
        (["import", "--recipe", "none", str(tmp_path)], "There is no recipe 'none'; there are: maven-accounts"),
        (["import", "--recipe", "maven-accounts", str(tmp_path)], "has no file accounts.csv"),
        (["export", "accounts", "x.pdf"], "the format is not known"),
        (["export", "accounts", "x.csv", "--filter", "industry"], "field=value"),
    ):  # fmt: skip
        result = await guanxi(*arguments)
        assert isinstance(result.exception, LaunchError), result.output
        assert said in str(result.exception)


def test_every_recipe_can_be_read() -> None:
    assert {"maven-accounts", "northwind-customers", "northwind-orders"} <= set(names())
    for name in names():
        assert read_recipe(name).steps


@pytest.mark.parametrize(
    "dump",
    [
        "INSERT INTO t (a, \"b\") VALUES (1, 'x, (y)'), (NULL, 'it''s');\nINSERT INTO t (a,b) VALUES (2, '');",
        "CREATE TABLE t (\n  a int NOT NULL,\n  b text,\n  PRIMARY KEY (a)\n);\n"
        "INSERT INTO t VALUES (1, 'x, (y)');\nINSERT INTO public.t VALUES (NULL, 'it''s');\nINSERT INTO t VALUES (2,'');",
    ],
)
def test_inserts_are_read_as_sql_means_them(tmp_path: Path, dump: str) -> None:
    path = tmp_path / "dump.sql"
    path.write_text(dump + "\nINSERT INTO tt VALUES (9, 'other');")
    columns, rows = read_inserts(path, "t")

    found: list[Any] = list(rows)
    assert columns == ["a", "b"]
    assert found == [["1", "x, (y)"], ["", "it's"], ["2", ""]]


def test_a_joined_table_stands_beside_and_reals_are_what_was_put_in(tmp_path: Path) -> None:
    path = tmp_path / "dump.sql"
    path.write_text(
        "CREATE TABLE line (\n    part_id int,\n    share real NOT NULL,\n    name text\n);\n"
        "CREATE TABLE part (\n    part_id int,\n    name text\n);\n"
        "INSERT INTO line VALUES (1, 0.150000006, 'a'), (2, 9.80000019, 'b'), (3, NULL, 'c'), (1, 123.5, 'd');\n"
        "INSERT INTO part VALUES (1, 'Bolt'), (2, 'Nut');"
    )
    columns, rows = read_inserts(path, "line")
    columns, rows = joined(
        columns, rows, *read_inserts(path, "part"), join=Join(table="part", on="part_id")
    )
    assert columns == ["part_id", "share", "name", "part.name"]
    assert list(rows) == [
        ["1", "0.15", "a", "Bolt"], ["2", "9.8", "b", "Nut"], ["3", "", "c", ""], ["1", "123.5", "d", "Bolt"],
    ]  # fmt: skip
    with pytest.raises(LaunchError, match="share"):
        joined(["share"], iter([]), ["part_id"], iter([]), join=Join(table="part", on="share"))
