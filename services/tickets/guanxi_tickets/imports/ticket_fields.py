"""What columns of a file of tickets can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField

KINDS: Final = {
    "problem": "incident", "task": "request", "service_request": "request", "咨询": "question", "问题": "question",
    "故障": "incident", "事件": "incident", "请求": "request", "服务请求": "request", "投诉": "complaint",
}  # fmt: skip
LEVELS: Final = {
    "1": "high", "2": "medium", "3": "low", "1_high": "high", "2_medium": "medium", "3_low": "low",
    "高": "high", "中": "medium", "低": "low",
}  # fmt: skip
PRIORITIES: Final = {
    "critical": "urgent", "medium": "normal", "moderate": "normal", "紧急": "urgent", "高": "high", "中": "normal",
    "普通": "normal", "低": "low",
}  # fmt: skip
CHANNELS: Final = {
    "mail": "email", "e_mail": "email", "邮件": "email", "电话": "phone", "聊天": "chat", "微信": "messaging",
    "网页": "web", "self_service": "portal", "自助": "portal",
}  # fmt: skip


def _word(name: str, words: Mapping[str, str], *aliases: str) -> ImportField:
    return ImportField(name, (name,), f.WORD, aliases, words)


_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "ticket id", "ticket number", "case number", "incident number",
         "工单号", "工单编号", "外部编号", "编号"),
    text("subject", "title", "summary", "short description", "主题", "标题"),
    text("description", "details", "body", "描述", "内容", "问题描述"),
    _word("kind", KINDS, "type", "ticket type", "类型", "工单类型"),
    _word("impact", LEVELS, "影响", "影响范围"),
    _word("urgency", LEVELS, "紧急程度"),
    _word("priority", PRIORITIES, "优先级"),
    text("status", "state", "ticket status", "状态", "工单状态"),
    _word("channel", CHANNELS, "via", "contact type", "渠道"),
    named("requester_id"),
    named("requester_external_id", "caller id", "requester number"),
    named("requester_email", "requester e-mail", "customer email", "客户邮箱"),
    named("requester", "requester name", "caller", "contact", "reported by", "客户联系人", "请求人", "报修人"),
    named("account_id"),
    named("account_external_id", "customer number", "account number", "客户编号"),
    named("account", "account name", "company", "company name", "customer", "organisation", "organization", "客户",
          "客户名称", "公司", "公司名称"),
    named("owner", "assignee", "assigned to", "agent", "owner email", "负责人", "处理人", "客服"),
    named("team", "team name", "group", "assignment group", "团队", "小组"),
    text("owner_id", "assignee_id"),
    text("team_id"),
    text("product_id"),
    named("sla_policy", "service level", "sla name", "服务级别"),
    named("sla_policy_id"),
    typed("tags", f.LIST, "tag", "labels", "标签"),
    typed("created_at", f.INSTANT, "created", "opened at", "opened", "date created", "创建时间", "提交时间"),
    typed("changed_at", f.INSTANT, "changed", "happened at", "变更时间"),
)  # fmt: skip
TICKET_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
