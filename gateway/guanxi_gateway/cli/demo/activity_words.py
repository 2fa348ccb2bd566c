"""What is said and written between a supplier and its customers, in Chinese and in English."""

SUBJECTS = {
    "zh": {
        "call": ("电话回访", "确认交货时间", "催问报价反馈", "沟通付款进度", "新需求了解"),
        "visit": ("拜访客户", "现场勘查", "回访设备使用情况", "高层拜访"),
        "meeting": ("方案讨论会", "季度回顾", "合同谈判", "产品演示"),
        "email": ("发送报价单", "会议纪要", "合同草案", "产品资料"),
        "message": ("微信：约时间", "微信：发送资料", "微信：节日问候"),
        "note": ("客户动态", "竞争对手情况", "采购流程备忘"),
        "task": ("准备报价", "整理案例", "跟进回款", "更新客户资料"),
    },
    "en": {
        "call": ("Follow-up call", "Delivery date", "Feedback on our quote", "Open invoice"),
        "visit": ("Visit on site", "Tour of the plant", "Courtesy visit", "Look at the installation"),
        "meeting": ("Project review", "Quarterly review", "Contract negotiation", "Product demo"),
        "email": ("Our quote", "Minutes of our meeting", "Draft of the contract", "Brochures"),
        "message": ("Message: finding a date", "Message: documents sent"),
        "note": ("News of the customer", "What the competition does", "How they purchase"),
        "task": ("Prepare a quote", "Collect references", "Chase the payment", "Update the file"),
    },
}  # fmt: skip
OUTCOMES = {
    "zh": ("客户满意，同意进入下一步。", "价格偏高，需要重新报价。", "预算下季度才有。",
           "对方负责人出差，改期再谈。", "确认了技术要求。"),
    "en": ("They are happy and want to go on.", "Too dear; they want another quote.",
           "No budget before next quarter.", "The person in charge was away; we try again.",
           "The technical requirements are settled."),
}  # fmt: skip
NEXT_STEPS = {
    "zh": ("发送新报价", "安排技术交流", "下周再联系", "准备合同"),
    "en": ("Send a new quote", "Arrange a technical talk", "Call next week", "Prepare the contract"),
}  # fmt: skip
NOTES = {
    "zh": ("采购权已上收到集团总部。", "新任技术总监上任，倾向国产方案。", "竞争对手上周来访过。"),
    "en": ("Purchasing has moved to the head office.", "A new head of engineering has started.",
           "A competitor was there last week."),
}  # fmt: skip
VISIT_NOTES = {
    "zh": ("见到了负责人。", "设备运行正常。", "前台登记后等候二十分钟。"),
    "en": ("Met the person in charge.", "The machines run well.", "Waited twenty minutes."),
}  # fmt: skip


def language_of(account: dict[str, object]) -> str:
    """What its owner writes about it in."""
    addresses = account["addresses"]
    assert isinstance(addresses, list)
    return "zh" if addresses[0]["country"] == "CN" else "en"
