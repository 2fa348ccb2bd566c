"""guanxi import: a table of accounts or contacts, or a recipe's data set, through the public API."""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from guanxi_gateway.cli.api import Api, ApiKey, Credentials, Email, Password, Url
from guanxi_gateway.cli.job_progress import console, demand_done, follow
from guanxi_gateway.cli.recipes import Step, read_recipe
from guanxi_gateway.cli.sql_inserts import read_inserts
from guanxi_shared.launch.errors import LaunchError


def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="The table; with --recipe the folder of the data set")],
    recipe: Annotated[str | None, typer.Option(help="A recipe of the folder recipes, or its file")] = None,
    resource: Annotated[str, typer.Option(help="accounts or contacts")] = "accounts",
    map_: Annotated[list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="Which column is which field; guessed without")] = None,
    default: Annotated[list[str] | None, typer.Option(metavar="FIELD=VALUE", help="For rows that have none")] = None,
    key: Annotated[str, typer.Option(help="Recognise rows by: none, id, external_id, email, phone, domain, name")] = "none",
    duplicates: Annotated[str, typer.Option(help="skip, update, create or refuse what is there")] = "skip",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen")] = False,
    create_missing: Annotated[bool, typer.Option("--create-missing", help="Make accounts that rows name")] = False,
    encoding: Annotated[str | None, typer.Option(help="If the guess is wrong")] = None,
    delimiter: Annotated[str | None, typer.Option(help="If the guess is wrong")] = None,
    day_first: Annotated[bool | None, typer.Option("--day-first/--month-first", help="What 5/3/2024 is")] = None,
    region: Annotated[str | None, typer.Option(help="Whose phone numbers are meant: CN, DE …")] = None,
    errors: Annotated[Path | None, typer.Option(help="Where to write the rows that did not go through")] = None,
    url: Url = None, email: Email = None, password: Password = None, api_key: ApiKey = None,
) -> None:  # fmt: skip
    """Import a table; ends with 1 if any row did not go through."""
    with Api(url, Credentials(email, password, api_key)) as api:
        if recipe is not None:
            steps = read_recipe(recipe).steps
            # Every step, whatever became of the one before.
            results = [
                _import_step(api, step, path, dry_run=dry_run, errors=errors) for step in steps
            ]
            whole = all(results)
        else:
            chosen = {
                "mapping": _pairs(map_, "--map") or None, "defaults": _pairs(default, "--default"),
                "key": key, "duplicates": duplicates, "dry_run": dry_run, "create_missing": create_missing,
                "encoding": encoding, "delimiter": delimiter, "day_first": day_first, "region": region,
            }  # fmt: skip
            options = {name: value for name, value in chosen.items() if value not in (None, {})}
            whole = import_table(api, path, resource, options, errors=errors)
    if not whole:
        raise typer.Exit(1)


def import_table(
    api: Api, path: Path, resource: str, options: dict[str, Any], *, errors: Path | None = None
) -> bool:
    """Upload, follow the job, say how it went; whether every row went through."""
    form = {"resource": resource, "start": "true", "options": orjson.dumps(options).decode()}
    try:
        with path.open("rb") as file:
            found = api.request(
                "POST", "/v1/imports", files={"file": (path.name, file)}, data=form
            ).json()
    except OSError as error:
        raise LaunchError(f"{path} cannot be read: {error.strerror}.") from error
    job = follow(api, found["job"]["id"], f"{path.name} → {resource}")
    demand_done(job)
    told = (
        ", ".join(f"{count} {name}" for name, count in job["counts"].items() if count)
        or "nothing in it"
    )
    console.print(
        f"{path.name} → {resource}: {told}" + (" (dry run)" if options.get("dry_run") else "")
    )
    if job["errors"]:
        target = errors or Path(f"{path.stem}.{resource}.errors.csv")
        api.download(f"/v1/imports/{found['id']}/errors.csv", target)
        console.print(
            f"{job['errors']} rows did not go through wholly; they are in {target} with the reasons."
        )
    return not job["errors"]


def _import_step(api: Api, step: Step, folder: Path, *, dry_run: bool, errors: Path | None) -> bool:
    options = {**step.options, **({"dry_run": True} if dry_run else {})}
    with _table_of(step, folder) as path:
        return import_table(api, path, step.resource, options, errors=errors)


@contextmanager
def _table_of(step: Step, folder: Path) -> Iterator[Path]:
    path = folder / step.file
    if not path.is_file():
        raise LaunchError(f"{folder} has no file {step.file}.")
    if step.source == "file":
        yield path
        return
    columns, rows = read_inserts(path, step.table or path.stem)
    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / f"{step.table}.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(rows)
        yield table


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in given or ():
        name, mark, value = text.partition("=")
        if not mark:
            raise LaunchError(f"{option} {text}: write it with an equals sign between.")
        pairs[name] = value
    return pairs
