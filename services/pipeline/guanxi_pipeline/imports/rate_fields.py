"""What columns of a file of exchange rates can be, with the names that people give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import text, typed
from guanxi_shared.imports.fields import ImportField

_ALL = (
    text("id", "guanxi id"),
    typed("valid_on", f.DAY, "day", "date", "valid from", "rate date", "日期", "汇率日期", "生效日期"),
    text("currency", "from", "from currency", "foreign currency", "币种", "外币", "货币"),
    text("base", "to", "to currency", "base currency", "quote currency", "本位币", "基准货币", "本币"),
    typed("rate", f.NUMBER, "exchange rate", "value", "price", "汇率", "中间价"),
    text("source", "origin", "来源"),
)  # fmt: skip
RATE_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType({each.name: each for each in _ALL})
