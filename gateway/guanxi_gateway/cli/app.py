"""The command line `guanxi`. A new command is a file beside this one and a line below."""

import sys

import typer
from dotenv import load_dotenv
from rich.console import Console

from guanxi_gateway.cli.backup import backup
from guanxi_gateway.cli.demo.command import demo
from guanxi_gateway.cli.doctor import doctor
from guanxi_gateway.cli.export import export
from guanxi_gateway.cli.import_ import import_
from guanxi_gateway.cli.restore import restore
from guanxi_gateway.cli.up import up
from guanxi_gateway.cli.user import user
from guanxi_gateway.cli.verify_audit import verify_audit
from guanxi_shared.launch.errors import LaunchError

app = typer.Typer(
    name="guanxi",
    help="Runs and looks after Guanxi on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(up)
app.command()(demo)
app.command()(doctor)
app.command(name="import")(import_)
app.command()(export)
app.command()(backup)
app.command()(restore)
app.command()(verify_audit)
app.add_typer(user, name="user")


def main() -> None:
    """Settings may stand in a file .env; those of the environment win."""
    load_dotenv(".env")
    try:
        app()
    except LaunchError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
        sys.exit(1)
