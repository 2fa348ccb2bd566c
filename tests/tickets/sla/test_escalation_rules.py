"""What a warning or a breach does: pure decisions over the ticket, the people and the policy."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.sla.clock_rules import Timer
from guanxi_tickets.sla.escalation_rules import USUAL, People, actions_for, carried_out
from guanxi_tickets.ticket_settings.rules import RANKS

AT = datetime(2026, 11, 26, tzinfo=UTC)
ANN, BO, CY = (uuid4() for _ in range(3))
EAST, WEST = uuid4(), uuid4()
ROW: dict[str, Any] = {
    "owner_id": ANN, "team_id": EAST, "follower_ids": [BO], "priority": "normal", "priority_rank": 3,
    "status": "open", "status_kind": "open",
}  # fmt: skip
BREACH = Timer(AT, "resolution", 1, "breach")
NOTIFY, RAISE = {"action": "notify", "to": ["assignee"]}, {"action": "raise"}


@pytest.mark.parametrize(
    ("escalation", "fits"),
    [
        ({"on": "breach"}, True), ({"on": "breach", "clock": "resolution"}, True),
        ({"on": "breach", "clock": "update"}, False), ({"on": "warning"}, False),
        ({"on": "breach", "clock": None, "percent": None}, True),
    ],
)  # fmt: skip
def test_an_escalation_fits_by_what_happened_and_to_which_clock(
    escalation: dict[str, Any], fits: bool
) -> None:
    found = actions_for([{**escalation, "actions": [RAISE]}], BREACH)
    assert found == ([RAISE] if fits else [])


def test_warnings_may_differ_by_their_percent_and_all_that_fit_count_in_their_order() -> None:
    warning = Timer(AT, "resolution", 1, "warning", 75)
    escalations = [
        {"on": "warning", "percent": 50, "actions": [RAISE]},
        {"on": "warning", "percent": 75, "actions": [NOTIFY]},
        {"on": "warning", "actions": [RAISE]},
    ]
    assert actions_for(escalations, warning) == [NOTIFY, RAISE]
    assert actions_for([], warning) == USUAL["warning"]


def test_each_is_told_once_and_whoever_has_left_is_not() -> None:
    people = People(known=(ANN, CY), members=(ANN, CY), managers=(CY,))
    notify = {
        "action": "notify",
        "to": ["manager", "assignee", "team", "followers"],
        "user_ids": [str(CY), str(BO)],
    }
    done = carried_out([notify, notify], ROW, people)
    assert done.notified == [CY, ANN]
    assert done.changes == {}
    assert "no followers" in done.told[0]["sentence"]


ACTIONS = st.one_of(
    st.just(RAISE), st.just(NOTIFY),
    st.builds(
        lambda user, team: {"action": "reassign", "assignee_id": user and str(user), "team_id": team and str(team)},
        st.sampled_from([ANN, BO, None]), st.sampled_from([EAST, WEST]),
    ),
)  # fmt: skip
ROWS = st.builds(
    lambda priority, kind, owner: {
        **ROW, "priority": priority, "priority_rank": RANKS[priority], "status_kind": kind, "owner_id": owner,
    },
    st.sampled_from(sorted(RANKS)), st.sampled_from(["new", "open", "on_hold", "solved", "closed"]),
    st.sampled_from([ANN, BO, None]),
)  # fmt: skip
PEOPLE = st.builds(
    People, known=st.sets(st.sampled_from([ANN, BO, CY])), teams=st.sets(st.sampled_from([EAST, WEST])),
    members=st.just((ANN,)), managers=st.just((CY,)),
)  # fmt: skip


@given(actions=st.lists(ACTIONS, max_size=6), row=ROWS, people=PEOPLE)
def test_whatever_is_to_be_done_a_ticket_that_ended_stays_and_none_goes_to_whom_is_not_there(
    actions: list[dict[str, Any]], row: dict[str, Any], people: People
) -> None:
    done = carried_out(actions, row, people)
    assert [each["action"] for each in done.told] == [each["action"] for each in actions]
    if row["status_kind"] in ("solved", "closed"):
        assert done.changes == {}
    whole = {**row, **done.changes}
    assert whole["priority_rank"] == RANKS[whole["priority"]] <= row["priority_rank"]
    raised = sum(each["action"] == "raise" and each["done"] for each in done.told)
    assert row["priority_rank"] - whole["priority_rank"] == raised
    if whole["owner_id"] != row["owner_id"]:
        assert whole["owner_id"] is None or whole["owner_id"] in people.known
    if whole["team_id"] != row["team_id"]:
        assert whole["team_id"] in people.teams
    assert len(done.notified) == len(set(done.notified))
    assert all(isinstance(each, UUID) for each in done.notified)
    assert all(each["sentence"].endswith(".") for each in done.told)
