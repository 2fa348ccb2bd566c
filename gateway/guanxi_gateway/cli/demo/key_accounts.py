"""Key-account files for the largest customers, in the language their owner works in."""

from random import Random
from typing import Any

ZH = {
    "operating_history": (
        "{founded}年成立，从{city}的一家小型{short}起步，逐步发展到今天的规模。2015年完成股份制改造。",
        "成立于{founded}年，总部一直设在{city}。2019年收购两家同业公司后进入快速增长期。",
    ),
    "business_model": (
        "直销为主，渠道为辅；大客户收入约占六成，年度框架合同按季结算。",
        "以项目制交付为主，售后服务收入逐年上升，采购决策集中在总部。",
    ),
    "honours": ("连续三年获评当地纳税百强企业。", "行业协会年度优秀供应商，通过ISO 9001认证。"),
    "plan": (
        "今年目标：进入其集团采购目录，每季度安排一次高层互访。",
        "先从售后合同切入，下半年争取参与新厂区项目招标。",
    ),
}
EN = {
    "operating_history": (
        "Founded in {founded} in {city}; grew from a single workshop to {staff} people. "
        "Went through a change of ownership in 2016.",
        "In business since {founded}, always run from {city}. Bought two competitors in 2019 and "
        "has been integrating them since.",
    ),
    "business_model": (
        "Sells mostly direct; the ten largest customers bring some sixty per cent of the revenue.",
        "Project business with a growing share of service contracts; purchasing is centralised.",
    ),
    "honours": (
        "Supplier of the year of its trade association, ISO 9001 certified.",
        "Listed among the region's best employers three years running.",
    ),
    "plan": (
        "Get onto the group's list of approved suppliers; one meeting of the managements a quarter.",
        "Start with the maintenance contract, then bid for the new site in the second half-year.",
    ),
}


def key_account_file(dice: Random, account: dict[str, Any], *, is_chinese: bool) -> dict[str, str]:
    """History, business model, honours and plan of one account."""
    texts = ZH if is_chinese else EN
    facts = {
        "founded": account["founded_year"],
        "city": account["addresses"][0]["city"],
        "short": account["short_name"],
        "staff": account["staff_count"],
    }
    return {name: dice.choice(choices).format(**facts) for name, choices in texts.items()}
