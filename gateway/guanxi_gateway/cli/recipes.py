"""Recipes: how the tables of a public data set become records (see recipes/README.md)."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from guanxi_shared.launch.errors import LaunchError

FOLDERS = (Path("recipes"), Path(__file__).resolve().parents[3] / "recipes")


class Join(BaseModel):
    """Another table of the same dump, whose row with the same value in `on` stands beside each row."""

    model_config = ConfigDict(extra="forbid")

    table: str
    on: str


class TableStep(BaseModel):
    """A table that is imported."""

    model_config = ConfigDict(extra="forbid")

    file: str
    source: Literal["file", "sql-inserts"] = "file"
    table: str | None = None
    join: list[Join] = []
    told_when_empty: list[str] = []  # columns whose empty cells are remarked on
    resource: str
    options: dict[str, Any]


class RecordsStep(BaseModel):
    """A few records that must be there; those whose `match` is there already stay as they are."""

    model_config = ConfigDict(extra="forbid")

    resource: str
    match: str
    records: Annotated[list[dict[str, Any]], Field(min_length=1)]


class StaffColumns(BaseModel):
    """The columns of a table of people. Addresses are made of names, at `domain`."""

    model_config = ConfigDict(extra="forbid")

    name: str
    leader: str
    team: str
    domain: str


class StaffStep(BaseModel):
    """People who sell, who leads them and in which team: users and teams."""

    model_config = ConfigDict(extra="forbid")

    file: str
    staff: StaffColumns


Step = TableStep | RecordsStep | StaffStep


class Recipe(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    where: str
    steps: Annotated[list[Step], Field(min_length=1)]


def read_recipe(name: str) -> Recipe:
    """By its name, or by the path of its file."""
    places = (
        [Path(name)] if name.endswith(".json") else [folder / f"{name}.json" for folder in FOLDERS]
    )
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise LaunchError(
            f"There is no recipe {name!r}; there are: {', '.join(names()) or 'none'}."
        )
    try:
        return Recipe.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise LaunchError(f"{path} is no recipe: {error.errors()[0]['msg']}.") from error


def names() -> list[str]:
    return sorted({path.stem for folder in FOLDERS for path in folder.glob("*.json")})
