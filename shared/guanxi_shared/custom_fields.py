"""Fields an organisation adds itself: defined as rows, stored in `custom`, filtered like any other."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import BigInteger, Boolean, Date, Numeric, Text, cast, func
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import resources as r
from guanxi_shared.db import Database
from guanxi_shared.errors import Invalid
from guanxi_shared.resources import Field, Resource

FRESH_SECONDS = 1.0
LONGEST_TEXT = 10_000
MOST_ITEMS = 100

# What a definition's kind is stored, compared and filtered as.
KINDS: Mapping[str, tuple[str, Any]] = {
    "text": (r.TEXT, Text), "choice": (r.TEXT, Text), "integer": (r.INTEGER, BigInteger),
    "number": (r.NUMBER, Numeric), "boolean": (r.BOOLEAN, Boolean), "day": (r.DAY, Date),
    "choices": (r.LIST, ARRAY(Text)),
}  # fmt: skip

DEFINITIONS = """
SELECT key, kind, options::text, is_required FROM custom_fields
WHERE organisation_id = $2 AND resource = $3 AND deleted_at IS NULL ORDER BY key
"""


@dataclass(frozen=True, slots=True)
class Definition:
    key: str
    kind: str
    options: tuple[str, ...]
    is_required: bool


Definitions = Mapping[str, Definition]  # by their keys


class CustomFields:
    """The definitions of each organisation, remembered for a second."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[
            tuple[UUID, str], tuple[float, Mapping[str, Definition], Mapping[str, Field]]
        ] = {}
        self._changing: dict[UUID, float] = {}

    def forget(self, organisation_id: UUID) -> None:
        """Called inside the transaction that changes them: what is read before its commit is not
        remembered either."""
        self._changing[organisation_id] = time.monotonic() + FRESH_SECONDS
        self._known = {k: v for k, v in self._known.items() if k[0] != organisation_id}

    async def extend(self, organisation_id: UUID, resource: Resource) -> Mapping[str, Field]:
        """The resource's fields with the organisation's own, named `custom.<key>`."""
        if "custom" not in resource.table.c:
            return resource.fields
        return (await self._load(organisation_id, resource))[1]

    async def checked(
        self, organisation_id: UUID, resource: Resource, custom: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The values as they are stored; Invalid names each field that is unknown or wrong.

        A null removes a value. Call it with the whole object that will be stored.
        """
        return stored_values(await self.definitions(organisation_id, resource), custom)

    async def definitions(
        self, organisation_id: UUID, resource: Resource
    ) -> Mapping[str, Definition]:
        return (await self._load(organisation_id, resource))[0]

    async def _load(
        self, organisation_id: UUID, resource: Resource
    ) -> tuple[Mapping[str, Definition], Mapping[str, Field]]:
        key = (organisation_id, resource.name)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1], known[2]
        rows = await self._db.lookup(organisation_id, DEFINITIONS, organisation_id, resource.name)
        definitions = {row["key"]: _definition(row) for row in rows}
        fields = {**resource.fields, **{f.name: f for f in _fields(resource, definitions.values())}}
        now = time.monotonic()
        if self._changing.get(organisation_id, 0.0) <= now:
            self._changing.pop(organisation_id, None)
            self._known[key] = (now + FRESH_SECONDS, definitions, fields)
        return definitions, fields


def stored_values(
    definitions: Mapping[str, Definition], custom: Mapping[str, Any]
) -> dict[str, Any]:
    """See `CustomFields.checked`."""
    stored: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for key, value in custom.items():
        if key not in definitions:
            errors[f"custom.{key}"] = "There is no such custom field; define it under /v1/fields."
        elif value is not None:
            _store(definitions[key], value, stored, errors)
    for key, definition in definitions.items():
        if definition.is_required and key not in stored and f"custom.{key}" not in errors:
            errors[f"custom.{key}"] = "This field must have a value."
    if errors:
        name, sentence = next(iter(errors.items()))
        raise Invalid(f"{name}: {sentence}", errors=errors)
    return stored


def _definition(row: asyncpg.Record) -> Definition:
    return Definition(
        row["key"], row["kind"], tuple(orjson.loads(row["options"])), row["is_required"]
    )


def _fields(resource: Resource, definitions: Any) -> Sequence[Field]:
    column = resource.table.c.get("custom")
    found: list[Field] = []
    if column is None:  # one that has no fields but its own
        return found
    for definition in definitions:
        kind, type_ = KINDS[definition.kind]
        text = column[definition.key].astext
        compared = text if type_ is Text else cast(text, type_)
        if kind == r.LIST:
            compared = func.jsonb_text_array(column[definition.key], type_=ARRAY(Text))
        found.append(
            Field(f"custom.{definition.key}", kind, compared, compared, ("custom",), is_shown=False)
        )
    return found


def _store(
    definition: Definition, value: Any, stored: dict[str, Any], errors: dict[str, str]
) -> None:
    try:
        stored[definition.key] = CHECKS[definition.kind](definition, value)
    except (ValueError, TypeError, InvalidOperation) as error:
        errors[f"custom.{definition.key}"] = str(error) or "This value does not fit the field."


def _text(definition: Definition, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or "\x00" in value:
        raise ValueError(f"Send text of at most {LONGEST_TEXT} characters.")
    return value


def _choice(definition: Definition, value: Any) -> str:
    if value not in definition.options:
        raise ValueError(f"Choose one of: {', '.join(definition.options)}.")
    return str(value)


def _choices(definition: Definition, value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise ValueError("Send a list.")
    return list(dict.fromkeys(_choice(definition, item) for item in value))


def _integer(definition: Definition, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**53) < value < 2**53:
        raise ValueError("Send a whole number.")
    return value


def _number(definition: Definition, value: Any) -> float | int | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("Send a number.")
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise ValueError("Send a number below 10^18.")
    return value if isinstance(value, int | float) else format(number, "f")


def _boolean(definition: Definition, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Send true or false.")
    return value


def _day(definition: Definition, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("Send a day such as 2026-11-22.")
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise ValueError("Send a day such as 2026-11-22.") from error


CHECKS = {
    "text": _text, "choice": _choice, "choices": _choices, "integer": _integer,
    "number": _number, "boolean": _boolean, "day": _day,
}  # fmt: skip
