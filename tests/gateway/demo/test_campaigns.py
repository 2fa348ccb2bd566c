"""The demo's campaigns: what they are meant for is understood, answers are the same in every demo."""

from collections import Counter
from datetime import date, timedelta

import orjson

from guanxi_contacts.campaign_members.schemas import MembersAdd, MembersMark
from guanxi_gateway.cli.demo.campaigns import CAMPAIGNS, answers_of, make_campaigns
from tests.gateway.demo.made import PEOPLE, SEED, TODAY

FIRST = date(2026, 1, 5)


def test_whom_they_are_meant_for_and_what_was_answered_is_what_the_service_takes() -> None:
    for told, record in zip(CAMPAIGNS, make_campaigns(SEED, TODAY), strict=True):
        if told.members is None:
            assert date.fromisoformat(record["starts_on"]) > TODAY
            continue
        MembersAdd.model_validate_json(orjson.dumps(told.members))
        assert date.fromisoformat(record["ends_on"]) + timedelta(days=14) < TODAY


def test_answers_repeat_themselves_and_come_more_often_where_something_was_sent() -> None:
    halves = ("treated", "held_out")
    members = [{"member_id": p["id"], "member_group": halves[n % 2]} for n, p in enumerate(PEOPLE)]
    answers = answers_of(SEED, CAMPAIGNS[0], members, FIRST)
    assert answers == answers_of(SEED, CAMPAIGNS[0], members, FIRST)
    groups = {each["member_id"]: each["member_group"] for each in members}
    counts = Counter(groups[each["member_id"]] for each in answers)
    assert counts["treated"] > 1.5 * counts["held_out"] > 0
    MembersMark.model_validate_json(orjson.dumps({"status": "responded", "members": answers}))
