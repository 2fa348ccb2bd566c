"""A complaint from the form to the follow-up of its survey, told through the gateway of a running suite: promises by
people and by a policy, a breach that escalates, the six steps, and a clock that adds up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

import httpx
import pytest

from tests.launch.until import until
from tests.suite import Suite, running_suite

pytestmark = pytest.mark.system

ALWAYS = [{"from": "00:00", "to": "24:00"}]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STEPS = ("listen", "act", "resources", "measure", "coordinate", "sum_up")
SOON = timedelta(
    seconds=12
)  # a request that takes its time leaves room for the warning before the breach


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with running_suite() as suite:
        yield suite


@pytest.fixture
def desk(suite: Suite) -> Iterator["Desk"]:
    admin = suite.new_organisation("Service")
    with httpx.Client(base_url=suite.url, timeout=30) as client:
        signing = {"email": admin.email, "password": admin.password}
        token = client.post("/v1/auth/sign-in", json=signing).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        desk = Desk(client)
        with desk.customer:
            yield desk


class Desk:
    """Whoever runs the desk; `customer` is somebody without a token."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.customer = httpx.Client(base_url=client.base_url, timeout=30)

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        answer = self.client.post(path, json={} if body is None else body, **more)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def by_customer(self, path: str, body: Any) -> dict[str, Any]:
        answer = self.customer.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


