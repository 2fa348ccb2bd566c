"""What a third of the people said about being written to, called and messaged."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.rhythm import past_day, working_time, written, zones
from guanxi_gateway.cli.demo.seeds import demo_id, stream

ASKED_SHARE = 1 / 3
CHANNELS = ("email", "phone", "wechat")
HOW_MANY = (1, 1, 1, 2, 2, 3)
DENIED_SHARE, WITHDRAWN_SHARE = 0.08, 0.18
LONGEST_AGO, SOONEST_WITHDRAWN, LAST_WITHDRAWN = 700, 20, 300
PROOFS = {
    "zh": ("展会报名表", "我同意贵公司通过此方式向我发送产品和活动信息，并可随时退订。"),
    "en": ("trade fair form", "Yes, send me news this way; I can stop that at any time."),
}


def make_consents(seed: int, people: Sequence[Record], today: date) -> dict[str, list[Record]]:
    """By the person's id, in the order in which it was said; a withdrawal is an entry of its own."""
    dice = stream(seed, "consent")
    found = {
        person["id"]: list(_said(dice, seed, person, today))
        for person in people
        if dice.random() < ASKED_SHARE
    }
    number = 0
    for said in found.values():
        for entry in said:
            entry["id"] = str(demo_id(seed, "consent", number))
            number += 1
    return found


def _said(dice: Random, seed: int, person: Record, today: date) -> Iterator[Record]:
    is_chinese = person["language"] == "zh-CN"
    source, proof = PROOFS["zh" if is_chinese else "en"]
    channels = CHANNELS if is_chinese else CHANNELS[:2]
    for channel in dice.sample(channels, min(dice.choice(HOW_MANY), len(channels))):
        day = past_day(dice, today, within=LONGEST_AGO)
        entry = {
            "channel": channel,
            "purpose": "marketing",
            "source": source,
            "given_at": written(working_time(dice, day, zones(seed)[person["owner_id"]])),
        }
        if dice.random() < DENIED_SHARE:
            yield entry | {"status": "denied"}
            continue
        yield entry | {"status": "granted", "proof": proof}
        if dice.random() < WITHDRAWN_SHARE:
            yield from _withdrawn(dice, entry, day, today)


def _withdrawn(dice: Random, entry: Record, given: date, today: date) -> Iterator[Record]:
    """Some time later, if there was that much."""
    day = given + timedelta(days=dice.randint(SOONEST_WITHDRAWN, LAST_WITHDRAWN))
    if day < today - timedelta(days=1):
        said_at = f"{day}T08:00:00Z"
        yield entry | {"status": "withdrawn", "source": "unsubscribe link", "given_at": said_at}
