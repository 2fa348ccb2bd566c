"""SQL over campaigns, their members, what they cost and what their members bought. Merged records are one member, who is
treated if either was."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from guanxi_analytics.facts.kinds import CAMPAIGNS, MEMBERS, SALES
from guanxi_analytics.queries.beside import known_at, one
from guanxi_analytics.queries.cubes import BOUGHT
from guanxi_shared.visibility import Scope, predicate

CAMPAIGN: Final = CAMPAIGNS.table
MEMBER: Final = MEMBERS.table
SALE: Final = SALES.table
ORGANISATION: Final = bindparam("organisation", type_=Uuid)


def campaigns(scope: Scope, *, is_past: bool, is_one: bool, is_later: bool) -> Select[Any]:
    """Those that the caller sees, the newest first."""
    c = CAMPAIGN.c
    wanted = [*_known(CAMPAIGN, is_past), c.line == one("campaign"), predicate(CAMPAIGN, scope)]
    if is_one:
        wanted.append(c.subject_id == bindparam("campaign", type_=Uuid))
    if is_later:
        wanted.append(c.subject_id < bindparam("after", type_=Uuid))
    return (
        select(
            c.subject_id.label("id"), c.name, c.campaign_kind, c.channel, c.status, c.starts_on, c.ends_on, c.valid_on
        )
        .where(*wanted)
        .order_by(c.subject_id.desc())
        .limit(bindparam("most"))
    )  # fmt: skip


def members(*, is_past: bool) -> Select[Any]:
    """A row for each group of each campaign."""
    m = _members(is_past).c
    return select(
        m.campaign_id, m.member_group, func.count().label("n"),
        func.count().filter(m.status == one("responded")).label("responded"),
        func.count().filter(m.sent_at.is_not(None)).label("sent"),
        func.bool_and(m.is_by_lot).label("is_by_lot"), func.min(m.sent_at).label("first_sent_at"),
    ).group_by(m.campaign_id, m.member_group)  # fmt: skip


def costs(*, is_past: bool) -> Select[Any]:
    c = CAMPAIGN.c
    return (
        select(c.subject_id.label("campaign_id"), c.currency, func.sum(c.amount).label("cost"))
        .where(*_known(CAMPAIGN, is_past), c.line == one("cost"), c.subject_id == _any_campaign())
        .group_by(c.subject_id, c.currency)
        .order_by(c.subject_id, c.currency)
    )


def bought(scope: Scope, *, is_past: bool) -> Select[Any]:
    """What members ordered within their campaign's window: a row for each group and currency, and one of all. An order is
    that of its contact, if they are a member, else of its account. To be run without nested loops: of members who were
    added a moment ago no statistics say how many they are."""
    window = func.unnest(
        bindparam("ids", type_=ARRAY(Uuid)), bindparam("firsts", type_=ARRAY(Date)), bindparam("untils", type_=ARRAY(Date))
    ).table_valued(column("id", Uuid), column("first", Date), column("until", Date), name="w").render_derived()  # fmt: skip
    w, member = window.c, _members(is_past)
    with_window = member.join(window, w.id == member.c.campaign_id)
    m = select(*member.c, w.first, w.until).select_from(with_window).cte("m", nesting=False)
    other = m.alias("other")
    is_of_contact = and_(
        other.c.campaign_id == m.c.campaign_id, other.c.member_id == SALE.c.contact_id
    )
    by_contact = _hits(m, SALE.c.contact_id, scope, is_past)
    by_account = _hits(m, SALE.c.account_id, scope, is_past).where(
        ~select(other.c.member_id).where(is_of_contact).exists()
    )
    hit = by_contact.union_all(by_account).subquery("hit").c
    each = (
        select(
            hit.campaign_id, hit.member_group, hit.member_id, hit.currency,
            func.count(hit.subject_id.distinct()).label("orders"), func.sum(hit.amount).label("amount"),
        )
        .group_by(hit.campaign_id, hit.member_group, hit.member_id, hit.currency)
        .subquery("each")
    )  # fmt: skip
    e = each.c
    return select(
        e.campaign_id, e.member_group, e.currency, func.grouping(e.currency).label("is_all"),
        func.count(e.member_id.distinct()).label("buyers"), func.sum(e.orders).label("orders"),
        func.sum(e.amount).label("amount"), func.sum(e.amount * e.amount).label("squares"),
    ).group_by(e.campaign_id, e.member_group, func.rollup(e.currency))  # fmt: skip


def _hits(m: Any, whose: ColumnElement[Any], scope: Scope, is_past: bool) -> Select[Any]:
    """Lines of orders beside the member whose they are."""
    s = SALE.c
    return (
        select(m.c.campaign_id, m.c.member_group, m.c.member_id, s.subject_id, s.currency, s.amount)
        .select_from(m.join(SALE, whose == m.c.member_id))
        .where(
            *_known(SALE, is_past), BOUGHT, predicate(SALE, scope), s.valid_on >= m.c.first, s.valid_on < m.c.until,
            s.valid_on >= bindparam("least", type_=Date), s.valid_on < bindparam("most", type_=Date),
        )
    )  # fmt: skip


def _members(is_past: bool) -> Any:
    m = MEMBER.c
    each = (m.campaign_id, m.member_id)
    first = ((m.member_group == one("treated")).desc(), (m.status == one("responded")).desc())
    return (
        select(*each, m.member_group, m.status, m.sent_at, m.is_by_lot)
        .where(*_known(MEMBER, is_past), m.campaign_id == _any_campaign())
        .order_by(*each, *first, m.subject_id)
        .ext(distinct_on(*each))
        .cte("members")
    )


def _any_campaign() -> ColumnElement[Any]:
    return any_(bindparam("ids", type_=ARRAY(Uuid)))


def _known(table: Any, is_past: bool) -> Sequence[ColumnElement[bool]]:
    return table.c.organisation_id == ORGANISATION, known_at(table, is_past)
