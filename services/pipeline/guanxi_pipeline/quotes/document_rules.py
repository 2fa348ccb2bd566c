"""A quote as it is printed: words in the reader's language, amounts as people write them. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

UNBROKEN = re.compile(r"[!-~]{24,}")
ZERO_WIDTH_SPACE = "\u200b"
RUN = 20
LONG_DESCRIPTION = 600

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Quotation", "number": "Number", "revision": "Version", "date": "Date",
        "valid_until": "Valid until", "customer": "Customer", "contact": "Attention", "owner": "Your contact",
        "item": "Item", "quantity": "Quantity", "unit": "Unit", "unit_price": "Unit price",
        "unit_price_gross": "Unit price incl. tax", "discount": "Discount", "tax": "Tax", "amount": "Amount",
        "subtotal": "Subtotal", "net": "Net", "tax_on": "Tax {rate}% on {base}",
        "tax_in": "Tax {rate}% included in {base}", "total": "Total", "terms": "Terms",
        "page": "Page", "of": "of", "draft": "DRAFT", "currency": "All amounts in {currency}",
        "accepted": "Accepted by {name} on {day}",
    },
    "zh": {
        "title": "报价单", "number": "编号", "revision": "版本", "date": "日期", "valid_until": "有效期至",
        "customer": "客户", "contact": "联系人", "owner": "业务联系人", "item": "项目", "quantity": "数量",
        "unit": "单位", "unit_price": "单价", "unit_price_gross": "含税单价", "discount": "折扣", "tax": "税率",
        "amount": "金额", "subtotal": "小计", "net": "不含税金额", "tax_on": "税额 {rate}%（计税金额 {base}）",
        "tax_in": "其中税额 {rate}%（含税金额 {base}）", "total": "合计", "terms": "条款", "page": "第", "of": "页，共",
        "draft": "草稿", "currency": "金额单位：{currency}", "accepted": "{name} 于 {day} 接受",
    },
}  # fmt: skip
UNSENT = frozenset({"draft", "pending_approval", "approved"})
CHINESE_REGIONS = frozenset({"CN", "TW", "HK", "MO", "SG"})


def language_of(asked: str | None, of_quote: str | None, region: str) -> str:
    """As asked for, else the quote's own, else the organisation's."""
    return asked or of_quote or ("zh" if region in CHINESE_REGIONS else "en")


def number_text(amount: str) -> str:
    """`1234567.5` as `1,234,567.5`; the digits behind the point are the currency's already."""
    return f"{Decimal(amount):,f}"


def plain(number: float) -> str:
    """A quantity or percentage without digits that say nothing."""
    text = f"{Decimal(str(number)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def breakable(text: str | None) -> str:
    """Long runs without a space get places to break at, so that nothing leaves its column."""
    return UNBROKEN.sub(
        lambda run: ZERO_WIDTH_SPACE.join(run[0][i : i + RUN] for i in range(0, len(run[0]), RUN)),
        text or "",
    )


def document_of(
    quote: Mapping[str, Any], *, language: str, seller: str, customer: str | None, contact: str | None,
    owner: str | None, zone: tzinfo,
) -> dict[str, Any]:  # fmt: skip
    """What the template prints: texts, and whether a line is a short one."""
    words = WORDS[language]
    is_gross = quote["price_mode"] == "gross"
    facts = [
        (words["number"], quote["number"]),
        (words["revision"], str(quote["revision"])),
        (words["date"], day_of(quote["sent_at"] or quote["updated_at"], zone)),
        (words["valid_until"], quote["valid_until"]),
        (words["customer"], customer), (words["contact"], contact), (words["owner"], owner),
    ]  # fmt: skip
    price = words["unit_price_gross" if is_gross else "unit_price"]
    return {
        "language": language,
        "title": words["title"],
        "seller": breakable(seller),
        "name": breakable(quote["name"]),
        "facts": [[label, breakable(value)] for label, value in facts if value],
        "heads": ["#", words["item"], words["quantity"], words["unit"], price, words["discount"],
                  words["tax"], words["amount"]],
        "lines": [_line(line) for line in quote["lines"]],
        "totals": _totals(quote, words, is_gross=is_gross),
        "currency": words["currency"].format(currency=quote["currency"]),
        "terms_title": words["terms"], "terms": breakable(quote["terms"]),
        "page": words["page"], "of": words["of"], "page_end": "页" if language == "zh" else "",
        "watermark": words["draft"] if quote["status"] in UNSENT else "",
        "footer": f"{quote['number']} · {quote['revision']}",
        "accepted": _accepted(quote, words, zone),
    }  # fmt: skip


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "position": str(line["position"]),
        "name": breakable(line["name"]),
        "sku": breakable(line["sku"]),
        "description": breakable(line["description"]),
        "quantity": plain(line["quantity"]),
        "unit": breakable(line["unit"]),
        "price": number_text(line["unit_price"]["amount"]),
        "discount": f"{plain(line['discount'])}%" if line["discount"] else "",
        "tax": f"{plain(line['tax_rate'])}%",
        "amount": number_text(line["amount"]["amount"]),
        # A line stays on its page, if it is not half a page itself.
        "is_short": len(line["description"] or "") < LONG_DESCRIPTION,
    }


def _totals(
    quote: Mapping[str, Any], words: Mapping[str, str], *, is_gross: bool
) -> list[list[str]]:
    """Label and amount a row, the last one the total. With tax in the prices it is said below."""
    totals = quote["totals"]
    rows = []
    if Decimal(totals["discount"]["amount"]):
        rows.append([words["subtotal"], _amount(totals["subtotal"])])
        rows.append([_discount(quote, words), "−" + _amount(totals["discount"])])
    if not is_gross:
        rows.append([words["net"], _amount(totals["net"])])
    base, word = ("gross", "tax_in") if is_gross else ("net", "tax_on")
    for each in totals["taxes"]:
        label = words[word].format(rate=plain(each["rate"]), base=_amount(each[base]))
        rows.append([label, _amount(each["tax"])])
    if is_gross:
        rows.append([words["net"], _amount(totals["net"])])
    return [*rows, [words["total"], f"{quote['currency']} {_amount(totals['total'])}"]]


def _discount(quote: Mapping[str, Any], words: Mapping[str, str]) -> str:
    percent = (quote["discount"] or {}).get("percent")
    return words["discount"] + ("" if percent is None else f" {plain(percent)}%")


def _amount(value: Mapping[str, str]) -> str:
    return number_text(value["amount"])


def day_of(moment: str, zone: tzinfo) -> str:
    """The day on which it was where the seller is."""
    return datetime.fromisoformat(moment).astimezone(zone).date().isoformat()


def _accepted(quote: Mapping[str, Any], words: Mapping[str, str], zone: tzinfo) -> str:
    if quote["status"] != "accepted":
        return ""
    name, day = quote["decision"]["name"], day_of(quote["decided_at"], zone)
    return breakable(words["accepted"].format(name=name, day=day))
