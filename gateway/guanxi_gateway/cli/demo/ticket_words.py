"""What customers ask for and what they are answered, in Chinese and in English."""

from collections.abc import Mapping
from typing import Final

# By kind: how often, and what about.
KINDS: Final = {"question": 30.0, "incident": 34.0, "request": 24.0, "complaint": 12.0}
SUBJECTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "zh": {
        "question": ("如何导出月报", "保修期怎么计算", "新版本支持哪些接口", "合同续签流程咨询"),
        "incident": ("设备停机报警", "系统无法登录", "传感器读数异常", "数据同步中断"),
        "request": ("申请增加账号", "预约现场培训", "需要备件报价", "变更收货地址"),
        "complaint": ("发票抬头有误", "交货延迟一周", "维修后问题再次出现", "客服回复太慢"),
    },
    "en": {
        "question": ("How to export the monthly report", "What the warranty covers", "Which interfaces the new version has"),
        "incident": ("Machine stopped with an alarm", "Nobody can sign in", "Sensor readings are off", "Synchronisation stopped"),
        "request": ("More user accounts", "A training on site", "A quote for spare parts", "A new delivery address"),
        "complaint": ("Wrong name on the invoice", "Delivered a week late", "Broken again after the repair", "Nobody answers"),
    },
}  # fmt: skip
ASKED: Final = {
    "zh": ("请尽快处理，谢谢。", "附上截图，麻烦看一下。", "昨天开始出现，影响生产。", "请告知处理进度。"),
    "en": ("Please look into it soon.", "It began yesterday and holds up our line.", "Can you tell us how far it is?"),
}  # fmt: skip
ANSWERED: Final = {
    "zh": ("您好，已收到，我们正在核实。", "工程师将于明天上午与您联系。", "新的发票已经寄出。", "请确认问题是否已解决。"),
    "en": ("We have got this and are looking into it.", "An engineer will call you tomorrow.", "Please tell us whether it works now."),
}  # fmt: skip
NOTED: Final = {
    "zh": ("已联系财务核对。", "同一客户本月第二次反馈，注意跟进。", "备件库存不足，已下单。"),
    "en": ("Asked finance to check.", "The second one of this customer this month.", "The part is on order."),
}  # fmt: skip
CHANNELS: Final = {"phone": 34.0, "email": 30.0, "web": 14.0, "messaging": 14.0, "chat": 8.0}
LEVELS: Final = {"high": 15.0, "medium": 45.0, "low": 40.0}
STATUSES: Final = {
    "new": 10.0, "open": 14.0, "pending": 9.0, "on_hold": 5.0, "solved": 32.0, "closed": 30.0,
}  # fmt: skip
