"""What columns of a file of articles can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField

VISIBILITIES: Final = {
    "everybody": "public", "everyone": "public", "agents": "internal", "公开": "public", "合作伙伴": "partner",
    "内部": "internal",
}  # fmt: skip
STATES: Final = {
    "review": "in_review", "online": "published", "retired": "archived", "草稿": "draft", "待审": "in_review",
    "已发布": "published", "已归档": "archived",
}  # fmt: skip
_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "article id", "article number", "外部编号", "文章编号"),
    text("title", "name", "subject", "question", "标题", "问题"),
    text("summary", "abstract", "摘要"),
    text("body", "text", "content", "answer", "内容", "正文", "答案"),
    text("language", "locale", "lang", "语言"),
    named("translation_of", "source article", "译自"),
    named("translation_group_id"),
    named("category", "section", "folder", "category name", "分类", "类别"),
    named("category_id"),
    ImportField("visibility", ("visibility",), f.WORD, ("audience", "access", "可见范围"), VISIBILITIES),
    ImportField("state", ("state",), f.WORD, ("status", "状态"), STATES),
    typed("kinds", f.LIST, "ticket types", "工单类型"),
    typed("product_ids", f.LIST),
    typed("tags", f.LIST, "tag", "labels", "keywords", "标签"),
    typed("review_every_days", f.INTEGER, "review days", "复审天数"),
    typed("reviewed_at", f.INSTANT, "reviewed", "last reviewed", "复审时间"),
    typed("edition", f.INTEGER),
    typed("published_at", f.INSTANT, "published", "published on", "发布时间"),
    named("owner", "author", "owner email", "负责人", "作者"),
    named("team", "team name", "团队"),
    text("owner_id"),
    text("team_id"),
    typed("created_at", f.INSTANT, "created", "创建时间"),
)  # fmt: skip
ARTICLE_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
