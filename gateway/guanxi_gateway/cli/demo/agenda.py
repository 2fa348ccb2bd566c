"""The calendar of the demo's salesperson next week: a weekly meeting, and two things at once."""

from datetime import date, timedelta

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.rhythm import at, monday_after, written
from guanxi_gateway.cli.demo.seeds import demo_id
from guanxi_gateway.cli.demo.staff import ORGANISATION, team_id, user_id

WEEKS_HELD = 26
HOUR = timedelta(hours=1)


def make_agenda(seed: int, company: Record, person: Record, today: date) -> list[Record]:
    """Whoever loads these knows that the last of them finds its time taken."""
    monday = monday_after(today)
    wednesday = monday + timedelta(days=2)
    records = [
        _weekly(seed, monday - timedelta(weeks=WEEKS_HELD)),
        _meeting(seed, "年度合作方案讨论", wednesday, 10, 0) | {
            "account_ids": [company["id"]],
            "contact_ids": [person["id"]],
            "participants": [{"contact_id": person["id"], "response": "accepted"}],
            "body": "带上去年的服务报告。",
        },
        _meeting(seed, "区域价格评审", wednesday, 10, 30) | {
            "participants": [{"user_id": str(user_id(seed, "manager"))}],
        },
    ]  # fmt: skip
    return [
        {"id": str(demo_id(seed, "agenda", number)), **record}
        for number, record in enumerate(records)
    ]


def _weekly(seed: int, first: date) -> Record:
    """Every Monday at nine, whatever the summer time elsewhere."""
    guests = [str(user_id(seed, handle)) for handle in ("sales", "zhou.min")]
    begins = at(first, 9)
    return {
        "kind": "meeting",
        "subject": "华北周会 Weekly meeting",
        "starts_at": written(begins),
        "ends_at": written(begins + HOUR),
        "time_zone": ORGANISATION["time_zone"],
        "recurrence": "FREQ=WEEKLY;BYDAY=MO",
        "participants": [{"user_id": guest, "response": "accepted"} for guest in guests],
        "owner_id": str(user_id(seed, "zhao.lei")),
        "team_id": str(
            team_id(seed, "Sales North")
        ),  # guests see what they may, not what they attend
    }


def _meeting(seed: int, subject: str, day: date, hour: int, minute: int) -> Record:
    begins = at(day, hour, minute)
    return {
        "kind": "meeting",
        "subject": subject,
        "starts_at": written(begins),
        "ends_at": written(begins + HOUR),
        "owner_id": str(user_id(seed, "sales")),
    }
