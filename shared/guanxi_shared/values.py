"""Values that several resources share: phones, emails, addresses, money, tags, times."""

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from guanxi_shared.emails import normalise_email

MOST_ENTRIES = 20
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")


def _storable(text: str) -> str:
    """Postgres keeps neither NUL nor half of a surrogate pair."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must be valid Unicode") from error
    return text


Storable = AfterValidator(_storable)
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), Storable
]
Prose = Annotated[str, StringConstraints(max_length=20_000), Storable]
Tag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Storable
]
Tags = Annotated[
    list[Tag], Field(max_length=100), AfterValidator(lambda v: sorted(set(v)) if len(v) > 1 else v)
]


@cache
def _zones() -> frozenset[str]:
    """Looked up once: it reads a directory."""
    return frozenset(available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("is no IANA time zone such as Asia/Shanghai")
    return text


def _read(value: Any) -> Any:
    """RFC 3339 alone: a number of seconds is a mistake here. Read by hand, because pydantic no
    longer takes for JSON what `null_means_default` has touched."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not MOMENT.match(value):
        raise ValueError("must be a time such as 2026-11-22T08:00:00Z")
    return datetime.fromisoformat(value.upper())


def _day(value: Any) -> Any:
    """`2026-11-22` alone, read by hand for the same reason."""
    if isinstance(value, date) and not isinstance(value, datetime):
        found = value
    elif isinstance(value, str) and DAY.fullmatch(value):
        found = date.fromisoformat(value)
    else:
        raise ValueError("must be a day such as 2026-11-22")
    if not 1900 <= found.year <= 2200:
        raise ValueError("must lie between the years 1900 and 2200")
    return found


def _instant(moment: datetime) -> datetime:
    """Years in which every zone and every sum of times can be told."""
    if not 1900 <= moment.year <= 2200:
        raise ValueError("must lie between the years 1900 and 2200")
    return moment.astimezone(UTC)


TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
Instant = Annotated[AwareDatetime, BeforeValidator(_read), AfterValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]
Custom = Annotated[dict[str, Any], Field(max_length=200)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class Value(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Fields(BaseModel):
    """Fields of a record as they are written. A null where nothing but a value is possible (lists,
    kinds) means the default, as a merge patch's null means "away with it"."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Every field with a default also takes null; the description says so."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        for name, field in cls.model_fields.items():
            part = schema["properties"].get(name)
            if part is None or field.is_required() or {"type": "null"} in part.get("anyOf", []):
                continue
            kept = {
                k: part.pop(k) for k in list(part) if k not in ("default", "title", "description")
            }
            part["anyOf"] = [kept, {"type": "null"}]
            if "default" in part and part["default"] not in kept.get("enum", [part["default"]]):
                del part["default"]  # a null that is refused: there is nothing to fall back on
        return schema

    @model_validator(mode="before")
    @classmethod
    def null_means_default(cls, sent: Any) -> Any:
        if not isinstance(sent, dict) or None not in sent.values():
            return sent
        fields = cls.model_fields
        return {
            name: fields[name].get_default(call_default_factory=True)
            if value is None and name in fields and not fields[name].is_required()
            else value
            for name, value in sent.items()
        }


class PhoneValue(Value):
    """`number` is kept as typed; `e164` is what it was understood as, null if it was not."""

    number: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Storable
    ]
    kind: Literal["work", "mobile", "home", "fax", "other"] = "work"
    is_primary: bool = False
    e164: str | None = Field(default=None, description="Set by the server.")


class EmailValue(Value):
    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
    kind: Literal["work", "home", "other"] = "work"
    is_primary: bool = False

    @model_validator(mode="after")
    def check_address(self) -> "EmailValue":
        if (normalised := normalise_email(self.address).address) != self.address:
            self.address = normalised
        return self


class AddressValue(Value):
    kind: Literal["office", "billing", "shipping", "home", "other"] = "office"
    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postcode: Annotated[str, StringConstraints(max_length=20), Storable] | None = None
    country: Line | None = Field(default=None, description="Name or ISO 3166 code, as typed.")
    latitude: Latitude | None = None
    longitude: Longitude | None = None


Phones = Annotated[list[PhoneValue], Field(max_length=MOST_ENTRIES)]
Emails = Annotated[list[EmailValue], Field(max_length=MOST_ENTRIES)]
Addresses = Annotated[list[AddressValue], Field(max_length=MOST_ENTRIES)]
