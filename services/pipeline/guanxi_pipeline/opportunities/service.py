"""Use cases of opportunities: load, decide, change, publish. Moves are in moving.py."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import NoPipeline, StageNotInPipeline
from guanxi_pipeline.opportunities import rules, stage_rules
from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.opportunities.moving import move_to_stage
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.opportunities.schemas import OpportunityCreate, OpportunityUpdate
from guanxi_pipeline.pipelines.known import Known, Pipeline, Stage, known_pipelines
from guanxi_pipeline.products.service import demand_products
from guanxi_pipeline.references.service import (
    Reference,
    find_references,
    known_or_trusted,
    name_of_account,
)
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.filters import Clock
from guanxi_shared.identifiers import new_id
from guanxi_shared.matching import match_key
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, stored

DEFAULTS: Mapping[str, Any] = {
    "contacts": [], "contact_ids": [], "lines": [], "product_ids": [], "splits": [], "competitors": [],
    "tags": [], "confirmed": [], "amount_source": "given", "close_on_moves": 0, "is_account_verified": True,
}  # fmt: skip
UNKNOWN_USER = """
SELECT id FROM unnest($2::uuid[]) AS id WHERE id NOT IN (
  SELECT u.id FROM directory_users u WHERE u.organisation_id = $1) LIMIT 1
"""
BY_ID = """
SELECT id FROM opportunities WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL
"""
BY_KEY = """
SELECT id FROM opportunities_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_opportunity(
    call: Call, connection: Connection, data: OpportunityCreate, *,
    trusted: Collection[UUID] = (), lead_id: UUID | None = None,
) -> State:  # fmt: skip
    """A new opportunity in a stage of its pipeline, as if it had been moved there. `trusted` are ids
    of contacts that need no look: they were made, or seen to be there, for this very deal."""
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    named = (sent.get("pipeline_id"), sent.get("stage_id"))
    known = await known_pipelines(call, *named)
    pipeline, stage = place_for(known, sent)
    now = datetime.now(UTC)
    columns = {
        **DEFAULTS, "organisation_id": call.organisation, "id": data.id or new_id(),
        "owner_id": call.by.user_id, "pipeline_id": pipeline.id, "stage_entered_at": now,
        "rank": rules.top_rank(now), "lead_id": lead_id, **rules.columns_from(sent, {}),
    }  # fmt: skip
    columns["custom"] = await stored(call, OPPORTUNITIES, sent.get("custom", {}))
    account_name = await _set_references(call, columns, trusted)
    await owned_by(call, connection, OPPORTUNITIES, sent)
    await _demand_users(call, connection, sent)
    columns |= begin(call.clock, sent, stage, now)
    stage_rules.demand_entry(columns, pipeline, stage)
    columns |= found_by(columns, account_name=account_name)
    return await records.insert_record(connection, OPPORTUNITIES, columns, actor=call.actor)


def place_for(known: Known, sent: Mapping[str, Any]) -> tuple[Pipeline, Stage]:
    """Where something new stands: as said, else at the beginning of what is said."""
    stage_id = sent.get("stage_id")
    if sent.get("pipeline_id") is not None:
        pipeline = known.pipeline(sent["pipeline_id"])
    elif stage_id is not None:
        pipeline = known.pipeline(known.of_stage(stage_id).id)
    else:
        pipeline = known.default()
    return pipeline, pipeline.first("open") if stage_id is None else pipeline.stage(stage_id)


def begin(clock: Clock, sent: Mapping[str, Any], stage: Stage, now: datetime) -> dict[str, Any]:
    """Where it stands from the beginning, with what is said by hand."""
    closed_on = sent.get("closed_on")
    if closed_on is not None and stage.kind == "open":
        raise Invalid(
            "What is open was not closed.", errors={"closed_on": f"{stage.name} is open."}
        )
    closed_at = clock.midnight(closed_on) if closed_on is not None else None
    # A client's clock may be ahead; nothing was closed tomorrow.
    if closed_at is not None and closed_on is not None and closed_on > clock.today:
        raise Invalid(
            "This day is still to come.", errors={"closed_on": "Send a day that has passed."}
        )
    rules.demand_opened(sent.get("opened_on"), closed_on=closed_on, today=clock.today)
    begun = {"stage_id": stage.id} | stage_rules.standing({"closed_at": closed_at}, stage, now)
    if stage.kind == "open" and "opened_on" not in sent:
        begun["opened_on"] = clock.today
    return begun | rules.by_hand(
        sent, stage_probability=stage.probability, stage_category=stage.forecast_category,
        status=stage.kind,
    )  # fmt: skip


