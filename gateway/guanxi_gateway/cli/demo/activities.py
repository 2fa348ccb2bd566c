"""Two years of dealings with the customers, and what is planned in the weeks to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from guanxi_gateway.cli.demo.activity_words import (
    NEXT_STEPS,
    NOTES,
    OUTCOMES,
    SUBJECTS,
    language_of,
)
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.rhythm import (
    past_day,
    working_day,
    working_time,
    written,
    zones,
)
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted

# How many a customer of a grade saw in the two years; on average.
DEALINGS = {"A": 34, "B": 21, "C": 12, "D": 7}
KINDS = {"call": 30.0, "email": 22.0, "visit": 15.0, "meeting": 12.0, "note": 11.0, "task": 10.0}
MINUTES = {"call": (5, 10, 15, 30), "visit": (45, 60, 90, 120), "meeting": (30, 60, 90)}
PLANNED_KINDS = {"call": 3.0, "visit": 3.0, "meeting": 2.0}
PLANNED_SHARE, PLANNED_DAYS = 0.8, 25
TASK_SHARE, OVERDUE_SHARE, TASK_DAYS = 0.5, 0.3, 21
MESSAGE_SHARE = 0.5  # of what would be an email between Chinese
OUTCOME_SHARE, NEXT_STEP_SHARE, TAG_SHARE, CONTACT_SHARE = 0.6, 0.3, 0.2, 0.85
TAGS = ("complaint", "pricing", "renewal", "technical", "trade fair")
PRIORITIES = {"low": 1.0, "normal": 6.0, "high": 2.0}
RESERVED_HOURS = frozenset({9, 10, 11})  # of the home zone's mornings; see agenda
SETTING_OUT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Customer:
    """An account, those we know there, and the clock of its owner."""

    account: Record
    people: Sequence[Record]
    zone: ZoneInfo

    @property
    def language(self) -> str:
        return language_of(self.account)


def customers_of(
    seed: int, companies: Sequence[Record], people: Sequence[Record]
) -> list[Customer]:
    """With the people whose first place is there."""
    known: dict[str, list[Record]] = {company["id"]: [] for company in companies}
    for person in people:
        if person.get("accounts"):
            known[person["accounts"][0]["account_id"]].append(person)
    clocks = zones(seed)
    return [Customer(each, known[each["id"]], clocks[each["owner_id"]]) for each in companies]


def make_activities(seed: int, customers: Sequence[Customer], today: date) -> list[Record]:
    """Activities as `POST /v1/activities` takes them: the done, the oldest first; the planned, of
    which no two of one owner overlap; the tasks that are open."""
    dice = stream(seed, "activity")
    done = [_done(dice, each, today) for each in customers for _ in range(_dealings(dice, each))]
    done.sort(key=lambda record: (record["done_at"], record["account_ids"]))
    planned = list(_planned(stream(seed, "plan"), customers, today))
    tasks = list(_tasks(stream(seed, "task"), customers, today))
    return [
        {"id": str(demo_id(seed, kind, number)), **record}
        for kind, records in (("activity", done), ("plan", planned), ("task", tasks))
        for number, record in enumerate(records)
    ]


def _dealings(dice: Random, customer: Customer) -> int:
    mean = DEALINGS[customer.account["grade"]]
    return dice.randint(round(mean * 0.6), round(mean * 1.4))


def _done(dice: Random, customer: Customer, today: date) -> Record:
    kind = _kind(dice, customer)
    begins = working_time(dice, past_day(dice, today), customer.zone)
    record = _about(dice, customer, kind) | {"status": "done", **_when(dice, kind, begins)}
    if kind == "note":
        record["body"] = dice.choice(NOTES[customer.language])
    elif dice.random() < OUTCOME_SHARE:
        record["outcome"] = dice.choice(OUTCOMES[customer.language])
        if dice.random() < NEXT_STEP_SHARE:
            record["next_step"] = dice.choice(NEXT_STEPS[customer.language])
    return record


def _kind(dice: Random, customer: Customer) -> str:
    kind = weighted(dice, KINDS)
    is_chinese = customer.language == "zh"
    return "message" if kind == "email" and is_chinese and dice.random() < MESSAGE_SHARE else kind


def _when(dice: Random, kind: str, begins: datetime) -> Record:
    """What takes time is done when it is over; a task was due a little before or after."""
    if kind in MINUTES:
        ends = begins + timedelta(minutes=dice.choice(MINUTES[kind]))
        return {"starts_at": written(begins), "ends_at": written(ends), "done_at": written(ends)}
    if kind == "task":
        due = begins + timedelta(days=dice.randint(-2, 5))
        return {"due_at": written(due), "done_at": written(begins)}
    return {"done_at": written(begins)}


def _about(dice: Random, customer: Customer, kind: str) -> Record:
    account = customer.account
    record: Record = {
        "kind": kind,
        "subject": dice.choice(SUBJECTS[customer.language][kind]),
        "account_ids": [account["id"]],
        "owner_id": account["owner_id"],
    }
    if customer.people and dice.random() < CONTACT_SHARE:
        record["contact_ids"] = [dice.choice(customer.people)["id"]]
    if dice.random() < TAG_SHARE:
        record["tags"] = [dice.choice(TAGS)]
    if "team_id" in account:
        record["team_id"] = account["team_id"]
    return record


def _planned(dice: Random, customers: Sequence[Customer], today: date) -> Iterator[Record]:
    """Nobody is at two places at once here, and mornings in which the agenda has something are free."""
    taken: dict[str, list[tuple[datetime, datetime]]] = {}
    for customer in customers:
        if dice.random() >= PLANNED_SHARE:
            continue
        kind = weighted(dice, PLANNED_KINDS)
        begins, ends = _free(dice, customer, kind, today, taken)
        record = _about(dice, customer, kind)
        record |= {"status": "planned", "starts_at": written(begins), "ends_at": written(ends)}
        if kind == "visit":
            record["location"] = _place(customer.account)
        if kind != "call":
            record["reminder_at"] = written(begins - SETTING_OUT)
            record["participants"] = [
                {"contact_id": each} for each in record.get("contact_ids", ())
            ]
        yield record


def _free(
    dice: Random, customer: Customer, kind: str, today: date,
    taken: dict[str, list[tuple[datetime, datetime]]],
) -> tuple[datetime, datetime]:  # fmt: skip
    """A time that the owner has, drawn until it fits."""
    own = taken.setdefault(customer.account["owner_id"], [])
    while True:
        day = working_day(dice, today + timedelta(days=1), today + timedelta(days=PLANNED_DAYS))
        begins = working_time(dice, day, customer.zone)
        ends = begins + timedelta(minutes=dice.choice(MINUTES[kind]))
        is_reserved = begins.astimezone(customer.zone).hour in RESERVED_HOURS and day.weekday() in (
            0,
            2,
        )
        if not is_reserved and all(ends <= first or last <= begins for first, last in own):
            own.append((begins, ends))
            return begins, ends


def _place(account: Record) -> str:
    address = account["addresses"][0]
    return f"{address['city']}, {address['street']}"


def _tasks(dice: Random, customers: Sequence[Customer], today: date) -> Iterator[Record]:
    """Open ones; a third of them are overdue."""
    for customer in customers:
        if dice.random() >= TASK_SHARE:
            continue
        if dice.random() < OVERDUE_SHARE:
            day = past_day(dice, today, within=TASK_DAYS)
        else:
            day = working_day(dice, today + timedelta(days=1), today + timedelta(days=TASK_DAYS))
        due = datetime.combine(day, datetime.min.time(), customer.zone) + timedelta(hours=18)
        yield _about(dice, customer, "task") | {
            "status": "planned",
            "due_at": written(due.astimezone(UTC)),
            "priority": weighted(dice, PRIORITIES),
        }
