"""vCard, NDJSON and workbooks."""

import contextlib
import json
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font
from python_calamine import CalamineWorkbook

from guanxi_shared.tables import Checkpoint, FileProblem, Row, count_rows, read_rows, sniff
from guanxi_shared.tables.rows import RECORD_LIMIT


def rows_of(path: Path) -> list[Row]:
    return list(read_rows(path, sniff(path)))


def cards(folder: Path, text: str, *, encoding: str = "utf-8") -> list[Row]:
    path = folder / "cards.vcf"
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return rows_of(path)


def filled(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.values.items() if value}


def test_a_card_of_version_4_is_read(tmp_path: Path) -> None:
    (row,) = cards(
        tmp_path,
        """BEGIN:VCARD
VERSION:4.0
UID:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6
FN:Simon Perreault
N:Perreault;Simon;;;ing. jr,M.Sc.
BDAY:--0203
ORG;TYPE=work:Viagénie;Research;Lab
ADR;TYPE=work:;Suite D2-630;2875 Laurier;Québec;QC;G1V 2M2;Canada
TEL;VALUE=uri;TYPE="work,voice";PREF=1:tel:+1-418-656-9254;ext=102
TEL;VALUE=uri;TYPE="cell":tel:+1-418-262-6501
EMAIL;TYPE=work:simon@viagenie.example
GEO;TYPE=work:geo:46.772673,-71.282945
NOTE:One\\, two\\nthree\\; four
CATEGORIES:a,b\\,c
item1.URL:https://nomis.example/x;y
END:VCARD
""",
    )
    assert row.problem is None
    assert filled(row) == {
        "uid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "full_name": "Simon Perreault",
        "family_name": "Perreault",
        "given_name": "Simon",
        "suffix": "ing. jr,M.Sc.",
        "bday": "--02-03",
        "org": "Viagénie",
        "org_unit": "Research / Lab",
        "adr_kind": "work",
        "adr_street": "2875 Laurier, Suite D2-630",
        "adr_city": "Québec",
        "adr_region": "QC",
        "adr_postcode": "G1V 2M2",
        "adr_country": "Canada",
        "tel_1": "+1-418-656-9254 ext. 102",
        "tel_1_kind": "work",
        "tel_2": "+1-418-262-6501",
        "tel_2_kind": "cell",
        "email_1": "simon@viagenie.example",
        "email_1_kind": "work",
        "latitude": "46.772673",
        "longitude": "-71.282945",
        "note": "One, two\nthree; four",
        "categories": "a; b,c",
        "url": "https://nomis.example/x;y",
    }


def test_a_card_of_version_2_1_is_read(tmp_path: Path) -> None:
    (row,) = cards(
        tmp_path,
        """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=B8=89
ORG;CHARSET=GBK;QUOTED-PRINTABLE:=B1=B1=BE=A9=
=B9=AB=CB=BE
TEL;CELL:13800138000
TEL;WORK;PREF:010-1234
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ
 SkZJRgABAQ

X-UNKNOWN:1
END:VCARD
""",
    )
    assert filled(row) == {
        "family_name": "张",
        "given_name": "三",
        "full_name": "张三",
        "org": "北京公司",
        "tel_1": "010-1234",
        "tel_1_kind": "work",
        "tel_2": "13800138000",
        "tel_2_kind": "cell",
    }


def test_folded_lines_of_version_3_are_joined(tmp_path: Path) -> None:
    (row,) = cards(
        tmp_path, "BEGIN:VCARD\nVERSION:3.0\nFN:A\nNOTE:one \n two\n\t three\nEND:VCARD\n"
    )
    assert row.values["note"] == "one two three"


def test_broken_cards_have_a_problem_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\nrubbish\nBEGIN:VCARD\nFN:C\n"
    rows = cards(tmp_path, text)
    assert [row.values["full_name"] for row in rows] == ["A", "B", "C"]
    assert [row.problem for row in rows] == [
        "The card at line 1 has no END:VCARD.",
        None,
        "The card at line 7 has no END:VCARD.",
    ]
    path = tmp_path / "cards.vcf"
    for row in rows:
        assert list(read_rows(path, sniff(path), start=row.checkpoint)) == rows[row.number :]


