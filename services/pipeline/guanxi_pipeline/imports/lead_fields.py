"""What columns of a file of leads can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import PEOPLE, text, typed
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.reach_fields import emails, phones

CONSENTS: Final = "consents"
STATUSES = {
    "新": "new", "新建": "new", "open": "new", "跟进中": "working", "contacted": "working",
    "in_progress": "working", "已确认": "qualified", "合格": "qualified",
}  # fmt: skip
CHANNELS = {"邮件": "email", "电话": "phone", "短信": "sms", "微信": "wechat", "mail": "email"}
PURPOSES = {"营销": "marketing", "服务": "service"}


def _consent(
    name: str, kind: str = f.TEXT, words: Mapping[str, str] | None = None, *aliases: str
) -> ImportField:
    """Of the one agreement that a row can tell of."""
    return ImportField(f"consent_{name}", (CONSENTS, 1, name), kind, aliases, words or {})


_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "record id", "lead id", "lead number", "编号", "线索编号",
         "外部编号"),
    text("name", "lead", "lead name", "full name", "contact", "contact name", "person", "姓名", "名称", "线索",
         "线索名称", "联系人"),
    text("company", "company name", "organisation", "organization", "公司", "公司名称",
         "单位", "单位名称", "企业名称"),
    text("title", "job title", "position", "职位", "职务"),
    *phones(), *emails(),
    text("website", "web site", "url", "homepage", "网站", "网址", "官网"),
    text("domain", "域名"),
    text("industry", "sector", "行业", "所属行业"),
    text("region", "territory", "area", "地区", "区域", "大区"),
    text("source", "lead source", "origin", "来源", "线索来源", "渠道"),
    text("campaign_id", "campaign id"),
    ImportField("status", ("status",), f.WORD, ("lead status", "state", "状态", "线索状态"), STATUSES),
    text("next_step", "next step", "下一步", "下一步计划"),
    typed("next_step_on", f.DAY, "next step on", "follow up on", "下次跟进日期", "下次联系日期"),
    _consent("channel", f.WORD, CHANNELS, "同意渠道"),
    _consent("purpose", f.WORD, PURPOSES, "同意用途"),
    _consent("text", f.TEXT, None, "consent wording", "同意内容"),
    _consent("given_at", f.INSTANT, None, "consent given", "consent date", "同意时间"),
    *PEOPLE,
    text("description", "notes", "note", "remark", "remarks", "comments", "备注", "说明", "描述"),
    typed("tags", f.LIST, "tag", "labels", "标签"),
    typed("created_at", f.INSTANT, "created", "created on", "created date", "创建时间", "创建日期"),
)  # fmt: skip
LEAD_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType({each.name: each for each in _ALL})
