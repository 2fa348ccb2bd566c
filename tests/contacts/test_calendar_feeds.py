"""Calendar feeds: secret addresses, read back by icalendar as other calendars do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from guanxi_contacts.calendar import service as calendar
from guanxi_contacts.calendar_feeds import ics_rules, rights_rules, secret_rules
from guanxi_shared import delegation
from guanxi_shared.auth import Principal
from guanxi_shared.db import Database
from tests.contacts.activities.booking import PATH as ACTIVITIES
from tests.contacts.activities.booking import created
from tests.contacts.calendar_rows import NINE as MORNING
from tests.contacts.calendar_rows import row
from tests.factories import (
    Clients,
    Organisation,
    User,
    apply_to_directory,
    directory_event,
    user_state,
)

PATH = "/v1/calendar/feeds"
BERLIN = ZoneInfo("Europe/Berlin")
# The Monday of last week, nine o'clock in Berlin: always within what a feed shows.
NINE = (
    (datetime.now(BERLIN) - timedelta(days=7 + datetime.now(BERLIN).weekday()))
    .replace(hour=9, minute=0, second=0, microsecond=0, fold=0)
    .astimezone(UTC)
)
WEEKLY = {
    "kind": "meeting", "subject": "Jour fixe", "body": "Zeile 1\nZeile 2; mit, Zeichen",
    "starts_at": NINE.isoformat(), "ends_at": (NINE + timedelta(hours=1)).isoformat(),
    "recurrence": "FREQ=WEEKLY;COUNT=53", "time_zone": "Europe/Berlin",
}  # fmt: skip


async def opened(client: Clients, user: User, **fields: Any) -> dict[str, Any]:
    answer = await client(user).post(PATH, json={"name": "手机日历", **fields})
    assert answer.status_code == 201, answer.text
    feed: dict[str, Any] = answer.json()
    return feed


async def read(client: Clients, feed: dict[str, Any]) -> icalendar.Calendar:
    answer = await client().get(feed["url"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = icalendar.Calendar.from_ical(answer.content)
    assert isinstance(found, icalendar.Calendar)
    return found


def starts(calendar: icalendar.Calendar) -> list[datetime]:
    """What a calendar that reads it shows: the rule over wall-clock time, in its own zone."""
    found = []
    for event in calendar.walk("VEVENT"):
        start = event.decoded("dtstart")
        assert start.tzinfo is not None
        found.append(start)
    return found


async def test_a_weekly_nine_o_clock_stays_nine_over_changes_of_the_clocks(
    client: Clients, organisation: Organisation
) -> None:
    await created(client, organisation.rep, **WEEKLY)
    calendar = await read(client, await opened(client, organisation.rep))
    [event] = calendar.walk("VEVENT")
    assert event["summary"] == "Jour fixe"
    assert event["description"] == "Zeile 1\nZeile 2; mit, Zeichen"
    assert event["dtstart"].params["TZID"] == "Europe/Berlin"
    assert event.decoded("dtstart").time().hour == 9
    assert event["rrule"] == {"FREQ": ["WEEKLY"], "COUNT": [53]}
    # The zone comes along, and its offsets are right in summer and winter for a year of Mondays.
    [zone] = [z for z in calendar.timezones if z["tzid"] == "Europe/Berlin"]
    described = zone.to_tz()
    for week in range(53):
        shown = event.decoded("dtstart").replace(tzinfo=None) + timedelta(weeks=week)
        wanted = shown.replace(tzinfo=BERLIN).utcoffset()
        assert shown.replace(tzinfo=described).utcoffset() == wanted, shown


async def test_what_differs_takes_the_place_of_its_occurrence(
    client: Clients, organisation: Organisation
) -> None:
    series = await created(client, organisation.rep, **WEEKLY)
    zone_wall = NINE.astimezone(BERLIN).replace(tzinfo=None)
    second, third, fourth = (
        (zone_wall + timedelta(weeks=n)).replace(tzinfo=BERLIN).astimezone(UTC) for n in (1, 2, 3)
    )
    rep, one = client(organisation.rep), f"{ACTIVITIES}/{series['id']}"
    moved = {
        "recurrence_id": second.isoformat(),
        "starts_at": (second + timedelta(hours=2)).isoformat(),
    }
    assert (await rep.post(one + "/occurrences", json=moved)).status_code == 201
    cancelled = {"recurrence_id": third.isoformat(), "status": "cancelled"}
    assert (await rep.post(one + "/occurrences", json=cancelled)).status_code == 201
    assert (await rep.patch(one, json={"exdates": [fourth.isoformat()]})).status_code == 200
    calendar = await read(client, await opened(client, organisation.rep))
    events = calendar.walk("VEVENT")
    assert {str(event["uid"]) for event in events} == {f"{series['id']}@guanxi"}
    [whole] = [event for event in events if "rrule" in event]
    [other] = [event for event in events if "recurrence-id" in event]
    assert other.decoded("recurrence-id") == second
    assert other.decoded("dtstart") == second + timedelta(hours=2)
    exdates = whole["exdate"] if isinstance(whole["exdate"], list) else [whole["exdate"]]
    assert {each.dt for part in exdates for each in part.dts} == {third, fourth}


async def test_tasks_are_things_to_do(client: Clients, organisation: Organisation) -> None:
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    await created(client, organisation.rep, kind="task", subject="报价", due_at=due.isoformat())
    [todo] = (await read(client, await opened(client, organisation.rep))).walk("VTODO")
    assert (todo["summary"], todo.decoded("due"), todo["status"]) == ("报价", due, "NEEDS-ACTION")


async def test_the_feed_shows_what_its_owner_may_see_and_not_a_word_more(
    client: Clients, organisation: Organisation
) -> None:
    await created(client, organisation.rep, **WEEKLY | {"subject": "rep"})
    await created(client, organisation.other_rep, **WEEKLY | {"subject": "other"})
    team = str(organisation.teams["a"])
    for user, fields, wanted in (
        (organisation.rep, {}, {"rep"}),
        (organisation.manager, {}, set()),
        (organisation.manager, {"team_id": team}, {"rep"}),
        (organisation.rep2, {"team_id": team}, set()),
        (organisation.admin, {"team_id": str(organisation.teams["b"])}, {"other"}),
    ):
        calendar = await read(client, await opened(client, user, **fields))
        assert {str(event["summary"]) for event in calendar.walk("VEVENT")} == wanted, user.name


async def test_a_team_out_of_sight_has_no_feed(client: Clients, organisation: Organisation) -> None:
    body = {"team_id": str(organisation.teams["b"])}
    answer = await client(organisation.rep).post(PATH, json=body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["team_id"])


async def test_the_secret_is_shown_once_and_kept_as_a_digest(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    key = {"Idempotency-Key": "feed-1"}
    first = await rep.post(PATH, json={}, headers=key)
    again = await rep.post(PATH, json={}, headers=key)
    assert first.headers["cache-control"] == "no-store"
    assert first.json()["url"].endswith(".ics")
    assert (again.json()["id"], again.json()["url"]) == (first.json()["id"], None)
    secret = first.json()["url"].rpartition("/")[2].removesuffix(".ics")
    listed = await rep.get(PATH)
    one = await rep.get(f"{PATH}/{first.json()['id']}")
    events = await rep.get("/v1/events")
    assert one.json() == listed.json()["data"][0]
    for shown in (listed.text, one.text, events.text):
        assert secret not in shown
        assert "digest" not in shown
    for table in ("calendar_feeds", "idempotency", "events"):
        rows = await service_database.fetch(
            organisation.id, f"SELECT t::text AS t FROM {table} t WHERE organisation_id = $2",
            organisation.id,
        )  # fmt: skip
        assert rows
        assert all(secret not in row["t"] for row in rows)
    assert (await client(organisation.rep2).get(f"{PATH}/{first.json()['id']}")).status_code == 404


async def test_an_unchanged_calendar_is_not_sent_again(
    client: Clients, organisation: Organisation
) -> None:
    series = await created(client, organisation.rep, **WEEKLY)
    feed = await opened(client, organisation.rep)
    first = await client().get(feed["url"])
    known = {"if-none-match": first.headers["etag"]}
    same = await client().get(feed["url"], headers=known)
    assert (same.status_code, same.content) == (304, b"")
    await client(organisation.rep).patch(f"{ACTIVITIES}/{series['id']}", json={"subject": "neu"})
    changed = await client().get(feed["url"], headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_a_revoked_or_guessed_secret_shows_nothing(
    client: Clients, organisation: Organisation
) -> None:
    feed = await opened(client, organisation.rep)
    assert (await client().get(feed["url"])).status_code == 200
    gone = await client(organisation.rep).delete(f"{PATH}/{feed['id']}")
    assert gone.status_code == 200
    guessed = secret_rules.secret_of(organisation.id, b"x" * secret_rules.RANDOM_BYTES)
    for url in (feed["url"], f"{PATH}/{guessed}.ics", f"{PATH}/x.ics", f"{PATH}/é.ics"):
        answer = await client().get(url)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), url


async def test_the_address_of_a_feed_takes_reading_alone(client: Clients) -> None:
    """Its path also fits that of a feed's record, which can be deleted."""
    answer = await client().request("OPTIONS", f"{PATH}/x.ics")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_of_somebody_who_has_left_nothing_is_shown(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    feed = await opened(client, organisation.rep)
    state = user_state(organisation.rep, organisation, is_active=False)
    event = directory_event(organisation.id, "user", state, version=2, verb="updated")
    await apply_to_directory(service_database, [event])
    assert (await client().get(feed["url"])).status_code == 404


@pytest.mark.parametrize("text", ["", "a", "=" * 64, "ä" * 64, "A" * 63, "A" * 65, "." * 64])
def test_what_can_be_no_secret_names_nobody(text: str) -> None:
    assert secret_rules.read_secret(text) is None


def test_a_calendar_of_nothing_is_a_calendar() -> None:
    body = ics_rules.as_ics("leer", [], now=datetime(2026, 1, 1, tzinfo=UTC))
    found = icalendar.Calendar.from_ical(body)
    assert found["version"] == "2.0"
    assert found.walk("VEVENT") == []


async def test_a_calendar_that_holds_too_much_shows_what_is_nearest(
    client: Clients, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "MOST_ITEMS", 3)
    await created(client, organisation.rep, **WEEKLY)
    now = datetime.now(UTC)
    for day in (40, -2, 3, 20, -30):
        at = {"starts_at": (now + timedelta(days=day)).isoformat(), "duration_minutes": 5}
        await created(client, organisation.rep, kind="call", subject=str(day), **at)
    found = await read(client, await opened(client, organisation.rep))
    assert {str(e["summary"]) for e in found.walk("VEVENT")} == {"Jour fixe", "-2", "3"}


def test_a_row_that_cannot_be_written_hides_no_other() -> None:
    odd = row(recurrence="FREQ=DAILY;UNTIL=2027W011", subject="odd")
    body = ics_rules.as_ics("team", [odd, row(subject="plain")], now=MORNING)
    assert [str(e["summary"]) for e in icalendar.Calendar.from_ical(body).walk("VEVENT")] == [
        "plain"
    ]


async def test_a_role_that_shrinks_is_heard_at_the_next_reading(
    client: Clients, organisation: Organisation
) -> None:
    """What the role sees and what it may, without the role's name being another one."""
    rep, rep2 = organisation.rep, organisation.rep2
    team = dict.fromkeys(("*", "activities", "contacts"), "team")
    wide = rep.but(role="field-force", visibility=team)
    for user, subject in ((rep, "Mine"), (rep2, "Of my team")):
        await created(client, user, **(WEEKLY | {"subject": subject}))
    feed = await opened(client, wide, team_id=str(rep.teams[0]))

    async def shown(**rights: Any) -> set[str]:
        client(wide.but(**rights))  # what the gateway says of them from now on
        return {str(event["summary"]) for event in (await read(client, feed)).walk("VEVENT")}

    both = {"Mine", "Of my team"}
    assert await shown() == both
    assert await shown(visibility={"*": "own"}) == {"Mine"}
    assert await shown(visibility=team) == both
    client(wide.but(permissions=("calendar:read", "contacts:*")))
    assert (await client().get(feed["url"])).status_code == 404
    assert await shown(permissions=("calendar:*", "*:read")) == both


async def test_a_role_that_grows_shows_nothing_more(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep.but(role="field-force", visibility={"*": "own"})
    for user, subject in ((organisation.rep, "Mine"), (organisation.rep2, "Of my team")):
        await created(client, user, **(WEEKLY | {"subject": subject}))
    client(rep)
    feed = await opened(client, rep)
    client(rep.but(visibility={"*": "all"}, permissions=("*:*",)))
    [event] = (await read(client, feed)).walk("VEVENT")
    assert event["summary"] == "Mine"


@pytest.mark.parametrize("then", rights_rules.LEVELS)
@pytest.mark.parametrize("now", rights_rules.LEVELS)
def test_the_narrower_of_two_levels_holds(organisation: Organisation, then: str, now: str) -> None:
    def principal(level: str, *permissions: str) -> Principal:
        grant = organisation.rep.grant
        return delegation.from_params(
            {
                "kind": "user", "name": grant.name, "organisation_id": str(grant.organisation_id),
                "user_id": str(grant.user_id), "role": grant.role, "permissions": permissions,
                "visibility": {"*": level}, "time_zone": "UTC", "scopes": None,
            }
        )  # fmt: skip

    found = rights_rules.narrowed(
        principal(then, "calendar:*", "*:read"), principal(now, "calendar:read", "contacts:*")
    )
    wanted = min(then, now, key=rights_rules.LEVELS.index)
    assert (found.sees("activities"), found.sees("contacts")) == (wanted, wanted)
    assert found.permissions == {"calendar:read", "contacts:read"}
