"""What a merge is to clocks: each ticket keeps its own, what is said counts from when it came, and all adds up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.comments.moving_rules import placed
from guanxi_tickets.merges.rules import goes_back, list_back, merged_columns
from guanxi_tickets.sla.calendar_rules import ALWAYS
from guanxi_tickets.sla.clock_rules import explain
from guanxi_tickets.sla.run_rules import Policy, Target
from guanxi_tickets.sla_clocks.event_rules import events_from
from tests.factories import Clients, Organisation
from tests.tickets.company import made, moved
from tests.tickets.merging import merged, pair, read, said, undo
from tests.tickets.test_sla import CALENDARS, adds_up, clocks, policy, sent

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
POLICY = Policy(
    "Gold", ALWAYS,
    {"normal": {k: Target(3600) for k in ("first_response", "next_response", "update", "resolution")}},
)  # fmt: skip


@pytest.fixture
async def promised(client: Clients, company: Organisation) -> None:
    body = {"name": "24/7", "time_zone": "UTC", "always": True}
    always = (await sent(client(company.admin), CALENDARS, body))["id"]
    seconds = {"seconds": 3600}
    targets = {"normal": dict.fromkeys(("first_response", "next_response", "resolution"), seconds)}
    await policy(client(company.admin), always, targets=targets)


@pytest.mark.usefixtures("promised")
async def test_the_survivor_keeps_its_clock_and_an_answer_that_comes_counts_from_then(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    gone = await made(rep, "Older")
    await said(rep, gone, "Answered")
    kept = await made(rep, "Newer")
    source_before = (await clocks(rep, gone))["clocks"]
    done = await merged(rep, kept, gone)
    found = (await clocks(rep, kept))["clocks"]
    for clock in found:
        adds_up(clock)
        assert clock["started_at"] is None or clock["started_at"] >= kept["created_at"][:19]
    first = next(clock for clock in found if clock["kind"] == "first_response")
    assert first["state"] == "met"
    assert first["met_at"] >= done["created_at"][:19]
    assert (await undo(rep, done)).status_code == 200
    found = (await clocks(rep, kept))["clocks"]
    states = {c["kind"]: c["state"] for c in found if c["state"] != "not_started"}
    assert states == {"first_response": "running", "resolution": "running"}
    for clock in found + (back := (await clocks(rep, gone))["clocks"]):
        adds_up(clock)
    assert [(c["kind"], c["state"], c["met_at"]) for c in back] == [
        (c["kind"], c["state"], c["met_at"]) for c in source_before]  # fmt: skip
    assert (await read(rep, kept))["first_responded_at"] is None


@pytest.mark.usefixtures("promised")
async def test_a_question_that_comes_unanswered_waits_for_an_answer(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone = await pair(rep)
    await said(rep, kept, "Answer")
    await said(rep, gone, "And this?", author_kind="requester")
    await merged(rep, kept, gone)
    found = {c["kind"]: c for c in (await clocks(rep, kept))["clocks"]}
    assert (found["first_response"]["state"], found["next_response"]["state"]) == ("met", "running")


@pytest.mark.usefixtures("promised")
async def test_a_split_takes_nothing_from_what_was_counted(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    reply = await said(rep, ticket, "Answer")
    await moved(rep, ticket, "pending")
    before = (await clocks(rep, ticket))["clocks"]
    split = await rep.post(
        f"/v1/tickets/{ticket['id']}/split", json={"subject": "New", "comment_ids": [reply["id"]]}
    )
    after = (await clocks(rep, ticket))["clocks"]
    assert [(c["kind"], c["state"], c["met_at"]) for c in after] == [
        (c["kind"], c["state"], c["met_at"]) for c in before]  # fmt: skip
    new = {c["kind"]: c for c in (await clocks(rep, split.json()))["clocks"]}
    assert new["first_response"]["state"] == "met"  # the answer came along
    for clock in [*after, *new.values()]:
        adds_up(clock)


# One reply: its ticket, the minute, whose it is.
REPLIES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.sampled_from(("agent", "requester"))),
    max_size=12,
)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def row(id: str) -> dict[str, Any]:
    return {"id": id, "owner_id": None, "team_id": None}


def counted(ticket: str, comments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the statement in sla_reading/service.py selects, said again in three lines."""
    found = []
    for one in comments:
        home = one["written_on_id"] or one["ticket_id"]
        if home == ticket or one["ticket_id"] == ticket:
            moment = one["created_at"] if home == ticket else one["joined_at"]
            found.append((moment, one["created_at"], one["author_kind"]))
    return [{"at": moment, "author_kind": kind} for moment, _, kind in sorted(found)]


