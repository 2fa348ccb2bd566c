"""Nine months of tickets before the demo began, as files of the desk of before: each with its log, what was said,
and what its customer answered. They come in by the import, which keeps the times that a file says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from guanxi_gateway.cli.demo.activities import Customer
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.rhythm import (
    HOME,
    at,
    past_day,
    working_minutes_later,
    working_time,
    written,
)
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted
from guanxi_gateway.cli.demo.staff import team_id, user_id
from guanxi_gateway.cli.demo.ticket_words import (
    ANSWERED,
    ASKED,
    CHANNELS,
    KINDS,
    LEVELS,
    NOTED,
    SUBJECTS,
)
from guanxi_gateway.cli.demo.tickets import AGENTS, POLICY_NAME, PROMISED

HOW_MANY, DAYS = 220, 270
PRIORITIES: Final[Mapping[tuple[str, str], str]] = {
    ("high", "high"): "urgent", ("high", "medium"): "high", ("medium", "high"): "high",
    ("high", "low"): "normal", ("medium", "medium"): "normal", ("low", "high"): "normal",
}  # fmt: skip
# Of the time that is promised, in the middle; one in seven takes longer than that, or so.
MIDDLE, SPREAD = 0.45, 0.75
PENDING_SHARE, NOTE_SHARE, REOPENED_SHARE, ANSWERED_SHARE = 0.3, 0.4, 0.06, 0.45
CLOSED_AFTER = timedelta(days=3)
SATISFIED: Final = {5: 42.0, 4: 33.0, 3: 13.0, 2: 7.0, 1: 5.0}
LATE: Final = {5: 8.0, 4: 18.0, 3: 28.0, 2: 26.0, 1: 20.0}
Moments = tuple[datetime, datetime]


@dataclass(slots=True)
class Past:
    """Rows of three files, as `POST /v1/imports` takes them."""

    tickets: list[Record] = field(default_factory=list)
    comments: list[Record] = field(default_factory=list)
    answers: list[Record] = field(default_factory=list)

    @property
    def how_many(self) -> int:
        return len({row["external_id"] for row in self.tickets})


def make_past(seed: int, customers: Sequence[Customer], today: date) -> Past:
    """What had happened by the evening before yesterday."""
    dice, past = stream(seed, "past ticket"), Past()
    asking = [customer for customer in customers if customer.people]
    until = at(today - timedelta(days=2), 18)
    for number in range(HOW_MANY):
        _add(past, dice, seed, number, dice.choice(asking), today, until)
    return past


def _add(
    past: Past, dice: Random, seed: int, number: int, customer: Customer, today: date,
    until: datetime,
) -> None:  # fmt: skip
    first = working_time(dice, past_day(dice, today, within=DAYS), HOME)
    ticket = _ticket(dice, seed, number, customer)
    priority = PRIORITIES.get((ticket["impact"], ticket["urgency"]), "low")
    answered, solved = _moments(dice, first, priority)
    agent = str(user_id(seed, dice.choice(AGENTS)))
    log = list(_log(dice, first, answered, solved, agent))
    told = [row for row in log if row["changed_at"] <= until] or log[:1]
    rows = [{**row, "changed_at": written(row["changed_at"])} for row in told]
    names = {name: ticket[name] for name in ("id", "external_id")}
    past.tickets += [{**ticket, **rows[0]}, *({**names, **row} for row in rows[1:])]
    words = "zh" if ticket["description"] in ASKED["zh"] else "en"
    said = _said(dice, words, agent, (answered, solved))
    past.comments += [
        {"ticket_external_id": ticket["external_id"], **each, "created_at": written(each["created_at"])}
        for each in said
        if each["created_at"] <= until
    ]  # fmt: skip
    answer = _answer(dice, seed, number, ticket, solved, is_late=_is_late(first, solved, priority))
    if answer["answered_at"] <= until and dice.random() < ANSWERED_SHARE:
        past.answers.append(
            {**answer, **{name: written(answer[name]) for name in ("invited_at", "answered_at")}}
        )


def _ticket(dice: Random, seed: int, number: int, customer: Customer) -> Record:
    kind, language = weighted(dice, KINDS), customer.language
    return {
        "id": str(demo_id(seed, "past ticket", number)), "external_id": f"HD-{number + 1:04}",
        "subject": dice.choice(SUBJECTS.get(language, SUBJECTS["en"])[kind]), "kind": kind,
        "description": dice.choice(ASKED.get(language, ASKED["en"])),
        "channel": weighted(dice, CHANNELS), "impact": weighted(dice, LEVELS),
        "urgency": weighted(dice, LEVELS), "account_id": customer.account["id"],
        "requester_id": dice.choice(customer.people)["id"], "team_id": str(team_id(seed, "Service")),
        "sla_policy": POLICY_NAME,
    }  # fmt: skip


def _moments(dice: Random, first: datetime, priority: str) -> Moments:
    """When it was answered, and when it was solved: by minutes of work, about half of those promised."""
    response, resolution = (
        max(2, round(60 * hours * MIDDLE * dice.lognormvariate(0, SPREAD)))
        for hours in PROMISED[priority]
    )
    answered = working_minutes_later(first, response)
    return answered, working_minutes_later(answered, resolution)


def _is_late(first: datetime, solved: datetime, priority: str) -> bool:
    return working_minutes_later(first, 60 * PROMISED[priority][1]) < solved


def _log(
    dice: Random, first: datetime, answered: datetime, solved: datetime, agent: str
) -> Iterator[Record]:
    """How it stood from when on; whoever answers first has it."""
    yield {"changed_at": first, "status": "new"}
    yield {"changed_at": answered, "status": "open", "owner_id": agent}
    if dice.random() < PENDING_SHARE:
        asked = answered + (solved - answered) / 4
        yield {"changed_at": asked, "status": "pending"}
        yield {"changed_at": asked + (solved - asked) / 2, "status": "open"}
    yield {"changed_at": solved, "status": "solved"}
    if dice.random() < REOPENED_SHARE:
        again = solved + timedelta(hours=dice.randint(2, 40))
        yield {"changed_at": again, "status": "open"}
        solved = working_minutes_later(again, dice.randint(60, 900))
        yield {"changed_at": solved, "status": "solved"}
    yield {"changed_at": solved + CLOSED_AFTER, "status": "closed"}


def _said(dice: Random, words: str, agent: str, moments: Moments) -> Iterator[Record]:
    answered, solved = moments
    yield {"author_id": agent, "body": dice.choice(ANSWERED[words]), "created_at": answered}
    if dice.random() < NOTE_SHARE:
        later = answered + timedelta(minutes=dice.randint(1, 20))
        note = {"author_id": agent, "visibility": "internal", "body": dice.choice(NOTED[words])}
        yield {**note, "created_at": min(later, solved)}
    asked = answered + (solved - answered) / 2
    yield {"author_kind": "requester", "body": dice.choice(ASKED[words]), "created_at": asked}
    yield {"author_id": agent, "body": dice.choice(ANSWERED[words]), "created_at": solved}


def _answer(
    dice: Random, seed: int, number: int, ticket: Record, solved: datetime, *, is_late: bool
) -> Record:
    """To the first survey, how content they were."""
    return {
        "id": str(demo_id(seed, "past answer", number)), "survey_id": str(demo_id(seed, "survey", 0)),
        "ticket_external_id": ticket["external_id"], "score": weighted(dice, LATE if is_late else SATISFIED),
        "invited_at": solved + timedelta(hours=1),
        "answered_at": solved + timedelta(hours=dice.randint(2, 60), minutes=dice.randint(0, 59)),
    }  # fmt: skip
