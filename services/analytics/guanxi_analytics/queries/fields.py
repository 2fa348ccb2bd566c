"""What filter documents may ask of a cube's rows."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from guanxi_analytics.facts.kinds import OF_ROWS, SALES
from guanxi_analytics.queries.cubes import ACCOUNT, CAMPAIGN, CUBES, MEMBER, SALE, Cube, one
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, fields_of

OF_ACCOUNT: Final = (
    "industry",
    "region",
    "grade",
    "lifecycle_stage",
    "relationship_level",
    "needs_tier",
)
OF_CAMPAIGN: Final = ("campaign_kind", "channel", "owner_id", "team_id")
GROUPS: Final = ("treated", "held_out")
KEYS: Final = {
    "order": "order_id",
    "opportunity": "opportunity_id",
    "ticket": "ticket_id",
    "survey": "answer_id",
    "campaign": "campaign_id",
    "campaign_member": "campaign_member_id",
    "entitlement": "entitlement_id",
    "activity": "activity_id",
    "quota": "quota_id",
    "stock_report": "stock_report_id",
}


@cache
def fields_of_cube(name: str) -> Mapping[str, Field]:
    """By name: those of the fact itself, its record's id, and those of the account that it names."""
    cube = CUBES[name]
    own = {
        field: value for field, value in fields_of(cube.table, hidden=()).items() if field not in OF_ROWS
    }  # fmt: skip
    own = {field: value for field, value in own.items() if value.is_filtered}
    key = KEYS[cube.kind.noun]
    subject = cube.table.c.subject_id
    own[key] = Field(key, r.ID, subject, subject, ("subject_id",))
    if cube.kind is SALES:
        own |= {field.name: field for field in map(_of_member, GROUPS)}
    for field in OF_CAMPAIGN if cube.is_of_campaign else ():
        own[field] = replace(fields_of(CAMPAIGN, hidden=())[field], name=field)
    for field in OF_ACCOUNT if cube.has_account else ():
        column = ACCOUNT.c[field]
        own[field] = Field(field, r.TEXT, column, column, (field,))
    return own


def _of_member(group: str) -> Field:
    """Orders of whom a campaign treats or holds out: of their contact, if they are a member, else of their account."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        campaign = bind(value, Uuid)
        own, anybody = _members(campaign, group), _members(campaign, None)
        is_nobodys = or_(SALE.contact_id.is_(None), SALE.contact_id.not_in(anybody))
        return or_(SALE.contact_id.in_(own), and_(SALE.account_id.in_(own), is_nobodys))

    subject, name = SALE.subject_id, f"{group}_in_campaign_id"
    only = frozenset({"eq"})
    return Field(name, r.ID, subject, subject, (), is_shown=False, where=where, only=only)


def _members(campaign: ColumnElement[Any], group: str | None) -> Select[Any]:
    """As they were known at the moment asked for. Merged records are one member, who is treated if either was."""
    found = select(MEMBER.member_id).where(*_known(MEMBER), MEMBER.campaign_id == campaign)
    if group is None:
        return found
    if group == "treated":
        return found.where(MEMBER.member_group == one(group))
    return found.where(MEMBER.member_id.not_in(_members(campaign, "treated")))


def _known(member: Any) -> tuple[ColumnElement[bool], ...]:
    at = func.coalesce(bindparam("as_of", type_=DateTime(timezone=True)), literal_column("'infinity'::timestamptz"))  # fmt: skip
    return (
        member.organisation_id == SALE.organisation_id, member.recorded_at <= at,
        or_(member.ended_at.is_(None), member.ended_at > at),
    )  # fmt: skip


def asks_account(cube: Cube, names: Any) -> bool:
    return any(name in OF_ACCOUNT for name in names)