def opened(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """The desk: a team with an agent, a queue for complaints, a policy of a minute, a form, a survey."""
    me = desk.get("/v1/me")
    team = desk.post("/v1/teams", {"name": "Service"})
    joined = desk.client.patch(f"/v1/users/{me['id']}", json={"team_ids": [team["id"]]})
    assert joined.status_code == 200, joined.text
    calendar = desk.post("/v1/business-calendars", {
        "name": "Always", "time_zone": "UTC", "hours": dict.fromkeys(DAYS, ALWAYS),
    })  # fmt: skip
    promised = {
        "first_response": {"seconds": 60, "warnings": [50]},
        "resolution": {"seconds": 3600},
    }
    desk.post("/v1/sla-policies", {
        "name": "A minute", "calendar_id": calendar["id"], "pauses": {"pending": ["resolution"]},
        "targets": dict.fromkeys(("urgent", "high", "normal", "low"), promised),
        "escalations": [{"on": "breach", "actions": [{"action": "raise"}, {"action": "notify", "to": ["assignee"]}]}],
    })  # fmt: skip

    def routed() -> bool:
        made = desk.client.post("/v1/queues", json={
            "name": "Complaints", "team_id": team["id"],
            "filter_groups": [{"filters": [{"field": "kind", "operator": "eq", "value": "complaint"}]}],
        })  # fmt: skip
        return made.status_code == 201

    until(routed, "tickets knows the team", seconds=20)
    desk.post("/v1/agents", {"user_id": me["id"]})
    form = desk.post("/v1/tickets/forms", {
        "name": "Complaints", "kind": "complaint", "consent_text": "Keep this.", "thanks_text": "Thank you.",
        "fields": [{"name": name, "label": name, "is_required": name != "description"}
                   for name in ("name", "email", "subject", "description")],
    })  # fmt: skip
    survey = desk.post("/v1/surveys", {
        "name": "CSAT", "kind": "csat", "send_on": "closed", "delay_minutes": 0, "default_language": "en",
        "follow_up": {"threshold": 2, "assign_to": "assignee"},
    })  # fmt: skip
    return form, survey


def test_a_complaint_from_the_form_to_the_follow_up(desk: Desk) -> None:
    form, survey = opened(desk)
    account = desk.post("/v1/accounts", {"name": "北京未来科技有限公司"})
    ann = desk.post("/v1/contacts", {
        "name": "张三", "emails": [{"address": "zhangsan@future.example"}],
        "accounts": [{"account_id": account["id"]}],
    })  # fmt: skip

    # The form: a number, a link, somebody who has it, a clock that runs.
    sent = desk.by_customer(f"/v1/public/ticket-forms/{form['key']}", {
        "name": "张三", "email": "zhangsan@future.example", "subject": "Broken again", "consent": True,
    })  # fmt: skip
    portal = sent["follow"]["path"]
    [own] = desk.customer.get(f"{portal}/tickets").json()["data"]
    path = f"/v1/tickets/{own['id']}"

    def known() -> bool:
        return bool(desk.get(path)["requester_id"] == ann["id"])

    until(known, "the contact of the address is found", seconds=30)
    ticket = desk.get(path)
    assert (ticket["number"], ticket["kind"]) == (sent["number"], "complaint")
    [queue] = desk.get("/v1/queues")["data"]
    assert (ticket["queue_id"], ticket["assignee_id"]) == (queue["id"], None)
    assert desk.post(f"/v1/queues/{queue['id']}/claim")["id"] == own["id"]
    assert ticket["account_id"] == account["id"]
    assert ticket["sla"]["state"] == "running"

    # A promise that nobody keeps: warned, breached, raised, each once.
    def promise(body: str, within: timedelta) -> None:
        due = datetime.now(UTC) + within
        desk.post(f"{path}/promises", {"body": body, "due_at": due.isoformat()})

    def alerts() -> list[tuple[str, str]]:
        found = desk.get(f"/v1/sla-alerts?ticket_id={own['id']}&clock=promise&sort=id")["data"]
        return [
            (each["what"], "+".join(one["action"] for one in each["actions"])) for each in found
        ]

    promise("马上给您回复", SOON)
    until(lambda: len(alerts()) == 2, "the breach is told", seconds=40)
    assert alerts() == [("warning", ""), ("breach", "raise+notify")]
    assert desk.get(path)["priority_source"] == "given"

    # A promise that the customer sees, a reply that keeps it, a pause.
    promise("周三上午给您回复", timedelta(hours=2))
    shown = desk.customer.get(f"{portal}/tickets/{own['id']}").json()["promises"]
    assert "周三上午给您回复" in [each["body"] for each in shown]
    sleep(1.1)  # a reply of the same second is the one that it was made with
    desk.post(f"{path}/comments", {"body": "We are on it."})
    assert [each["state"] for each in desk.get(f"{path}/promises")["data"]][1] == "met"
    desk.post(f"{path}/move", {"status": "pending"})
    sleep(1.1)  # clocks count whole seconds
    desk.by_customer(f"{portal}/tickets/{own['id']}/comments", {"body": "Thank you."})
    assert desk.get(path)["status"] == "open"

    # The six steps, and the end.
    for step in STEPS:
        verb, said = (
            ("skip", {"reason": "Nobody else"})
            if step == "coordinate"
            else ("complete", {"text": step})
        )
        desk.post(f"{path}/loop/steps/{step}/{verb}", said)
    desk.post(f"{path}/move", {"status": "solved"})
    desk.post(f"{path}/move", {"status": "closed"})

    # Every counted stretch, added up, is the figure shown.
    explained = desk.get(f"{path}/sla/explain")
    assert {clock["kind"] for clock in explained["clocks"]} >= {
        "first_response",
        "resolution",
        "promise",
    }
    for clock in explained["clocks"]:
        counted = sum(each["seconds"] for each in clock["stretches"] if each["state"] == "counted")
        assert counted == clock["elapsed_seconds"], clock
    assert any(
        each["state"] == "paused" for clock in explained["clocks"] for each in clock["stretches"]
    )

    # The survey by its link, a low score, one ticket that follows it.
    def invited() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = desk.get(f"/v1/survey-invitations?ticket_id={own['id']}")[
            "data"
        ]
        return [each for each in found if each["status"] == "sent"]

    until(lambda: bool(invited()), "the survey is sent", seconds=60)
    [invitation] = invited()
    link = desk.get(f"/v1/survey-invitations/{invitation['id']}/link")["path"]
    desk.by_customer(f"{link}/submit", {"answers": {"score": 1}})
    assert desk.customer.post(f"{link}/submit", json={"answers": {"score": 5}}).status_code == 410

    def followed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = desk.get(f"/v1/survey-answers?ticket_id={own['id']}")["data"]
        return [each for each in found if each["follow_up_ticket_id"]]

    until(lambda: bool(followed()), "the low score has its ticket", seconds=40)
    [answer] = followed()
    assert (answer["survey_id"], answer["score"], answer["is_low"]) == (survey["id"], 1, True)
    assert desk.get(f"/v1/tickets/{answer['follow_up_ticket_id']}")["account_id"] == account["id"]

    # The account tells it, and so does the overview.
    wanted = {
        "tickets.ticket.created", "tickets.sla.breached", "tickets.promise.made", "tickets.ticket.solved",
        "tickets.ticket.closed", "tickets.survey.answered",
    }  # fmt: skip

    def told() -> bool:
        entries = desk.get(f"/v1/accounts/{account['id']}/timeline?kind=external&limit=200")["data"]
        return wanted <= {each["type"] for each in entries}

    until(told, "the timeline tells it", seconds=30)
    overview = desk.get(f"/v1/customers/{account['id']}/overview")
    assert overview["parts"]["tickets"]["status"] == "ok"
