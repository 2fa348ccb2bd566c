"""Use cases of surveys: make, change, put away; every change of what is asked is an edition."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.events import dumps
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_team, demand_user
from guanxi_tickets.surveys import question_rules
from guanxi_tickets.surveys.resources import SURVEYS
from guanxi_tickets.surveys.schemas import SurveyCreate, SurveyUpdate
from guanxi_tickets.tickets.fitting import understood

KEEP: Final = """
INSERT INTO survey_editions (organisation_id, survey_id, number, kind, default_language, texts, questions)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb)
"""
EDITIONS: Final = """
SELECT number, kind, default_language, texts::text, questions::text, created_at FROM survey_editions
WHERE organisation_id = $2 AND survey_id = $3 ORDER BY number DESC
"""
TIMED: Final = frozenset({"send_on", "every_days", "is_active"})


async def create_survey(call: Call, connection: Connection | Deferred, data: SurveyCreate) -> State:
    if isinstance(connection, Deferred):
        await connection.open()  # more than one statement
    columns = data.model_dump(mode="json", exclude={"id"})
    await _check(call, connection, columns, columns)
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id(), "edition": 1}
    columns |= _timed(columns, datetime.now(UTC))
    state = await records.insert_record(connection, SURVEYS, columns, actor=call.actor)
    await _keep_edition(connection, columns)
    return state


async def update_survey(
    call: Call, connection: Connection | Deferred, survey_id: UUID, data: SurveyUpdate,
    version: int | None,
) -> State:  # fmt: skip
    if isinstance(connection, Deferred):
        connection = await connection.open()
    changes = data.model_dump(mode="json", include=data.model_fields_set)
    loaded = await load_survey(connection, survey_id)
    await check_version(connection, SURVEYS, loaded, version)
    whole = {**loaded.row, **changes}
    await _check(call, connection, changes, whole)
    is_asked_otherwise = any(
        changes[name] != loaded.row[name] for name in question_rules.EDITED & set(changes)
    )
    if is_asked_otherwise:
        changes["edition"] = loaded.row["edition"] + 1
    if any(changes[name] != loaded.row[name] for name in TIMED & set(changes)):
        changes |= _timed(whole, datetime.now(UTC))
    state = await records.update_record(connection, SURVEYS, loaded, changes, actor=call.actor)
    if is_asked_otherwise:
        await _keep_edition(connection, loaded.row)
    return state


async def delete_survey(
    call: Call, connection: Connection, survey_id: UUID, version: int | None
) -> State:
    """What was sent can still be answered; what is planned is not sent."""
    loaded = await load_survey(connection, survey_id)
    await check_version(connection, SURVEYS, loaded, version)
    return await records.delete_record(
        connection, SURVEYS, loaded, actor=call.actor, more={"next_run_at": None}
    )


async def restore_survey(call: Call, connection: Connection, survey_id: UUID) -> State:
    loaded = await load_survey(connection, survey_id, deleted=True)
    more = _timed(loaded.row, datetime.now(UTC))
    return await records.restore_record(connection, SURVEYS, loaded, actor=call.actor, more=more)


async def load_survey(
    connection: Connection | Deferred, survey_id: UUID, *, deleted: bool = False
) -> Loaded:
    return await records.load_record(
        connection, SURVEYS, survey_id, scope=EVERYTHING, deleted=deleted
    )


async def list_editions(call: Call, survey_id: UUID) -> list[dict[str, Any]]:
    """What was asked, the newest first, of surveys that were put away too."""
    rows = await call.db.lookup(call.organisation, EDITIONS, call.organisation, survey_id)
    if not rows:
        raise NotFound(f"There is no survey with the id {str(survey_id)!r}.")
    return [
        {**row, **{name: orjson.loads(row[name]) for name in ("texts", "questions")}}
        for row in map(dict, rows)
    ]


def _timed(survey: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """When a schedule runs next: its first round looks back on a whole period that begins now."""
    if survey["send_on"] != "schedule" or not survey["is_active"]:
        return {"next_run_at": None, "ran_until": None}
    return {"next_run_at": now + timedelta(days=survey["every_days"]), "ran_until": now}


async def _keep_edition(connection: Connection | Deferred, survey: Mapping[str, Any]) -> None:
    await connection.execute(
        KEEP, survey["organisation_id"], survey["id"], survey["edition"], survey["kind"],
        survey["default_language"], dumps(survey["texts"]),
        dumps(question_rules.questions_of(survey)),
    )  # fmt: skip


async def _check(
    call: Call, connection: Connection | Deferred, changes: Mapping[str, Any],
    whole: Mapping[str, Any],
) -> None:  # fmt: skip
    wrong = question_rules.broken(whole)
    if wrong:
        raise Invalid(f"{next(iter(wrong))}: {next(iter(wrong.values()))}", errors=wrong)
    if changes.get("filter_groups"):
        await understood(call, changes["filter_groups"])
    follow_up = changes.get("follow_up") or {}
    for name, demand in (("assignee_id", demand_user), ("team_id", demand_team)):
        if follow_up.get(name):
            await demand(call, connection, UUID(follow_up[name]), f"follow_up.{name}")
