"""Telephone numbers as people write them: kept as typed, understood where possible."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    number_type,
    parse,
)

KEY_LENGTH = 9
LONGEST_NUMBER = 100

_CHINESE_EXTENSION = re.compile(r"(?:分机号?|分機號?|内线|內線|转接?|轉接?)[\s:]{0,3}(?=\d)")
_EXTENSION = re.compile(r"(?:ext|extn|extension|\bx|;ext=|#)[\s:.]{0,3}\d{1,7}\D*$", re.I)
_LANDLINE_EXTENSION = re.compile(r"^(0\d{2,3}-\d{7,8})-\d{1,6}$")
_DASHED_EXTENSION = re.compile(r"(.*\d)\s?-\s?(\d{1,6})$")


# Mobile numbers of mainland China as most lists of customers write them: what the library says of
# them is known (a test holds the two together), and asking it takes 15 µs. 179 is a carrier's prefix.
_PLAIN_MOBILE = re.compile(r"(?P<country>\+86)?(?P<number>1(?:[3-689]\d|7[0-8])\d{8})\Z", re.ASCII)


class Phone(NamedTuple):
    """A number as typed, in E.164 if it could be, its extension, and its digits without that."""

    raw: str
    e164: str | None
    extension: str | None
    digits: str


def parse_phone(raw: str, default_region: str | None = None) -> Phone:
    """Never refuses: what cannot be understood keeps its digits and has no E.164 form.

    `default_region` is the ISO 3166 code of the country whose national numbers are meant when
    the number does not say (CN); without it only +86… and 0086… are understood. A number of
    possible length counts: new prefixes are in use before the library knows them. Extensions are
    read in English and Chinese (分机, 转) and after a dash (010-88881234-801).
    """
    plain = _PLAIN_MOBILE.match(raw)
    if plain is not None and (plain["country"] or default_region == "CN"):
        return Phone(raw, f"+86{plain['number']}", None, f"86{plain['number']}")
    spelled = _spelled(raw)
    number = _possible(spelled, default_region)
    if number is None and (dashed := _DASHED_EXTENSION.match(spelled)):
        number = _possible(f"{dashed[1]} ext {dashed[2]}", default_region)
    if number is None:
        return Phone(raw, None, None, digits_of(_without_extension(spelled)))
    e164 = format_number(number, PhoneNumberFormat.E164)
    return Phone(raw, e164, number.extension or None, e164[1:])


@lru_cache(maxsize=4096)
def is_landline(e164: str) -> bool:
    """Whether the number is surely a fixed line's, that several people may answer. False where a country
    does not tell mobiles apart (North America) and for what is no number."""
    if _PLAIN_MOBILE.match(e164):
        return False
    try:
        return number_type(parse(e164)) == PhoneNumberType.FIXED_LINE
    except NumberParseException:
        return False


def phone_key(raw: str) -> str:
    """The last nine digits, fewer if there are no more: one key for every spelling of a number.

    Country code, trunk zero and extension are left out, so that +852 2345 6789 and 2345 6789
    meet although Hong Kong's numbers have eight digits. Empty without any digit. Numbers of
    different countries may share a key: it finds candidates. Letters (1-800-FLOWERS) are not read:
    give the E.164 form where there is one.
    """
    if (plain := _PLAIN_MOBILE.match(raw)) is not None:
        return plain["number"][-KEY_LENGTH:]
    spelled = _without_extension(_spelled(raw))
    digits = digits_of(spelled)
    if spelled.startswith("+"):
        digits = _without_country(digits)
    return digits.lstrip("0")[-KEY_LENGTH:]


def digits_of(text: str) -> str:
    """The decimal digits of a text, those of other scripts and widths as 0 to 9."""
    if text.isascii():
        if (bare := text.removeprefix("+")).isdigit():
            return bare
        return "".join(filter(str.isdigit, text))
    folded = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(char)) for char in folded if char.isdecimal())


def _spelled(raw: str) -> str:
    text = unicodedata.normalize("NFKC", raw[:LONGEST_NUMBER]).strip().removeprefix("tel:").strip()
    text = _CHINESE_EXTENSION.sub(" ext ", text)
    return f"+{text[2:]}" if text.startswith("00") else text


def _without_extension(spelled: str) -> str:
    bare = _LANDLINE_EXTENSION.sub(r"\1", _EXTENSION.sub("", spelled))
    return bare if digits_of(bare) else spelled


def _possible(spelled: str, region: str | None) -> PhoneNumber | None:
    try:
        number = parse(spelled, region)
    except NumberParseException:
        return None
    possible = is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if possible else None


def _without_country(digits: str) -> str:
    for length in (1, 2, 3):
        if int(digits[:length] or 0) in COUNTRY_CODE_TO_REGION_CODE:
            return digits[length:]
    return digits
