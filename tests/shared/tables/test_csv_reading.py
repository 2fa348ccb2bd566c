"""CSV as people send it."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from guanxi_shared.tables import (
    Checkpoint,
    FileProblem,
    Row,
    Source,
    read_batches,
    read_rows,
    sniff,
)
from guanxi_shared.tables.rows import CELL_LIMIT, RECORD_LIMIT


def file_of(folder: Path, data: str | bytes, *, encoding: str = "utf-8") -> Path:
    path = folder / "table"
    path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return path


def rows_of(path: Path) -> list[Row]:
    return list(read_rows(path, sniff(path)))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    lines = [("name", "city", "note"), ("Acme", "Köln", "a: b"), ("Bolt", "Bonn", "c d")]
    path = file_of(tmp_path, "".join(delimiter.join(line) + "\n" for line in lines))
    source = sniff(path)
    assert (source.delimiter, source.columns) == (delimiter, ("name", "city", "note"))
    assert [row.values["city"] for row in read_rows(path, source)] == ["Köln", "Bonn"]


def test_decimal_commas_do_not_pass_for_delimiters(tmp_path: Path) -> None:
    path = file_of(tmp_path, "name;price\nA;1,5\nB;2,5\nC;3,5\n")
    assert sniff(path).delimiter == ";"


def test_a_single_column_is_a_table(tmp_path: Path) -> None:
    path = file_of(tmp_path, "name\nAcme Inc\nBolt\n")
    assert [row.values for row in rows_of(path)] == [{"name": "Acme Inc"}, {"name": "Bolt"}]


def test_the_separator_hint_of_excel_is_obeyed(tmp_path: Path) -> None:
    path = file_of(tmp_path, "sep=|\nname|city\nA,B|C\n")
    assert rows_of(path)[0].values == {"name": "A,B", "city": "C"}


def test_a_title_above_the_header_is_passed_by(tmp_path: Path) -> None:
    path = file_of(tmp_path, "Our customers\n\nname,city\nA,B\n")
    source = sniff(path, header_line=3)
    assert source.columns == ("name", "city")
    assert [row.line for row in read_rows(path, source)] == [4]


def test_names_twice_or_missing_become_unique(tmp_path: Path) -> None:
    path = file_of(tmp_path, "Phone,,Phone,Phone,,\n1,2,3,4,,\n")
    source = sniff(path)
    assert source.columns == ("Phone", "Column 2", "Phone (2)", "Phone (3)")
    (row,) = read_rows(path, source)
    assert row.problem is None
    assert list(row.values.values()) == ["1", "2", "3", "4"]


def test_quotes_delimiters_and_line_ends_belong_to_their_cell(tmp_path: Path) -> None:
    path = file_of(tmp_path, 'name,note\r\n"A ""x"", Ltd","two\r\nlines"\r\nB,c\r\n')
    first, second = rows_of(path)
    assert first.values == {"name": 'A "x", Ltd', "note": "two\r\nlines"}
    assert (first.line, first.end_line, second.line) == (2, 3, 4)


def test_old_carriage_returns_end_lines(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a,b\r1,2\r3,4\r")
    assert [row.values for row in rows_of(path)] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_rows_too_long_or_too_short_have_a_problem_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a,b\n1\n1,2,3\n1,2,\n\n7,8\n")
    short, long, padded, good = rows_of(path)
    assert short.problem == (
        "Line 2 has 1 cells, but the header names 2; look for a missing quote or delimiter."
    )
    assert short.values == {"a": "1", "b": ""}
    assert long.problem is not None
    assert "Line 3 has 3 cells" in long.problem
    assert padded.problem is None
    assert good == Row(4, 6, {"a": "7", "b": "8"}, None, path.stat().st_size, 6)


def test_a_row_of_delimiters_is_blank(tmp_path: Path) -> None:
    assert [row.is_blank for row in rows_of(file_of(tmp_path, "a,b\n1,2\n,\n"))] == [False, True]


def test_a_nul_is_a_problem_of_its_row(tmp_path: Path) -> None:
    bad, good = rows_of(file_of(tmp_path, "a,b\n1\0,2\n3,4\n"))
    assert bad.problem is not None
    assert "NUL" in bad.problem
    assert bad.values == {"a": "1", "b": "2"}
    assert good.problem is None


def test_a_neutralised_cell_comes_back_as_it_was_typed(tmp_path: Path) -> None:
    path = file_of(tmp_path, "name,phone\n'=1+1,'+86 10 1234\n'quoted',O'Neil\n''=x,'＝y\n")
    assert [tuple(row.values.values()) for row in rows_of(path)] == [
        ("=1+1", "+86 10 1234"),
        ("'quoted'", "O'Neil"),
        ("'=x", "＝y"),
    ]


def test_a_quote_left_open_costs_its_own_row_only(tmp_path: Path) -> None:
    path = file_of(tmp_path, 'a,b\n1,2\n3,"four\n5,6\n7,8\n')
    rows = rows_of(path)
    assert [row.values["a"] for row in rows] == ["1", "3", "5", "7"]
    assert [row.problem for row in rows if row.problem] == [
        "Line 3 opens a quote that is not closed; close it, or double the quotes in its text."
    ]


def test_a_quote_left_open_in_a_long_file_costs_its_own_row_only(tmp_path: Path) -> None:
    lines = [f"{n},value {n}\n" for n in range(150_000)]
    lines[10] = '10,"open\n'
    rows = rows_of(file_of(tmp_path, "a,b\n" + "".join(lines)))
    assert len(rows) == 150_000
    assert [row.number for row in rows if row.problem] == [11]
    assert rows[-1].values == {"a": "149999", "b": "value 149999"}


def test_quotes_that_never_come_right_end_in_one_problem(tmp_path: Path) -> None:
    # Each line closes one quote and opens the next: read again at every line, this takes hours.
    rows = rows_of(file_of(tmp_path, "a,b\n" + 'x","y\n' * (RECORD_LIMIT // 3)))
    assert all(row.problem for row in rows)
    assert len(rows) < 100


def test_a_cell_of_megabytes_is_a_problem_of_its_row(tmp_path: Path) -> None:
    path = file_of(tmp_path, f"a,b\n1,{'x' * (CELL_LIMIT + 1)}\n3,4\n")
    big, good = rows_of(path)
    assert big.problem == "Line 2 has a cell of more than 1,048,576 characters; shorten it."
    assert good.values == {"a": "3", "b": "4"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_of_many_megabytes_is_a_problem_of_its_row(tmp_path: Path, encoding: str) -> None:
    text = f"a,b\n1,{'x' * (RECORD_LIMIT * 2)}\n3,4\n"
    big, good = rows_of(file_of(tmp_path, text, encoding=encoding))
    assert big.problem == "Line 2 is longer than 4 MiB; shorten or split it."
    assert (good.line, good.values) == (3, {"a": "3", "b": "4"})


def test_a_reader_resumes_behind_any_row(tmp_path: Path) -> None:
    path = file_of(tmp_path, 'a,b\n1,2\n"3\n3",\'=4\n\n5\n7,"8\n9,10\n')
    source = sniff(path)
    rows = list(read_rows(path, source))
    for row in rows:
        again = read_rows(path, source, start=row.checkpoint)
        assert again.tell() == row.checkpoint
        assert list(again) == rows[row.number :]
        assert list(read_rows(path, source, start=row.number)) == rows[row.number :]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_batches_resume_where_they_stopped_across_chunks(tmp_path: Path, encoding: str) -> None:
    text = "编号,名称\n" + "".join(f'{n},"公司 {n}\n第二行"\n' for n in range(30_000))
    path = file_of(tmp_path, text, encoding=encoding)
    source = Source.from_dict(sniff(path).as_dict())
    whole = [row for batch in read_batches(path, source, size=7_000) for row in batch.rows]
    assert [row.values["编号"] for row in whole] == [str(n) for n in range(30_000)]
    first, second, *_ = read_batches(path, source, size=7_000)
    rest = read_batches(path, source, size=7_000, start=Checkpoint(*second.checkpoint))
    assert first.rows + second.rows + [row for batch in rest for row in batch.rows] == whole


def test_a_reader_tells_where_it_is(tmp_path: Path) -> None:
    reader = read_rows(path := file_of(tmp_path, "a,b\n1,2\n3,4\n"), sniff(path))
    assert reader.tell() == Checkpoint(0, 1, 4)
    next(reader)
    assert reader.tell() == Checkpoint(1, 2, 8)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b",,\n1,2,3\n", "header is empty"),
        (b'"a,b\n1,2\n', "quote"),
        (b'[{"a": 1}]', "JSON array"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"\xd0\xcf\x11\xe0\xa1", ".xls"),
        (b"PK\x03\x04rest", "damaged"),
        (bytes(range(32)) * 100, "not text"),
        ("a,b".encode("utf-32"), "UTF-32"),
        (",".join(map(str, range(2_001))).encode(), "2001 columns"),
    ],
)
def test_a_file_that_is_no_table_says_why(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(FileProblem, match=sentence):
        sniff(file_of(tmp_path, data))


@pytest.mark.parametrize(
    "refused", [lambda p: sniff(p, encoding="utf-7"), lambda p: sniff(p, encoding="cp037"),
                lambda p: sniff(p, encoding="nonsense"), lambda p: sniff(p, delimiter="ab"),
                lambda p: sniff(p, delimiter='"'), lambda p: sniff(p, header_line=9)]
)  # fmt: skip
def test_an_option_that_cannot_be_is_refused(
    tmp_path: Path, refused: Callable[[Path], Source]
) -> None:
    path = file_of(tmp_path, "a,b\n1,2\n")
    with pytest.raises(FileProblem):
        refused(path)


def test_the_field_limit_of_others_does_not_matter(tmp_path: Path) -> None:
    path = file_of(tmp_path, f"a,b\n1,{'x' * 200_000}\n")
    source = sniff(path)
    csv.field_size_limit(1_000)
    assert [row.problem for row in read_rows(path, source)] == [None]
