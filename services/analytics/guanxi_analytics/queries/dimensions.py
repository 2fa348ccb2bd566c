"""By what measures are told apart: columns of a fact, of what stands beside it, of its account, and stretches of time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement

from guanxi_analytics.queries.beside import (
    ACCOUNT,
    CAMPAIGN,
    DEAL,
    ENDING_CAUSE,
    PRODUCT,
    TICKET,
    account_named_by,
)
from guanxi_analytics.queries.cubes import OVERDUE_BUCKET, Cube
from guanxi_analytics.queries.segment_rows import SEGMENT_ID, SEGMENT_ROWS
from guanxi_analytics.queries.territory_rows import TERRITORY_ID, TERRITORY_ROWS

# Columns of what stands beside a fact: `ticket.queue_id`.
COLUMNS: Final[Mapping[str, Any]] = {
    "campaign": CAMPAIGN.c, "ticket": TICKET.c, "product": PRODUCT.c, "cause": {"root_cause_id": ENDING_CAUSE},
    "deal": DEAL.c, "ageing": {"overdue_bucket": OVERDUE_BUCKET},
}  # fmt: skip

# What accounts are put into.
PUT_INTO: Final[Mapping[str, Any]] = {
    SEGMENT_ID: SEGMENT_ROWS.c.segment_id, TERRITORY_ID: TERRITORY_ROWS.c.territory_id,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dimension:
    """`columns`: by which column of which cube (`campaign.…`: of the campaign that the fact names, see COLUMNS);
    `of_account` are read from the account that it names, `put_into` from where that was put; one that `is_many_valued` has
    several values of a fact, which counts in the row of each, and once in totals: the segments of its account.
    `filtered` is the field of a filter document that says the same."""

    name: str
    labels: Mapping[str, str]
    columns: Mapping[str, str] = field(default_factory=dict)
    of_account: str | None = None
    put_into: str | None = None
    named_by: str | None = None  # where its names are found: account, user, team
    is_of_today: bool = False  # another value tomorrow, though nothing changed
    is_many_valued: bool = False

    def column(self, cube: Cube) -> ColumnElement[Any] | None:
        if self.put_into is not None:
            named = account_named_by(cube.kind.noun)
            return None if named is None else PUT_INTO[self.put_into]
        if self.of_account is not None:
            return ACCOUNT.c[self.of_account] if cube.tells_accounts else None
        name = self.columns.get(cube.kind.noun)
        if name is None:
            return None
        beside, _, column = name.rpartition(".")
        found: ColumnElement[Any] = (COLUMNS[beside] if beside else cube.table.c)[column]
        return found

    def field(self, cube: Cube) -> str:
        if self.put_into is not None:
            return self.put_into
        noun = cube.kind.noun
        name = self.of_account or self.columns[noun].rpartition(".")[2]
        return f"{noun}_id" if name == "subject_id" else name


def _dimension(name: str, en: str, zh: str, columns: str = "", **more: Any) -> Dimension:
    """`columns`: `order=source opportunity=source`."""
    pairs = (part.partition("=") for part in columns.split())
    told = {noun: column for noun, _, column in pairs}
    return Dimension(name, {"en": en, "zh": zh}, told, **more)


DIMENSIONS: Final[Mapping[str, Dimension]] = {
    dimension.name: dimension
    for dimension in (
        _dimension("account", "Account", "客户", "order=account_id opportunity=account_id ticket=account_id survey=account_id entitlement=account_id campaign_member=account_id activity=account_id stock_report=account_id invoice=account_id loop=ticket.account_id corrective_action=ticket.account_id account=subject_id", named_by="account"),
        _dimension("segment", "Segment", "客户细分", named_by="segment", put_into=SEGMENT_ID, is_many_valued=True),
        _dimension("territory", "Territory", "销售区域", named_by="territory", put_into=TERRITORY_ID),
        _dimension("industry", "Industry", "行业", of_account="industry"),
        _dimension("region", "Region", "地区", of_account="region"),
        _dimension("grade", "Grade", "等级", of_account="grade"),
        _dimension("relationship_level", "Relationship level", "关系层级", of_account="relationship_level"),
        _dimension("needs_tier", "Needs tier", "需求层次", of_account="needs_tier"),
        _dimension("country", "Country", "国家", of_account="country"),
        _dimension("province", "Province", "省份", of_account="province"),
        _dimension("city", "City", "城市", of_account="city"),
        _dimension("account_kind", "Kind of account", "客户类型", "account=kind"),
        _dimension("lifecycle_stage", "Lifecycle stage", "生命周期阶段", of_account="lifecycle_stage"),
        _dimension("owner", "Person", "负责人", "order=owner_id opportunity=owner_id ticket=owner_id survey=owner_id entitlement=owner_id activity=owner_id quota=owner_id stock_report=owner_id invoice=owner_id campaign=owner_id campaign_member=campaign.owner_id loop=ticket.owner_id corrective_action=ticket.owner_id account=owner_id", named_by="user"),
        _dimension("team", "Team", "团队", "order=team_id opportunity=team_id ticket=team_id survey=team_id entitlement=team_id activity=team_id quota=team_id stock_report=team_id invoice=team_id campaign=team_id campaign_member=campaign.team_id loop=ticket.team_id corrective_action=ticket.team_id account=team_id", named_by="team"),
        _dimension("product", "Product", "产品", "order=product stock_report=product ticket=product.product loop=product.product corrective_action=product.product"),
        _dimension("sku", "Article number", "货号", "order=sku stock_report=sku ticket=product.sku loop=product.sku corrective_action=product.sku"),
        _dimension("category", "Category", "品类", "order=category stock_report=category ticket=product.category loop=product.category corrective_action=product.category"),
        _dimension("source", "Source", "来源", "order=source opportunity=source account=source"),
        _dimension("pipeline", "Pipeline", "销售流程", "opportunity=pipeline_id quota=pipeline_id"),
        _dimension("stage", "Stage", "阶段", "opportunity=stage_id"),
        _dimension("reason", "Reason", "输赢原因", "opportunity=reason"),
        _dimension("ticket_kind", "Kind of ticket", "工单类型", "ticket=kind"),
        _dimension("priority", "Priority", "优先级", "ticket=priority loop=ticket.priority corrective_action=ticket.priority"),
        _dimension("channel", "Channel", "渠道", "ticket=channel campaign=channel campaign_member=campaign.channel loop=ticket.channel corrective_action=ticket.channel"),
        _dimension("campaign", "Campaign", "营销活动", "campaign=subject_id campaign_member=campaign_id opportunity=campaign_id order=deal.campaign_id", named_by="campaign"),
        _dimension("campaign_kind", "Kind of campaign", "活动类型", "campaign=campaign_kind campaign_member=campaign.campaign_kind"),
        _dimension("member_group", "Group", "分组", "campaign_member=member_group"),
        _dimension("survey", "Survey", "问卷", "survey=survey_id"),
        _dimension("contract_term", "Contract term", "合同期限", "entitlement=term"),
        _dimension("contract_unit", "Unit of a contract", "合同计量单位", "entitlement=unit"),
        _dimension("activity_kind", "Kind of activity", "活动类别", "activity=kind"),
        _dimension("activity_status", "Status of an activity", "活动状态", "activity=status"),
        _dimension("invoice_status", "Status of an invoice", "发票状态", "invoice=status"),
        _dimension("overdue_bucket", "Days overdue", "逾期天数", "invoice=ageing.overdue_bucket", is_of_today=True),
        _dimension("queue", "Queue", "队列", "ticket=queue_id loop=ticket.queue_id corrective_action=ticket.queue_id"),
        _dimension("root_cause", "Root cause", "根本原因", "loop=cause.root_cause_id corrective_action=cause.root_cause_id", named_by="root_cause"),
    )
}  # fmt: skip
PERIODS: Final[Mapping[str, Mapping[str, str]]] = {
    "day": {"en": "Day", "zh": "日"},
    "week": {"en": "Week (ISO)", "zh": "周"},
    "month": {"en": "Month", "zh": "月"},
    "quarter": {"en": "Quarter", "zh": "季度"},
    "year": {"en": "Year", "zh": "年"},
}


def many_valued(names: Iterable[str]) -> list[str]:
    """Those of the dimensions whose rows overlap."""
    return [name for name in names if name in DIMENSIONS and DIMENSIONS[name].is_many_valued]
