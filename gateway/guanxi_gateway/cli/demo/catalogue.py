"""What is sold: tax classes, products with a price in each currency, and two years of exchange rates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.places import COUNTRIES
from guanxi_gateway.cli.demo.seeds import demo_id, stream
from guanxi_gateway.cli.demo.staff import ORGANISATION
from guanxi_shared.money import scale_of

HOME: Final = str(ORGANISATION["currency"])
# What a thousand US dollars are in each currency, roughly.
DOLLARS: Final = {country.currency: country.dollars for country in COUNTRIES.values()}
MONTHS_BACK, DRIFT = 25, 0.012
TAXES: Final = (
    ("CN-13", "增值税 13%", 13),
    ("CN-6", "增值税 6%", 6),
    ("ZERO", "出口零税率 Export", 0),
)
MARGIN: Final = (0.35, 0.6)


@dataclass(frozen=True, slots=True)
class Item:
    sku: str
    name: str
    category: str
    unit: str
    dollars: int
    tax_class: str = "CN-13"


ITEMS: Final = (
    Item("SRV-100", "云服务器 标准版 Cloud server", "cloud", "月", 140, "CN-6"),
    Item("SRV-500", "云服务器 专业版 Cloud server Pro", "cloud", "月", 520, "CN-6"),
    Item("DAT-10", "数据平台许可 Data platform licence", "software", "年", 9_500, "CN-6"),
    Item("DAT-25", "分析模块 Analytics module", "software", "年", 4_200, "CN-6"),
    Item("CRM-1", "用户许可 User licence", "software", "年", 290, "CN-6"),
    Item("SEN-3", "工业传感器 Industrial sensor", "hardware", "件", 85),
    Item("GTW-2", "边缘网关 Edge gateway", "hardware", "台", 640),
    Item("PLC-7", "控制器 Controller", "hardware", "台", 1_900),
    Item("ROB-1", "协作机械臂 Collaborative robot", "hardware", "台", 23_000),
    Item("SPR-1", "备件包 Spare parts kit", "parts", "套", 310),
    Item("MNT-1", "维保服务 Maintenance", "services", "年", 2_400, "CN-6"),
    Item("TRN-1", "培训 Training day", "services", "天", 780, "CN-6"),
    Item("IMP-1", "实施服务 Implementation day", "services", "天", 950, "CN-6"),
)


def make_taxes(seed: int) -> list[Record]:
    return [
        {
            "id": str(demo_id(seed, "tax", number)), "code": code, "name": name, "rate": rate,
            "valid_from": "2019-04-01",
        }
        for number, (code, name, rate) in enumerate(TAXES)
    ]  # fmt: skip


def product_id(seed: int, number: int) -> str:
    return str(demo_id(seed, "product", number))


def price(item: Item, currency: str) -> Record:
    """The list price, with two digits that count."""
    amount = float(f"{item.dollars * DOLLARS[currency] / 1_000:.2g}")
    return {"amount": f"{amount:.{scale_of(currency)}f}", "currency": currency}


def unit_cost(item: Item, currency: str, share: float) -> Record:
    amount = Decimal(price(item, currency)["amount"]) * Decimal(f"{share:.3f}")
    return {"amount": f"{amount:.{scale_of(currency)}f}", "currency": currency}


def make_products(seed: int) -> list[Record]:
    dice = stream(seed, "product")
    return [
        {
            "id": product_id(seed, number), "sku": item.sku, "name": item.name,
            "category": item.category, "unit": item.unit, "tax_class": item.tax_class,
            "cost": unit_cost(item, HOME, dice.uniform(*MARGIN)),
            "prices": [price(item, currency) for currency in sorted(DOLLARS)],
        }
        for number, item in enumerate(ITEMS)
    ]  # fmt: skip


def make_rates(seed: int, today: date) -> list[Record]:
    """Of the first of each month, into the home currency; they wander by about a percent a month."""
    return [
        {"id": str(demo_id(seed, "rate", number)), **rate}
        for number, rate in enumerate(_rates(seed, today))
    ]


def _rates(seed: int, today: date) -> Iterator[Record]:
    dice = stream(seed, "rate")
    for currency in sorted(DOLLARS.keys() - {HOME}):
        rate = DOLLARS[HOME] / DOLLARS[currency]
        for back in range(MONTHS_BACK, -1, -1):
            rate *= 1 + dice.gauss(0, DRIFT)
            yield {
                "currency": currency, "base": HOME, "valid_on": str(_first_of_month(today, back)),
                "rate": float(f"{rate:.6g}"), "source": "demo",
            }  # fmt: skip


def _first_of_month(today: date, back: int) -> date:
    months = today.year * 12 + today.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)