async def load_opportunity(call: Call, connection: Connection, opportunity_id: UUID) -> Loaded:
    scope = await call.scope(OPPORTUNITIES.name)
    return await records.load_record(connection, OPPORTUNITIES, opportunity_id, scope=scope)


async def update_opportunity(
    call: Call, connection: Connection, opportunity_id: UUID, data: OpportunityUpdate,
    version: int | None,
) -> State:  # fmt: skip
    """A merge patch under If-Match. Another stage is a move, after everything else that is sent."""
    sent = data.model_dump(exclude_unset=True)
    loaded = await load_opportunity(call, connection, opportunity_id)
    await check_version(connection, OPPORTUNITIES, loaded, version)
    row = loaded.row
    named = (row["pipeline_id"], row["stage_id"], sent.get("pipeline_id"), sent.get("stage_id"))
    known = await known_pipelines(call, *named)
    target = _target(known, loaded, sent)
    if target is None:
        here = known.pipelines[row["pipeline_id"]]
        if "reason" in sent:
            stage_rules.demand_reason(here, row["status"], sent["reason"])
        by_hand = _by_hand(sent, here.stages[row["stage_id"]])
        return await _write(call, connection, loaded, sent, by_hand)
    if isinstance(connection, Deferred):
        await connection.open()  # two writes: what is sent, and the move
    by_hand = _by_hand(sent, target)
    why: dict[str, Any] = {n: sent.pop(n) for n in ("reason", "reason_note") if n in sent}
    await _write(call, connection, loaded, sent, {})
    return await move_to_stage(
        call, connection, loaded, target.id, confirmed=(), more=why, by_hand=by_hand
    )


def _by_hand(sent: Mapping[str, Any], stage: Stage) -> dict[str, Any]:
    """In the stage in which it will stand."""
    return rules.by_hand(
        sent, stage_probability=stage.probability, stage_category=stage.forecast_category,
        status=stage.kind,
    )  # fmt: skip


async def _write(
    call: Call, connection: Connection, loaded: Loaded, sent: Mapping[str, Any],
    by_hand: dict[str, Any],
) -> State:  # fmt: skip
    """What is sent, the stage aside."""
    changes = rules.columns_from(sent, loaded.row) | by_hand
    if "opened_on" in sent:
        closed_at = loaded.row["closed_at"]
        closed_on = closed_at and closed_at.astimezone(call.by.zone).date()
        rules.demand_opened(sent["opened_on"], closed_on=closed_on, today=call.clock.today)
    if "custom" in sent:
        changes["custom"] = await stored(
            call, OPPORTUNITIES, sent["custom"], present=loaded.row["custom"]
        )
    account_name = await _set_references(call, changes)
    await owned_by(call, connection, OPPORTUNITIES, sent)
    await _demand_users(call, connection, sent)
    if rules.FOUND_BY & set(changes):
        whole = {**loaded.row, **changes}
        if "account_id" not in changes:
            account_name = await name_of_account(connection, call.organisation, whole["account_id"])
        changes |= found_by(whole, account_name=account_name)
    return await records.update_record(connection, OPPORTUNITIES, loaded, changes, actor=call.actor)


def _target(known: Known, loaded: Loaded, sent: Mapping[str, Any]) -> Stage | None:
    """The stage that a patch moves to; None when it stays where it is."""
    stage_id, pipeline_id = sent.get("stage_id"), sent.get("pipeline_id")
    if pipeline_id is not None and pipeline_id != loaded.row["pipeline_id"]:
        pipeline = known.pipeline(pipeline_id)
        if stage_id is None and loaded.row["status"] != "open":
            raise StageNotInPipeline(
                "Say in which stage of the other pipeline a closed deal stands.",
                errors={"stage_id": "Choose a stage of that pipeline."},
            )
        return pipeline.first("open") if stage_id is None else pipeline.stage(stage_id)
    if stage_id is None or stage_id == loaded.row["stage_id"]:
        return None
    pipeline = known.of_stage(stage_id)
    if pipeline_id is not None and pipeline.id != pipeline_id:
        raise StageNotInPipeline(
            "The stage belongs to another pipeline.",
            errors={"stage_id": "Choose a stage of that pipeline."},
        )
    return pipeline.stage(stage_id)