@given(
    replies=REPLIES,
    begun=st.integers(0, 200),
    merge=st.integers(301, 400),
    now=st.integers(401, 600),
)
def test_clocks_add_up_after_merge_and_undo(
    replies: list[tuple[str, int, str]], begun: int, merge: int, now: int
) -> None:
    comments: list[dict[str, Any]] = [
        {"ticket_id": ticket, "written_on_id": None, "joined_at": None, "author_kind": kind,
         "created_at": at(minute + (begun if ticket == "a" else 0))}
        for ticket, minute, kind in replies
        if minute + begun < merge or ticket == "b"
    ]  # fmt: skip
    log = [
        {
            "at": at(begun),
            "verb": "created",
            "status": "new",
            "status_kind": "new",
            "priority": "normal",
        }
    ]

    def shown(known: list[dict[str, Any]], until: int) -> list[Any]:
        events = events_from(log, counted("a", known), "gold")
        found = explain({"gold": POLICY}, events, at(until))
        for clock in found:
            stretches = [stretch for stretch, _ in clock.stretches]
            seconds = sum(stretch.seconds for stretch in stretches if stretch.counted)
            assert seconds == clock.reading.elapsed_seconds
            for one, following in pairwise(stretches):
                assert one.to_at == following.from_at
        return list(found)

    before = shown(comments, now)
    until_merge = shown(comments, merge - 1)
    merged = [
        {**one, **placed(one, row("a"), at(merge))} if one["ticket_id"] == "b" else one
        for one in comments
    ]
    shown(merged, now)
    assert shown(merged, merge - 1) == until_merge  # nothing that was shown changes
    undone = [
        {**one, **placed(one, row("b"), at(now))} if one["written_on_id"] == "b" else one
        for one in merged
    ]
    assert shown(undone, now) == before


IDS = st.lists(st.integers(0, 9), unique=True)


@given(before=IDS, after=IDS, gained=IDS, lost=IDS)
def test_a_list_goes_back_but_for_what_came_and_went_since(
    before: list[int], after: list[int], gained: list[int], lost: list[int]
) -> None:
    assert list_back(after, before, after) == before
    now = [each for each in after if each not in lost] + [g for g in gained if g not in after]
    back = list_back(now, before, after)
    assert len(back) == len(set(back))
    added = set(after) - set(before)
    for each in range(10):
        if each in added or each in set(before) - set(after):
            assert (each in back) == (each in before)
        else:
            assert (each in back) == (each in now)


def test_a_value_goes_back_unless_somebody_changed_it() -> None:
    assert goes_back(now=1, before=0, after=1) is True
    assert goes_back(now=0, before=0, after=1) is False
    assert goes_back(now=2, before=0, after=1) is None


def test_nothing_that_went_in_is_named_by_the_survivor() -> None:
    def ticket(id: str, **more: Any) -> dict[str, Any]:
        return {
            "id": id, "number": id.upper(), "tags": [], "follower_ids": [], "related_ids": [],
            "merged_numbers": [], "parent_id": None, "duplicate_of_id": None, **more,
        }  # fmt: skip

    a, b = ticket("a", related_ids=["b", "x"]), ticket("b", related_ids=["a", "y"], parent_id="p")
    columns = merged_columns(a, [b], {"parent_id": {"b": "p"}, "duplicate_of_id": {}})  # type: ignore[dict-item]
    assert columns == {"related_ids": ["x", "y"], "merged_numbers": ["B"], "parent_id": "p"}
