"""What columns of a file of quotes' lines can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_pipeline.references.named import ACCOUNT
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import PEOPLE, named, of_line, text, typed
from guanxi_shared.imports.fields import ImportField

DEALS: Final = ("opportunity_id", "opportunity_external_id", "opportunity")
MODES: Final = {
    "without_tax": "net", "excluding_tax": "net", "excl._tax": "net", "不含税": "net", "未税": "net",
    "with_tax": "gross", "including_tax": "gross", "incl._tax": "gross", "含税": "gross",
}  # fmt: skip
STATUSES: Final = {
    "草稿": "draft",
    "已发送": "sent",
    "已接受": "accepted",
    "已拒绝": "rejected",
    "已过期": "expired",
}


_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "quote id", "外部编号"),
    text("number", "quote number", "quote no", "quote", "quotation number", "报价单号", "报价编号", "单号"),
    typed("revision", f.INTEGER, "version", "quote version", "版本"),
    text("name", "quote name", "title", "subject", "报价名称", "名称"),
    ImportField("status", ("status",), f.WORD, ("quote status", "状态", "报价状态"), STATUSES),
    *ACCOUNT,
    text("contact_id"),
    named("opportunity_id"),
    named("opportunity_external_id", "opportunity number", "deal number", "商机编号"),
    named("opportunity", "opportunity name", "deal", "deal name", "商机", "商机名称"),
    *PEOPLE,
    text("currency", "币种", "货币"),
    ImportField("price_mode", ("price_mode",), f.WORD, ("tax mode", "prices are", "计税方式"), MODES),
    typed("valid_until", f.DAY, "valid to", "expires", "expiry date", "expiration date", "有效期至", "有效期"),
    ImportField("quote_discount", ("discount", "percent"), f.NUMBER, (
        "total discount percent", "overall discount percent", "整单折扣")),
    typed("quote_discount_amount", f.MONEY, "total discount", "overall discount", "整单优惠"),
    text("language", "语言"),
    text("terms", "conditions", "payment terms", "条款"),
    text("description", "notes", "note", "remark", "comment", "备注", "说明"),
    typed("update_opportunity", f.BOOLEAN, "updates opportunity"),
    of_line("sku", "sku", f.TEXT, "article number", "item number", "product code", "货号", "产品编号", "商品编号"),
    of_line("product", "name", f.TEXT, "product name", "item", "产品", "产品名称", "商品"),
    of_line("product_id", "product_id", f.TEXT),
    of_line("line_description", "description", f.TEXT, "item description", "产品说明"),
    of_line("quantity", "quantity", f.NUMBER, "qty", "units", "数量"),
    of_line("unit", "unit", f.TEXT, "unit of measure", "单位"),
    of_line("unit_price", "unit_price", f.MONEY, "price", "单价"),
    of_line("discount", "discount", f.NUMBER, "discount percent", "折扣"),
    of_line("tax_class", "tax_class", f.TEXT, "tax code", "税类"),
    of_line("tax_rate", "tax_rate", f.NUMBER, "vat rate", "tax percent", "税率"),
    of_line("cost", "cost", f.MONEY, "unit cost", "cost price", "单位成本", "成本价"),
    typed("tags", f.LIST, "tag", "labels", "标签"),
    typed("created_at", f.INSTANT, "created", "created on", "创建时间"),
)  # fmt: skip
QUOTE_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
