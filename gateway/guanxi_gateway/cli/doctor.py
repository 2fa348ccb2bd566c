"""guanxi doctor: looks at everything the suite needs and says what is wrong."""

import asyncio

import asyncpg
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from guanxi_gateway.cli.checks import Finding, check_database, check_machine, check_processes
from guanxi_gateway.cli.running import open_database
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.services import discover_services
from guanxi_shared.launch.settings import LaunchSettings

SIGNS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failure": "[red]failure[/]"}


def doctor() -> None:
    """Check this machine, the processes and the database; exit code 1 if something is wrong."""
    settings = LaunchSettings.from_environment()
    findings = [*check_machine(settings), *check_processes(settings), *_look_inside(settings)]
    table = Table("what", "", "found", highlight=False)
    for finding in findings:
        table.add_row(finding.about, SIGNS[finding.verdict], escape(finding.detail))
    Console().print(table)
    if any(finding.verdict == "failure" for finding in findings):
        raise typer.Exit(1)


def _look_inside(settings: LaunchSettings) -> list[Finding]:
    try:
        with open_database(settings) as url:
            return asyncio.run(_ask(url))
    except LaunchError as error:
        return [Finding("database", "failure", str(error))]


async def _ask(url: str) -> list[Finding]:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except asyncpg.InvalidCatalogNameError:
        return [Finding("database", "warning", "not made yet; the first start does")]
    except (OSError, asyncpg.PostgresError) as error:
        return [Finding("database", "failure", str(error))]
    try:
        return [each async for each in check_database(connection, discover_services())]
    finally:
        await connection.close()
