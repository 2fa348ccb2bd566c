"""Field types of identity's bodies: what an address, a time zone, a role name may look like."""

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

_ZONES = frozenset(available_timezones())
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def _email(text: str) -> str:
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return found.normalized


def _zone(text: str) -> str:
    if text not in _ZONES:
        raise ValueError("Use an IANA name such as Asia/Shanghai.")
    return text


def _no_control_characters(text: str) -> str:
    if any(ord(sign) < 32 for sign in text):
        raise ValueError("Control characters are not taken here.")
    return text


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _rfc3339(value: object) -> object:
    """pydantic would also take seconds since 1970; the API's form of a time is text."""
    if isinstance(value, str) and _INSTANT.fullmatch(value) is not None:
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except OverflowError:
            raise ValueError("Use a time between the years 1 and 9999.") from None
    if isinstance(value, (str, int, float)):
        raise ValueError("Use RFC 3339, for example 2026-11-22T08:00:00Z.")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
Email = Annotated[str, BeforeValidator(_stripped), Field(max_length=254), AfterValidator(_email)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_no_control_characters),
]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Permission = Annotated[str, StringConstraints(max_length=80)]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
