"""What customers ask for today, how that is answered, and where it stands: these begin when they are loaded.
What was asked before is in past_tickets."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from guanxi_gateway.cli.demo.activities import Customer
from guanxi_gateway.cli.demo.client import Write
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.queues import COMPLAINTS, DESK, queue_id
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted
from guanxi_gateway.cli.demo.staff import ORGANISATION, STAFF, team_id, user_id
from guanxi_gateway.cli.demo.ticket_words import (
    ANSWERED,
    ASKED,
    CHANNELS,
    KINDS,
    LEVELS,
    NOTED,
    STATUSES,
    SUBJECTS,
)

TICKETS = "/v1/tickets"
FORMS = "/v1/tickets/forms"
CALENDARS, POLICIES = "/v1/business-calendars", "/v1/sla-policies"
HOUR = 3600
SPANS = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
# By priority: hours until the first response, and until it is solved.
PROMISED = {"urgent": (1, 8), "high": (2, 16), "normal": (4, 40), "low": (8, 80)}
HOW_MANY, WAITING_SHARE, NOTE_SHARE = 180, 0.3, 0.4
POLICY_NAME = "标准服务 Standard"
AGENTS = tuple(member.handle for member in STAFF if member.role == "agent")


def make_calendars(seed: int) -> list[Record]:
    """As `POST /v1/business-calendars` takes them: the service desk's week."""
    calendar: Record = {
        "id": str(demo_id(seed, "calendar", 0)), "name": "服务时间 Service hours",
        "time_zone": ORGANISATION["time_zone"], "hours": dict.fromkeys(WEEK, SPANS),
        "holidays": [{"on": f"{year}-10-01", "name": "国庆节"} for year in (2024, 2025, 2026, 2027)],
    }  # fmt: skip
    return [calendar]


def make_policies(seed: int) -> list[Record]:
    """As `POST /v1/sla-policies` takes them: one for all."""
    targets = {
        priority: {
            "first_response": {"seconds": first * HOUR, "warnings": [50, 75]},
            "resolution": {"seconds": solved * HOUR, "warnings": [75]},
        }
        for priority, (first, solved) in PROMISED.items()
    }
    policy: Record = {
        "id": str(demo_id(seed, "policy", 0)), "name": POLICY_NAME, "position": 100,
        "targets": targets,
        "calendar_id": str(demo_id(seed, "calendar", 0)),
        "pauses": {"pending": ["resolution"], "on_hold": ["resolution"]},
        "escalations": [
            {"on": "warning", "actions": [{"action": "notify", "to": ["assignee"]}]},
            {"on": "breach", "actions": [{"action": "notify", "to": ["assignee", "manager"]}]},
        ],
    }  # fmt: skip
    return [policy]


def make_ticket_forms(seed: int) -> list[Record]:
    """As `POST /v1/tickets/forms` takes them: what a customer complains by. Of no team: a queue has it."""
    return [
        {
            "id": str(demo_id(seed, "ticket-form", 0)), "name": "投诉与建议 Complaints", "kind": "complaint",
            "urgency": "high", "takes_files": True,
            "fields": [
                {"name": "name", "label": "姓名 Your name", "is_required": True},
                {"name": "email", "label": "邮箱 Email"},
                {"name": "phone", "label": "电话 Phone"},
                {"name": "subject", "label": "事由 What is it about?", "is_required": True},
                {"name": "description", "label": "经过 What happened?"},
            ],
            "consent_text": "同意为答复保存以上内容。 You may keep this to answer me.",
            "thanks_text": "谢谢，我们会尽快答复您。 Thank you, we will answer soon.",
        }
    ]  # fmt: skip


def make_tickets(seed: int, customers: Sequence[Customer]) -> list[Record]:
    """As `POST /v1/tickets` takes them, all new; the more a customer weighs, the more they ask."""
    dice = stream(seed, "ticket")
    asking = [customer for customer in customers if customer.people]
    return [
        {"id": str(demo_id(seed, "ticket", number)), **_ticket(dice, seed, dice.choice(asking))}
        for number in range(HOW_MANY)
    ]


def _ticket(dice: Random, seed: int, customer: Customer) -> Record:
    kind, language = weighted(dice, KINDS), customer.language
    subjects = SUBJECTS.get(language, SUBJECTS["en"])
    ticket: Record = {
        "subject": dice.choice(subjects[kind]), "kind": kind, "channel": weighted(dice, CHANNELS),
        "description": dice.choice(ASKED.get(language, ASKED["en"])),
        "impact": weighted(dice, LEVELS), "urgency": weighted(dice, LEVELS),
        "account_id": customer.account["id"], "requester_id": dice.choice(customer.people)["id"],
        "team_id": str(team_id(seed, "Service")),
    }  # fmt: skip
    if dice.random() < WAITING_SHARE:
        waits_in = COMPLAINTS if kind == "complaint" else DESK
        return ticket | {"assignee_id": None, "queue_id": queue_id(seed, waits_in)}
    return ticket | {"assignee_id": str(user_id(seed, dice.choice(AGENTS)))}


def make_talks(
    seed: int, tickets: Sequence[Record], present: Mapping[str, Record]
) -> list[list[Write]]:
    """What was said about each ticket that nobody has touched since it was made, and where it went
    then: on the version that its first reply makes, or not at all."""
    dice, found = stream(seed, "talk"), list[list[Write]]()
    for number, ticket in enumerate(tickets):
        status = weighted(dice, STATUSES) if ticket["assignee_id"] else "new"
        talk = list(_talk(dice, seed, number, ticket, status))
        known = present.get(ticket["id"])
        if known is not None and known["version"] <= 2:
            found.append(talk)
    return found


def _talk(dice: Random, seed: int, number: int, ticket: Record, status: str) -> Iterator[Write]:
    path = f"{TICKETS}/{ticket['id']}"
    words = "zh" if ticket["description"] in ASKED["zh"] else "en"
    said: list[Record] = []
    if status != "new":
        said.append({"body": dice.choice(ANSWERED[words])})
        if dice.random() < NOTE_SHARE:
            said.append({"body": dice.choice(NOTED[words]), "visibility": "internal"})
        if status in ("solved", "closed", "open"):
            said.append({"body": dice.choice(ASKED[words]), "author_kind": "requester"})
            said.append({"body": dice.choice(ANSWERED[words])})
    for place, comment in enumerate(said):
        id = str(demo_id(seed, "comment", number * 10 + place))
        yield Write(f"{path}/comments", {"id": id, **comment})
    if status != "new":
        yield Write(f"{path}/move", {"status": status}, version=2)
