"""What deals are about, where they come from, and why they are lost; in Chinese and in English."""

from collections.abc import Mapping
from typing import Any, Final

Stage = dict[str, Any]


def _open(name: str, probability: int, **more: Any) -> Stage:
    return {"name": name, "kind": "open", "probability": probability, **more}


CLOSED: Final[list[Stage]] = [
    {"name": "赢单 Won", "kind": "won"},
    {"name": "输单 Lost", "kind": "lost", "required_fields": ["reason"]},
]
PIPELINES: Final[Mapping[str, list[Stage]]] = {
    "新业务 New business": [
        _open("线索确认 Qualification", 10, max_days=30),
        _open("需求分析 Needs analysis", 25, max_days=30, required_fields=["account_id"]),
        _open(
            "方案报价 Proposal", 50, max_days=45, forecast_category="best_case",
            required_fields=["amount"],
            exit_criteria=[{"key": "budget_agreed", "text": "预算已确认 The budget is agreed"}],
        ),
        _open(
            "谈判 Negotiation", 75, max_days=30, forecast_category="commit",
            required_fields=["amount", "close_on"],
        ),
        *CLOSED,
    ],
    "续约 Renewals": [
        _open("到期提醒 Due", 50, max_days=30, forecast_category="best_case"),
        _open("已报价 Offered", 80, max_days=30, forecast_category="commit"),
        *CLOSED,
    ],
}  # fmt: skip
LOSS_REASONS: Final = {
    "价格 price": 30.0, "竞争对手 competitor": 25.0, "预算 no budget": 18.0,
    "项目取消 cancelled": 12.0, "没有回复 no answer": 15.0,
}  # fmt: skip
SOURCES: Final = {
    "referral": 24.0, "website": 22.0, "trade fair": 16.0, "cold call": 14.0, "partner": 12.0,
    "existing customer": 12.0,
}  # fmt: skip
COMPETITORS: Final = ("远景数据", "华信软件", "Nordwind Systems", "Acme Cloud", "BlueRiver")
ROLES: Final = ("decision_maker", "influencer")
SUBJECTS: Final = {
    "zh": ("年度软件许可", "设备采购", "产线升级", "数据平台一期", "维保服务", "备件框架协议", "培训项目"),
    "en": (
        "Annual licences", "Equipment", "Line upgrade", "Data platform", "Maintenance",
        "Spare parts agreement", "Training",
    ),
}  # fmt: skip
NEXT_STEPS: Final = {
    "zh": ("发送报价", "安排演示", "约见采购负责人", "确认技术参数", "跟进合同"),
    "en": (
        "Send the quote", "Arrange a demo", "Meet the buyer", "Settle the specification",
        "Chase the contract",
    ),
}  # fmt: skip
