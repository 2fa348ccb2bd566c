"""What the demo's desk did before: in the order of time, promised and mostly kept, and as imports take it."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guanxi_gateway.cli.demo.past_tickets import HOW_MANY, PRIORITIES, Past, make_past
from guanxi_gateway.cli.demo.rhythm import HOME, OFFICE, working_minutes_later
from guanxi_tickets.imports.answer_preparing import ANSWER_FIELDS
from guanxi_tickets.imports.comment_preparing import COMMENT_FIELDS
from guanxi_tickets.imports.ticket_fields import TICKET_FIELDS
from guanxi_tickets.ticket_settings.rules import DEFAULT_PRIORITIES, DEFAULT_STATES
from tests.gateway.demo.made import CUSTOMERS, PEOPLE, SEED, TODAY

PAST = make_past(SEED, CUSTOMERS, TODAY)

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def logs(past: Past) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in past.tickets:
        found[row["external_id"]].append(row)
    return found


def test_the_same_seed_and_day_give_the_same_past() -> None:
    assert make_past(SEED, CUSTOMERS, TODAY) == PAST
    assert make_past(SEED, CUSTOMERS, TODAY + timedelta(days=1)) != PAST
    assert make_past(SEED + 1, CUSTOMERS, TODAY) != PAST


def test_every_column_is_one_that_an_import_reads() -> None:
    for rows, fields in (
        (PAST.tickets, TICKET_FIELDS), (PAST.comments, COMMENT_FIELDS), (PAST.answers, ANSWER_FIELDS),
    ):  # fmt: skip
        assert {name for row in rows for name in row} <= set(fields)


def test_each_log_goes_on_in_time_by_states_that_there_are_until_the_day_before_yesterday() -> None:
    people, states = {each["id"]: each for each in PEOPLE}, {each["key"] for each in DEFAULT_STATES}
    assert len(logs(PAST)) == HOW_MANY
    for rows in logs(PAST).values():
        assert rows[0]["requester_id"] in people
        assert [row["changed_at"] for row in rows] == sorted(row["changed_at"] for row in rows)
        assert rows[0]["status"] == "new"
        assert len({row["id"] for row in rows}) == 1  # a row without it would be another ticket
        assert all(before["status"] != after["status"] for before, after in pairwise(rows))
        assert rows[-1]["changed_at"] < f"{TODAY - timedelta(days=1)}"
        assert {row["status"] for row in rows} <= states
    ends = Counter(rows[-1]["status"] for rows in logs(PAST).values())
    assert ends["closed"] > 0.8 * HOW_MANY
    assert ends["new"] + ends["open"] + ends["pending"] > 0


def test_what_was_said_and_answered_lies_within_its_ticket() -> None:
    begun = {id: rows[0]["changed_at"] for id, rows in logs(PAST).items()}
    for each in PAST.comments:
        assert each["created_at"] >= begun[each["ticket_external_id"]]
    for each in PAST.answers:
        assert begun[each["ticket_external_id"]] < each["invited_at"] <= each["answered_at"]
    assert set(Counter(each["score"] for each in PAST.answers)) == {1, 2, 3, 4, 5}


def test_priorities_are_those_of_the_table() -> None:
    for impact, row in DEFAULT_PRIORITIES.items():
        for urgency, priority in row.items():
            assert PRIORITIES.get((impact, urgency), "low") == priority


@given(
    begin=st.integers(0, 1_051_200).map(lambda minutes: BEGIN + timedelta(minutes=minutes)),
    minutes=st.integers(1, 3_000),
)
def test_work_goes_on_in_office_hours_alone(begin: datetime, minutes: int) -> None:
    """As counted minute by minute."""
    found = working_minutes_later(begin, minutes)
    moment, worked = begin, 0
    while worked < minutes and moment < found:
        step = min(timedelta(minutes=1), found - moment)
        here = (moment + step).astimezone(HOME)
        inside = here.weekday() < 5 and any(
            opens < here.time() <= closes for opens, closes in OFFICE
        )
        worked += inside
        moment += step
    assert abs(worked - minutes) <= 2 * (1 + (found - begin).days)
    assert date(2025, 1, 1) <= found.date()
