"""Cells as documents, and which cell a complaint is about."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from guanxi_shared.imports.cells import CellReader
from guanxi_shared.imports.fields import ImportField, find_field, suggest_mapping
from guanxi_shared.imports.options import ColumnRule, ImportOptions

FIELDS: Mapping[str, ImportField] = {
    each.name: each
    for each in (
        ImportField("title", ("title",), aliases=("book", "书名")),
        ImportField("pages", ("pages",), "integer"),
        ImportField("price", ("price", "amount"), "money"),
        ImportField("price_currency", ("price", "currency"), "currency"),
        ImportField("added_at", ("added_at",), "instant"),
        ImportField("released_on", ("released_on",), "day"),
        ImportField("is_new", ("is_new",), "boolean"),
        ImportField("genres", ("genres",), "list"),
        ImportField("grade", ("grade",), "word", words={"好": "good"}),
        ImportField("author", ("author",), "reference"),
        ImportField("plan_text", ("plan", "text")),
        ImportField("copy", ("copies", 1, "place"), separators=";", is_numbered=True, aliases=("shelf",)),
        ImportField("copy_kind", ("copies", 1, "kind"), "word", is_numbered=True),
    )
}  # fmt: skip


def reader(
    *names: str, rules: Mapping[str, ColumnRule] | None = None, **options: Any
) -> CellReader:
    columns = {}
    for name in names:
        field = find_field(FIELDS, name)
        assert field is not None
        columns[name] = ((rules or {}).get(name, ColumnRule(field=name)), field)
    return CellReader(columns, ImportOptions(**options), zone="Asia/Shanghai", currency="CNY")


@pytest.mark.parametrize(
    ("cells", "document"),
    [
        ({"title": "  Emma "}, {"title": "  Emma "}),
        ({"title": "", "pages": " "}, {}),
        ({"pages": "1,200"}, {"pages": 1200}),
        ({"price": "5.5"}, {"price": {"amount": "5.5", "currency": "CNY"}}),
        ({"price": "€5.50"}, {"price": {"amount": "5.50", "currency": "EUR"}}),
        ({"price": "5", "price_currency": "usd "}, {"price": {"amount": "5", "currency": "USD"}}),
        ({"price_currency": "USD"}, {}),
        ({"released_on": "2024年3月5日"}, {"released_on": "2024-03-05"}),
        ({"released_on": "--03-05"}, {"released_on": "--03-05"}),
        ({"is_new": "是"}, {"is_new": True}),
        ({"genres": "novel; love"}, {"genres": ["novel", "love"]}),
        ({"grade": " 好 "}, {"grade": "good"}),
        ({"grade": "Very-Good"}, {"grade": "very_good"}),
        ({"plan_text": "x"}, {"plan": {"text": "x"}}),
        ({"copy": "A", "copy_2": "B", "copy_2_kind": "Old"},
         {"copies": [{"place": "A"}, {"place": "B", "kind": "old"}]}),
        ({"copy": "A; B", "copy_2": "C"}, {"copies": [{"place": "A"}, {"place": "B"}, {"place": "C"}]}),
        ({"copy_kind": "old"}, {"copies": []}),
    ],
)  # fmt: skip
def test_cells_become_a_document(cells: dict[str, str], document: dict[str, Any]) -> None:
    found = reader(*cells).read(cells)

    assert (found.document, found.reasons) == (document, [])


def test_times_without_a_zone_are_the_organisations() -> None:
    found = reader("added_at").read({"added_at": "2024-03-05 10:00"})

    assert found.document["added_at"].isoformat() == "2024-03-05T02:00:00+00:00"


def test_options_and_rules_bend_the_reading() -> None:
    rules = {
        "price": ColumnRule(field="price", multiply="1000", currency="USD"),  # type: ignore[arg-type]
        "title": ColumnRule(field="title", values={"Ema": "Emma"}),
    }
    cells = {"title": "Ema", "price": "1,5", "released_on": "5/3/2024"}
    found = reader(*cells, rules=rules, decimal_comma=True, day_first=True).read(cells)

    assert found.document == {
        "title": "Emma", "price": {"amount": "1500.0", "currency": "USD"}, "released_on": "2024-03-05",
    }  # fmt: skip


def test_references_stand_apart_and_bad_cells_are_named() -> None:
    cells = {"author": " Jane ", "pages": "many", "released_on": "5/3/2024"}
    found = reader(*cells).read(cells)

    assert found.references == {"author": "Jane"}
    assert [(each["column"], each["cell"]) for each in found.reasons] == [
        ("pages", "many"), ("released_on", "5/3/2024"),
    ]  # fmt: skip


class Copy(BaseModel):
    place: str
    kind: int = 0


class Book(BaseModel):
    title: int
    copies: list[Copy] = []


def test_a_models_complaint_names_the_column_of_the_entry() -> None:
    cells = {"title": "x", "copy": "A", "copy_2": "B", "copy_2_kind": "new"}
    made = reader(*cells)
    with pytest.raises(ValidationError) as raised:
        Book.model_validate(made.read(cells).document)

    reasons = made.blame(raised.value, cells)
    assert [(each["column"], each["cell"]) for each in reasons] == [
        ("title", "x"),
        ("copy_2_kind", "new"),
    ]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("copy", ("copies", 1, "place")), ("copy_1", ("copies", 1, "place")), ("copy_3", ("copies", 3, "place")),
        ("copy_3_kind", ("copies", 3, "kind")), ("copy_21", None), ("pages_2", None), ("nothing", None),
    ],
)  # fmt: skip
def test_fields_are_found_by_name_and_number(name: str, path: tuple[Any, ...] | None) -> None:
    found = find_field(FIELDS, name)

    assert (None if found is None else found.path) == path


def test_a_mapping_is_suggested_with_numbers() -> None:
    found = suggest_mapping(["书名", "Shelf 1", "Shelf 2", "copy_2_kind", "weather"], FIELDS)

    assert {column: name for column, (name, _) in found.items()} == {
        "书名": "title", "Shelf 1": "copy", "Shelf 2": "copy_2", "copy_2_kind": "copy_2_kind",
    }  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {"duplicates": "update"},
        {"duplicates": "refuse"},
        {"time_zone": "Mars"},
        {"key": "moon"},
        {"x": 1},
    ],
)
def test_options_that_contradict_themselves_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ImportOptions(**options)
