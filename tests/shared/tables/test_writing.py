"""What is written is what is read, and nothing in it runs in a spreadsheet."""

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi_shared.tables import Source, read_rows, sniff
from guanxi_shared.tables.content_lines import printable
from guanxi_shared.tables.writers import (
    CsvWriter,
    XlsxWriter,
    write_csv,
    write_ndjson,
    write_vcard,
)

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(CHARACTERS, max_size=12) | st.sampled_from(
    ["=1+1", "'=1", "''@x", "+86 10 1234", "-5", "＝x", "\t", "\r\n", '"', ",", ";", "'", "''"]
)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=8)
ROUND_TRIP = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
COLUMNS = ["a", "b", "c"]
DANGEROUS = "=+-@\t\r\n＝＋－＠"
VALUES: dict[str, Any] = {
    "text": "张三",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "phone": "+86 10 1234",
    "amount": Decimal("-1234.50"),
    "count": 7,
    "on": date(2024, 3, 5),
    "at": datetime(2024, 3, 5, 18, 20, tzinfo=timezone(timedelta(hours=8))),
    "is_open": True,
    "id": UUID("0190a000-0000-7000-8000-000000000001"),
    "number": Decimal("123456789012345678"),
    "tags": ["a", "b"],
    "nothing": None,
    "object": {"k": "v"},
    "link": "https://example.com",
    "birthday": date(1880, 1, 2),
}
TEXT_OF_VALUES = {
    "text": "张三",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "phone": "+86 10 1234",
    "count": "7",
    "on": "2024-03-05",
    "at": "2024-03-05T10:20:00Z",
    "is_open": "true",
    "id": "0190a000-0000-7000-8000-000000000001",
    "number": "123456789012345678",
    "tags": "a; b",
    "nothing": "",
    "object": '{"k": "v"}',
    "link": "https://example.com",
    "birthday": "1880-01-02",
}


def read(path: Path, source: Source | None = None) -> list[dict[str, str]]:
    rows = list(read_rows(path, source or sniff(path)))
    assert [row.problem for row in rows if row.problem] == []
    return [row.values for row in rows]


