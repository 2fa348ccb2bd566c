"""Use cases of leads: load, decide, change, publish. What ends or renews one is in states.py."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_pipeline.assignment_rules.deciding import NONE_UNWRITTEN, assigned_by_rules, take_turn
from guanxi_pipeline.errors import ConversionUnderWay, NoRuleFits
from guanxi_pipeline.lead_pools.room import demand_room_again, take_holders_turn
from guanxi_pipeline.leads import rules
from guanxi_pipeline.leads.known import LeadWays, ways_of
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.schemas import Assign, LeadCreate, LeadUpdate
from guanxi_pipeline.leads.writing import write_lead
from guanxi_pipeline.scorecards.rules import answers_as_stored
from guanxi_pipeline.scorecards.scoring import scored
from guanxi_shared import records
from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.erasing.tombstones import demand_not_erased
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.matching import match_key
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, region_of, stored

DEFAULTS: Mapping[str, Any] = {
    "emails": [], "phones": [], "answers": {}, "consents": [], "tags": [], "score_reasons": [],
    "recycled_count": 0, "status": "new",
}  # fmt: skip
BY_ID = (
    "SELECT id FROM leads WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
)
BY_KEY = """
SELECT id FROM leads_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""
MATCHED = ("external_id", "name", "email", "emails", "phone", "phones")


async def create_lead(call: Call, connection: Connection | Deferred, data: LeadCreate) -> State:
    """A new lead. Whose it is: as sent, else as the rules say, else the caller's."""
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    await owned_by(call, connection, LEADS, sent)
    is_free = "owner_id" not in data.model_fields_set
    return await add_lead(
        call, connection, sent, actor=call.actor, by_rules=is_free,
        owner_id=call.by.user_id if is_free else sent.get("owner_id"),
    )  # fmt: skip


async def add_lead(
    call: Call, connection: Connection | Deferred, sent: Mapping[str, Any], *, actor: Actor,
    by_rules: bool, owner_id: UUID | None, minutes: int | None = None,
    more: Mapping[str, Any] | None = None,
) -> State:  # fmt: skip
    """The one way in. `owner_id` is whose it becomes if the rules (with `by_rules`) say nothing,
    `minutes` what its form allows for the first response, `more` are columns nobody sends."""
    ways, now = await ways_of(call.house).of(call.organisation), datetime.now(UTC)
    columns = {
        **DEFAULTS, "organisation_id": call.organisation, "id": sent.get("id") or new_id(),
        "created_at": now, "updated_at": now, **rules.columns_from(sent, region=region_of(call)),
        **(more or {}), **rules.owned(owner_id, now),
        "first_response_due_at": rules.response_due(now, (minutes, ways.first_response_minutes)),
    }  # fmt: skip
    columns["name"] = rules.name_for(columns)
    columns["custom"] = await stored(call, LEADS, sent.get("custom", {}))
    columns["answers"] = answers_as_stored(columns["answers"], {}, ways.scorecard.questions)
    columns |= rules.found_by(columns)
    columns |= await scored_and_given(call, connection, ways, columns, now, by_rules=by_rules)
    return await records.insert_record(connection, LEADS, columns, actor=actor)


async def scored_and_given(
    call: Call, connection: Connection | Deferred, ways: LeadWays, columns: Mapping[str, Any],
    now: datetime, *, by_rules: bool, unwritten: Mapping[UUID, int] = NONE_UNWRITTEN,
) -> dict[str, Any]:  # fmt: skip
    """The columns of a new lead's score and, with `by_rules`, of whom the rules give it to."""
    found = await scored(call, connection, ways.scorecard, columns, now)
    if not by_rules:
        return found
    whole = {**columns, **found}
    given = await assigned_by_rules(call, connection, ways, whole, now, unwritten=unwritten)
    if given is None:
        return found
    whole |= given
    return found | given | await scored(call, connection, ways.scorecard, whole, now)


async def load_lead(call: Call, connection: Connection | Deferred, lead_id: UUID) -> Loaded:
    scope = await call.scope(LEADS.name)
    return await records.load_record(connection, LEADS, lead_id, scope=scope)


def demand_unbusy(loaded: Loaded) -> None:
    """While a conversion is under way, what it stands on does not change."""
    if loaded.row["conversion_id"] is not None:
        raise ConversionUnderWay(
            "The lead is being converted; see GET /v1/leads/{id}/conversion.",
            headers={"Retry-After": "5"},
        )


