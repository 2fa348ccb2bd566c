"""guanxi import: a table of accounts, contacts, tickets and the like, or a recipe's data set, through the public API."""

from pathlib import Path
from typing import Annotated

import typer

from guanxi_gateway.cli.api import Api, ApiKey, Credentials, Email, Password, Url
from guanxi_gateway.cli.recipe_steps import run_step
from guanxi_gateway.cli.recipes import read_recipe
from guanxi_gateway.cli.tables import import_table
from guanxi_shared.launch.errors import LaunchError


def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="The table; with --recipe the folder of the data set")],
    recipe: Annotated[str | None, typer.Option(help="A recipe of the folder recipes, or its file")] = None,
    resource: Annotated[str, typer.Option(help="accounts, contacts, opportunities, tickets …")] = "accounts",
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
            results = [run_step(api, step, path, dry_run=dry_run, errors=errors) for step in steps]
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


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in given or ():
        name, mark, value = text.partition("=")
        if not mark:
            raise LaunchError(f"{option} {text}: write it with an equals sign between.")
        pairs[name] = value
    return pairs
