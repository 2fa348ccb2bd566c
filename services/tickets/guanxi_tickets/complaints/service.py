"""Use cases of the loop: a step is done, skipped, opened again; what a round comes to."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_tickets.complaints import round_rules
from guanxi_tickets.complaints.resources import LOOPS
from guanxi_tickets.complaints.rounds import last_round
from guanxi_tickets.complaints.schemas import RoundUpdate, StepDone, StepSkipped
from guanxi_tickets.complaints.step_names import StepName
from guanxi_tickets.errors import NoLoop, TasksUnderWay, TicketOver
from guanxi_tickets.root_causes.service import demand_cause
from guanxi_tickets.ticket_settings.rules import ENDING
from guanxi_tickets.tickets.service import load_ticket

UNDER_WAY = """
SELECT title FROM coordination_tasks WHERE organisation_id = $1 AND round_id = $2
  AND status IN ('open', 'accepted') AND deleted_at IS NULL ORDER BY created_at, id
"""
Decide = Callable[[round_rules.Steps], dict[str, Any]]


async def current_round(
    call: Call, connection: Connection, ticket_id: UUID
) -> tuple[Loaded, Loaded]:
    """The ticket and its last round, both held; NoLoop of one that is no complaint (any more)."""
    call.by.demand(LOOPS.permission("read"))
    ticket = await load_ticket(call, connection, ticket_id)
    last = await last_round(connection, call.organisation, ticket_id)
    if last is None or ticket.row["kind"] != "complaint":
        raise NoLoop(f"{ticket.row['number']} is a {ticket.row['kind']}.")
    return ticket, last


async def complete_step(
    call: Call, connection: Connection, ticket_id: UUID, step: StepName, data: StepDone,
    version: int | None,
) -> State:  # fmt: skip
    if data.figures and step != "measure":
        raise Invalid(
            "Figures are what was measured.", errors={"figures": "Only the step measure has some."}
        )
    said = data.model_dump(mode="json")

    def decide(steps: round_rules.Steps) -> dict[str, Any]:
        return round_rules.completed(steps, step, by=call.by.user_id, at=datetime.now(UTC), **said)

    _, last = await _held(call, connection, ticket_id, version)
    await _demand_answers(connection, last, step)
    return await _write(call, connection, last, decide, "step_completed", step)


async def skip_step(
    call: Call, connection: Connection, ticket_id: UUID, step: StepName, data: StepSkipped,
    version: int | None,
) -> State:  # fmt: skip
    def decide(steps: round_rules.Steps) -> dict[str, Any]:
        now = datetime.now(UTC)
        return round_rules.skipped(steps, step, reason=data.reason, by=call.by.user_id, at=now)

    _, last = await _held(call, connection, ticket_id, version)
    await _demand_answers(connection, last, step)
    return await _write(call, connection, last, decide, "step_skipped", step)


async def reopen_step(
    call: Call, connection: Connection, ticket_id: UUID, step: StepName, version: int | None
) -> State:
    """Not of a complaint that is over: what it was solved by stays."""
    ticket, last = await _held(call, connection, ticket_id, version)
    if ticket.row["status_kind"] in ENDING:
        raise TicketOver(f"The ticket is {ticket.row['status']}; open it again first.")
    return await _write(
        call, connection, last, lambda steps: round_rules.reopened(steps, step), "step_reopened", step
    )  # fmt: skip


async def update_round(
    call: Call, connection: Connection, ticket_id: UUID, data: RoundUpdate, version: int | None
) -> State:
    """Cause and lesson may be found after the complaint was solved."""
    _, last = await _held(call, connection, ticket_id, version)
    changes = data.model_dump(exclude_unset=True)
    if changes.get("root_cause_id") is not None:
        changes["root_cause_id"] = await demand_cause(call, connection, changes["root_cause_id"])
    return await records.update_record(connection, LOOPS, last, changes, actor=call.actor)


async def _held(
    call: Call, connection: Connection, ticket_id: UUID, version: int | None
) -> tuple[Loaded, Loaded]:
    ticket, last = await current_round(call, connection, ticket_id)
    await check_version(connection, LOOPS, last, version)
    return ticket, last


async def _demand_answers(connection: Connection, last: Loaded, step: StepName) -> None:
    """Coordination is over when every department that was asked has answered."""
    if step != "coordinate":
        return
    rows = await connection.fetch(UNDER_WAY, last.row["organisation_id"], last.id)
    if rows:
        titles = ", ".join(row["title"] for row in rows[:5])
        raise TasksUnderWay(
            f"{len(rows)} tasks are under way: {titles}.",
            errors={"step": "Wait for them, or withdraw them."},
        )


async def _write(
    call: Call, connection: Connection, last: Loaded, decide: Decide, verb: str, step: StepName
) -> State:
    columns = round_rules.columns_of(decide(last.row["steps"]))
    return await records.update_record(
        connection, LOOPS, last, columns, actor=call.actor, verb=verb, more={"step": step}
    )
