"""Pure decisions about activities: what each kind may hold, what follows from what was sent.

A note is done the moment it is written and has no schedule; an email or a message is done unless it
says otherwise; everything else is planned until it is done. Calls, visits and meetings take up the
time from `starts_at` to `ends_at`; a task has a day by which it is due.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi_contacts.activities import recurrence_rules as recurring
from guanxi_contacts.activities.recurrence_rules import Series
from guanxi_contacts.errors import ActivityRefused
from guanxi_shared import text

TIMED = frozenset({"call", "visit", "meeting"})
HAPPENED = frozenset({"email", "message", "note"})
SCHEDULE = ("starts_at", "ends_at", "due_at", "reminder_at", "recurrence", "duration_minutes")
FOUND_BY = frozenset({"subject", "body", "location", "next_step", "external_id"})
LONGEST = timedelta(days=31)
SEARCHED_BODY = 2_000
BLANK: Mapping[str, Any] = dict.fromkeys(
    (*SCHEDULE, "status", "done_at", "latitude", "longitude", "time_zone", "series_id",
     "recurrence_id", "owner_id", "series_starts_at", "body", "location", "next_step")
) | {"participants": [], "exdates": []}  # fmt: skip


def columns_from(
    sent: Mapping[str, Any], before: Mapping[str, Any] | None, *, now: datetime, zone: str
) -> dict[str, Any]:
    """Stored columns from a create's or a patch's fields; `before` is the row as it is stored.

    `zone` is the caller's, for a rule that names none. ActivityRefused names the field.
    """
    changes = {n: v for n, v in sent.items() if v is not None or n not in ("kind", "status")}
    if "participants" in changes:
        changes["participants"] = [_participant(each) for each in changes["participants"]]
    whole = {**BLANK, **(before or {}), **changes}
    changes |= _duration(changes, whole)
    whole |= changes
    changes |= _status(changes, whole, before, now)
    whole |= changes
    _check(changes, whole, before)
    changes |= _repeating(changes, whole, before, zone)
    if {"participants", "owner_id"} & set(changes):
        changes["invited_ids"] = invited(whole["participants"], whole["owner_id"])
    if "reminder_at" in changes:
        changes["reminded_at"] = None
    return changes


def _refuse(field: str, sentence: str) -> ActivityRefused:
    return ActivityRefused(f"{field}: {sentence}", errors={field: sentence})


def _participant(sent: Mapping[str, Any]) -> dict[str, Any]:
    """One entry as it is stored: every key, ids as text."""
    ids = {key: str(sent[key]) if sent.get(key) else None for key in ("user_id", "contact_id")}
    rest = {"name": sent.get("name"), "email": sent.get("email")}
    return {**ids, **rest, "response": sent.get("response") or "needs_action"}


def _duration(changes: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """The end from start and duration, or the duration from start and end."""
    starts, ends, minutes = (whole[n] for n in ("starts_at", "ends_at", "duration_minutes"))
    if starts is None:
        if ends is not None:
            raise _refuse("ends_at", "An end needs a start.")
        return {}
    if changes.get("duration_minutes") is not None and changes.get("ends_at") is None:
        return {"ends_at": starts + timedelta(minutes=minutes) if minutes else None}
    if ends is None:
        return {"duration_minutes": None} if "ends_at" in changes else {}
    if ends <= starts:
        raise _refuse("ends_at", "The end must come after the start.")
    if ends - starts > LONGEST:
        raise _refuse("ends_at", "An activity takes at most 31 days.")
    taken = int((ends - starts).total_seconds() // 60)
    if changes.get("duration_minutes") not in (None, taken):
        raise _refuse("duration_minutes", f"From start to end it is {taken} minutes.")
    return {"duration_minutes": taken}


def _status(
    changes: Mapping[str, Any],
    whole: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    now: datetime,
) -> dict[str, Any]:
    status = changes.get("status") or _status_by_itself(changes, whole, before)
    if status != "done":
        if changes.get("done_at") is not None:
            raise _refuse("done_at", "Only what is done has a time at which it was done.")
        return {"status": status, "done_at": None}
    return {"status": status, "done_at": whole["done_at"] or _done_by_itself(whole, now)}


def _status_by_itself(
    changes: Mapping[str, Any], whole: Mapping[str, Any], before: Mapping[str, Any] | None
) -> str:
    if changes.get("done_at") is not None:
        return "done"
    if before is not None:
        return str(before["status"])
    return "done" if whole["kind"] in HAPPENED else "planned"


def _done_by_itself(whole: Mapping[str, Any], now: datetime) -> datetime:
    """When it was over, if that is known and past; else now."""
    over: datetime = whole["ends_at"] or whole["starts_at"] or now
    return min(over, now)


def _check(
    changes: Mapping[str, Any], whole: Mapping[str, Any], before: Mapping[str, Any] | None
) -> None:
    kind = whole["kind"]
    if kind == "note":
        _check_note(whole)
    if whole["due_at"] is not None and kind == "meeting":
        raise _refuse("due_at", "A meeting takes place from starts_at to ends_at.")
    if changes.get("reminder_at") is not None and whole["status"] != "planned":
        raise _refuse("reminder_at", "Only what is planned can be reminded of.")
    if (whole["latitude"] is None) != (whole["longitude"] is None):
        raise _refuse("longitude", "A place has both latitude and longitude.")
    is_repeating = before is not None and (before["recurrence"] or before["series_id"])
    if is_repeating and before is not None and kind != before["kind"]:
        raise _refuse("kind", "The kind of what repeats stays.")
    if is_series(whole) and whole["status"] == "done":
        raise _refuse("status", "A series is not done at once: complete one of its occurrences.")


def _check_note(whole: Mapping[str, Any]) -> None:
    for name in SCHEDULE:
        if whole[name] is not None:
            raise _refuse(name, "A note has no schedule.")
    if whole["status"] != "done":
        raise _refuse("status", "A note is done when it is written.")


def is_series(row: Mapping[str, Any]) -> bool:
    """Whether one row stands for all occurrences."""
    return row.get("recurrence") is not None and row["kind"] in TIMED


def is_chain(row: Mapping[str, Any]) -> bool:
    """Whether completing the row makes the next one."""
    return row.get("recurrence") is not None and row["kind"] == "task"


def anchor_of(row: Mapping[str, Any]) -> datetime | None:
    """The time that a rule repeats: a task's due day, else the start."""
    found: datetime | None = row.get("due_at") if row["kind"] == "task" else None
    return found or row.get("starts_at")


