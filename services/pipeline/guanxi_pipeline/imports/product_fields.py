"""What columns of a file of products can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import text, typed
from guanxi_shared.imports.fields import ImportField

_ALL = (
    text("id", "guanxi id"),
    text("sku", "article number", "item number", "product code", "product number", "货号", "产品编号",
         "商品编号"),
    text("external_id", "external id", "legacy id", "product id", "外部编号"),
    text("name", "product", "product name", "title", "产品", "产品名称", "商品", "名称"),
    text("category", "product category", "group", "类别", "产品类别"),
    text("unit", "unit of measure", "quantity per unit", "单位"),
    text("tax_class", "tax code", "税类"),
    ImportField("price", ("price", "amount"), f.MONEY, (
        "list price", "unit price", "sales price", "单价", "标价", "售价")),
    ImportField("price_currency", ("price", "currency"), f.CURRENCY, ("currency", "币种", "货币")),
    ImportField("cost", ("cost", "amount"), f.MONEY, ("unit cost", "cost price", "成本", "成本价")),
    ImportField("cost_currency", ("cost", "currency"), f.CURRENCY),
    typed("is_active", f.BOOLEAN, "active", "在售"),
    text("description", "notes", "note", "备注", "说明", "描述"),
    typed("tags", f.LIST, "tag", "labels", "标签"),
    typed("created_at", f.INSTANT, "created", "created on", "创建时间"),
)  # fmt: skip
PRODUCT_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
