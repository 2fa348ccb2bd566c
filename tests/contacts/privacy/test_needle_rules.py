"""By what somebody is found in old files, whatever they are written in."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.erasing.kept_files import CHUNK, files_naming
from guanxi_shared.erasing.needle_rules import in_files, needles_of

PERSON = {
    "name": "张三丰", "external_id": "legacy-17", "emails": [{"address": "Zhang.San@weilai.example"}],
    "phones": [{"number": "138 0013 8000", "e164": "+8613800138000"}, {"number": "110", "e164": None}],
}  # fmt: skip


def test_a_person_is_known_by_addresses_numbers_whole_names_and_long_ids() -> None:
    assert needles_of([PERSON, {"name": "Ann"}, {"name": "Ann Lee", "external_id": "7"}]) == sorted(
        [
            "张三丰",
            "legacy-17",
            "Zhang.San@weilai.example",
            "138 0013 8000",
            "13800138000",
            "+8613800138000",
            "8613800138000",
            "Ann Lee",
        ]
    )


@pytest.mark.parametrize(
    "content",
    [
        "姓名,电话\n张三丰,1\n".encode(),
        "姓名,电话\n张三丰,1\n".encode("gb18030"),
        "姓名,电话\n张三丰,1\n".encode("utf-16"),
        b'{"name": "\\u5f20\\u4e09\\u4e30"}',
        b"x,ZHANG.SAN@WEILAI.EXAMPLE,y",
        b"x" * (CHUNK - 5) + b"zhang.san@weilai.example" + b"x" * 10,
        b"BEGIN:VCARD\r\nEMAIL:zhang.san@wei\r\n lai.example\r\nEND:VCARD\r\n",
    ],
)
def test_somebody_is_found_in_every_kind_of_text(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "hit").write_bytes(content)
    (tmp_path / "miss").write_bytes("姓名,电话\n李四,1\nann@weilai.example".encode())
    found = files_naming(tmp_path, in_files(needles_of([PERSON])))
    assert [path.name for path in found] == ["hit"]


def test_somebody_is_found_inside_a_workbook(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", "<si><t>张三丰</t></si>")
    (tmp_path / "hit.xlsx").write_bytes(packed.getvalue())
    assert [p.name for p in files_naming(tmp_path, in_files(["张三丰"]))] == ["hit.xlsx"]
    assert files_naming(tmp_path, in_files(["李四光"])) == []
    assert files_naming(tmp_path / "nowhere", in_files(["李四光"])) == []


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=4, max_size=30))
def test_a_text_is_found_by_its_own_needle(name: str) -> None:
    needles = in_files([name]).narrow
    text = f"a,{name},b".encode("utf-8", "ignore").lower()
    assert any(needle in text for needle in needles)
