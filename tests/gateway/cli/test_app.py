"""What the command line loads, and that each command is there."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from guanxi_gateway.cli.app import COMMANDS, command_line

LOADED = """
import sys
from guanxi_gateway.cli.app import command_line
command_line(["up"])
print(*(name for name in sys.modules if name.startswith(("guanxi_", "fastapi", "sqlalchemy"))))
"""


def test_starting_the_suite_loads_no_other_command() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    loaded = set(told.stdout.split())
    assert "guanxi_gateway.cli.up" in loaded
    assert not {name for name in loaded if name.startswith(("fastapi", "sqlalchemy"))}
    others = {f"guanxi_gateway.cli.{at.partition(':')[0]}" for at in COMMANDS.values()}
    assert loaded & others == {"guanxi_gateway.cli.up"}


@pytest.mark.parametrize("words", [[], ["nonsense"], ["--help"]])
def test_whoever_names_no_command_is_shown_all(words: list[str]) -> None:
    told = CliRunner().invoke(command_line(words), ["--help"])
    assert told.exit_code == 0
    assert all(name in told.output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_keeps_its_name_where_it_alone_is_loaded(name: str) -> None:
    told = CliRunner().invoke(command_line([name]), [name, "--help"])
    assert told.exit_code == 0
    assert f"guanxi {name}" in told.output
