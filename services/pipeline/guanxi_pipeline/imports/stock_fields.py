"""What columns of a file of distributors' months (进销存) can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_pipeline.references.named import ACCOUNT
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import PEOPLE, PRODUCT, text, typed
from guanxi_shared.imports.fields import ImportField

_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "report id", "外部编号", "编号"),
    *ACCOUNT,
    *PRODUCT,
    *PEOPLE,
    text("month", "period", "reporting month", "report month", "月份", "月", "年月", "期间", "报告月份"),
    typed("opening", f.NUMBER, "opening stock", "beginning stock", "opening balance", "beginning inventory",
          "期初库存", "期初", "月初库存", "上月库存"),
    typed("bought", f.NUMBER, "purchased", "purchases", "received", "in", "sell in", "进货", "进货量", "采购",
          "入库", "入库数量", "本月进货"),
    typed("sold", f.NUMBER, "sales", "shipped", "out", "sell out", "units sold", "销售", "销售量", "销量", "出货",
          "出货量", "出库", "出库数量", "本月销售"),
    typed("adjusted", f.NUMBER, "adjustment", "adjustments", "盘盈盘亏", "调整", "调整数量", "损耗"),
    text("adjustment_reason", "reason for adjustment", "调整原因"),
    typed("closing", f.NUMBER, "closing stock", "ending stock", "closing balance", "ending inventory", "stock",
          "期末库存", "期末", "月末库存", "库存"),
    typed("restates_opening", f.BOOLEAN, "restated", "opening restated", "期初重述", "期初调整"),
    text("restatement_reason", "reason for restatement", "重述原因", "期初调整原因"),
    text("note", "notes", "remark", "comment", "备注", "说明"),
)  # fmt: skip
STOCK_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
