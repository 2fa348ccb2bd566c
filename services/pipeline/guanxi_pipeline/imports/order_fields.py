"""What columns of a file of order lines can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_pipeline.references.named import ACCOUNT
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import PEOPLE, of_line, text, typed
from guanxi_shared.imports.fields import ImportField

STATUSES: Final = {
    "shipped": "fulfilled", "delivered": "fulfilled", "completed": "fulfilled", "complete": "fulfilled",
    "closed": "fulfilled", "canceled": "cancelled", "open": "placed", "new": "placed", "pending": "placed",
    "processing": "confirmed", "已发货": "fulfilled", "已完成": "fulfilled", "已取消": "cancelled",
    "已下单": "placed", "已确认": "confirmed", "草稿": "draft",
}  # fmt: skip


_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "order id", "外部编号"),
    text("number", "order number", "order no", "order", "订单号", "订单编号", "单号"),
    *ACCOUNT,
    *PEOPLE,
    ImportField("status", ("status",), f.WORD, ("order status", "状态", "订单状态"), STATUSES),
    typed("ordered_on", f.DAY, "order date", "ordered", "date", "placed on", "下单日期", "订单日期", "日期"),
    typed("fulfilled_on", f.DAY, "shipped date", "ship date", "shipped on", "delivery date", "fulfilled",
          "发货日期", "交货日期"),
    text("currency", "币种", "货币"),
    typed("shipping", f.MONEY, "freight", "shipping cost", "运费"),
    of_line("sku", "sku", f.TEXT, "article number", "product id", "item number", "product code",
             "货号", "产品编号", "商品编号"),
    of_line("product", "name", f.TEXT, "product name", "item", "产品", "产品名称", "商品"),
    of_line("product_id", "product_id", f.TEXT),
    of_line("category", "category", f.TEXT, "product category", "类别", "产品类别"),
    of_line("quantity", "quantity", f.NUMBER, "qty", "units", "数量"),
    of_line("unit_price", "unit_price", f.MONEY, "price", "单价"),
    of_line("discount", "discount", f.NUMBER, "discount percent", "折扣"),
    of_line("amount", "amount", f.MONEY, "line total", "net amount", "line amount", "金额"),
    of_line("tax_rate", "tax_rate", f.NUMBER, "vat rate", "tax percent", "税率"),
    of_line("tax", "tax", f.MONEY, "vat", "税额"),
    of_line("unit_cost", "unit_cost", f.MONEY, "cost price", "单位成本", "成本价"),
    of_line("cost", "cost", f.MONEY, "line cost", "成本"),
    text("source", "origin", "来源"),
    text("description", "notes", "note", "remark", "comment", "备注", "说明"),
    typed("tags", f.LIST, "tag", "labels", "标签"),
    typed("created_at", f.INSTANT, "created", "created on", "创建时间"),
)  # fmt: skip
ORDER_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
