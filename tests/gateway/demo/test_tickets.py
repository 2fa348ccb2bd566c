"""Tickets of the demo: of the right shape, and as the API takes them."""

from collections import Counter
from typing import Any

import orjson

from guanxi_gateway.cli.demo.queues import make_agents, make_queues
from guanxi_gateway.cli.demo.tickets import (
    HOW_MANY,
    make_calendars,
    make_policies,
    make_talks,
    make_ticket_forms,
    make_tickets,
)
from guanxi_tickets.agents.schemas import AgentCreate
from guanxi_tickets.agents.shift_rules import calendar_of
from guanxi_tickets.business_calendars.schemas import CalendarCreate
from guanxi_tickets.comments.schemas import CommentCreate
from guanxi_tickets.queues.schemas import QueueCreate
from guanxi_tickets.sla.hours_rules import calendar_from
from guanxi_tickets.sla.policy_rules import policy_from
from guanxi_tickets.sla_policies.schemas import PolicyCreate
from guanxi_tickets.ticket_forms.schemas import TicketFormCreate
from guanxi_tickets.ticket_settings.rules import DEFAULT_STATES, RANKS
from guanxi_tickets.tickets.schemas import Move, TicketCreate
from tests.gateway.demo.made import CUSTOMERS, PEOPLE, SEED

TICKETS = make_tickets(SEED, CUSTOMERS)
FRESH: dict[str, Any] = {ticket["id"]: {"version": 1} for ticket in TICKETS}
TALKS = make_talks(SEED, TICKETS, FRESH)


def test_the_same_seed_gives_the_same_tickets_and_talks() -> None:
    assert make_tickets(SEED, CUSTOMERS) == TICKETS
    assert make_talks(SEED, TICKETS, FRESH) == TALKS
    assert make_tickets(SEED + 1, CUSTOMERS) != TICKETS


def test_the_service_takes_every_ticket_and_everything_that_is_said() -> None:
    people = {person["id"]: person for person in PEOPLE}
    for ticket in TICKETS:
        TicketCreate.model_validate_json(orjson.dumps(ticket), strict=True)
        places = {place["account_id"] for place in people[ticket["requester_id"]]["accounts"]}
        assert ticket["account_id"] in places
    for write in (write for talk in TALKS for write in talk):
        model = Move if write.path.endswith("/move") else CommentCreate
        model.model_validate_json(orjson.dumps(write.body), strict=True)
    ids = [write.body["id"] for talk in TALKS for write in talk if "id" in write.body]
    assert len(set(ids)) == len(ids)


def test_the_service_takes_calendar_and_policy() -> None:
    [calendar], [policy] = make_calendars(SEED), make_policies(SEED)
    CalendarCreate.model_validate_json(orjson.dumps(calendar), strict=True)
    PolicyCreate.model_validate_json(orjson.dumps(policy), strict=True)
    read = calendar_from({name: part for name, part in calendar.items() if name != "id"})
    parts = {name: policy[name] for name in ("name", "targets", "pauses")}
    states = [state["key"] for state in DEFAULT_STATES]
    assert set(policy_from(parts, read, priorities=RANKS, states=states).targets) == set(RANKS)
    assert policy["calendar_id"] == calendar["id"]


def test_the_service_takes_queues_and_agents_and_every_waiting_ticket_names_one() -> None:
    queues, agents = make_queues(SEED), make_agents(SEED)
    for queue in queues:
        QueueCreate.model_validate_json(orjson.dumps(queue), strict=True)
    for agent in agents:
        AgentCreate.model_validate_json(orjson.dumps(agent), strict=True)
        calendar_of(agent["shifts"])
    named = Counter(ticket["queue_id"] for ticket in TICKETS if ticket["assignee_id"] is None)
    assert set(named) <= {queue["id"] for queue in queues}
    assert {ticket["team_id"] for ticket in TICKETS} == {queue["team_id"] for queue in queues}
    assert min(named.values()) >= 5


def test_the_service_takes_the_form() -> None:
    [form] = make_ticket_forms(SEED)
    TicketFormCreate.model_validate_json(orjson.dumps(form), strict=True)
    assert make_ticket_forms(SEED) == [form]


def test_every_kind_and_every_state_is_there() -> None:
    assert len(TICKETS) == HOW_MANY
    assert min(Counter(ticket["kind"] for ticket in TICKETS).values()) > 10
    ends = Counter(talk[-1].body["status"] for talk in TALKS if talk)
    assert set(ends) == {state["key"] for state in DEFAULT_STATES} - {"new"}
    assert sum(not talk for talk in TALKS) > 20  # still new
    said = Counter(w.body.get("visibility", "public") for t in TALKS for w in t if "body" in w.body)
    assert said["public"] > said["internal"] > 20


def test_a_ticket_that_somebody_worked_on_is_left_alone() -> None:
    touched = {id: {"version": 3} for id in FRESH}
    assert make_talks(SEED, TICKETS, touched) == []
    assert make_talks(SEED, TICKETS, {}) == []
