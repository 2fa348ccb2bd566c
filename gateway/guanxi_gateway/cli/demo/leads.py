"""Leads of the last weeks, and what makes leads work: a form, a scorecard and rules that assign them."""

from datetime import date, timedelta
from random import Random
from typing import Final

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.company_names import company_name, site_of
from guanxi_gateway.cli.demo.deal_words import SOURCES
from guanxi_gateway.cli.demo.industries import SECTORS
from guanxi_gateway.cli.demo.names import person_name
from guanxi_gateway.cli.demo.places import CITIES, country_of
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted
from guanxi_gateway.cli.demo.staff import team_id

LEADS = 140
REACHED, ANSWERED = 0.85, 0.6
NEXT_DAYS = 20
STATUSES: Final = {"new": 5.0, "working": 3.0, "qualified": 2.0}
BUDGETS: Final = {"approved": 2.0, "planned": 4.0, "none": 2.0}
SCORECARD: Final[Record] = {
    "criteria": [
        {"key": "software", "label": "软件行业 Software", "points": 20, "filter_groups": [
            {"filters": [{"field": "industry", "operator": "eq", "value": "software"}]}]},
        {"key": "referred", "label": "转介绍 Referred", "points": 15, "filter_groups": [
            {"filters": [{"field": "source", "operator": "eq", "value": "referral"}]}]},
    ],
    "questions": [
        {"key": "budget", "text": "有预算吗？ Is there a budget?", "choices": [
            {"key": "approved", "label": "已批准 Approved", "points": 30},
            {"key": "planned", "label": "计划中 Planned", "points": 10},
            {"key": "none", "label": "没有 None", "points": -20}]},
    ],
}  # fmt: skip


def make_rules(seed: int) -> list[Record]:
    """Whose a lead becomes: software goes to whoever has least to do, the rest in turn."""
    filters = [{"filters": [{"field": "industry", "operator": "eq", "value": "software"}]}]
    return [
        {
            "id": str(demo_id(seed, "rule", 0)), "name": "软件行业 Software", "position": 10,
            "filter_groups": filters,
            "action": {"kind": "least_loaded", "team_id": str(team_id(seed, "Sales North"))},
        },
        {
            "id": str(demo_id(seed, "rule", 1)), "name": "其他 All others", "position": 100,
            "filter_groups": [],
            "action": {"kind": "round_robin", "team_id": str(team_id(seed, "Sales South"))},
        },
    ]  # fmt: skip


def make_forms(seed: int) -> list[Record]:
    return [
        {
            "id": str(demo_id(seed, "form", 0)), "name": "联系我们 Contact us", "source": "website",
            "fields": [
                {"name": "name", "label": "姓名 Your name", "is_required": True},
                {"name": "email", "label": "邮箱 Email", "is_required": True},
                {"name": "company", "label": "公司 Company"},
                {"name": "phone", "label": "电话 Phone"},
                {"name": "description", "label": "需求 How can we help?"},
            ],
            "consent_text": "同意通过邮件接收产品信息。 You may write to me about your products.",
            "thanks_text": "谢谢，我们会尽快联系您。 Thank you, we will call you back.",
        }
    ]  # fmt: skip


def make_leads(seed: int, today: date) -> list[Record]:
    """Leads as `POST /v1/leads` takes them; the rules of the demo say whose they become."""
    dice = stream(seed, "lead")
    return [{"id": str(demo_id(seed, "lead", n)), **_lead(dice, n, today)} for n in range(LEADS)]


def _lead(dice: Random, number: int, today: date) -> Record:
    city = dice.choice(CITIES)
    industry = weighted(dice, SECTORS)
    company = company_name(dice, city, industry)
    person = person_name(dice, country_of(city).culture)
    domain = f"{site_of(company, city)}-{number}.example"
    lead: Record = {
        "name": person.name, "company": company.name, "industry": industry, "region": city.region,
        "source": weighted(dice, SOURCES), "website": f"https://www.{domain}",
        "status": weighted(dice, STATUSES),
    }  # fmt: skip
    if dice.random() < REACHED:
        lead["emails"] = [{"address": f"lead{number}@{domain}"}]
    if dice.random() < ANSWERED:
        lead["answers"] = {"budget": weighted(dice, BUDGETS)}
    if lead["status"] != "new":
        lead["next_step_on"] = str(today + timedelta(days=dice.randrange(NEXT_DAYS)))
    return lead
