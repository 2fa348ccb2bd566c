"""What a file is, whatever its sender says."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.files import type_rules

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return packed.getvalue()


CASES = [
    (PNG, "image/png", "image/png"),
    (PNG, "text/html", "image/png"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 32, None, "image/jpeg"),
    (b"GIF89a" + b"\1" * 20, None, "image/gif"),
    (b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 20, None, "image/webp"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\0", "application/pdf", "application/pdf"),
    (b"%PDF-1.7 all in plain characters", "text/html", "application/pdf"),
    (b"GIF89a/*<script>*/=1", "image/gif", "text/plain"),
    (b"<!DOCTYPE html><p>", "image/png", "text/html"),
    (b"\xef\xbb\xbf \n<script>alert(1)</script>", "text/plain", "text/html"),
    (b"<?xml version='1.0'?><svg onload='x'>", "image/png", "image/svg+xml"),
    (b"<?xml version='1.0'?><a/>", None, "application/xml"),
    (b"alert(1)", "application/javascript", "application/javascript"),
    (b"alert(1)", "image/svg+xml", "image/svg+xml"),
    (b"name,phone\n1,2", "text/csv; charset=utf-8", "text/csv"),
    (b"hello", "image/png", "text/plain"),
    (b"hello", "application/pdf", "text/plain"),
    ("你好世界".encode("gb18030"), None, "text/plain"),
    (b"", "image/png", "text/plain"),
    (b'{"a": 1}', "application/json", "application/json"),
    (zipped("word/document.xml"), DOCX, DOCX),
    (zipped("a.txt"), None, "application/zip"),
    (zipped("a.txt"), "image/png", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64, "application/msword", "application/msword"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64, "text/html", "application/x-ole-storage"),
    (b"MZ\x90\0\3" + b"\0" * 64, "application/pdf", "application/x-msdownload"),
    (b"MZ are two letters", None, "text/plain"),
    (b"\x7fELF\2\1\1" + b"\0" * 64, "image/png", "application/x-executable"),
    (b"\x01\x02\x03\x04\x05", "image/png", "application/octet-stream"),
    (b"\x01\x02\x03\x04\x05", "application/x-own", "application/x-own"),
    (b"\x01\x02\x03\x04\x05", "no type at all", "application/octet-stream"),
]


@pytest.mark.parametrize(("head", "declared", "stored"), CASES)
def test_the_bytes_decide_what_a_file_is(head: bytes, declared: str | None, stored: str) -> None:
    assert type_rules.stored_type(head, declared) == stored


SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF")
DECLARED = st.one_of(
    st.none(), st.text(max_size=40), st.sampled_from([*type_rules.PICTURES, "text/html", DOCX])
)


@given(head=st.binary(max_size=300), declared=DECLARED)
def test_nothing_is_shown_in_place_but_what_begins_like_a_picture(
    head: bytes, declared: str | None
) -> None:
    stored = type_rules.stored_type(head, declared)
    assert stored
    if type_rules.may_be_inline(stored):
        assert head.startswith(SIGNATURES)


def test_patterns_allow_and_deny_and_denying_wins() -> None:
    allows = type_rules.is_allowed
    assert allows("image/png", allowed=(), denied=())
    assert allows("image/png", allowed=("image/*",), denied=())
    assert not allows("text/plain", allowed=("image/*",), denied=())
    assert not allows("image/png", allowed=("image/*",), denied=("image/png",))
    assert not allows("image/png", allowed=(), denied=("*",))


def test_a_text_whose_last_character_is_cut_off_is_still_text() -> None:
    head = ("a" + "你" * 3000).encode()[: type_rules.SNIFFED_BYTES]
    assert type_rules.sniffed_type(head) == "text/plain"
