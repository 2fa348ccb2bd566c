import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_shared.phones import Phone, digits_of, is_landline, parse_phone, phone_key
from guanxi_shared.text import search_digits

any_text = st.lists(st.integers(0, sys.maxunicode), max_size=40).map(
    lambda codes: "".join(map(chr, codes))
)
number_like = st.text("0123456789+-() .x#ext转分机/", max_size=30)


@pytest.mark.parametrize(
    ("raw", "region", "e164", "extension"),
    [
        ("138 0013 8000", "CN", "+8613800138000", None),
        ("１３８００１３８０００", "CN", "+8613800138000", None),
        ("+86 138-0013-8000", None, "+8613800138000", None),
        ("0086 138 0013 8000", None, "+8613800138000", None),
        ("010-88881234", "CN", "+861088881234", None),
        ("010-88881234-801", "CN", "+861088881234", "801"),
        ("010-88881234转801", "CN", "+861088881234", "801"),
        ("010-88881234 分机：801", "CN", "+861088881234", "801"),
        ("+1 212-555-0100 x12", None, "+12125550100", "12"),
        ("tel:+44-20-7946-0958;ext=12", None, "+442079460958", "12"),
        ("+44 (0)20 7946 0958", None, "+442079460958", None),
        ("1-800-FLOWERS", "US", "+18003569377", None),
    ],
)
def test_a_number_is_understood(
    raw: str, region: str | None, e164: str, extension: str | None
) -> None:
    assert parse_phone(raw, region) == Phone(raw, e164, extension, e164[1:])


@pytest.mark.parametrize(
    ("raw", "region", "digits"),
    [
        ("138 0013 8000", None, "13800138000"),
        ("12", "CN", "12"),
        ("ask Ann", "CN", ""),
        ("", "CN", ""),
        ("+999 123 456 789", None, "999123456789"),
        ("138001 or 138002", None, "138001138002"),
        ("#12", None, "12"),
        ("1380013800 ext 9", "XX", "1380013800"),
    ],
)
def test_what_is_not_understood_is_kept_with_its_digits(
    raw: str, region: str | None, digits: str
) -> None:
    assert parse_phone(raw, region) == Phone(raw, None, None, digits)


@pytest.mark.parametrize(
    "spellings",
    [
        ["13800138000", "+86 138 0013 8000", "0086-138-0013-8000", "138.0013.8000 转 5"],
        ["010-88881234", "+86 10 8888 1234", "010-88881234-801", "(010) 8888 1234 ext. 801"],
        ["+852 2345 6789", "2345 6789", "00852 23456789"],
        ["+358 9 123 4567", "09 123 4567"],
        ["+44 (0)20 7946 0958", "020 7946 0958", "+442079460958"],
        ["+39 06 1234 5678", "06 1234 5678"],
        ["+354 555 1234", "5551234"],
    ],
)
def test_spellings_of_one_number_share_a_key(spellings: list[str]) -> None:
    assert len({phone_key(spelling) for spelling in spellings}) == 1
    assert 0 < len(phone_key(spellings[0])) <= 9


def test_a_text_without_digits_has_no_key() -> None:
    assert phone_key("") == phone_key("ask Ann") == phone_key("+") == ""


def test_digits_of_other_scripts_count() -> None:
    assert digits_of("٠١٢ ３４ ५") == "012345"


@settings(deadline=None)
@given(st.one_of(any_text, number_like), st.sampled_from([None, "CN", "US", "HK", "??"]))
def test_no_number_is_refused(raw: str, region: str | None) -> None:
    phone = parse_phone(raw, region)
    assert phone.raw == raw
    assert phone.digits == "" or phone.digits.isdecimal()
    if phone.e164:
        assert parse_phone(phone.e164).e164 == phone.e164


@settings(deadline=None)
@given(st.one_of(any_text, number_like))
def test_the_digits_for_search_hold_the_key(raw: str) -> None:
    assert phone_key(raw) in search_digits([raw])


@pytest.mark.parametrize(
    ("e164", "is_one"),
    [
        ("+861065544321", True),
        ("+8613800138000", False),
        ("+442079460958", True),
        ("+447911123456", False),
        ("+12025550123", False),  # nobody can tell
        ("", False),
        ("+999", False),
    ],
)
def test_what_is_surely_a_landline(e164: str, is_one: bool) -> None:
    assert is_landline(e164) is is_one


@given(st.from_regex(r"(\+86)?1[3-9]\d{9}", fullmatch=True))
def test_a_plain_mobile_has_the_key_that_any_spelling_of_it_has(raw: str) -> None:
    assert phone_key(raw) == phone_key(f" {raw[:-4]} {raw[-4:]} ")
