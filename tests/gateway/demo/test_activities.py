"""The dealings of two years, the agenda of next week, and the visits."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from guanxi_contacts.activities import rules
from guanxi_contacts.activities.schemas import ActivityCreate
from guanxi_contacts.places.rules import Point, distance_m
from guanxi_contacts.visits.rules import is_far
from guanxi_contacts.visits.schemas import CheckIn, CheckOut
from guanxi_gateway.cli.demo.activities import make_activities
from guanxi_gateway.cli.demo.agenda import make_agenda
from guanxi_gateway.cli.demo.rhythm import DAYS_BACK, day_of, monday_after
from guanxi_gateway.cli.demo.staff import team_id, user_id
from guanxi_gateway.cli.demo.visits import make_visits
from tests.gateway.demo.made import ACTIVITIES, COMPANIES, CUSTOMERS, PEOPLE, SEED, TODAY

Record = dict[str, Any]
AGENDA = make_agenda(SEED, COMPANIES[0], PEOPLE[0], TODAY)
VISITS = make_visits(SEED, ACTIVITIES, COMPANIES, TODAY)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)  # the day begins in Shanghai
WEEK = [date(2026, 2, 23) + timedelta(days=number) for number in range(7)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def open_ones(records: list[Record]) -> list[Record]:
    return [each for each in records if each.get("status", "planned") == "planned"]


def test_the_same_seed_and_day_give_the_same_activities() -> None:
    assert make_activities(SEED, CUSTOMERS, TODAY) == ACTIVITIES
    assert make_activities(SEED, CUSTOMERS, TODAY + timedelta(days=1)) != ACTIVITIES
    assert make_visits(SEED, ACTIVITIES, COMPANIES, TODAY) == VISITS


def test_every_activity_is_what_the_service_takes() -> None:
    for record in [*ACTIVITIES, *AGENDA]:
        data = ActivityCreate.model_validate_json(orjson.dumps(record))
        sent = data.model_dump(exclude_unset=True, exclude_none=True)
        rules.columns_from(sent, None, now=NOW, zone="Asia/Shanghai")
    ids = {record["id"] for record in [*ACTIVITIES, *AGENDA]}
    assert len(ids) == len(ACTIVITIES) + len(AGENDA)


def test_there_are_thousands_of_every_kind() -> None:
    kinds = Counter(record["kind"] for record in ACTIVITIES)
    assert 4_000 < len(ACTIVITIES) < 6_000
    assert set(kinds) == {"call", "visit", "meeting", "email", "message", "note", "task"}
    assert min(kinds.values()) > 100


def test_what_is_done_is_past_and_lies_within_two_years() -> None:
    done = [each for each in ACTIVITIES if each["status"] == "done"]
    begins = datetime.combine(TODAY - timedelta(days=DAYS_BACK), datetime.min.time(), UTC)
    assert all(begins - timedelta(days=1) < at(each["done_at"]) < NOW for each in done)
    months = {each["done_at"][:7] for each in done}
    assert len(months) >= 24
    assert all(first["done_at"] <= second["done_at"] for first, second in pairwise(done))


def test_what_is_planned_lies_in_the_coming_weeks() -> None:
    timed = [each for each in open_ones(ACTIVITIES) if "starts_at" in each]
    assert len(timed) > 200
    assert all(NOW < at(each["starts_at"]) < NOW + timedelta(days=27) for each in timed)


def test_work_is_done_in_working_hours_of_whoever_does_it() -> None:
    clocks = {each.account["owner_id"]: each.zone for each in CUSTOMERS}
    for record in ACTIVITIES:
        begins = record.get("starts_at") or record.get("done_at")
        if begins is None:
            continue
        local = at(begins).astimezone(clocks[record["owner_id"]])
        assert local.weekday() < 5, record
        assert 9 <= local.hour < 18, record
    north = [each for each in ACTIVITIES if each["owner_id"] == str(user_id(SEED, "sales"))]
    hours = Counter(
        at(each["done_at"]).astimezone(SHANGHAI).hour for each in north if "done_at" in each
    )
    assert hours[10] > hours[13]


def test_activities_belong_to_the_account_of_their_owner() -> None:
    owners = {company["id"]: company["owner_id"] for company in COMPANIES}
    places = {
        person["id"]: person["accounts"][0]["account_id"]
        for person in PEOPLE if person.get("accounts")
    }  # fmt: skip
    for record in ACTIVITIES:
        (account,) = record["account_ids"]
        assert record["owner_id"] == owners[account]
        assert all(places[id] == account for id in record.get("contact_ids", ()))
    assert {record["account_ids"][0] for record in ACTIVITIES} == owners.keys()


@pytest.mark.parametrize("today", WEEK, ids=[f"{day:%A}" for day in WEEK])
def test_the_only_conflict_is_the_one_that_is_meant(today: date) -> None:
    agenda = make_agenda(SEED, COMPANIES[0], PEOPLE[0], today)
    weekly, *meetings = agenda
    timed = [e for e in open_ones(make_activities(SEED, CUSTOMERS, today)) if "starts_at" in e]
    clashes = [
        {one["subject"], other["subject"]}
        for one, other in combinations([*timed, *meetings], 2)
        if one["owner_id"] == other["owner_id"]
        and at(one["starts_at"]) < at(other["ends_at"])
        and at(other["starts_at"]) < at(one["ends_at"])
    ]
    assert clashes == [{"年度合作方案讨论", "区域价格评审"}]
    mondays = {(at(weekly["starts_at"]) + timedelta(weeks=n)) for n in range(60)}
    attending = {weekly["owner_id"], *(one["user_id"] for one in weekly["participants"])}
    assert not [
        e for e in timed
        if e["owner_id"] in attending
        and any(at(e["starts_at"]) < m + timedelta(hours=1) and m < at(e["ends_at"]) for m in mondays)
    ]  # fmt: skip


@pytest.mark.parametrize("today", WEEK, ids=[f"{day:%A}" for day in WEEK])
def test_the_conflict_is_next_week_and_the_series_began_long_ago(today: date) -> None:
    weekly, *meetings = make_agenda(SEED, COMPANIES[0], PEOPLE[0], today)
    monday = monday_after(today)
    assert monday.weekday() == 0
    assert 1 <= (monday - today).days <= 7
    for meeting in meetings:
        assert 0 <= (at(meeting["starts_at"]).astimezone(SHANGHAI).date() - monday).days < 5
    assert at(weekly["starts_at"]).astimezone(SHANGHAI).weekday() == 0
    assert at(weekly["starts_at"]).date() < today - timedelta(days=100)
    assert weekly["team_id"] == str(team_id(SEED, "Sales North"))


def test_a_third_of_the_open_tasks_is_overdue() -> None:
    tasks = [each for each in open_ones(ACTIVITIES) if each["kind"] == "task"]
    overdue = [each for each in tasks if at(each["due_at"]) < NOW]
    assert len(tasks) > 100
    assert 0.2 < len(overdue) / len(tasks) < 0.4


def test_the_first_day_is_that_of_the_organisations_own_zone() -> None:
    assert day_of(datetime(2026, 3, 4, 23, 30, tzinfo=UTC)) == TODAY


def test_visits_are_checked_in_and_out_near_the_customer_but_for_some() -> None:
    places = {company["id"]: company["addresses"][0] for company in COMPANIES}
    known = {each["id"]: each for each in ACTIVITIES}
    far = 0
    for visit in VISITS:
        activity = known[visit["activity_id"]]
        assert (activity["kind"], activity["status"]) == ("visit", "done")
        assert visit["owner_id"] == activity["owner_id"]
        arrived = CheckIn.model_validate_json(orjson.dumps(visit["in"]))
        left = CheckOut.model_validate_json(orjson.dumps(visit["out"]))
        assert arrived.device_time is not None
        assert left.device_time is not None
        assert arrived.device_time < left.device_time < NOW
        place = places[activity["account_ids"][0]]
        away = distance_m(
            Point(arrived.latitude, arrived.longitude), Point(place["latitude"], place["longitude"])
        )
        far += is_far(away, accuracy_m=arrived.accuracy_m, tolerance_m=500)
    assert len(VISITS) == 150
    assert 5 <= far <= 25
