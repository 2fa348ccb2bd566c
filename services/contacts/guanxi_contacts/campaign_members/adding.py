"""Whom a request means, how many of them may be contacted, and who of those comes next: a statement each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import ClauseElement

from guanxi_contacts.campaign_members.consenting import ALLOWED, reason_of
from guanxi_contacts.campaign_members.resources import MEMBER
from guanxi_contacts.campaign_members.schemas import MembersAdd
from guanxi_contacts.resources import ACCOUNTS, BY_NAME, CONTACT, LINK
from guanxi_contacts.segments.meaning import Build, condition_of, meaning_of
from guanxi_contacts.segments.members import UNUSED, segment_row
from guanxi_contacts.segments.resources import SEGMENTS
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.filters import Binder
from guanxi_shared.kept_filters import understood
from guanxi_shared.resources import Resource
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import Scope, predicate

IS_MEMBER: Final = "member"


@dataclass(frozen=True, slots=True)
class Meant:
    """Records of a resource, as far as the caller sees them, that `build` means."""

    resource: Resource
    scope: Scope
    build: Build
    ids: Sequence[UUID] = ()


async def meant_by(call: Call, data: MembersAdd) -> Meant:
    """Malformed or NotFound of what means nothing; the caller may read what they add."""
    if data.segment_id is not None:
        call.by.demand(SEGMENTS.permission("read"))
        row = await reads.find_record(call, SEGMENTS, data.segment_id)
        resource = BY_NAME[row["resource"]]
        stored = await segment_row(call, data.segment_id, resource.name)
        build = (await meaning_of(call, resource, stored)).build
    else:
        resource = BY_NAME[str(data.resource)]
        build = await _named_or_filtered(call, resource, data)
    call.by.demand(resource.permission("read"))
    return Meant(resource, await call.scope_of(resource), build, data.ids or ())


async def _named_or_filtered(call: Call, resource: Resource, data: MembersAdd) -> Build:
    if (ids := data.ids) is not None:
        return lambda bind: resource.table.c.id == any_(bind(list(ids), ARRAY(Uuid)))
    assert data.document is not None
    document = data.document.model_dump()
    return condition_of(await understood(call, resource, document, where="document"))


async def counts_of(
    call: Call, connection: Connection, meant: Meant, campaign: Mapping[str, Any]
) -> dict[str, int]:
    """How many there are: members already, those who may be contacted, and the others by the reason.
    UnknownReference names an id that the caller does not see."""
    bind = Binder()
    state = _state(meant, campaign, bind).label("state")
    told = select(state, func.count().label("n")).where(*_seen(meant, bind)).group_by(state)
    rows = await _fetch(call, connection, told, meant, campaign, bind)
    found = {row["state"]: int(row["n"]) for row in rows}
    if meant.ids and sum(found.values()) < len(set(meant.ids)):
        await _name_missing(call, connection, meant, campaign)
    return found


async def _name_missing(
    call: Call, connection: Connection, meant: Meant, campaign: Mapping[str, Any]
) -> None:
    bind = Binder()
    seen = select(meant.resource.table.c.id).where(*_seen(meant, bind))
    known = {row["id"] for row in await _fetch(call, connection, seen, meant, campaign, bind)}
    missing = min(set(meant.ids) - known)
    raise UnknownReference(
        f"There is no {meant.resource.noun} {str(missing)!r}.",
        errors={"ids": f"There is no such {meant.resource.noun}: {missing}."},
    )


async def next_of(
    call: Call, connection: Connection, meant: Meant, campaign: Mapping[str, Any], most: int
) -> list[Any]:
    """Those who may be contacted and are no members yet, in the order of their ids, with their account. They are not
    merged away before the transaction ends."""
    bind, table = Binder(), meant.resource.table
    account = table.c.id if meant.resource is ACCOUNTS else _primary_account()
    found = (
        select(table.c.id, account.label("account_id"))
        .where(*_seen(meant, bind), _state(meant, campaign, bind) == _word(ALLOWED))
        .order_by(table.c.id)
        .limit(literal_column(str(most)))
        .with_for_update(of=table, read=True, key_share=True)
    )
    return await _fetch(call, connection, found, meant, campaign, bind)


def _state(meant: Meant, campaign: Mapping[str, Any], bind: Binder) -> ColumnElement[Any]:
    """Whether a record is a member, may be one, or why not."""
    there = (
        select(MEMBER.c.id)
        .where(
            MEMBER.c.organisation_id == meant.resource.table.c.organisation_id,
            MEMBER.c.member_id == meant.resource.table.c.id,
            MEMBER.c.campaign_id == bindparam("campaign", type_=Uuid),
            MEMBER.c.deleted_at.is_(None),
        )
        .exists()
    )
    return case((there, _word(IS_MEMBER)), else_=reason_of(meant.resource, campaign, bind))


def _word(word: str) -> ColumnElement[Any]:
    return literal_column(f"'{word}'")


def _seen(meant: Meant, bind: Binder) -> list[ColumnElement[bool]]:
    table = meant.resource.table
    return [
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        table.c.deleted_at.is_(None),
        predicate(table, meant.scope),
        meant.build(bind),
    ]


def _primary_account() -> ColumnElement[Any]:
    return (
        select(LINK.c.account_id)
        .where(
            LINK.c.organisation_id == CONTACT.c.organisation_id, LINK.c.contact_id == CONTACT.c.id
        )
        .order_by(LINK.c.is_primary.desc(), LINK.c.account_id)
        .limit(literal_column("1"))
        .correlate(CONTACT)
        .scalar_subquery()
    )


async def _fetch(
    call: Call, connection: Connection, statement: ClauseElement, meant: Meant,
    campaign: Mapping[str, Any], bind: Binder,
) -> list[Any]:  # fmt: skip
    """The connection is bound already; $1 is unused by the text and keeps the numbering shared."""
    compiled = compile_after_binding(statement)
    values = {
        "organisation": call.organisation, "campaign": campaign["id"], **bind.values, **meant.scope.params()
    }  # fmt: skip
    found: list[Any] = await connection.fetch(
        f"{UNUSED} {compiled.sql}", "", *compiled.args(values)
    )
    return found
