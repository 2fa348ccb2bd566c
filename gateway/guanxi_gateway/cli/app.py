"""The command line `guanxi`. A new command is a file beside this one and a line below."""

import sys
from collections.abc import Sequence
from pkgutil import resolve_name
from typing import Final

import typer
from dotenv import load_dotenv
from rich.console import Console

from guanxi_shared.launch.errors import LaunchError

COMMANDS: Final = {
    "up": "up:up",
    "demo": "demo.command:demo",
    "doctor": "doctor:doctor",
    "import": "import_:import_",
    "export": "export:export",
    "backup": "backup:backup",
    "restore": "restore:restore",
    "verify-audit": "verify_audit:verify_audit",
    "user": "user:user",
}


def command_line(words: Sequence[str] = ()) -> typer.Typer:
    """All commands; only the one that `words` begin with, if so: loading them all takes ten times as
    long as loading `up`, and memory that a supervisor would hold as long as it runs."""
    app = typer.Typer(
        name="guanxi",
        help="Runs and looks after Guanxi on this machine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,
    )
    app.callback()(_group)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        found = resolve_name(f"guanxi_gateway.cli.{COMMANDS[name]}")
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name=name)(found)
    return app


def _group() -> None:  # with it, a command that stands alone keeps its name
    return


def main() -> None:
    """Settings may stand in a file .env; those of the environment win."""
    load_dotenv(".env")
    try:
        command_line(sys.argv[1:])()
    except LaunchError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
        sys.exit(1)
