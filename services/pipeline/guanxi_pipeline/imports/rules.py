"""What columns of a file can be, with the names that people give them; what a row means before any
other record is looked at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from guanxi_shared.errors import Invalid
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField

LINES: Final = "lines"
SEVERAL_PRODUCTS: Final = ";；、|\n"
STATUSES: Final = {
    "closed_won": "won", "赢单": "won", "成交": "won", "已成交": "won", "closed_lost": "lost", "输单": "lost",
    "丢单": "lost", "进行中": "open", "跟进中": "open",
}  # fmt: skip


def _lines() -> list[ImportField]:
    def part(name: str, place: str, kind: str, *aliases: str, separators: str = "") -> ImportField:
        return ImportField(
            name, (LINES, 1, place), kind, aliases, separators=separators, is_numbered=True
        )

    return [
        part("product", "name", f.TEXT, "product name", "item", "产品", "产品名称", "商品",
             separators=SEVERAL_PRODUCTS),
        part("product_quantity", "quantity", f.NUMBER, "quantity", "qty", "units", "数量"),
        part("product_price", "unit_price", f.MONEY, "unit price", "price", "单价"),
        part("product_discount", "discount", f.NUMBER, "discount", "discount percent", "折扣"),
    ]  # fmt: skip


_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "legacy id", "record id", "opportunity id", "deal id",
          "编号", "商机编号", "外部编号"),
    text("name", "opportunity", "opportunity name", "deal", "deal name", "topic",
          "商机", "商机名称", "项目", "项目名称", "名称"),
    named("account_id"),
    named("account_external_id", "account number", "customer number", "客户编号"),
    named("account", "account name", "company", "company name", "customer", "customer name", "client",
           "客户", "客户名称", "公司", "公司名称"),
    named("owner", "owner email", "opportunity owner", "sales rep", "sales agent", "salesperson",
           "负责人", "业务员", "销售代表", "负责人邮箱"),
    named("team", "team name", "团队", "所属团队", "销售团队"),
    text("owner_id"),
    text("team_id"),
    named("pipeline", "sales process", "pipeline name", "销售流程"),
    named("stage", "deal stage", "sales stage", "stage name", "阶段", "销售阶段", "商机阶段"),
    text("pipeline_id"),
    text("stage_id"),
    ImportField("status", ("status",), f.WORD, ("outcome", "result", "状态", "结果"), STATUSES),
    ImportField("amount", ("amount", "amount"), f.MONEY, (
        "value", "deal value", "close value", "deal size", "total", "金额", "商机金额", "成交金额")),
    ImportField("amount_currency", ("amount", "currency"), f.CURRENCY, ("currency", "币种", "货币")),
    *_lines(),
    typed("probability", f.NUMBER, "probability percent", "win probability", "赢率", "概率"),
    typed("forecast_category", f.WORD, "forecast", "预测类别"),
    typed("opened_on", f.DAY, "opened", "engage date", "open date", "start date", "开始日期", "立项日期"),
    typed("close_on", f.DAY, "expected close", "expected close date", "close by", "预计成交日期"),
    typed("closed_on", f.DAY, "close date", "closed date", "date closed", "won on", "成交日期", "关闭日期"),
    typed("closed_at", f.INSTANT),
    typed("stage_entered_at", f.INSTANT, "in stage since", "进入阶段时间"),
    text("reason", "loss reason", "win reason", "lost reason", "原因", "丢单原因"),
    text("reason_note", "reason details", "原因说明"),
    typed("competitors", f.LIST, "competitor", "竞争对手"),
    text("next_step", "next steps", "下一步"),
    typed("next_step_on", f.DAY, "next step date", "下一步日期"),
    text("source", "lead source", "origin", "来源", "商机来源"),
    text("campaign_id"),
    text("description", "notes", "note", "remark", "comment", "备注", "说明", "描述"),
    typed("tags", f.LIST, "tag", "labels", "标签"),
    typed("created_at", f.INSTANT, "created", "created on", "created date", "date created",
           "创建时间", "创建日期"),
)  # fmt: skip
OPPORTUNITY_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)


def name_for(document: Mapping[str, Any], account: str | None) -> str | None:
    """A deal that the file has no name for is called by what is sold and to whom, else by its number."""
    lines = document.get(LINES)
    named = [line for line in lines if isinstance(line, Mapping)] if isinstance(lines, list) else []
    sold = [str(line["name"]) for line in named if line.get("name")]
    parts = [part for part in (", ".join(sold), account) if part]
    number = document.get("external_id")
    return " · ".join(parts)[:200] or (str(number)[:200] if number else None)


def with_priced_lines(document: Mapping[str, Any], *, usual_currency: str) -> dict[str, Any]:
    """Unit prices as the API's money: in the currency of the cell, of the deal, or the usual one. What
    is no list of lines stays, for the model to refuse."""
    lines, amount = document.get(LINES), document.get("amount")
    if not isinstance(lines, list):
        return dict(document)
    dealt_in = amount.get("currency") if isinstance(amount, Mapping) else None
    return {**document, LINES: [_priced(line, dealt_in or usual_currency) for line in lines]}


def _priced(line: Any, usual_currency: str) -> Any:
    price = line.get("unit_price") if isinstance(line, Mapping) else None
    if not isinstance(price, tuple):
        return line
    number, currency = price
    money = {"amount": format(number, "f"), "currency": currency or usual_currency}
    return {**line, "unit_price": money}


def demand_named_products(lines: Sequence[Mapping[str, Any]]) -> None:
    """Invalid where a line has the id of a product: nobody has looked whether there is one."""
    if any(line.get("product_id") for line in lines):
        raise Invalid(
            "Products of lines are named.", errors={LINES: "Send name instead of product_id."}
        )


def news_in(sent: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says without what is so anyway: an amount or a probability that comes back out of an
    export as it was is not given by hand for that."""
    found = dict(sent)
    amount = sent.get("amount")
    if amount is not None and row.get("amount_amount") is not None:
        is_same = Decimal(amount["amount"]) == row["amount_amount"]
        if is_same and amount["currency"] == row["amount_currency"]:
            del found["amount"]
    if "probability" in sent and sent["probability"] == float(row["probability"]):
        del found["probability"]
    return found


def demand_closed(closed_at: datetime | None, status: str) -> None:
    """Invalid when an open deal has a day on which it was closed."""
    if closed_at is not None and status == "open":
        raise Invalid("What is open was not closed.", errors={"closed_on": "Its stage is open."})
