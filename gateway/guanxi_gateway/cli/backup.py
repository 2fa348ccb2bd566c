"""guanxi backup: the whole database in one file, from the running suite or with it stopped."""

import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from guanxi_gateway.cli.database_tools import run_tool
from guanxi_gateway.cli.running import open_database
from guanxi_shared.launch.errors import not_writable
from guanxi_shared.launch.settings import LaunchSettings

EVERY = 0.2
console = Console(highlight=False, soft_wrap=True)


def backup(file: Annotated[Path, typer.Argument(help="Where to write, e.g. monday.dump")]) -> None:
    """Write a consistent copy of all data to FILE; people may go on working meanwhile."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
    except OSError as error:
        raise not_writable(file.parent, error) from error
    try:
        with open_database(LaunchSettings.from_environment()) as url, SizeShown(part):
            run_tool("pg_dump", url, "--format=custom", "--no-comments", f"--file={part}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    console.print(f"Backup written to {file} ({file.stat().st_size / 1e6:.1f} MB).", markup=False)
    console.print("Keep secrets.json of the data folder with it: it opens what is sealed in there.")


class SizeShown:
    """The size of a growing file, while the block runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _show(self) -> None:
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("writing …")
            while not self._over.wait(EVERY):
                written = self._path.stat().st_size / 1e6
                progress.update(task, description=f"writing … {written:.1f} MB")
