"""A form that somebody filled in, without a token: a lead, or what looks like one."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request

from guanxi_pipeline.lead_forms import rules
from guanxi_pipeline.leads.known import ways_of
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.schemas import LeadCreate
from guanxi_pipeline.leads.service import add_lead
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, Call, House, house
from guanxi_shared.errors import Invalid
from guanxi_shared.web_forms.limits import Counted, count
from guanxi_shared.web_forms.rules import as_filled_in, is_trapped
from guanxi_shared.web_forms.taking import Form, begin_form, kinds_of, texts_sent
from guanxi_shared.writes import parse_object

TABLE: Final = "lead_forms"
COUNTED: Final = Counted("lead_form_hits", "lead_form_counts")
VISITOR = Actor(id=None, kind="system", channel="form")


async def take_form(request: Request, key: str) -> Form:
    """Counted against the address first; a machine is thanked like a person, and nothing is made."""
    here = house(request)
    form, address = await begin_form(request, TABLE, COUNTED, key)
    kinds = await kinds_of(here, form.organisation, LEADS)
    texts = await texts_sent(request, form, kinds)
    if is_trapped(texts, form.row["honeypot"]):
        async with here.db.transaction(form.organisation) as connection:
            await count(connection, COUNTED, form.organisation, form.id, "trapped")
        return form
    call = Call(request, here, await _visitor(here, form.organisation))
    try:
        await _make(call, form, rules.lead_from(texts, form.row, kinds), texts, address)
    except Invalid as problem:
        raise as_filled_in(problem, rules.MEANT) from problem
    return form


async def _visitor(here: House, organisation: UUID) -> Principal:
    """Nobody in particular, who may leave a lead here and do nothing else."""
    ways = await ways_of(here).of(organisation)
    return Principal(
        kind="service", name="web form", organisation_id=organisation, user_id=None, role="form",
        permissions=frozenset({"leads:create"}), visibility={"*": "all"}, time_zone=ways.time_zone,
        session_id=None, directory_version=0, expires_at=math.inf,
    )  # fmt: skip


async def _make(
    call: Call, form: Form, sent: Mapping[str, Any], texts: Mapping[str, str], address: str
) -> None:
    row = form.row
    about = {"source": row["source"], "campaign_id": row["campaign_id"], "tags": row["tags"]}
    data = parse_object(LeadCreate, {**about, **sent})
    consents = rules.consent_of(texts, row, address=address, now=datetime.now(UTC))
    team = row["team_id"]
    async with call.db.transaction(call.organisation) as connection:
        await add_lead(
            call, connection, data.model_dump(exclude_unset=True, exclude_none=True),
            actor=VISITOR, by_rules=True, owner_id=None, minutes=row["first_response_minutes"],
            more={"form_id": form.id, "consents": consents, "team_id": team and UUID(team)},
        )  # fmt: skip
        await count(connection, COUNTED, form.organisation, form.id, "taken")
