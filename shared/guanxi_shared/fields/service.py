"""Use cases of custom fields; a change is known to this process at once, to others within a second."""

from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.fields.schemas import FieldDefinition, FieldDefinitionUpdate
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version


async def create_field(
    call: Call, connection: Connection, fields: Resource, data: FieldDefinition
) -> State:
    columns = {
        **data.model_dump(),
        "id": data.id or new_id(),
        "organisation_id": call.organisation,
    }
    call.house.custom_fields.forget(call.organisation)
    return await records.insert_record(connection, fields, columns, actor=call.actor)


async def load_field(connection: Connection, fields: Resource, field_id: UUID) -> Loaded:
    return await records.load_record(connection, fields, field_id, scope=EVERYTHING)


async def update_field(
    call: Call,
    connection: Connection,
    fields: Resource,
    field_id: UUID,
    data: FieldDefinitionUpdate,
    version: int | None,
) -> State:
    loaded = await load_field(connection, fields, field_id)
    await check_version(connection, fields, loaded, version)
    changes = data.model_dump(exclude_unset=True)
    if "options" in changes and loaded.row["kind"].startswith("choice") != bool(changes["options"]):
        raise Invalid(
            "options go with the kinds choice and choices.", errors={"options": "Not here."}
        )
    call.house.custom_fields.forget(call.organisation)
    return await records.update_record(connection, fields, loaded, changes, actor=call.actor)


async def delete_field(
    call: Call, connection: Connection, fields: Resource, field_id: UUID, version: int | None
) -> State:
    """Stored values stay in the records and come back if the field is defined again."""
    loaded = await load_field(connection, fields, field_id)
    await check_version(connection, fields, loaded, version)
    call.house.custom_fields.forget(call.organisation)
    return await records.delete_record(connection, fields, loaded, actor=call.actor)