def _repeating(
    changes: Mapping[str, Any],
    whole: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    zone: str,
) -> dict[str, Any]:
    """The columns behind a rule. A task whose day alone moves keeps its place in the chain."""
    if whole["recurrence"] is None:
        if whole["exdates"]:
            raise _refuse("exdates", "Only a series leaves days out.")
        return {"series_starts_at": None, "series_ends_at": None} if before else {}
    anchor = _repeatable(whole)
    named = whole["time_zone"] or zone
    restarts = before is None or before["recurrence"] is None or "recurrence" in changes
    start = anchor if restarts or is_series(whole) else whole["series_starts_at"]
    rule = recurring.checked_rule(whole["recurrence"], start, ZoneInfo(named))
    series = Series(rule, start, ZoneInfo(named), length_of(whole))
    found = {
        "recurrence": rule, "time_zone": named, "series_starts_at": start,
        "series_ends_at": recurring.end_of(series),
    }  # fmt: skip
    if is_chain(whole) and restarts:
        found |= {"series_id": whole["series_id"] or whole["id"], "recurrence_id": anchor}
    return found


def _repeatable(whole: Mapping[str, Any]) -> datetime:
    if whole["kind"] in HAPPENED:
        raise _refuse("recurrence", "Calls, visits, meetings and tasks repeat.")
    if whole["kind"] in TIMED and whole["series_id"] is not None:
        raise _refuse("recurrence", "One occurrence of a series does not repeat.")
    if whole["kind"] == "task" and whole["exdates"]:
        raise _refuse("exdates", "Only a series of calls, visits or meetings leaves days out.")
    anchor = anchor_of(whole)
    if anchor is None:
        missing = "due_at" if whole["kind"] == "task" else "starts_at"
        raise _refuse(missing, "What repeats needs a first time.")
    return anchor


def length_of(row: Mapping[str, Any]) -> timedelta:
    if row.get("starts_at") is None or row.get("ends_at") is None:
        return timedelta()
    found: timedelta = row["ends_at"] - row["starts_at"]
    return found


