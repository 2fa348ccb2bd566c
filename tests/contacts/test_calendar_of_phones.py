"""What a phone's calendar reads in a feed: people, alarms, whole days, what was cancelled, another address."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import icalendar
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_contacts.calendar_feeds import ics_rules
from guanxi_contacts.calendar_feeds.heard import apply_user
from guanxi_shared.db import Database
from guanxi_shared.tables.content_lines import printable, split_value
from tests.contacts.activities.booking import PATH as ACTIVITIES
from tests.contacts.activities.booking import a_person, created
from tests.contacts.calendar_rows import row
from tests.contacts.test_calendar_feeds import NINE, PATH, WEEKLY, opened, read
from tests.factories import Clients, Organisation, directory_event, user_state

HOUR = timedelta(hours=1)
MEETING = {
    "kind": "meeting", "subject": "签约", "starts_at": NINE.isoformat(),
    "ends_at": (NINE + HOUR).isoformat(), "tags": ["重点"], "latitude": 39.9, "longitude": 116.4,
}  # fmt: skip


async def test_who_takes_part_is_told_as_far_as_the_owner_sees_them(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    emails = [{"address": "zhang@weilai.example", "is_primary": True}]
    answer = await rep.post("/v1/contacts", json={"name": "张三", "emails": emails})
    hidden = await a_person(client, organisation.other_rep, "Ursula Unseen")
    participants = [
        {"contact_id": answer.json()["id"], "response": "accepted"},
        {"user_id": str(organisation.rep2.id)},
        {"name": 'Li "Wei"', "email": "li@other.example", "response": "declined"},
        {"name": "ohne Adresse"},
    ]
    made = await created(client, organisation.rep, **MEETING, participants=participants)
    feed = await opened(client, organisation.rep)
    [event] = (await read(client, feed)).walk("VEVENT")
    told = {str(each): dict(each.params) for each in event["attendee"]}
    rep2 = f"mailto:{organisation.rep2.name}@{organisation.id}.example"
    assert set(told) == {
        "mailto:zhang@weilai.example", rep2, "mailto:li@other.example", "invalid:nomail",
    }  # fmt: skip
    zhang = told["mailto:zhang@weilai.example"]
    assert (zhang["CN"], zhang["PARTSTAT"]) == ("张三", "ACCEPTED")
    assert told["mailto:li@other.example"]["PARTSTAT"] == "DECLINED"
    assert event["organizer"].params["CN"] == organisation.rep.name
    assert (event["categories"].cats, event["status"]) == (["重点"], "CONFIRMED")
    # The same meeting in the calendar of a person who does not see one of the participants.
    both = [*participants[:2], {"contact_id": hidden}]
    moved = await client(organisation.admin).patch(
        f"{ACTIVITIES}/{made['id']}", json={"participants": both}
    )
    assert moved.status_code == 200, moved.text
    shown = (await client().get(feed["url"])).text
    assert "Ursula" not in shown
    assert hidden not in shown


async def test_erased_people_are_gone_from_the_next_reading(
    client: Clients, organisation: Organisation
) -> None:
    person = await a_person(client, organisation.rep, "Erna Ersatz")
    await created(client, organisation.rep, **MEETING, participants=[{"contact_id": person}])
    feed = await opened(client, organisation.rep)
    before = await client().get(feed["url"])
    assert "Erna Ersatz" in before.text
    body = {"reason": "subject_request"}
    gone = await client(organisation.admin).post(f"/v1/contacts/{person}/erase", json=body)
    assert gone.status_code in (200, 202), gone.text
    after = await client().get(feed["url"], headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert "Erna" not in after.text


async def test_an_alarm_rings_for_its_people_and_for_no_team(
    client: Clients, organisation: Organisation
) -> None:
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    reminder = {"reminder_at": (starts - timedelta(minutes=15)).isoformat()}
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + HOUR).isoformat()}
    await created(client, organisation.rep, **MEETING | times | reminder)
    due = {"due_at": (starts + HOUR).isoformat()}
    await created(client, organisation.rep, kind="task", subject="报价", **due, **reminder)
    own = await read(client, await opened(client, organisation.rep))
    triggers = [alarm.decoded("trigger") for alarm in own.walk("VALARM")]
    assert set(triggers) == {-timedelta(minutes=15), starts - timedelta(minutes=15)}
    team = {"team_id": str(organisation.teams["a"])}
    shared = await read(client, await opened(client, organisation.manager, **team))
    assert len(shared.walk("VEVENT")) == 1
    assert shared.walk("VALARM") == []


async def test_cancelled_is_said_and_deleted_is_gone(
    client: Clients, organisation: Organisation
) -> None:
    made = await created(client, organisation.rep, **MEETING)
    task = await created(
        client, organisation.rep, kind="task", subject="x", due_at=NINE.isoformat()
    )
    feed, rep = await opened(client, organisation.rep), client(organisation.rep)
    [first] = (await read(client, feed)).walk("VEVENT")
    await rep.patch(f"{ACTIVITIES}/{made['id']}", json={"status": "cancelled"})
    await rep.post(f"{ACTIVITIES}/{task['id']}/complete", json={})
    calendar = await read(client, feed)
    [event], [todo] = calendar.walk("VEVENT"), calendar.walk("VTODO")
    assert (event["status"], event["transp"]) == ("CANCELLED", "TRANSPARENT")
    assert event["uid"] == first["uid"]
    assert event.decoded("sequence") > first.decoded("sequence")
    assert event.decoded("last-modified") >= first.decoded("last-modified")
    assert (todo["status"], todo["percent-complete"]) == ("COMPLETED", 100)
    await rep.delete(f"{ACTIVITIES}/{made['id']}")
    assert (await read(client, feed)).walk("VEVENT") == []


async def test_from_midnight_to_midnight_is_a_whole_day(
    client: Clients, organisation: Organisation
) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    day = (datetime.now(zone) + timedelta(days=3)).date()
    starts = datetime.combine(day, datetime.min.time(), zone)
    times = {
        "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(days=2)).isoformat(),
        "time_zone": "Asia/Shanghai",
    }  # fmt: skip
    await created(client, organisation.rep, **MEETING | times)
    [event] = (await read(client, await opened(client, organisation.rep))).walk("VEVENT")
    assert event.decoded("dtstart") == day
    assert event.decoded("dtend") == day + timedelta(days=2)
    assert not isinstance(event.decoded("dtstart"), datetime)


async def test_another_address_shows_the_same_and_the_old_one_nothing(
    client: Clients, organisation: Organisation
) -> None:
    await created(client, organisation.rep, **WEEKLY)
    feed, rep = await opened(client, organisation.rep), client(organisation.rep)
    key = {"Idempotency-Key": "turn"}
    path = f"{PATH}/{feed['id']}/rotate"
    turned, again = await rep.post(path, headers=key), await rep.post(path, headers=key)
    assert turned.status_code == 200, turned.text
    assert turned.headers["cache-control"] == "no-store"
    assert (again.json()["version"], again.json()["url"]) == (turned.json()["version"], None)
    assert (await client().get(feed["url"])).status_code == 404
    assert len((await read(client, turned.json())).walk("VEVENT")) == 1
    for user, status in ((organisation.rep2, 404), (organisation.admin, 403)):
        assert (await client(user).post(path)).status_code == status, user.name
    stale = await rep.post(path, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    await rep.delete(f"{PATH}/{feed['id']}")
    assert (await rep.post(path)).status_code == 404


async def test_a_new_role_closes_the_feeds_made_under_the_old_one(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    await created(client, organisation.rep, **WEEKLY)
    manager, team = organisation.manager, {"team_id": str(organisation.teams["a"])}
    feed = await opened(client, manager, **team)
    rep_feed = await opened(client, organisation.rep)

    async def told(role: str, at: datetime) -> None:
        state = user_state(manager, organisation, role=role)
        event = directory_event(organisation.id, "user", state, version=9, verb="updated")
        async with service_database.transaction(organisation.id) as connection:
            await apply_user(connection, event | {"occurred_at": at.isoformat()})

    later = datetime.now(UTC) + timedelta(minutes=1)
    await told("manager", later)
    await told("sales", later - timedelta(days=1))  # heard again after a restore
    assert len((await read(client, feed)).walk("VEVENT")) == 1
    await told("sales", later)
    assert (await client().get(feed["url"])).status_code == 404
    assert (await client().get(rep_feed["url"])).status_code == 200
    await told("sales", later)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(max_examples=100, deadline=None)
@given(subject=TEXTS, body=TEXTS, tag=TEXTS, name=TEXTS)
def test_any_text_comes_back_from_a_calendar(subject: str, body: str, tag: str, name: str) -> None:
    somebody = {"user_id": None, "contact_id": None, "email": "a@b.example", "response": "accepted"}
    participants = [somebody | {"name": name}]
    made = row(subject=subject, body=body, tags=[tag], participants=participants)
    raw = ics_rules.as_ics(name, [made], now=NINE)
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    [event] = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    escaped = str(icalendar.Calendar.from_ical(raw)["name"])  # which icalendar keeps as it stands
    assert split_value(escaped, "") == [printable(name)]
    assert (event["summary"], event["description"]) == (printable(subject), printable(body))
    assert event["categories"].cats == [printable(tag)]
    assert str(event["attendee"]) == "mailto:a@b.example"
    component = vobject.readOne(raw.decode())
    assert component.vevent.summary.value == printable(subject)
    assert component.vevent.description.value == printable(body)
    assert component.vevent.attendee.value == "mailto:a@b.example"


def test_whoever_is_named_in_a_series_is_named_by_the_same_id() -> None:
    known = uuid4()
    participant = {"user_id": str(known), "contact_id": None, "name": None, "email": None}
    made = row(participants=[participant | {"response": "tentative"}])
    people = {known: ics_rules.Person("Ann", None)}
    raw = ics_rules.as_ics("x", [made], now=NINE, people=people)
    [event] = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["attendee"]) == f"urn:uuid:{known}"
    assert not isinstance(event.decoded("dtstart"), type(date))
