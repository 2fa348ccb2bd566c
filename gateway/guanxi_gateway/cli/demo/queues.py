"""Queues of the service desk, and its agents with what they can and when they work."""

from collections.abc import Mapping
from typing import Any

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.seeds import demo_id
from guanxi_gateway.cli.demo.staff import ORGANISATION, STAFF, team_id, user_id

QUEUES, AGENTS = "/v1/queues", "/v1/agents"
SPANS = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
DESK, COMPLAINTS, WEB = 0, 1, 2
SKILLS: Mapping[str, list[tuple[str, int]]] = {
    "agent": [("complaints", 4), ("billing", 3)],
    "huang.lei": [("complaints", 2), ("billing", 5)],
}


def make_queues(seed: int) -> list[Record]:
    """As `POST /v1/queues` takes them: complaints are routed and claimed by who knows how, what comes by the
    web is given to the least loaded, the rest waits at the desk."""
    own: list[dict[str, Any]] = [
        {"name": "服务台 Service desk", "position": 900},
        {"name": "投诉 Complaints", "position": 100, "filter_groups": _where("kind", "eq", "complaint"),
         "skills": [{"skill": "complaints", "level": 2}], "on_shift_end": "keep"},
        {"name": "在线 Web and portal", "position": 200, "strategy": "least_loaded",
         "filter_groups": _where("channel", "in", ["web", "portal"]), "load_limit": 40,
         "on_shift_end": "return"},
    ]  # fmt: skip
    team = str(team_id(seed, "Service"))
    return [
        {"id": queue_id(seed, number), "team_id": team, **each} for number, each in enumerate(own)
    ]


def queue_id(seed: int, number: int) -> str:
    return str(demo_id(seed, "queue", number))


def make_agents(seed: int) -> list[Record]:
    """As `POST /v1/agents` takes them."""
    shifts = {"time_zone": ORGANISATION["time_zone"], "hours": dict.fromkeys(WEEK, SPANS)}
    members = [member for member in STAFF if member.role == "agent"]
    return [
        {
            "id": str(demo_id(seed, "agent", number)), "user_id": str(user_id(seed, member.handle)),
            "skills": [{"skill": name, "level": level} for name, level in SKILLS[member.handle]],
            "languages": ["zh", "en"], "shifts": shifts,
        }
        for number, member in enumerate(members)
    ]  # fmt: skip


def _where(field: str, operator: str, value: Any) -> list[dict[str, Any]]:
    return [{"filters": [{"field": field, "operator": operator, "value": value}]}]