def test_a_card_of_many_megabytes_is_a_problem(tmp_path: Path) -> None:
    note = "NOTE:\n" + (" " + "x" * 75 + "\n") * (RECORD_LIMIT // 70)
    big, good = cards(
        tmp_path, f"BEGIN:VCARD\nFN:A\n{note}END:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n"
    )
    assert big.problem is not None
    assert "more than 4 MiB" in big.problem
    assert good.values["full_name"] == "B"


def test_objects_are_flattened_and_numbers_stay_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    objects = [
        '{"id": 12345678901234567890, "price": 1234.50, "at": {"city": "北京"}, "ok": true}',
        '{"tags": ["a", "b"], "phones": [{"number": "1"}, {"number": "2"}], "none": null}',
    ]
    path.write_text("\n\n".join(objects), "utf-8")
    first, second = rows_of(path)
    assert filled(first) == {
        "id": "12345678901234567890",
        "price": "1234.50",
        "at.city": "北京",
        "ok": "true",
    }
    assert filled(second) == {"tags": "a; b", "phones.0.number": "1", "phones.1.number": "2"}
    assert list(first.values) == list(second.values)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"a": }', "is not valid JSON"),
        ("[1]", "is not a JSON object"),
        ('{"a": NaN}', "is not valid JSON"),
        ('{"a": "x\\u0000"}', "NUL"),
        ('{"a": ' * 30 + "1" + "}" * 30, "nested more than 20"),
        ('{"a": ' * 50_000, "is not valid JSON"),
        ("{" + ",".join(f'"k{n}": 1' for n in range(2_001)) + "}", "more than 2000 members"),
    ],
)
def test_a_line_that_is_no_object_is_a_problem(tmp_path: Path, line: str, sentence: str) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"a": 1}\n' + line + '\n{"a": 3}\n', "utf-8")
    good, bad, last = rows_of(path)
    assert bad.problem is not None
    assert bad.problem.startswith("Line 2 ")
    assert sentence in bad.problem
    assert (good.values, last.values) == ({"a": "1"}, {"a": "3"})
    assert list(read_rows(path, sniff(path), start=bad.checkpoint)) == [last]


def workbook(folder: Path, rows: list[list[object]]) -> Path:
    path = folder / "book.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_cells_of_a_workbook_become_canonical_text(tmp_path: Path) -> None:
    values: list[object] = [
        "张三", 5, -5, 0.1 + 0.2, 1e20, 12345678901, True, date(2024, 3, 5),
        datetime(2024, 3, 5, 10, 20), time(9, 30), None, " x_x0041_ ", "'=1+1",  # noqa: DTZ001
    ]  # fmt: skip
    path = workbook(tmp_path, [[f"c{n}" for n in range(len(values))], values])
    (row,) = rows_of(path)
    assert list(row.values.values()) == [
        "张三", "5", "-5", "0.3", "100000000000000000000", "12345678901", "true", "2024-03-05",
        "2024-03-05T10:20:00", "09:30:00", "", " xA ", "=1+1",
    ]  # fmt: skip


def test_a_workbook_reads_like_another_reader_of_it(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    rows = [[f"公司 {n}", f"<&> {n % 7}", str(n * 1.25), ""] for n in range(3_000)]
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False})
    sheet = book.add_worksheet()
    for number, row in enumerate([["a", "b", "c", "d"], *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    other = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert [list(row.values.values())[:3] for row in rows_of(path)] == [
        row[:3] for row in other[1:]
    ]


def test_rich_text_and_formulas_give_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["rich", "sum", "word", "wrong"])
    sheet.write_rich_string(1, 0, "plain ", book.add_format({"bold": True}), "bold", " end")
    sheet.write_formula(1, 1, "=1+1", value=2)
    sheet.write_formula(1, 2, '="a"&"b"', value="ab")
    sheet.write_formula(1, 3, "=1/0", value="#DIV/0!")
    book.close()
    (row,) = rows_of(path)
    assert list(row.values.values()) == ["plain bold end", "2", "ab", ""]
    assert row.problem == "Row 2 holds the spreadsheet error #DIV/0!; correct its formula."


def test_rows_left_out_and_cells_beyond_the_header(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["Title"], [], ["a", "b"], ["1"], [], [None, "2"], ["3", "4", "5"]])
    source = sniff(path, header_line=3)
    rows = list(read_rows(path, source))
    assert [(row.number, row.line, *row.values.values()) for row in rows] == [
        (1, 4, "1", ""),
        (2, 6, "", "2"),
        (3, 7, "3", "4"),
    ]
    assert [row.problem for row in rows] == [
        None,
        None,
        "Row 7 has 3 cells, but the header names 2; give each column a name.",
    ]
    assert list(read_rows(path, source, start=rows[0].checkpoint)) == rows[1:]
    assert list(read_rows(path, source, start=2)) == rows[2:]
    assert list(read_rows(path, source, start=Checkpoint())) == rows
    assert count_rows(path, source) == 3
    assert source.row_hint == 4


