"""What was done to be noticed: whom it was meant for, who was held out by lot, who answered.

The lot is the service's own: ids and seed are given, so that it draws the same in every demo. Answers to letters come
more often where one was sent; of orders nobody made that so, and the demo's figures say it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from guanxi_gateway.cli.demo.client import Write
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.loads import Loading
from guanxi_gateway.cli.demo.rhythm import at, written
from guanxi_gateway.cli.demo.seeds import demo_id, stream
from guanxi_gateway.cli.demo.staff import user_id

PATH: Final = "/v1/campaigns"
OWNER: Final = "zhu.yan"
ENDED: Final = 3  # the version of one that ran its course
TREATED, HELD_OUT = "treated", "held_out"


@dataclass(frozen=True, slots=True)
class Told:
    """A campaign, whom it is meant for, and how many of each group answer; `ended` days ago, or not begun yet."""

    record: dict[str, Any]
    members: dict[str, Any] | None
    rates: Mapping[str, float]
    started: int
    ended: int | None


def _cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def _which(*filters: tuple[str, str, Any]) -> dict[str, Any]:
    named = [{"field": field, "operator": how, "value": value} for field, how, value in filters]
    return {"filter_groups": [{"filters": named}]}


CAMPAIGNS: Final = (
    Told(
        {
            "name": "新品邮件 News of the range by e-mail", "kind": "email", "channel": "email",
            "goal": "每五位客户有一位点击 · One in five looks at it", "budget": _cny("6000.00"),
            "hold_out_share": 0.25, "hold_out_seed": 3,
        },
        {"resource": "contacts", "document": _which(("consent", "eq", "email:marketing"))},
        {TREATED: 0.22, HELD_OUT: 0.08}, started=120, ended=75,
    ),
    Told(
        {
            "name": "老客户回访电话 Calls to good customers", "kind": "call", "channel": "phone",
            "goal": "复购 · That they buy again", "budget": _cny("12000.00"), "hold_out_share": 0.3, "hold_out_seed": 5,
        },
        {"resource": "accounts", "document": _which(("lifecycle_stage", "in", ["active", "loyal", "at_risk"]))},
        {TREATED: 0.35, HELD_OUT: 0.0}, started=70, ended=25,
    ),
    Told(
        {
            "name": "华东客户日 Customers' day", "kind": "event", "consent": "not_refused",
            "goal": "40 位客户到场 · 40 guests", "budget": _cny("30000.00"),
        },
        {"resource": "contacts", "document": _which(("tags", "has", "trade fair 2025"))},
        {TREATED: 0.4}, started=45, ended=30,
    ),
    Told(
        {"name": "春季广告 Advertisement in spring", "kind": "advert", "budget": _cny("20000.00")},
        None, {}, started=-30, ended=None,
    ),
)  # fmt: skip
COSTS: Final = ((0, "3200.00"), (3, "850.50"))


def make_campaigns(seed: int, today: date) -> list[Record]:
    """As `POST /v1/campaigns` takes them; those of the past with what they cost."""
    owner = str(user_id(seed, OWNER))
    found = []
    for number, told in enumerate(CAMPAIGNS):
        starts = today - timedelta(days=told.started)
        days = {"starts_on": starts.isoformat()}
        if told.ended is not None:
            days["ends_on"] = (today - timedelta(days=told.ended)).isoformat()
        id = str(demo_id(seed, "campaign", number))
        found.append({"id": id, "owner_id": owner, **told.record, **days, "costs": _costs(seed, told, starts, number)})  # fmt: skip
    return found


def _costs(seed: int, told: Told, starts: date, number: int) -> list[Record]:
    if told.members is None:
        return []
    return [
        {
            "id": str(demo_id(seed, f"cost of campaign {number}", n)), "on": (starts + timedelta(days=days)).isoformat(),
            "amount": _cny(f"{Decimal(amount) * (number + 1):.2f}"),
        }
        for n, (days, amount) in enumerate(COSTS)
    ]  # fmt: skip


def load_campaigns(loading: Loading, today: date) -> None:
    """Those that did not run their course yet, by an earlier load: members, then what became of them."""
    campaigns = make_campaigns(loading.seed, today)
    loading.create("campaigns", PATH, campaigns)
    present = loading.client.records_of(f"{PATH}?fields=id,version")
    under_way = [
        (told, each)
        for told, each in zip(CAMPAIGNS, campaigns, strict=True)
        if told.members is not None and present.get(each["id"], {"version": ENDED})["version"] < ENDED
    ]  # fmt: skip
    loading.write("members of campaigns", [_begun(told, each["id"]) for told, each in under_way])
    loading.write(
        "answers to campaigns", [list(_over(loading, told, each)) for told, each in under_way]
    )


def _begun(told: Told, id: str) -> list[Write]:
    assert told.members is not None
    running = Write(f"{PATH}/{id}", {"status": "running"}, version=1, method="PATCH")
    return [Write(f"{PATH}/{id}/members", told.members), running]


def _over(loading: Loading, told: Told, campaign: Record) -> Iterator[Write]:
    path = f"{PATH}/{campaign['id']}"
    fields = "id,member_id,member_group"
    members = loading.client.records_of(f"{path}/members?fields={fields}").values()
    first = date.fromisoformat(campaign["starts_on"])
    yield Write(f"{path}/members/mark", {"status": "sent", "at": written(at(first, 9))})
    if answers := answers_of(loading.seed, told, list(members), first):
        yield Write(f"{path}/members/mark", {"status": "responded", "members": answers})
    yield Write(path, {"status": "ended"}, version=2, method="PATCH")


def answers_of(seed: int, told: Told, members: Sequence[Record], first: date) -> list[Record]:
    """Who answered, some days later: by a chance of their own, so that nobody else moves it."""
    found = []
    for member in members:
        dice = stream(seed, f"answer {first} {member['member_id']}")
        if dice.random() < told.rates.get(member["member_group"], 0.0):
            day = first + timedelta(days=dice.randint(1, 14))
            found.append({"member_id": member["member_id"], "at": written(at(day, 10))})
    return found
