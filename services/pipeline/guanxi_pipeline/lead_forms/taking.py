"""A form that somebody filled in, without a token: a lead, or what looks like one."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from starlette.requests import Request

from guanxi_pipeline.forwarded import last_forwarded
from guanxi_pipeline.lead_forms import rules
from guanxi_pipeline.lead_forms.limits import COUNT, take_hit
from guanxi_pipeline.leads.known import ways_of
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.schemas import LeadCreate
from guanxi_pipeline.leads.service import add_lead
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, Call, House, house, read_body
from guanxi_shared.errors import Invalid, Malformed, NotFound, UnsupportedMedia
from guanxi_shared.writes import parse_object

LONGEST_BODY = 65_536
FORM = """
SELECT to_jsonb(f)::text AS form FROM lead_forms f
WHERE f.organisation_id = $2 AND f.key = $3 AND f.is_active AND f.deleted_at IS NULL
"""
URLENCODED = "application/x-www-form-urlencoded"
VISITOR = Actor(id=None, kind="system", channel="form")


@dataclass(frozen=True, slots=True)
class Form:
    organisation: UUID
    row: Mapping[str, Any]

    @property
    def id(self) -> UUID:
        return UUID(self.row["id"])


async def find_form(here: House, key: str) -> Form:
    """NotFound for a key that nobody gave out, or whose form is not in use."""
    organisation = rules.organisation_of(key)
    if organisation is not None:
        row = await here.db.fetchrow(organisation, FORM, organisation, key)
        if row is not None:
            return Form(organisation, orjson.loads(row["form"]))
    raise NotFound("There is no such form.")


async def take_form(request: Request, key: str) -> Form:
    """Counted against the address first; a machine is thanked like a person, and nothing is made."""
    here = house(request)
    form = await find_form(here, key)
    peer = request.client.host if request.client else None
    address = rules.address_of(last_forwarded(request), peer)
    await take_hit(
        here.db, form.organisation, form.id, rules.counted_as(address),
        hourly_limit=form.row["hourly_limit"],
    )  # fmt: skip
    own = await here.custom_fields.definitions(form.organisation, LEADS)
    kinds = {key: definition.kind for key, definition in own.items()}
    several = {form.row["honeypot"], *rules.taking_several(kinds)}
    texts = rules.texts_of(await _filled_in(request, several))
    if rules.is_trapped(texts, form.row["honeypot"]):
        async with here.db.transaction(form.organisation) as connection:
            await connection.execute(COUNT.format(kind="trapped"), form.organisation, form.id)
        return form
    call = Call(request, here, await _visitor(here, form.organisation))
    try:
        await _make(call, form, rules.lead_from(texts, form.row, kinds), texts, address)
    except Invalid as problem:
        raise rules.as_filled_in(problem) from problem
    return form


async def _filled_in(request: Request, several: Collection[str]) -> Mapping[str, Any]:
    """What was sent by its names; `several` are those whose values count however often they are sent."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await read_body(request, LONGEST_BODY)
    if content_type == URLENCODED:
        try:
            pairs = parse_qsl(
                raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=200
            )
        except ValueError as error:  # not UTF-8, or too many fields
            raise Malformed("The form cannot be read.") from error
        return rules.named_once(pairs, several=several)
    if content_type != "application/json":
        raise UnsupportedMedia(f"Send application/json or {URLENCODED}.")
    try:
        sent = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is not valid JSON: {error}") from error
    if not isinstance(sent, dict):
        raise Malformed("Send an object of fields.")
    return sent


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
        await connection.execute(COUNT.format(kind="taken"), form.organisation, form.id)
