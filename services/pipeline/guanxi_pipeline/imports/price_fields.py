"""What columns of a file of price books can be, a row an entry, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import PRODUCT, text, typed
from guanxi_shared.imports.fields import ImportField

_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "price book id", "外部编号", "编号"),
    text("name", "price book", "price book name", "price list", "price list name", "book", "价格表",
         "价格表名称", "价目表", "价格册", "价格本", "名称"),
    text("currency", "币种", "货币"),
    text("description", "notes", "note", "remark", "备注", "说明"),
    typed("account_ids", f.LIST),
    typed("grades", f.LIST, "grade", "account grades", "等级", "客户等级", "适用等级"),
    typed("industries", f.LIST, "industry", "行业", "适用行业"),
    typed("regions", f.LIST, "region", "地区", "区域", "适用地区"),
    typed("valid_from", f.DAY, "from", "start date", "生效日期", "开始日期"),
    typed("valid_to", f.DAY, "to", "until", "end date", "失效日期", "结束日期", "截止日期"),
    typed("priority", f.INTEGER, "rank", "优先级"),
    typed("is_active", f.BOOLEAN, "active", "启用", "是否启用"),
    *PRODUCT,
    typed("unit_price", f.MONEY, "price", "net price", "单价", "价格", "售价"),
    typed("min_quantity", f.NUMBER, "from quantity", "minimum quantity", "quantity", "qty", "起订量", "起始数量",
          "最小数量", "数量"),
    typed("discount_limit", f.NUMBER, "discount", "maximum discount", "折扣上限", "最大折扣", "折扣"),
)  # fmt: skip
PRICE_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
