"""Use cases of saved reports: kept when they mean something, run with the eyes of whoever looks."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from guanxi_analytics.queries.asked import Query, asked_of
from guanxi_analytics.queries.dimensions import many_valued
from guanxi_analytics.reports.predefined import PREDEFINED, Predefined
from guanxi_analytics.reports.predefined import shown as shown_predefined
from guanxi_analytics.reports.resource import REPORTS
from guanxi_analytics.reports.schemas import ReportCreate, ReportUpdate
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Malformed, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.kept_filters import BrokenFilter, broken
from guanxi_shared.reads import find_record
from guanxi_shared.records import State
from guanxi_shared.sharing import load_shared, sharing_columns
from guanxi_shared.writes import check_version


async def create_report(call: Call, connection: Connection, data: ReportCreate) -> State:
    sent = data.model_dump(exclude_none=True, exclude={"document"})
    _demand_gradable(data.document.dimensions, is_graded=data.is_graded)
    columns = {
        **sent,
        "document": _checked(call, data.document),
        "id": data.id or new_id(),
        "organisation_id": call.organisation,
        "owner_id": call.by.user_id,
        **await sharing_columns(call, connection, REPORTS, sent, {}),
    }
    return await records.insert_record(connection, REPORTS, columns, actor=call.actor)


async def update_report(
    call: Call, connection: Connection, report_id: UUID, data: ReportUpdate, version: int | None
) -> State:
    loaded = await load_shared(call, connection, REPORTS, report_id)
    await check_version(connection, REPORTS, loaded, version)
    sent = data.model_dump(exclude_unset=True, exclude={"document"})
    if "document" in data.model_fields_set:
        sent["document"] = _checked(call, data.document)
    kept = {**loaded.row, **sent}
    _demand_gradable(kept["document"].get("dimensions", ()), is_graded=kept["is_graded"])
    changes = sent | await sharing_columns(call, connection, REPORTS, sent, loaded.row)
    return await records.update_record(connection, REPORTS, loaded, changes, actor=call.actor)


async def delete_report(
    call: Call, connection: Connection, report_id: UUID, version: int | None
) -> State:
    loaded = await load_shared(call, connection, REPORTS, report_id)
    await check_version(connection, REPORTS, loaded, version)
    return await records.delete_record(connection, REPORTS, loaded, actor=call.actor)


async def restore_report(call: Call, connection: Connection, report_id: UUID) -> State:
    loaded = await load_shared(call, connection, REPORTS, report_id, deleted=True)
    return await records.restore_record(connection, REPORTS, loaded, actor=call.actor)


def _checked(call: Call, query: Query) -> dict[str, Any]:
    """The document as it is kept, once it is known to mean something today."""
    if query.as_of is not None:
        raise Invalid(
            "A report is of no moment of its own.",
            errors={"document.as_of": "Leave it out, and run the report with as_of."},
        )
    try:
        asked = asked_of(call, query)
    except Malformed as problem:
        raise broken(problem, "document") from problem
    for permission in asked.permissions:
        call.by.demand(permission)
    return query.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _demand_gradable(dimensions: Iterable[str], *, is_graded: bool) -> None:
    if is_graded and (many := many_valued(dimensions)):
        raise Invalid(
            "Rows that overlap have no share of the whole each.",
            errors={"is_graded": f"Leave {many[0]} out, or the grades."},
        )


async def find_report(call: Call, name: str) -> Mapping[str, Any]:
    """A predefined one by its name, or a saved one that the caller sees by its id."""
    if name in PREDEFINED:
        return shown_predefined(PREDEFINED[name])
    try:
        id = UUID(name)
    except ValueError as error:
        raise NotFound("There is no report of this name or id.") from error
    call.by.demand(REPORTS.permission("read"))
    found = await find_record(call, REPORTS, id)
    document = found["document"]
    if isinstance(document, orjson.Fragment):
        document = orjson.loads(orjson.dumps(document))
    return {**found, "id": str(found["id"]), "document": document}


def query_of(document: Mapping[str, Any], as_of: str | None) -> Query:
    """What a kept document asks for at a moment; BrokenFilter where that is nothing any more."""
    try:
        return Query.model_validate({**document, "as_of": as_of})
    except ValidationError as error:
        raise BrokenFilter(
            "This report asks for what there is no more.",
            errors={"document": "Save it anew."},
        ) from error


def list_predefined(call: Call) -> list[dict[str, Any]]:
    def is_permitted(report: Predefined) -> bool:
        return all(call.by.may(each) for each in report.permissions)

    return [
        shown_predefined(each) | {"is_permitted": is_permitted(each)}
        for each in PREDEFINED.values()
    ]