def test_a_sheet_is_chosen_by_name_and_hidden_ones_are_not_the_first(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.worksheets[0].sheet_state = "hidden"
    for name in ("One", "Two"):
        sheet = book.create_sheet(name)
        sheet.append([f"column {name}"])
        sheet["A1"].font = Font(bold=True)
    book.save(path)
    assert sniff(path).columns == ("column One",)
    assert sniff(path).sheets == ("Sheet", "One", "Two")
    assert sniff(path, sheet="Two").columns == ("column Two",)
    with pytest.raises(FileProblem, match=r"no sheet 'Three'\. It has: Sheet, One, Two\."):
        sniff(path, sheet="Three")


def test_the_calendar_of_1904_is_known(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path), {"date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["on"])
    day = book.add_format({"num_format": "d mmm yyyy"})
    sheet.write_datetime(1, 0, datetime(2024, 3, 5, tzinfo=UTC).replace(tzinfo=None), day)
    book.close()
    assert rows_of(path)[0].values == {"on": "2024-03-05"}


def repack(path: Path, name: str, change: bytes | None) -> None:
    """The workbook with one part replaced or left out."""
    with zipfile.ZipFile(path) as book:
        parts = {each: book.read(each) for each in book.namelist() if each != name}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for each, data in parts.items():
            book.writestr(each, data)
        if change is not None:
            book.writestr(name, change)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData/></worksheet>'


@pytest.mark.parametrize(
    ("part", "change", "sentence"),
    [
        ("xl/workbook.xml", None, "no .xlsx workbook"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row", "damaged"),
        ("xl/worksheets/sheet1.xml", b"<worksheet/>", "is empty"),
        ("xl/worksheets/sheet1.xml", BOMB, "document type"),
        ("xl/worksheets/sheet1.xml", None, "no sheet of cells"),
        ("xl/media/bomb.bin", bytes(100 << 20), "unpacks to 100 MiB"),
    ],
)
def test_a_damaged_or_hostile_workbook_is_refused(
    tmp_path: Path, part: str, change: bytes | None, sentence: str
) -> None:
    path = workbook(tmp_path, [["a", "b"], ["1", "2"]])
    repack(path, part, change)
    with pytest.raises(FileProblem, match=sentence):
        sniff(path)


def test_a_cell_that_points_to_no_text_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet().write_row(0, 0, ["a", "b"])
    book.close()
    repack(path, "xl/sharedStrings.xml", b"<sst><si><t>a</t></si></sst>")
    with pytest.raises(FileProblem, match="damaged"):
        sniff(path)


def test_element_prefixes_and_missing_places_are_read(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["a"]])
    cells = "".join(
        f"<x:row>{''.join(f'<x:c t=@inlineStr@><x:is><x:t>{text}</x:t></x:is></x:c>' for text in row)}</x:row>"
        for row in (["a", "b"], ["1", "2"])
    ).replace("@", '"')
    sheet = f'<x:worksheet xmlns:x="urn:x"><x:sheetData>{cells}</x:sheetData></x:worksheet>'
    repack(path, "xl/worksheets/sheet1.xml", sheet.encode())
    (row,) = rows_of(path)
    assert (row.line, row.values) == (2, {"a": "1", "b": "2"})


def test_values_hold_what_a_strict_parser_of_json_would_say(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps({"a": "=1", "b": "'=1"}) + "\n", "utf-8")
    assert rows_of(path)[0].values == {"a": "=1", "b": "'=1"}


PIECES = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"'=",
    b"\xff\xfe",
    b"\xb1\xb1",
    b"BEGIN:VCARD\n",
    b"FN:x\n",
]
PIECES += [
    b"END:VCARD\n",
    b'{"a":',
    b"1}",
    b" ",
    b"N;ENCODING=QUOTED-PRINTABLE:=\n",
    b"ADR:;;\\;",
    b"x",
]


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=30))
def test_no_file_fails_in_another_way(tmp_path: Path, pieces: list[bytes]) -> None:
    path = tmp_path / "any"
    path.write_bytes(b"".join(pieces))
    with contextlib.suppress(FileProblem):
        source = sniff(path)
        rows = list(read_rows(path, source))
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        for row in rows:
            assert list(read_rows(path, source, start=row.checkpoint)) == rows[row.number :]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_broken_workbook_fails_in_another_way(tmp_path: Path, data: st.DataObject) -> None:
    path = workbook(tmp_path, [["a", "b", "on"], ["1", 2, date(2024, 3, 5)], ["x", None, True]])
    part = data.draw(
        st.sampled_from(["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"])
    )
    with zipfile.ZipFile(path) as book:
        text = bytearray(book.read(part))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + 1] = data.draw(
            st.binary(max_size=2) | st.sampled_from([b"9", b"-", b"<c/>"])
        )
    repack(path, part, bytes(text))
    with contextlib.suppress(FileProblem):
        list(read_rows(path, sniff(path)))