def series_of(row: Mapping[str, Any], *, without: Sequence[datetime] = ()) -> Series:
    """The series of a stored row; `without` are occurrences that are rows of their own."""
    return Series(
        row["recurrence"], row["series_starts_at"], ZoneInfo(row["time_zone"]), length_of(row),
        frozenset((*row["exdates"], *without)),
    )  # fmt: skip


def invited(participants: Sequence[Mapping[str, Any]], owner: UUID | None) -> list[UUID]:
    """Participating users besides the owner, but for those that declined."""
    found = {
        UUID(str(each["user_id"]))
        for each in participants
        if each.get("user_id") is not None and each.get("response") != "declined"
    }
    return sorted(found - {UUID(str(owner))} if owner is not None else found)


def found_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """The search columns; of a long body the beginning counts."""
    body = (row.get("body") or "")[:SEARCHED_BODY]
    words = (row["subject"], row.get("location"), row.get("next_step"), row.get("external_id"))
    return {
        "search_text": text.search_text(*words, body),
        "search_grams": text.search_grams(row["subject"], row.get("location"), body),
        "search_digits": "",
    }


def following(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The next row of a chain, from the one that is done; None when the rule has ended."""
    series, place = series_of(row), row["recurrence_id"]
    upcoming = recurring.next_after(series, place)
    if upcoming is None:
        return None
    kept = {name: row[name] for name in CARRIED_ON if name in row}
    times = {
        name: recurring.shifted(row[name], place, upcoming, series.zone)
        for name in ("starts_at", "ends_at", "due_at", "reminder_at")
        if row.get(name) is not None
    }
    return {**kept, **times, "recurrence_id": upcoming, "status": "planned"}


CARRIED_ON = (
    "organisation_id", "kind", "subject", "body", "priority", "duration_minutes", "location",
    "latitude", "longitude", "time_zone", "recurrence", "series_id", "account_ids", "contact_ids",
    "opportunity_id", "ticket_id", "participants", "invited_ids", "series_starts_at",
    "series_ends_at", "owner_id", "team_id", "tags", "custom", "exdates", "search_text",
    "search_grams", "search_digits",
)  # fmt: skip


def occurrence_columns(
    row: Mapping[str, Any], place: datetime, sent: Mapping[str, Any]
) -> dict[str, Any]:
    """What an occurrence that differs has from its series: all but the rule, and the times there.
    One that is moved keeps its length."""
    starts = sent.get("starts_at") or place
    times: dict[str, Any] = {"starts_at": starts}
    if row["ends_at"] is not None and not {"ends_at", "duration_minutes"} & set(sent):
        times["ends_at"] = starts + length_of(row)
    if row["reminder_at"] is not None and sent.get("status", "planned") == "planned":
        zone = ZoneInfo(row["time_zone"])
        times["reminder_at"] = recurring.shifted(
            row["reminder_at"], next_reminded(row), starts, zone
        )
    kept = {name: row[name] for name in SHARED_BY_OCCURRENCES}
    return {**kept, **times, "series_id": row["id"], "recurrence_id": place}


def next_reminded(row: Mapping[str, Any]) -> datetime:
    """The occurrence that the reminder of a series is about: the first from then on."""
    start: datetime = row["series_starts_at"]
    if row["reminder_at"] <= start:
        return start
    before = row["reminder_at"] - timedelta(microseconds=1)
    return recurring.next_after(series_of(row), before) or start


def is_reminder_due(row: Mapping[str, Any], now: datetime) -> bool:
    is_open = row["status"] == "planned" and row["reminded_at"] is None
    return is_open and row["reminder_at"] is not None and row["reminder_at"] <= now


def reminded(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a reminder that was given leaves: the time of it, or of a series the next reminder, as
    long before its occurrence as this one. Those that nobody gave in time are passed over."""
    if not is_series(row):
        return {"reminded_at": now}
    about, series = next_reminded(row), series_of(row)
    for start in recurring.starts_after(series, about):
        upcoming = recurring.shifted(row["reminder_at"], about, start, series.zone)
        if upcoming > now:
            return {"reminder_at": upcoming}
    return {"reminded_at": now}


SHARED_BY_OCCURRENCES = (
    "kind", "subject", "body", "priority", "location", "latitude", "longitude", "time_zone",
    "account_ids", "contact_ids", "opportunity_id", "ticket_id", "participants", "owner_id",
    "team_id", "tags", "custom",
)  # fmt: skip
