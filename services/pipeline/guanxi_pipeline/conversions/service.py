"""A lead becomes an account, a person and a deal: first it is kept what is to be made."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_pipeline.clients import contacts_client
from guanxi_pipeline.conversions import kept, rules
from guanxi_pipeline.conversions.kept import Kept
from guanxi_pipeline.conversions.making import make_opportunity
from guanxi_pipeline.conversions.schemas import Convert
from guanxi_pipeline.errors import AlreadyConverted, ConversionUnderWay
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.rules import demand_open
from guanxi_pipeline.leads.service import load_lead
from guanxi_pipeline.references.service import find_references
from guanxi_shared import delegation
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, Invalid, NotFound, Problem, Unavailable
from guanxi_shared.identifiers import new_id
from guanxi_shared.reads import find_record
from guanxi_shared.records import Loaded

AWAY = "Contacts is away; nothing was begun."
PLANNED = (
    "account_id", "contact_id", "opportunity_id", "new_account", "new_contact", "new_opportunity",
    "new_consents",
)  # fmt: skip
POINTING = frozenset({"id", "owner_id", "team_id"})
OWN_FIELDS = {
    "account.fields": POINTING | {"parent_id", "referred_by_id"},
    "contact.fields": POINTING | {"accounts", "reports_to_id"},
    "opportunity": frozenset({"id", "account_id", "contacts"}),
}


async def get_conversion(call: Call, lead_id: UUID) -> dict[str, Any]:
    """The latest one of a lead that the caller sees."""
    await find_record(call, LEADS, lead_id)
    async with call.db.transaction(call.organisation) as connection:
        found = await kept.latest(connection, call.organisation, lead_id)
    if found is None:
        raise NotFound("This lead was never converted.")
    return kept.shown(found)


async def keep_conversion(
    call: Call, connection: Connection, lead_id: UUID, data: Convert
) -> tuple[Kept, bool]:
    """The conversion, and whether it is new. The same request again finds what it began."""
    asked = data.model_dump(mode="json", exclude_unset=True)
    loaded = await load_lead(call, connection, lead_id)
    before = await kept.latest(connection, call.organisation, lead_id)
    if before is not None and before["status"] != "refused":
        _demand_same(before, asked)
        return before, False
    demand_open(loaded.row)
    _demand_own_fields(asked)
    _demand_rights(call, loaded.row, asked)
    await _demand_owner(call, loaded)
    plan = await _plan(call, loaded.row, asked)
    await _try_opportunity(call, connection, plan)
    row = await connection.fetchrow(
        kept.KEEP, call.organisation, new_id(), lead_id, kept.dumped(asked),
        plan["account_id"], plan["contact_id"], plan["opportunity_id"],
        kept.dumped(plan["new_account"]), kept.dumped(plan["new_contact"]),
        kept.dumped(plan["new_opportunity"]), kept.dumped(plan["new_consents"]),
        kept.dumped(delegation.as_params(call.by)),
    )  # fmt: skip
    assert row is not None
    await connection.execute(kept.HOLD_LEAD, call.organisation, lead_id, row["id"])
    return kept.read(row), True


def _demand_same(before: Kept, asked: Mapping[str, Any]) -> None:
    if before["asked"] == asked and before["status"] != "undoing":
        return
    if before["status"] == "done":
        raise AlreadyConverted("This lead has become what GET /v1/leads/{id}/conversion says.")
    raise ConversionUnderWay(
        "This lead is being converted in another way.", headers={"Retry-After": "5"}
    )


def _demand_rights(call: Call, lead: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Those that each part takes, now: what is finished later is finished on these."""
    wanted = {
        "accounts": rules.wants_account(lead, asked) and not rules.chosen(asked, "account").get("id"),
        "contacts": rules.wants_contact(lead, asked) and not rules.chosen(asked, "contact").get("id"),
        "opportunities": asked.get("opportunity") is not None,
    }  # fmt: skip
    for resource, is_made in wanted.items():
        if is_made:
            call.by.demand(f"{resource}:create")
    if wanted["contacts"] and lead["consents"]:
        call.by.demand("contacts:update")
    if (wanted["accounts"] or wanted["contacts"]) and contacts_client(call.house) is None:
        raise Unavailable(AWAY)


