"""Use cases of web forms: define, change, put away, count."""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_pipeline.lead_forms.resources import LEAD_FORMS
from guanxi_pipeline.lead_forms.schemas import LeadFormCreate, LeadFormUpdate
from guanxi_pipeline.leads.resources import LEADS
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.reads import find_record
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.web_forms.rules import RANDOM_BYTES, demand_consistent, key_of
from guanxi_shared.writes import check_version

TEAM = "SELECT 1 FROM directory_teams t WHERE t.organisation_id = $1 AND t.id = $2"
COUNTS = """
SELECT day, taken, trapped, limited FROM lead_form_counts
WHERE organisation_id = $2 AND form_id = $3 ORDER BY day DESC LIMIT 90
"""


async def create_form(call: Call, connection: Connection, data: LeadFormCreate) -> State:
    """A new form under a key that nobody can guess."""
    columns = data.model_dump()
    demand_consistent(columns)
    await _demand_known(call, connection, columns)
    key = key_of(call.organisation, secrets.token_bytes(RANDOM_BYTES))
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id(), "key": key}
    return await records.insert_record(connection, LEAD_FORMS, columns, actor=call.actor)


async def load_form(connection: Connection, form_id: UUID, *, deleted: bool = False) -> Loaded:
    return await records.load_record(
        connection, LEAD_FORMS, form_id, scope=EVERYTHING, deleted=deleted
    )


async def update_form(
    call: Call, connection: Connection, form_id: UUID, data: LeadFormUpdate, version: int | None
) -> State:
    changes = data.model_dump(exclude_unset=True)
    if "fields" in changes:
        changes["fields"] = data.model_dump()["fields"]
    loaded = await load_form(connection, form_id)
    await check_version(connection, LEAD_FORMS, loaded, version)
    demand_consistent({**loaded.row, **changes})
    await _demand_known(call, connection, changes)
    return await records.update_record(connection, LEAD_FORMS, loaded, changes, actor=call.actor)


async def delete_form(
    call: Call, connection: Connection, form_id: UUID, version: int | None
) -> State:
    loaded = await load_form(connection, form_id)
    await check_version(connection, LEAD_FORMS, loaded, version)
    return await records.delete_record(connection, LEAD_FORMS, loaded, actor=call.actor)


async def restore_form(call: Call, connection: Connection, form_id: UUID) -> State:
    loaded = await load_form(connection, form_id, deleted=True)
    return await records.restore_record(connection, LEAD_FORMS, loaded, actor=call.actor)


async def get_counts(call: Call, form_id: UUID) -> list[dict[str, Any]]:
    await find_record(call, LEAD_FORMS, form_id)
    rows = await call.db.fetch(call.organisation, COUNTS, call.organisation, form_id)
    return [dict(row) for row in rows]


async def _demand_known(call: Call, connection: Connection, sent: Mapping[str, Any]) -> None:
    """What is sent names what there is. What was named before may be gone since: a form that asks for
    it can be put out of use all the same."""
    own = await call.custom_fields.definitions(call.organisation, LEADS)
    for index, field in enumerate(sent.get("fields", [])):
        key = field["name"].removeprefix("custom.")
        if field["name"].startswith("custom.") and key not in own:
            raise Invalid(
                f"Leads have no field {field['name']!r}.",
                errors={f"fields.{index}.name": "There is no such custom field."},
            )
    team = sent.get("team_id")
    if team is not None and await connection.fetchval(TEAM, call.organisation, team) is None:
        raise UnknownReference("There is no such team.", errors={"team_id": "Choose another."})