async def update_lead(
    call: Call, connection: Connection | Deferred, lead_id: UUID, data: LeadUpdate,
    version: int | None,
) -> State:  # fmt: skip
    """A merge patch under If-Match; the words, the score and the clock follow."""
    sent = data.model_dump(exclude_unset=True)
    loaded = await load_lead(call, connection, lead_id)
    await check_version(connection, LEADS, loaded, version)  # type: ignore[arg-type]
    demand_unbusy(loaded)
    await owned_by(call, connection, LEADS, sent)
    ways, now = await ways_of(call.house).of(call.organisation), datetime.now(UTC)
    changes = rules.columns_from(sent, region=region_of(call))
    changes |= rules.state_changes(loaded.row, sent, by=call.by.user_id, now=now)
    if "custom" in sent:
        changes["custom"] = await stored(call, LEADS, sent["custom"], present=loaded.row["custom"])
    if "answers" in sent:
        changes["answers"] = answers_as_stored(
            sent["answers"], loaded.row["answers"], ways.scorecard.questions
        )
    if rules.FOUND_BY & set(changes):
        changes |= rules.found_by({**loaded.row, **changes})
    is_handed = "owner_id" in sent and sent["owner_id"] != loaded.row["owner_id"]
    if is_handed:
        changes |= rules.owned(sent["owner_id"], now)
    return await write_lead(
        call, connection, loaded, changes, verb="assigned" if is_handed else "updated"
    )


async def assign_lead(call: Call, connection: Connection, lead_id: UUID, data: Assign) -> State:
    """To somebody, to a team's pool, or to whom the rules say."""
    if data.by_rules == bool(data.model_fields_set & {"owner_id", "team_id"}):
        raise Invalid(
            "Say whose it becomes, or let the rules say it.",
            errors={"by_rules": "Send by_rules, or owner_id and team_id."},
        )
    sent = data.model_dump(include=data.model_fields_set - {"by_rules"})
    if data.by_rules:
        await take_turn(connection, call.organisation)
    loaded = await load_lead(call, connection, lead_id)
    demand_unbusy(loaded)
    rules.demand_open(loaded.row)
    await owned_by(call, connection, LEADS, sent)
    ways, now = await ways_of(call.house).of(call.organisation), datetime.now(UTC)
    if data.by_rules:
        changes = await _by_rules(call, connection, ways, loaded, now)
    else:
        owner = sent.get("owner_id", None if "team_id" in sent else loaded.row["owner_id"])
        # Who has it already has it as before: by that rule, claimed from that pool.
        is_handed = owner != loaded.row["owner_id"]
        changes = {**sent, **(rules.owned(owner, now) if is_handed else {})}
    return await write_lead(call, connection, loaded, changes, verb="assigned")


async def _by_rules(
    call: Call, connection: Connection, ways: LeadWays, loaded: Loaded, now: datetime
) -> dict[str, Any]:
    found = await assigned_by_rules(call, connection, ways, loaded.row, now)
    if found is None:
        raise NoRuleFits("No active rule fits this lead and has somebody who is there.")
    return found


async def delete_lead(
    call: Call, connection: Connection, lead_id: UUID, version: int | None
) -> State:
    loaded = await load_lead(call, connection, lead_id)
    await check_version(connection, LEADS, loaded, version)
    demand_unbusy(loaded)
    return await records.delete_record(connection, LEADS, loaded, actor=call.actor)


async def restore_lead(call: Call, connection: Connection, lead_id: UUID) -> State:
    scope = await call.scope(LEADS.name)
    await take_holders_turn(call, connection, lead_id)
    loaded = await records.load_record(connection, LEADS, lead_id, scope=scope, deleted=True)
    if loaded.row["erased_at"] is not None:
        await demand_not_erased(call, LEADS, lead_id)
    if loaded.row["status"] in rules.OPEN_STATUSES:
        await demand_room_again(call, connection, loaded)
    return await records.restore_record(connection, LEADS, loaded, actor=call.actor)


async def find_leads(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The leads that a batch's `match` or an import's key means (at most a thousand)."""
    if field == "id":
        found = await connection.fetch(BY_ID, call.organisation, value)
        return [row["id"] for row in found]
    key = match_key(field, value) if field in MATCHED else None
    if key is None:
        raise UnknownReference(
            f"Leads cannot be matched by {field!r}.",
            errors={"match": "Match by id, external_id, name, email or phone."},
        )
    return [row["id"] for row in await connection.fetch(BY_KEY, call.organisation, key)]
