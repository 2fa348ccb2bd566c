"""Fields an organisation adds itself: defined as rows, stored in `custom`, filtered like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from guanxi_shared.remembered import Remembered
from guanxi_shared.resources import Field, Resource

LONGEST_TEXT = 10_000
MOST_ITEMS = 100

# What a definition's kind is stored, compared and filtered as.
KINDS: Mapping[str, tuple[str, Any]] = {
    "text": (r.TEXT, Text), "choice": (r.TEXT, Text), "integer": (r.INTEGER, BigInteger),
    "number": (r.NUMBER, Numeric), "boolean": (r.BOOLEAN, Boolean), "day": (r.DAY, Date),
    "choices": (r.LIST, ARRAY(Text)),
}  # fmt: skip

DEFINITIONS = """
SELECT resource, key, kind, options::text, is_required FROM custom_fields
WHERE organisation_id = $2 AND deleted_at IS NULL ORDER BY resource, key
"""


@dataclass(frozen=True, slots=True)
class Definition:
    key: str
    kind: str
    options: tuple[str, ...]
    is_required: bool


Definitions = Mapping[str, Definition]  # by their keys


@dataclass(slots=True)
class Defined:
    """The definitions of an organisation by resource, and what they make of each resource's fields."""

    definitions: dict[str, dict[str, Definition]] = field(default_factory=dict)
    _extended: dict[str, Mapping[str, Field]] = field(default_factory=dict)

    def extended(self, resource: Resource) -> Mapping[str, Field]:
        if resource.name not in self._extended:
            own = _fields(resource, self.definitions.get(resource.name, {}).values())
            self._extended[resource.name] = {**resource.fields, **{f.name: f for f in own}}
        return self._extended[resource.name]


class CustomFields:
    """The definitions of each organisation, remembered for a second."""

    def __init__(self, db: Database) -> None:
        self._known = Remembered(db, _read)

    def forget(self, organisation_id: UUID) -> None:
        """See `Remembered.forget`."""
        self._known.forget(organisation_id)

    async def extend(self, organisation_id: UUID, resource: Resource) -> Mapping[str, Field]:
        """The resource's fields with the organisation's own, named `custom.<key>`."""
        if "custom" not in resource.table.c:
            return resource.fields
        return (await self._known.of(organisation_id)).extended(resource)

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
        return (await self._known.of(organisation_id)).definitions.get(resource.name, {})


async def _read(db: Database, organisation_id: UUID) -> Defined:
    found = Defined()
    for row in await db.lookup(organisation_id, DEFINITIONS, organisation_id):
        found.definitions.setdefault(row["resource"], {})[row["key"]] = _definition(row)
    return found


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


def values_that_hold(
    definitions: Mapping[str, Definition], custom: Mapping[str, Any]
) -> dict[str, Any]:
    """What of the values is still right by today's definitions, whatever else they ask for: of a record that is
    made though nobody is there to be asked."""
    stored: dict[str, Any] = {}
    for key, value in custom.items():
        if key in definitions and value is not None:
            _store(definitions[key], value, stored, {})
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
