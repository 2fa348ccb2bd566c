"""What the ticket after a low score says, and whose it is. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_tickets.survey_answers.rules import said

LONGEST: Final = 20_000
LONGEST_SUBJECT: Final = 300


def ticket_for(about: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """As a new ticket is sent: what the customer answered, related to the ticket that it is about."""
    wanted = about["follow_up"]
    words = said(about["questions"], answer["answers"], answer["language"])
    of = f" · {about['number']} {about['subject']}" if about["number"] else ""
    subject = f"{about['name']}: {answer['score']}{of}"
    ticket = {
        "subject": subject[:LONGEST_SUBJECT].strip(), "description": words[:LONGEST],
        "kind": wanted["kind"], "priority": wanted["priority"], "channel": "other",
        "requester_id": about["requester_id"], "account_id": about["account_id"],
        "product_id": about["product_id"],
    }  # fmt: skip
    if about["is_there"]:
        ticket["related_ids"] = [answer["ticket_id"]]
    return {name: value for name, value in ticket.items() if value is not None}


def assigned(
    wanted: Mapping[str, Any], answer: Mapping[str, Any], people: Mapping[str, Sequence[UUID]]
) -> dict[str, Any]:
    """The first of those whom the survey means that is there: else the assignee, else the team. Nobody's
    at all, if there is neither. `people`: who of those named is there (`known`, `teams`), and `managers`."""
    users, teams = list(people["known"]), list(people["teams"])
    own, team = answer["owner_id"], answer["team_id"]
    if wanted["assign_to"] == "given":
        given = {
            name: UUID(str(wanted[name])) for name in ("assignee_id", "team_id") if wanted[name]
        }
        there = {
            name: id
            for name, id in given.items()
            if id in (users if name == "assignee_id" else teams)
        }
        if there:
            return there
    if wanted["assign_to"] == "manager" and people["managers"]:
        return {"assignee_id": people["managers"][0], **_team(team, teams)}
    if wanted["assign_to"] == "team" and team in teams:
        return {"team_id": team}
    return {**({"assignee_id": own} if own in users else {}), **_team(team, teams)}


def _team(team: UUID | None, teams: Sequence[UUID]) -> dict[str, Any]:
    return {"team_id": team} if team in teams else {}
