"""What customers were asked about how they were served, and what some answered.

Few answers: the public door, by which they come, lets one address write thirty at once and no more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from guanxi_gateway.cli.demo.client import Write
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.loads import Loading
from guanxi_gateway.cli.demo.seeds import demo_id

SURVEYS, INVITATIONS = "/v1/surveys", "/v1/survey-invitations"
WHY = {"en": "What is the main reason?", "zh": "主要原因是什么？"}
LOW = "等了三天没有人回复 · Nobody answered for three days"
# One of them is low, and opens a ticket for the manager.
SATISFIED = (5, 4, 5, 4, 5, 3, 4, 1, 5, 5, 4, 4, 5, 3)
RECOMMENDED = (10, 9, 8, 9, 7, 10, 6, 9, 8, 4)


@dataclass(frozen=True, slots=True)
class Asked:
    """One ticket's requester, by hand, and what they hand in."""

    invitation: Write
    answers: dict[str, Any]


def make_surveys(seed: int) -> list[Record]:
    """As `POST /v1/surveys` takes them."""
    why = {"key": "why", "type": "text", "texts": WHY}
    texts = {"zh": {"thanks": "谢谢您的反馈！"}, "en": {"thanks": "Thank you for your time."}}
    both = {
        "default_language": "zh",
        "texts": texts,
        "questions": [why],
        "quiet_days": 0,
        "least_n": 10,
    }
    return [
        {
            "id": str(demo_id(seed, "survey", 0)), "name": "服务满意度 CSAT", "kind": "csat",
            "send_on": "solved", "delay_minutes": 60, **both,
            "follow_up": {"threshold": 2, "assign_to": "manager"},
        },
        {
            "id": str(demo_id(seed, "survey", 1)), "name": "推荐意愿 NPS", "kind": "nps",
            "send_on": "schedule", "every_days": 90, **both,
        },
    ]  # fmt: skip


def make_asked(seed: int, tickets: Sequence[Record]) -> list[Asked]:
    """The requesters of the first tickets that somebody works on."""
    worked_on = [ticket for ticket in tickets if ticket["assignee_id"]]
    scores = [*((0, score) for score in SATISFIED), *((1, score) for score in RECOMMENDED)]
    found = []
    for number, ((survey, score), ticket) in enumerate(zip(scores, worked_on, strict=False)):
        path = f"{SURVEYS}/{demo_id(seed, 'survey', survey)}/invitations"
        body = {"id": str(demo_id(seed, "survey invitation", number)), "ticket_id": ticket["id"]}
        answers = {"score": score} | ({"why": LOW} if (survey, score) == (0, 1) else {})
        found.append(Asked(Write(path, body), answers))
    return found


def load_surveys(loading: Loading, tickets: Sequence[Record]) -> None:
    """To surveys that are there."""
    asked = make_asked(loading.seed, tickets)
    loading.write("survey invitations", [[each.invitation] for each in asked])
    loading.follow("survey answers", _answer(loading, asked), len(asked))


def _answer(loading: Loading, asked: Sequence[Asked]) -> Iterator[int]:
    for number, each in enumerate(asked, start=1):
        place = f"{INVITATIONS}/{each.invitation.body['id']}/link"
        loading.client.answer_by_link(place, each.answers)
        yield number
