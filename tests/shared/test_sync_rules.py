"""What can be kept of a phone's values, and what becomes of one record of a push."""

from typing import Any

import pytest

from guanxi_shared.sync import cells
from guanxi_shared.sync.cells import LEFT_OUT, Cell, cleaned, differing
from guanxi_shared.sync.push_rules import Stored, Verdict, verdict_on_delete, verdict_on_write

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("clean", "value", "wanted"),
    [
        (cells.line(5), "  a \n b  ", "a b"), (cells.line(5), "abcdefgh", "abcde"), (cells.line(5), " ", None),
        (cells.line(5), None, None), (cells.line(5), 7, "7"), (cells.line(5), True, LEFT_OUT),
        (cells.line(5), {"a": 1}, LEFT_OUT), (cells.line(5), "\ud800x", "x"), (cells.line(5), "\x00", None),
        (cells.prose(9), " a\nb", " a\nb"), (cells.prose(9), "", None),
        (cells.one_of(("a",)), "a", "a"), (cells.one_of(("a",)), "b", LEFT_OUT), (cells.one_of(("a",)), None, LEFT_OUT),
        (cells.one_of(("a",)), ["a"], LEFT_OUT), (cells.one_of_or_none(("a",)), "", None),
        (cells.one_of_or_none(("a",)), ["a"], LEFT_OUT), (cells.one_of_or_none(("a",)), None, None),
        (cells.number(-1, 1), 1, 1.0), (cells.number(-1, 1), 2, LEFT_OUT), (cells.number(-1, 1), NAN, LEFT_OUT),
        (cells.number(-1, 1), "1", LEFT_OUT), (cells.number(-1, 1), False, LEFT_OUT), (cells.number(-1, 1), None, None),
        (cells.whole, 5.0, 5), (cells.whole, 5.5, LEFT_OUT), (cells.whole, 2**53, LEFT_OUT), (cells.whole, INFINITE, LEFT_OUT),
        (cells.whole, NAN, LEFT_OUT), (cells.whole, -(2**53) + 1, -(2**53) + 1),
        (cells.instant, 0, None), (cells.instant, 1795940000000, 1795940000000), (cells.instant, 9e15, LEFT_OUT),
        (cells.instant, -9e15, LEFT_OUT), (cells.instant, "2026", LEFT_OUT),
        (cells.day, "2026-12-31", "2026-12-31"), (cells.day, "2026-12-31T23:00:00Z", "2026-12-31"),
        (cells.day, 1798675200000, "2026-12-31"), (cells.day, "31.12.", LEFT_OUT), (cells.day, "1026-12-31", LEFT_OUT),
        (cells.day, True, LEFT_OUT), (cells.day, None, None), (cells.day, "", None),
        (cells.identifier, "", None), (cells.identifier, "x", LEFT_OUT), (cells.identifier, 5, LEFT_OUT),
        (cells.identifier, "01933F6E-5A7E-7CC2-9C3E-0B1C2D3E4F50", "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"),
        (cells.email, "A@b.example", "A@b.example"), (cells.email, "nobody", LEFT_OUT), (cells.email, "", None),
        (cells.currency, "CNY", "CNY"), (cells.currency, "cny", LEFT_OUT), (cells.currency, None, None),
    ],
)  # fmt: skip
def test_a_value_fits_or_says_nothing(clean: Any, value: Any, wanted: Any) -> None:
    assert clean(value) == wanted


def test_unknown_columns_and_those_that_are_only_read_are_dropped() -> None:
    table = {"name": Cell("t.name", cells.line(9)), "number": Cell("t.number")}
    sent = {"id": "1", "_status": "created", "name": "n", "number": "7", "shoe_size": 43}
    assert cleaned(table, sent) == {"name": "n"}


@pytest.mark.parametrize(
    ("same", "sent", "stored", "wanted"),
    [
        (cells.equal, "a", "a", True), (cells.equal, None, "a", False),
        (cells.equal_number, 1, 1.0, True), (cells.equal_number, 0.1 + 0.2, 0.3, True),
        (cells.equal_number, None, 0, False), (cells.equal_number, None, None, True),
        (cells.equal_telephone, "138 0013 8000", "+8613800138000", True),
        (cells.equal_telephone, "138 0013 8001", "+8613800138000", False),
        (cells.equal_telephone, None, "1", False), (cells.equal_telephone, "x", "y", False),
        (cells.equal_letters, "A@B.example", "a@b.example", True),
        (cells.equal_letters, None, None, True), (cells.equal_letters, "a", None, False),
    ],
)  # fmt: skip
def test_the_same_in_other_words_is_the_same(
    same: Any, sent: Any, stored: Any, wanted: bool
) -> None:
    table = {"x": Cell("t.x", cells.line(60), same)}
    assert (differing(table, {"x": sent}, {"x": stored}) == {}) is wanted


def stored(words: str) -> Stored:
    """`seen changed`: what stands there, in a few words."""
    said = set(words.split())
    assert said <= {"deleted", "seen", "changed", "mine", "held"}, said
    return Stored(
        "deleted" in said, "seen" in said, "changed" in said, "mine" in said, "held" in said
    )


@pytest.mark.parametrize(
    ("words", "differs", "wanted"),
    [
        ("seen held", True, Verdict.UPDATE), ("seen held", False, Verdict.NOTHING),
        ("seen held changed", True, Verdict.CONFLICT), ("seen held changed", False, Verdict.NOTHING),
        ("seen held deleted", True, Verdict.CONFLICT), ("seen held deleted", False, Verdict.CONFLICT),
        ("seen", True, Verdict.UPDATE), ("", True, Verdict.REJECT), ("", False, Verdict.REJECT),
        ("deleted", True, Verdict.REJECT), ("changed", True, Verdict.REJECT),
        ("held", True, Verdict.CONFLICT), ("mine changed", True, Verdict.CONFLICT),
    ],
)  # fmt: skip
def test_a_write_depends_on_what_stands_there(words: str, differs: bool, wanted: Verdict) -> None:
    assert verdict_on_write(stored(words), {"x": 1} if differs else {}) is wanted


def test_what_stands_nowhere_is_made() -> None:
    assert verdict_on_write(None, {"x": 1}) is Verdict.CREATE
    assert verdict_on_delete(None) is Verdict.NOTHING


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("seen held", Verdict.DELETE), ("seen held changed", Verdict.CONFLICT), ("held", Verdict.NOTHING),
        ("seen held deleted", Verdict.NOTHING), ("seen held deleted changed", Verdict.NOTHING), ("", Verdict.NOTHING),
    ],
)  # fmt: skip
def test_a_delete_depends_on_what_stands_there(words: str, wanted: Verdict) -> None:
    assert verdict_on_delete(stored(words)) is wanted
