"""What filter documents may ask of a cube's rows."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, Uuid, and_, or_, select

from guanxi_analytics.facts.kinds import INVOICES, OF_ROWS, SALES
from guanxi_analytics.queries.beside import (
    ENDING_CAUSE,
    ENDS,
    MEMBER,
    Beside,
    account_named_by,
    beside_of,
    known_then,
    one,
)
from guanxi_analytics.queries.cubes import CUBES, OVERDUE_BUCKET, SALE
from guanxi_analytics.queries.segment_rows import SEGMENT_ID, segment_field
from guanxi_analytics.queries.territory_rows import TERRITORY_FIELD, TERRITORY_ID
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, fields_of

OF_ACCOUNT: Final = (
    "industry",
    "region",
    "grade",
    "lifecycle_stage",
    "relationship_level",
    "needs_tier",
    "country",
    "province",
    "city",
)
TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "account_facts": OF_ACCOUNT,
    "campaign_facts": ("campaign_kind", "channel", "owner_id", "team_id"),
    "ticket_facts": (
        "account_id", "requester_id", "product_id", "queue_id", "priority", "channel", "status_kind", "owner_id", "team_id",
    ),
    "product_facts": ("product", "sku", "category"),
    "deal_facts": ("campaign_id",),
}  # fmt: skip
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
    "account": "account_id",
    "invoice": "invoice_id",
    "loop": "round_id",
    "corrective_action": "action_id",
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
    if cube.kind is INVOICES:
        own["overdue_bucket"] = Field("overdue_bucket", r.TEXT, OVERDUE_BUCKET, OVERDUE_BUCKET, ())
    for beside in beside_of(cube.kind.noun):
        own |= _of_beside(beside)
    if (account := account_named_by(cube.kind.noun)) is not None:
        own[SEGMENT_ID] = segment_field(account)
        own[TERRITORY_ID] = TERRITORY_FIELD
    return own


def _of_beside(beside: Beside) -> dict[str, Field]:
    """Those of what stands beside the fact."""
    if beside.table is ENDS:
        return {"root_cause_id": Field("root_cause_id", r.ID, ENDING_CAUSE, ENDING_CAUSE, ("root_cause_id",))}  # fmt: skip
    if not isinstance(beside.table, Table):
        return {}
    known = fields_of(beside.table, hidden=())
    return {name: replace(known[name], name=name) for name in TOLD.get(beside.table.name, ())}


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
    found = select(MEMBER.member_id).where(known_then(MEMBER), MEMBER.campaign_id == campaign)
    if group is None:
        return found
    if group == "treated":
        return found.where(MEMBER.member_group == one(group))
    return found.where(MEMBER.member_id.not_in(_members(campaign, "treated")))
