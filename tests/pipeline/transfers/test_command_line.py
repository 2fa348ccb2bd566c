"""The command line's import and export against a served pipeline service."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import uvicorn
from click.testing import Result
from typer.testing import CliRunner

from guanxi_gateway.cli.app import command_line
from guanxi_shared.edge import Edge
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.factories import Organisation
from tests.pipeline.conftest import Stages
from tests.stand_in import GatewayStandIn

Guanxi = Callable[..., Awaitable[Result]]
RECIPE = {
    "title": "t",
    "where": "w",
    "steps": [
        {"resource": "pipelines", "match": "name", "records": [
            {"name": "Own", "stages": [{"name": "Begun", "probability": 5}, {"name": "Yes", "kind": "won"},
                                       {"name": "No", "kind": "lost"}]}]},
        {"file": "deals.csv", "resource": "opportunities", "options": {
            "mapping": {"no": "external_id", "what": {"field": "product", "values": {"GTXPro": "GTX Pro"}},
                        "where": "stage"},
            "key": "external_id", "duplicates": "update", "defaults": {"pipeline": "Own"}}},
    ],
}  # fmt: skip


@pytest.fixture
async def guanxi(
    pipeline: Edge, gateway_stand_in: GatewayStandIn, organisation: Organisation
) -> AsyncIterator[Guanxi]:
    """`await guanxi("import", …)` runs the command line as the organisation's admin."""
    server = uvicorn.Server(uvicorn.Config(pipeline, port=0, lifespan="off", log_config=None))
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


async def test_a_recipe_makes_what_its_rows_need_and_says_what_it_corrects(
    guanxi: Guanxi, send: Sender, stages: Stages, tmp_path: Path
) -> None:
    recipe = tmp_path / "own.json"
    recipe.write_text(json.dumps(RECIPE))
    (tmp_path / "deals.csv").write_text(
        "no,what,where\n1,GTXPro,Begun\n2,GTXPro,Yes\n3,MG,Nowhere\n"
    )
    errors = tmp_path / "errors.csv"
    first = await guanxi("import", "--recipe", str(recipe), str(tmp_path), "--errors", str(errors))
    assert first.exit_code == 1, first.output  # a row did not go through
    assert "pipelines: 1 created" in first.output
    assert "2 rows, what: 'GTXPro' is taken as 'GTX Pro'." in first.output
    remarks = (tmp_path / "deals.opportunities.remarks.csv").read_text(encoding="utf-8-sig")
    told = [
        (row["line"], row["column"], row["cell"]) for row in csv.DictReader(remarks.splitlines())
    ]
    assert told == [("2", "what", "GTXPro"), ("3", "what", "GTXPro")]
    assert "2 created, 1 refused" in first.output
    assert "'Nowhere' is no stage of the pipeline Own" in errors.read_text(encoding="utf-8-sig")
    assert {each["name"] for each in await send.records()} == {"GTX Pro"}
    again = await guanxi("import", "--recipe", str(recipe), str(tmp_path), "--errors", str(errors))
    assert "pipelines: 0 created" in again.output
    assert "1 refused, 2 unchanged" in again.output


async def test_opportunities_are_exported_by_a_filter(
    guanxi: Guanxi, send: Sender, stages: Stages, tmp_path: Path
) -> None:
    await send("name,amount\nSmall,5\nLarge,5000\n")
    path = tmp_path / "out.csv"
    result = await guanxi("export", "opportunities", str(path), "--filter", "amount[gte]=100")
    assert result.exit_code == 0, result.output
    (row,) = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    assert (row["name"], row["amount"]) == ("Large", "5000.00")
