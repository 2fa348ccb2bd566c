"""The steps of a recipe, each through the public API; a second time they change nothing."""

import csv
import gzip
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from guanxi_gateway.cli.api import Api
from guanxi_gateway.cli.job_progress import console
from guanxi_gateway.cli.recipe_remarks import counted, remarks_on, write_remarks
from guanxi_gateway.cli.recipe_staff import load_staff
from guanxi_gateway.cli.recipes import RecordsStep, StaffStep, Step, TableStep
from guanxi_gateway.cli.sql_inserts import joined, read_inserts
from guanxi_gateway.cli.tables import import_table
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.tables import read_rows, sniff


def run_step(api: Api, step: Step, folder: Path, *, dry_run: bool, errors: Path | None) -> bool:
    """Whether everything in it went through. What cannot be tried is left out of a dry run."""
    if isinstance(step, TableStep):
        return _import(api, step, folder, dry_run=dry_run, errors=errors)
    if dry_run:
        what = step.resource if isinstance(step, RecordsStep) else "users and teams"
        console.print(f"{what}: not tried in a dry run", markup=False)
        return True
    if isinstance(step, StaffStep):
        load_staff(api, rows_of(folder / step.file), step.staff)
    else:
        _create_missing(api, step)
    return True


def rows_of(path: Path) -> list[Mapping[str, str]]:
    _demand(path)
    return [row.values for row in read_rows(path, sniff(path))]


def _import(api: Api, step: TableStep, folder: Path, *, dry_run: bool, errors: Path | None) -> bool:
    options = {**step.options, **({"dry_run": True} if dry_run else {})}
    with table_of(step, folder) as path:
        _tell_of_dirt(path, step, beside=errors)
        return import_table(api, path, step.resource, options, errors=errors)


def _tell_of_dirt(path: Path, step: TableStep, *, beside: Path | None) -> None:
    """Counted on the screen, row by row in a file."""
    if not (found := remarks_on(path, step)):
        return
    name = f"{path.stem}.{step.resource}.remarks.csv"
    target = Path(name) if beside is None else beside.with_name(name)
    write_remarks(found, target)
    for sentence in counted(found):
        console.print(f"{path.name}: {sentence}", markup=False)
    console.print(f"{path.name}: row by row in {target}", markup=False)


def _create_missing(api: Api, step: RecordsStep) -> None:
    made = 0
    for record in step.records:
        asked = {step.match: record[step.match], "limit": 1}
        if "resource" in record:  # of a path that several services answer
            asked["resource"] = record["resource"]
        query = urlencode(asked)
        if not api.get(f"/v1/{step.resource}?{query}")["data"]:
            api.post(f"/v1/{step.resource}", record)
            made += 1
    console.print(f"{step.resource}: {made} created", markup=False)


@contextmanager
def table_of(step: TableStep, folder: Path) -> Iterator[Path]:
    path = folder / step.file
    packed = path.with_name(f"{path.name}.gz")
    if not path.exists() and packed.is_file():
        with unpacked(packed) as path:
            yield path
        return
    _demand(path)
    if step.source == "file":
        yield path
        return
    columns, rows = read_inserts(path, step.table or path.stem)
    for join in step.join:
        columns, rows = joined(columns, rows, *read_inserts(path, join.table), join=join)
    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / f"{step.table}.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(rows)
        yield table


@contextmanager
def unpacked(packed: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / packed.stem
        with gzip.open(packed) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield path


def _demand(path: Path) -> None:
    if not path.is_file():
        raise LaunchError(f"{path.parent} has no file {path.name}.")
