"""Use cases of web forms: define, change, put away, count."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.reads import find_record
from guanxi_shared.records import Loaded, State
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.web_forms.limits import Counted
from guanxi_shared.web_forms.rules import RANDOM_BYTES, demand_consistent, key_of
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_team

COUNTS = """
SELECT day, taken, trapped, limited FROM {counts}
WHERE organisation_id = $2 AND form_id = $3 ORDER BY day DESC LIMIT 90
"""


@dataclass(frozen=True, slots=True)
class Forms:
    """A service's web forms, and the resource that becomes of one that is filled in."""

    resource: Resource
    of: Resource
    counted: Counted


async def create_form(forms: Forms, call: Call, connection: Connection, data: Any) -> State:
    """A new form under a key that nobody can guess."""
    columns = data.model_dump()
    demand_consistent(columns)
    await _demand_known(forms, call, connection, columns)
    key = key_of(call.organisation, secrets.token_bytes(RANDOM_BYTES))
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id(), "key": key}
    return await records.insert_record(connection, forms.resource, columns, actor=call.actor)


async def load_form(
    forms: Forms, connection: Connection, form_id: UUID, *, deleted: bool = False
) -> Loaded:
    return await records.load_record(
        connection, forms.resource, form_id, scope=EVERYTHING, deleted=deleted
    )


async def update_form(
    forms: Forms, call: Call, connection: Connection, form_id: UUID, data: Any, version: int | None
) -> State:
    changes = data.model_dump(exclude_unset=True)
    if "fields" in changes:
        changes["fields"] = data.model_dump()["fields"]
    loaded = await load_form(forms, connection, form_id)
    await check_version(connection, forms.resource, loaded, version)
    demand_consistent({**loaded.row, **changes})
    await _demand_known(forms, call, connection, changes)
    return await records.update_record(
        connection, forms.resource, loaded, changes, actor=call.actor
    )


async def delete_form(
    forms: Forms, call: Call, connection: Connection, form_id: UUID, version: int | None
) -> State:
    loaded = await load_form(forms, connection, form_id)
    await check_version(connection, forms.resource, loaded, version)
    return await records.delete_record(connection, forms.resource, loaded, actor=call.actor)


async def restore_form(forms: Forms, call: Call, connection: Connection, form_id: UUID) -> State:
    loaded = await load_form(forms, connection, form_id, deleted=True)
    return await records.restore_record(connection, forms.resource, loaded, actor=call.actor)


async def get_counts(forms: Forms, call: Call, form_id: UUID) -> list[dict[str, Any]]:
    await find_record(call, forms.resource, form_id)
    sql = COUNTS.format(counts=forms.counted.counts)
    rows = await call.db.fetch(call.organisation, sql, call.organisation, form_id)
    return [dict(row) for row in rows]


async def _demand_known(
    forms: Forms, call: Call, connection: Connection, sent: Mapping[str, Any]
) -> None:
    """What is sent names what there is. What was named before may be gone since: a form that asks for
    it can be put out of use all the same."""
    own = await call.custom_fields.definitions(call.organisation, forms.of)
    for index, field in enumerate(sent.get("fields", [])):
        key = field["name"].removeprefix("custom.")
        if field["name"].startswith("custom.") and key not in own:
            raise Invalid(
                f"There is no field {field['name']!r} of {forms.of.name}.",
                errors={f"fields.{index}.name": "There is no such custom field."},
            )
    if sent.get("team_id") is not None:
        await demand_team(call, connection, sent["team_id"], "team_id")
