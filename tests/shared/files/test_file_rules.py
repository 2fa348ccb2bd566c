"""Names, checksums and ranges."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.files import rules
from guanxi_shared.files.rules import BadChecksum, NotInFile, Span


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("合同.pdf", "合同.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("..", "file"),
        ("", "file"),
        (None, "file"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
    ],
)
def test_a_name_is_for_people_and_never_a_path(sent: str | None, kept: str) -> None:
    assert rules.file_name(sent) == kept


@given(st.text(max_size=400))
def test_a_disposition_holds_one_line_of_ascii_whatever_the_name(name: str) -> None:
    kept = rules.file_name(name)
    header = rules.disposition(kept, inline=False)
    assert header.isascii()
    assert header.isprintable()
    assert rules.name_in(header) == kept


def test_a_name_is_read_from_every_spelling_of_the_header() -> None:
    raw = "合同.pdf".encode().decode("latin-1")
    assert rules.name_in(f'attachment; filename="{raw}"') == "合同.pdf"
    assert rules.name_in("attachment; filename=_.pdf; filename*=UTF-8''%E5%90%88.pdf") == "合.pdf"
    assert rules.name_in("attachment; filename=plain.pdf") == "plain.pdf"
    assert rules.name_in("attachment") is None
    assert rules.name_in(None) is None


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-9", Span(0, 10)), ("bytes=90-", Span(90, 100)), ("bytes=-10", Span(90, 100)),
        ("bytes=-1000", Span(0, 100)), ("bytes=0-1000", Span(0, 100)), ("bytes=99-99", Span(99, 100)),
        ("bytes=5-4", None), ("bytes=0-1,5-6", None), ("items=0-1", None), ("bytes=-", None),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_range_is_one_span_of_the_file_or_passed_over(
    header: str | None, span: Span | None
) -> None:
    assert rules.span_of(header, 100) == span


@pytest.mark.parametrize(
    "header", ["bytes=100-", "bytes=200-300", "bytes=-0", f"bytes={'9' * 40}-"]
)
def test_a_range_beyond_the_file_is_not_in_it(header: str) -> None:
    with pytest.raises(NotInFile):
        rules.span_of(header, 100)


@given(size=st.integers(0, 10_000), first=st.integers(0, 12_000), last=st.integers(0, 12_000))
def test_a_span_never_leaves_the_file(size: int, first: int, last: int) -> None:
    try:
        found = rules.span_of(f"bytes={first}-{last}", size)
    except NotInFile:
        assert first >= size
        return
    if found is not None:
        assert 0 <= found.start < found.end <= size
        assert (found.start, found.end) == (first, min(last + 1, size))


def test_a_checksum_is_read_from_either_header() -> None:
    digest = hashlib.sha256(b"x")
    encoded = base64.b64encode(digest.digest()).decode()
    assert (
        rules.wanted_checksum({"x-checksum-sha256": digest.hexdigest().upper()})
        == digest.hexdigest()
    )
    assert (
        rules.wanted_checksum({"content-digest": f"md5=:AA==:, sha-256=:{encoded}:"})
        == digest.hexdigest()
    )
    assert rules.wanted_checksum({"content-digest": "md5=:AA==:"}) is None
    assert rules.wanted_checksum({}) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"x-checksum-sha256": "abc"},
        {"content-digest": "sha-256=:AA==:"},
        {"content-digest": "sha-256=:?:"},
    ],
)
def test_a_header_that_holds_no_checksum_is_said_to_be_wrong(headers: dict[str, str]) -> None:
    with pytest.raises(BadChecksum):
        rules.wanted_checksum(headers)


def test_known_tags_are_compared_weakly() -> None:
    assert rules.is_known('"a"', '"b", W/"a"')
    assert rules.is_known('"a"', "*")
    assert not rules.is_known('"a"', '"ab"')
    assert not rules.is_known('"a"', "")