async def _demand_owner(call: Call, loaded: Loaded) -> None:
    """What is made belongs to the lead's owner: one must be allowed to hand them records."""
    owner = loaded.row["owner_id"]
    if owner is None or owner == call.by.user_id or call.by.may("records:assign"):
        return
    for resource in ("accounts", "contacts", "opportunities"):
        scope = await call.scope(resource)
        if not scope.everything and owner not in scope.owners:
            raise Forbidden(
                "The lead's owner is nobody whose records you see; claim it first.",
                errors={"owner_id": "What is made would be theirs."},
            )


async def _plan(call: Call, lead: Mapping[str, Any], asked: Mapping[str, Any]) -> Kept:
    """The ids of everything, those that are there already as they are meant now."""
    owner = lead["owner_id"] or call.by.user_id
    plan: Kept = dict.fromkeys(PLANNED)
    plan |= await _plan_account(call, lead, asked, owner)
    plan |= await _plan_contact(call, lead, asked, owner, plan["account_id"])
    if asked.get("opportunity") is not None:
        sent = rules.new_opportunity(lead, asked["opportunity"], owner_id=owner)
        plan |= {"opportunity_id": new_id(), "new_opportunity": sent}
    return plan


async def _plan_account(
    call: Call, lead: Mapping[str, Any], asked: Mapping[str, Any], owner: UUID | None
) -> Kept:
    account = rules.chosen(asked, "account")
    if account.get("id"):
        return {"account_id": await _present(call, "accounts", account["id"], "account.id")}
    if not rules.wants_account(lead, asked):
        return {}
    account_id = new_id()
    sent = rules.new_account(
        lead, account.get("fields", {}), id=account_id, owner_id=owner,
        has_contact=rules.wants_contact(lead, asked),
    )  # fmt: skip
    return {"account_id": account_id, "new_account": sent}


async def _plan_contact(
    call: Call, lead: Mapping[str, Any], asked: Mapping[str, Any], owner: UUID | None,
    account_id: UUID | None,
) -> Kept:  # fmt: skip
    contact = rules.chosen(asked, "contact")
    if contact.get("id"):
        return {"contact_id": await _present(call, "contacts", contact["id"], "contact.id")}
    if not rules.wants_contact(lead, asked):
        return {}
    contact_id = new_id()
    fields = contact.get("fields", {})
    sent = rules.new_contact(lead, fields, id=contact_id, owner_id=owner, account_id=account_id)
    consents = [rules.new_consent(each, lead, id=new_id()) for each in lead["consents"]]
    return {"contact_id": contact_id, "new_contact": sent, "new_consents": consents}


def _demand_own_fields(asked: Mapping[str, Any]) -> None:
    """What follows from the conversion is not sent, nor what points to records: the worker, which may
    everything, could point where the caller may not."""
    sent = {
        "account.fields": rules.chosen(asked, "account").get("fields", {}),
        "contact.fields": rules.chosen(asked, "contact").get("fields", {}),
        "opportunity": asked.get("opportunity") or {},
    }  # fmt: skip
    for part, fields in sent.items():
        for name in sorted(OWN_FIELDS[part] & set(fields)):
            raise Invalid(
                f"{name} follows from the conversion or is set afterwards.",
                errors={f"{part}.{name}": "Leave this out."},
            )


async def _present(call: Call, resource: str, id: str, field: str) -> UUID:
    """One that is there for the caller; nothing is begun on trust."""
    found = (await find_references(call, resource, [UUID(id)], field=field))[UUID(id)]
    if not found.is_verified:
        raise Unavailable(AWAY)
    return found.id


async def _try_opportunity(call: Call, connection: Connection, plan: Kept) -> None:
    """The deal as it would be made, and taken back: what the pipeline refuses is refused before
    anything is made elsewhere."""
    if plan["new_opportunity"] is None:
        return
    await connection.execute("SAVEPOINT trial")
    try:
        await make_opportunity(call, connection, plan, lead_id=None)
    except Problem as problem:
        if problem.status >= 500:
            raise
        raise _of_opportunity(problem) from problem
    await connection.execute("ROLLBACK TO SAVEPOINT trial")


def _of_opportunity(problem: Problem) -> Problem:
    problem.detail = f"opportunity: {problem.detail}"
    problem.errors = {f"opportunity.{name}": said for name, said in problem.errors.items()}
    problem.violations = [
        {**each, "pointer": f"/opportunity{each['pointer']}"} for each in problem.violations
    ]
    return problem
