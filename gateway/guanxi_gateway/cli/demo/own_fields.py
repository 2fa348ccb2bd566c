"""Fields that the demo organisation added itself, and their values."""

from datetime import date, timedelta
from random import Random
from typing import Any

from guanxi_gateway.cli.demo.seeds import demo_id, weighted

TERMS = {"prepaid": 2.0, "net 30": 5.0, "net 60": 2.0, "net 90": 1.0}
PRODUCT_LINES = ("hardware", "licences", "maintenance", "training")
RENEWALS_FROM = date(2026, 1, 1)

DEFINITIONS: tuple[dict[str, Any], ...] = (
    {
        "resource": "accounts",
        "key": "payment_terms",
        "kind": "choice",
        "label": {"en": "Payment terms", "zh": "付款方式"},
        "options": list(TERMS),
    },
    {
        "resource": "accounts",
        "key": "product_lines",
        "kind": "choices",
        "label": {"en": "Product lines", "zh": "产品线"},
        "options": list(PRODUCT_LINES),
    },
    {
        "resource": "accounts",
        "key": "renewal_on",
        "kind": "day",
        "label": {"en": "Contract renewal", "zh": "合同续签日"},
    },
    {
        "resource": "contacts",
        "key": "newsletter",
        "kind": "boolean",
        "label": {"en": "Newsletter", "zh": "订阅简报"},
    },
    {
        "resource": "contacts",
        "key": "wechat",
        "kind": "text",
        "label": {"en": "WeChat", "zh": "微信"},
    },
)


def make_fields(seed: int) -> list[dict[str, Any]]:
    return [
        {"id": str(demo_id(seed, "field", number)), **definition}
        for number, definition in enumerate(DEFINITIONS)
    ]


def account_values(dice: Random) -> dict[str, Any]:
    values: dict[str, Any] = {"payment_terms": weighted(dice, TERMS)}
    if dice.random() < 0.6:
        values["product_lines"] = sorted(dice.sample(PRODUCT_LINES, dice.randint(1, 3)))
    if dice.random() < 0.5:
        values["renewal_on"] = str(RENEWALS_FROM + timedelta(days=dice.randrange(730)))
    return values


def contact_values(dice: Random, handle: str, *, is_chinese: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"newsletter": dice.random() < 0.4}
    if is_chinese and dice.random() < 0.7:
        values["wechat"] = f"{handle.replace('.', '_')}_{dice.randrange(100, 1000)}"
    return values
