"""Check-ins and check-outs in the field, as phones sent them; some from where the customer is not."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from guanxi_gateway.cli.demo.activity_words import VISIT_NOTES, language_of
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.rhythm import written
from guanxi_gateway.cli.demo.seeds import stream

VISITS = 150
RECENT = timedelta(days=240)
FAR_SHARE = 0.08
# Degrees of latitude; one has 111 km.
NEAR, FAR = (0.0, 0.002), (0.018, 0.05)
ACCURACY_M = (5.0, 8.0, 12.0, 20.0, 35.0)
NOTE_SHARE = 0.4
Visit = dict[str, Any]


def make_visits(
    seed: int, activities: Sequence[Record], companies: Sequence[Record], today: date
) -> list[Visit]:
    """Of the visits of the last months some: the activity, whose it is, its `in` and its `out`."""
    dice = stream(seed, "visit")
    since = f"{today - RECENT}"
    candidates = [
        each for each in activities
        if each["kind"] == "visit" and each["status"] == "done" and each["starts_at"] >= since
    ]  # fmt: skip
    places = {company["id"]: company for company in companies}
    chosen = dice.sample(candidates, min(VISITS, len(candidates)))
    chosen.sort(key=lambda record: str(record["id"]))
    return [_visit(dice, each, places[each["account_ids"][0]]) for each in chosen]


def _visit(dice: Random, activity: Record, company: Record) -> Visit:
    away = FAR if dice.random() < FAR_SHARE else NEAR
    phone = f"phone-{activity['owner_id'][-4:]}"
    arrived = _moment(activity["starts_at"]) + timedelta(minutes=dice.randint(-10, 10))
    left = _moment(activity["ends_at"]) + timedelta(minutes=dice.randint(-5, 25))
    check_in = _check(dice, company, away, arrived, phone)
    if dice.random() < NOTE_SHARE:
        check_in["note"] = dice.choice(VISIT_NOTES[language_of(company)])
    return {
        "activity_id": activity["id"],
        "owner_id": activity["owner_id"],
        "in": check_in,
        "out": _check(dice, company, away, left, phone),
    }


def _check(
    dice: Random, company: Mapping[str, Any], away: tuple[float, float], at: datetime, phone: str
) -> Record:
    place = company["addresses"][0]
    return {
        "latitude": round(place["latitude"] + dice.choice((-1, 1)) * dice.uniform(*away), 6),
        "longitude": round(place["longitude"] + dice.uniform(-NEAR[1], NEAR[1]), 6),
        "accuracy_m": dice.choice(ACCURACY_M),
        "device_time": written(at),
        "device_id": phone,
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
