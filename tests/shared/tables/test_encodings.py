"""What a file says about its encoding, and what is guessed when it says nothing."""

from pathlib import Path

import pytest

from guanxi_shared.tables import read_rows, sniff

CHINESE = "客户名称,联系人,电话,城市\n北京科技有限公司,张三,13800138000,北京\n上海贸易公司,李四,021-555,上海\n"
GERMAN = (
    "Name,Stadt,Straße\nMüller,Köln,Königstraße 5\nJäger,Fürth,Äußere Gasse\nGroß,Görlitz,Süd\n"
)


def cells_of(path: Path, **options: str) -> str:
    source = sniff(path, encoding=options.get("encoding"))
    lines = [source.columns, *(tuple(row.values.values()) for row in read_rows(path, source))]
    return "".join(",".join(line) + "\n" for line in lines)


@pytest.mark.parametrize("text", [CHINESE, GERMAN], ids=["chinese", "german"])
@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_unicode_is_recognised_with_and_without_a_mark(
    tmp_path: Path, text: str, codec: str, found: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(codec))
    assert sniff(path).encoding == found
    assert cells_of(path) == text


def test_a_big_endian_mark_is_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xfe\xff" + CHINESE.encode("utf-16-be"))
    assert cells_of(path) == CHINESE
    assert cells_of(path, encoding="utf-16") == CHINESE


@pytest.mark.parametrize(
    ("text", "codec", "found"),
    [
        (CHINESE, "gb18030", "gb18030"),
        ("姓名\n张三\n", "gb18030", "gb18030"),
        (GERMAN, "cp1252", "cp1252"),
        ("name,price\nCafé,5€\nNaïve,“quoted”\n", "cp1252", "cp1252"),
        ("name\nJosé\n", "latin-1", "cp1252"),
        ("nazwa,miasto\nZażółć gęślą jaźń,Łódź\nŚwięta,Kraków\n", "cp1250", "cp1250"),
        ("имя,город\nИванов,Казань\nПетров,Москва\n", "cp1251", "cp1251"),
        ("会社,名前\n株式会社東京,山田太郎\n大阪商事,鈴木\n", "shift_jis", "shift_jis"),
        ("公司,姓名\n台北科技公司,王小明\n高雄貿易,陳大文\n", "big5", "big5"),
        ("회사,이름\n서울전자,김철수\n부산무역,이영희\n", "euc_kr", "euc_kr"),
    ],
)
def test_old_encodings_are_guessed(tmp_path: Path, text: str, codec: str, found: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(codec))
    assert sniff(path).encoding == found
    assert cells_of(path) == text


def test_a_wrong_guess_is_overridden(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = "name,city\nПётр,Казань\n"
    path.write_bytes(text.encode("koi8-r"))
    assert cells_of(path, encoding="KOI8-R") == text


def test_the_telling_bytes_may_come_late(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    plain = "plain,row\n" * 300_000
    path.write_bytes(("a,b\n" + plain).encode() + "公司,北京\n".encode("gb18030"))
    assert sniff(path).encoding == "gb18030"


def test_one_broken_line_does_not_change_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"公司{n},上海\n".encode() for n in range(50)]
    rows[7] = b"\xb1\xb1\xbe\xa9,\xff\n"
    path.write_bytes(b"name,city\n" + b"".join(rows))
    read = list(read_rows(path, sniff(path)))
    assert len(read) == 50
    assert [row.problem for row in read if row.problem] == [
        "Line 9 has bytes that are not valid UTF-8; correct the row, "
        "or choose the encoding of the file."
    ]


def test_a_broken_pair_in_utf_16_is_a_problem_of_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    raw = "a,b\n1,2\n".encode("utf-16") + "3,\ud800\n5,6\n".encode("utf-16-le", "surrogatepass")
    path.write_bytes(raw)
    rows = list(read_rows(path, sniff(path)))
    assert [bool(row.problem) for row in rows] == [False, True, False]
    assert rows[2].offset == path.stat().st_size


def test_unusual_line_separators_are_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for codec in ("utf-8", "utf-16"):
        path.write_bytes("a,b\n1\u2028x,2\x0by\x85\n".encode(codec))
        (row,) = read_rows(path, sniff(path))
        assert row.values == {"a": "1\u2028x", "b": "2\x0by\x85"}