def dicts(rows: list[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


@ROUND_TRIP
@given(rows=ROWS, delimiter=st.sampled_from(",;\t|"), bom=st.booleans())
def test_any_text_comes_back_from_csv(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, bom: bool
) -> None:
    path = tmp_path / "t.csv"
    data = b"".join(write_csv(dicts(rows), COLUMNS, bom=bom, delimiter=delimiter))
    path.write_bytes(data)
    source = sniff(path, encoding="utf-8", delimiter=delimiter)
    assert read(path, source) == dicts(rows)


@ROUND_TRIP
@given(rows=ROWS, encoding=st.sampled_from(["utf-16", "utf-16-be", "gb18030"]))
def test_any_text_comes_back_from_other_encodings(
    tmp_path: Path, rows: list[tuple[str, str, str]], encoding: str
) -> None:
    path = tmp_path / "t.csv"
    text = b"".join(write_csv(dicts(rows), COLUMNS, bom=False)).decode()
    path.write_bytes(text.encode(encoding))
    assert read(path, sniff(path, encoding=encoding, delimiter=",")) == dicts(rows)


@ROUND_TRIP
@given(rows=ROWS)
def test_every_row_of_csv_is_a_place_to_resume(
    tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"".join(write_csv(dicts(rows), COLUMNS)))
    source = sniff(path, delimiter=",")
    whole = list(read_rows(path, source))
    for row in whole:
        assert list(read_rows(path, source, start=row.checkpoint)) == whole[row.number :]


@settings(ROUND_TRIP, max_examples=40)
@given(rows=ROWS)
def test_any_text_comes_back_from_a_workbook(
    tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path / "t.xlsx"
    with XlsxWriter(path, COLUMNS) as writer:
        for row in dicts(rows):
            writer.add_row(row)
    # A row of empty cells leaves no trace in a sheet. U+FFFE and U+FFFF have no place in XML.
    legible = [row for row in rows if any(row)]
    if not any(char in "".join(row) for row in rows for char in "\ufffe\uffff"):
        assert read(path) == dicts(legible)


@ROUND_TRIP
@given(rows=ROWS)
def test_any_text_comes_back_from_ndjson(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    path = tmp_path / "t.ndjson"
    path.write_bytes(b"".join(write_ndjson([{"id": "1"}, *dicts(rows)])))
    assert [
        {name: row[name] for name in COLUMNS} for row in read(path)[1:]
    ] == dicts(rows)  # fmt: skip


@ROUND_TRIP
@given(rows=ROWS)
def test_no_text_of_a_csv_begins_like_a_formula(rows: list[tuple[str, str, str]]) -> None:
    text = b"".join(write_csv(dicts(rows), COLUMNS, bom=False)).decode()
    for cells in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell and cell[0] in DANGEROUS for cell in cells)


def test_values_of_csv_are_canonical_and_numbers_stay_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    data = b"".join(write_csv([VALUES], list(VALUES), labels={"text": "=Text"}))
    assert data.startswith(b"\xef\xbb\xbf'=Text,")
    assert b",-1234.50," in data
    assert b",'+86 10 1234," in data
    path.write_bytes(data)
    (row,) = read(path)
    row["text"] = row.pop("=Text")
    assert row == {**TEXT_OF_VALUES, "amount": "-1234.50"}


def test_values_of_a_workbook_are_typed_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with XlsxWriter(path, list(VALUES)) as writer:
        writer.add_row(VALUES)
    assert read(path) == [{**TEXT_OF_VALUES, "amount": "-1234.5"}]
    sheet = openpyxl.load_workbook(path).worksheets[0]
    cells = dict(zip(VALUES, sheet[2], strict=True))
    assert (cells["amount"].value, cells["amount"].data_type) == (-1234.5, "n")
    assert cells["on"].data_type == "d"
    assert cells["formula"].data_type == "s"
    assert cells["formula"].quotePrefix
    assert cells["link"].hyperlink is None


def test_a_text_too_long_for_a_cell_is_cut_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with XlsxWriter(path, ["a"]) as writer:
        writer.add_row({"a": "x" * 40_000})
    assert writer.shortened == 1
    (row,) = read(path)
    assert row["a"] == "x" * 32_766 + "…"


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with XlsxWriter(path, ["a"], sheet="Rows", row_limit=3) as writer:
        for number in range(5):
            writer.add_row({"a": number})
    source = sniff(path)
    assert source.sheets == ("Rows", "Rows 2", "Rows 3")
    read_back = [row["a"] for name in source.sheets for row in read(path, sniff(path, sheet=name))]
    assert read_back == ["0", "1", "2", "3", "4"]


def test_a_writer_takes_rows_as_they_come() -> None:
    writer = CsvWriter(["a"], bom=False)
    assert writer.start() == b"a\r\n"
    assert writer.rows([{"a": 1}, {"a": None, "b": 2}]) == b'1\r\n""\r\n'
    assert writer.rows([]) == b""


def test_objects_keep_their_shape_in_ndjson() -> None:
    row = {"id": VALUES["id"], "amount": Decimal("1.50"), "at": VALUES["at"].astimezone(UTC)}
    assert b"".join(write_ndjson([row | {"more": 1}], list(row))) == (
        b'{"id":"0190a000-0000-7000-8000-000000000001","amount":"1.50",'
        b'"at":"2024-03-05T10:20:00Z"}\n'
    )


PERSON = {
    "uid": "0190a000-0000-7000-8000-000000000001",
    "full_name": "Zoë; Müller, Dr.",
    "family_name": "Müller;",
    "given_name": "Zoë",
    "org": "A, B & C; Co",
    "org_unit": "Sales",
    "title": "Head of a title that is so long that it has to be folded, 非常长的职务名称需要折行显示在名片里",
    "email_1": "zoe@example.com",
    "email_1_kind": "work",
    "tel_1": "+49 221 1234",
    "tel_1_kind": "cell",
    "tel_2": "+49 221 5678",
    "adr_street": "Königstraße 5; Hof",
    "adr_city": "Köln",
    "adr_postcode": "50667",
    "adr_country": "Germany",
    "adr_kind": "work",
    "adr_2_city": "Bonn",
    "note": "one, two\nthree\\four",
    "bday": "1985-04-12",
    "categories": "vip; a,b",
    "latitude": "50.9",
    "longitude": "6.9",
    "url": "https://example.com/?a=1,2;3",
}


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_person_comes_back_from_a_card(tmp_path: Path, version: Any) -> None:
    path = tmp_path / "t.vcf"
    bare = {"full_name": "王五", "bday": "--04-12"}
    data = b"".join(write_vcard([PERSON, bare], version=version))
    assert max(map(len, data.split(b"\r\n"))) <= 75
    path.write_bytes(data)
    first, second = read(path)
    assert {name: value for name, value in first.items() if value} == PERSON
    assert {name: value for name, value in second.items() if value} == bare


@ROUND_TRIP
@given(text=st.text(CHARACTERS, min_size=1).filter(lambda text: printable(text).strip() != ""))
def test_any_text_comes_back_from_a_card(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.vcf"
    path.write_bytes(b"".join(write_vcard([{"full_name": text, "org": text, "note": text}])))
    (row,) = read(path, sniff(path, encoding="utf-8"))
    expected = printable(text).strip()
    assert (row["full_name"], row["org"], row["note"]) == (expected, expected, expected)