async def delete_opportunity(
    call: Call, connection: Connection, opportunity_id: UUID, version: int | None
) -> State:
    loaded = await load_opportunity(call, connection, opportunity_id)
    await check_version(connection, OPPORTUNITIES, loaded, version)
    return await records.delete_record(connection, OPPORTUNITIES, loaded, actor=call.actor)


async def restore_opportunity(call: Call, connection: Connection, opportunity_id: UUID) -> State:
    scope = await call.scope(OPPORTUNITIES.name)
    loaded = await records.load_record(
        connection, OPPORTUNITIES, opportunity_id, scope=scope, deleted=True
    )
    pipeline_id = loaded.row["pipeline_id"]
    known = await known_pipelines(call, pipeline_id)
    if loaded.row["status"] == "open" and known.pipelines[pipeline_id].is_gone:
        raise NoPipeline("Its pipeline was put away; bring that back first.")
    return await records.restore_record(connection, OPPORTUNITIES, loaded, actor=call.actor)


async def find_opportunities(
    call: Call, connection: Connection, field: str, value: str
) -> list[UUID]:
    """The opportunities that a batch's `match` or an import's key means (at most a thousand)."""
    if field == "id":
        found = await connection.fetch(BY_ID, call.organisation, value)
        return [row["id"] for row in found]
    key = match_key(field, value) if field in ("external_id", "name") else None
    if key is None:
        raise UnknownReference(
            f"Opportunities cannot be matched by {field!r}.",
            errors={"match": "Match by id, external_id or name."},
        )
    return [row["id"] for row in await connection.fetch(BY_KEY, call.organisation, key)]


async def _set_references(
    call: Call, columns: dict[str, Any], trusted: Collection[UUID] = ()
) -> str | None:
    """What is named of contacts exists for the caller, merged ones as their survivors; the account's
    name, if one is named and known."""
    account_name = None
    await demand_products(call, columns.get("product_ids") or (), field="lines")
    if (account_id := columns.get("account_id")) is not None:
        found = (await _references(call, "accounts", [account_id], trusted, field="account_id"))[
            account_id
        ]
        columns |= {"account_id": found.id, "is_account_verified": found.is_verified}
        account_name = found.name
    elif "account_id" in columns:
        columns["is_account_verified"] = True
    if people := columns.get("contact_ids"):
        meant = await _references(call, "contacts", people, trusted, field="contacts")
        columns["contact_ids"] = _unique(meant[id].id for id in people)
        columns["contacts"] = rules.links_as_stored(
            _once([{**link, "contact_id": str(meant[UUID(link["contact_id"])].id)}
                   for link in columns["contacts"]])
        )  # fmt: skip
    return account_name


async def _references(
    call: Call, resource: str, ids: Collection[UUID], trusted: Collection[UUID], *, field: str
) -> dict[UUID, Reference]:
    asked = [id for id in ids if id not in trusted]
    found = await find_references(call, resource, asked, field=field)
    return found | await known_or_trusted(call, resource, [id for id in ids if id in trusted])


def _unique(ids: Any) -> list[UUID]:
    return list(dict.fromkeys(ids))


def _once(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two people who became one are one."""
    return list({link["contact_id"]: link for link in reversed(links)}.values())[::-1]


async def _demand_users(call: Call, connection: Connection, sent: Mapping[str, Any]) -> None:
    users: Collection[UUID] = [split["user_id"] for split in sent.get("splits") or ()]
    if users and await connection.fetchval(UNKNOWN_USER, call.organisation, list(users)):
        raise UnknownReference(
            "splits names nobody known here.", errors={"splits": "There is no such user."}
        )
