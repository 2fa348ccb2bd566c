"""What columns of a file of quotas can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import PEOPLE, PRODUCT, named, text
from guanxi_shared.imports.fields import ImportField

PERIODS: Final = {
    "monthly": "month", "月": "month", "月度": "month", "每月": "month", "quarterly": "quarter", "季": "quarter",
    "季度": "quarter", "每季": "quarter", "yearly": "year", "annual": "year", "annually": "year", "年": "year",
    "年度": "year", "全年": "year",
}  # fmt: skip
_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "quota id", "外部编号", "编号"),
    *PEOPLE,
    ImportField("period", ("period",), f.WORD, (
        "period type", "period kind", "frequency", "周期", "期间", "考核周期", "目标周期"), PERIODS),
    text("starts_on", "start", "starts", "start date", "period start", "month", "quarter", "开始日期",
         "起始日期", "目标月份", "月份"),
    named("pipeline", "sales process", "pipeline name", "销售流程"),
    text("pipeline_id"),
    *PRODUCT,
    ImportField("amount", ("amount", "amount"), f.MONEY, (
        "quota", "target", "sales target", "quota amount", "goal", "销售目标", "配额", "目标", "目标金额",
        "销售配额", "指标", "销售指标", "任务", "金额")),
    ImportField("amount_currency", ("amount", "currency"), f.CURRENCY, ("currency", "币种", "货币")),
    text("note", "notes", "remark", "comment", "备注", "说明"),
)  # fmt: skip
QUOTA_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)
