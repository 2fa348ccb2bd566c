"""The board: sums per currency against an independent computation, cards in their order, whose deals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.remembered import Remembered
from tests.deadlines import until
from tests.factories import (
    Clients,
    Organisation,
    User,
    apply_to_directory,
    directory_event,
    share_state,
)
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.deals import PATH, made, moved, pipeline_with, problem
from tests.statements import statements_of

DIGITS = {"CNY": 2, "EUR": 2, "JPY": 0, "KWD": 3}
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
RATE = """
INSERT INTO exchange_rates (organisation_id, id, currency, base, valid_on, rate) VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True)
class Board:
    user: httpx.AsyncClient
    stages: Stages

    async def __call__(self, **params: Any) -> dict[str, Any]:
        path = f"/v1/pipelines/{self.stages.pipeline_id}/board"
        answer = await self.user.get(path, params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def rated(
    database: Database, organisation: Organisation, *rates: tuple[str, str, date, str]
) -> None:
    async with database.transaction(organisation.id) as connection:
        for currency, base, day, rate in rates:
            await connection.execute(
                RATE, organisation.id, new_id(), currency, base, day, Decimal(rate)
            )


def rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-DIGITS[currency]), rounding=ROUND_HALF_UP)


def sums_by_hand(deals: Iterable[Mapping[str, Any]], *, weighted: bool) -> list[dict[str, str]]:
    totals: dict[str, Decimal] = {}
    for deal in deals:
        if (amount := deal["amount"]) is not None:
            weight = Decimal(str(deal["probability"])) / 100 if weighted else Decimal(1)
            found = totals.get(amount["currency"], Decimal(0))
            totals[amount["currency"]] = found + Decimal(amount["amount"]) * weight
    return [{"amount": f"{rounded(total, currency):f}", "currency": currency}
            for currency, total in sorted(totals.items())]  # fmt: skip


async def random_deals(
    user: httpx.AsyncClient, stages: Stages, random: Random, count: int
) -> list[dict[str, Any]]:
    """With amounts whose weighted sums need rounding, in all stages."""
    deals = []
    for n in range(count):
        currency = random.choice(list(DIGITS))
        amount = rounded(Decimal(random.randrange(1, 10**8)) / 777, currency)
        more: dict[str, Any] = {"stage_id": random.choice(list(stages.ids.values()))}
        if random.random() < 0.85:
            more["amount"] = {"amount": f"{amount:f}", "currency": currency}
        if random.random() < 0.5:
            more["source"] = random.choice(["referral", "fair"])
        deal = await made(user, f"{random.choice(['Seats', '咨询'])} {n}", **more)
        if deal["status"] == "open" and random.random() < 0.4:
            by_hand = {"probability": round(random.uniform(0, 100), 2)}
            deal = (await user.patch(f"{PATH}/{deal['id']}", json=by_hand)).json()
        deals.append(deal)
    return deals


def agrees(board: dict[str, Any], deals: list[dict[str, Any]]) -> None:
    for stage in board["stages"]:
        own = [deal for deal in deals if deal["stage_id"] == stage["id"]]
        assert stage["count"] == len(own)
        assert stage["without_amount"] == sum(deal["amount"] is None for deal in own)
        assert stage["sums"] == sums_by_hand(own, weighted=False)
        assert stage["weighted"] == sums_by_hand(own, weighted=True)
        newest = sorted(own, key=lambda deal: deal["created_at"], reverse=True)
        assert [card["id"] for card in stage["cards"]] == [deal["id"] for deal in newest]
        for card, deal in zip(stage["cards"], newest, strict=True):
            assert card == deal | {"flags": []}
    still_open = [deal for deal in deals if deal["status"] == "open"]
    assert board["total"]["count"] == len(still_open)
    assert board["total"]["sums"] == sums_by_hand(still_open, weighted=False)
    assert board["total"]["weighted"] == sums_by_hand(still_open, weighted=True)


@pytest.mark.parametrize("seed", [1, 2])
async def test_sums_are_those_that_somebody_adds_up_by_hand(
    client: Clients, organisation: Organisation, seed: int
) -> None:
    ruled = await pipeline_with(client(organisation.admin))
    rep = client(organisation.rep)
    deals = await random_deals(rep, ruled, Random(seed), 40)
    gone = deals.pop()
    await rep.delete(f"{PATH}/{gone['id']}")
    board = Board(rep, ruled)
    agrees(await board(cards=100), deals)
    fairs = [deal for deal in deals if deal["source"] == "fair"]
    agrees(await board(cards=100, source="fair"), fairs)
    agrees(await board(cards=100, q="咨询"), [deal for deal in deals if "咨询" in deal["name"]])
    narrow = await board(cards=100, q="seats", source="referral")
    agrees(narrow, [d for d in deals if "Seats" in d["name"] and d["source"] == "referral"])


async def test_a_converted_sum_states_its_rates_and_adds_up(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    ruled = await pipeline_with(client(organisation.admin))
    rep = client(organisation.rep)
    for amount, currency in (("100.10", "EUR"), ("1000", "JPY"), ("7.00", "CNY"), ("0.55", "EUR")):
        await made(
            rep, pipeline_id=ruled.pipeline_id, amount={"amount": amount, "currency": currency}
        )
    await rated(
        service_database, organisation,
        ("EUR", "CNY", TODAY - timedelta(30), "7.5"), ("EUR", "CNY", TODAY - timedelta(3), "7.8125"),
        ("EUR", "CNY", TODAY + timedelta(3), "9"), ("CNY", "JPY", TODAY - timedelta(3), "21.7"),
    )  # fmt: skip
    board = Board(rep, ruled)
    shown = await board()
    stage = shown["stages"][0]
    eur = rounded(Decimal("100.65") * Decimal("7.8125"), "CNY")
    jpy = rounded(Decimal(1000) / Decimal("21.7"), "CNY")
    assert (shown["currency"], shown["rate_on"], shown["missing_rates"]) == ("CNY", str(TODAY), [])
    assert stage["converted"]["amount"] == f"{eur + jpy + 7:f}"
    used = {
        rate["currency"]: (rate["rate"], rate["rate_date"]) for rate in stage["converted"]["rates"]
    }
    assert used["EUR"] == ("7.8125", str(TODAY - timedelta(3)))
    assert used["JPY"][0] == "0.0460829493087558"
    assert shown["total"]["converted"]["amount"] == stage["converted"]["amount"]
    earlier = await board(rate_on=str(TODAY - timedelta(10)))
    assert earlier["missing_rates"] == ["JPY"]
    assert (earlier["stages"][0]["converted"], earlier["total"]["converted"]) == (None, None)
    assert earlier["stages"][0]["sums"] == stage["sums"]


async def test_who_insists_on_a_currency_is_told_which_rate_is_missing(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    ruled = await pipeline_with(client(organisation.admin))
    rep = client(organisation.rep)
    for currency in ("EUR", "JPY", "CNY"):
        await made(
            rep, pipeline_id=ruled.pipeline_id, amount={"amount": "10", "currency": currency}
        )
    await rated(service_database, organisation, ("EUR", "CNY", TODAY - timedelta(1), "7.5"))
    path = f"/v1/pipelines/{ruled.pipeline_id}/board"
    found = problem(
        await rep.get(path, params={"currency": "CNY"}), 422, "rate_missing", "currency"
    )
    assert found["missing"] == [{"from": "JPY", "to": "CNY", "on": str(TODAY)}]
    found = problem(
        await rep.get(path, params={"currency": "EUR", "rate_on": "2020-01-01"}),
        422,
        "rate_missing",
    )
    assert [each["from"] for each in found["missing"]] == ["CNY", "JPY"]
    # Where no yen is shown, none has to be known.
    only = (await rep.get(path, params={"currency": "CNY", "amount[gte]": 11})).json()
    assert only["total"]["count"] == 0
    other = await rep.get(path, params={"currency": "EUR", "source": "nowhere"})
    assert other.json()["currency"] == "EUR"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"cards": 101}, "cards"), ({"cards": "-1"}, "cards"), ({"cards": "many"}, "cards"),
        ({"cards": "1" * 5_000}, "cards"), ({"cards": ["1", "2"]}, "cards"),
        ({"currency": "QQQ"}, "currency"), ({"rate_on": "soon"}, "rate_on"), ({"sort": "name"}, "sort"),
        ({"limit": 5}, "limit"), ({"colour": "red"}, "colour"), ({"source[near]": "x"}, "source"),
    ],
)  # fmt: skip
async def test_a_board_names_what_it_does_not_take(
    client: Clients, organisation: Organisation, stages: Stages, params: Any, field: str
) -> None:
    path = f"/v1/pipelines/{stages.pipeline_id}/board"
    answer = await client(organisation.rep).get(path, params=params)
    assert answer.status_code == 400, answer.text
    assert any(name.startswith(field) for name in answer.json()["errors"]), answer.text


async def test_only_so_many_cards_are_shown_and_the_rest_is_counted(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    ids = [(await made(rep, f"Deal {n}"))["id"] for n in range(4)][::-1]
    board = Board(rep, stages)
    for cards, more in ((0, False), (3, True), (4, False)):
        first = (await board(cards=cards))["stages"][0]
        assert [card["id"] for card in first["cards"]] == ids[:cards]
        assert first["count"] == 4
        assert first["has_more"] == more or cards == 0


async def test_everybody_sees_their_own_board(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    stages: Stages, service_database: Database,
) -> None:  # fmt: skip
    people = [organisation.rep, organisation.rep2, organisation.junior, organisation.other_rep]
    deals = {
        user.name: await made(
            client(user), user.name, amount={"amount": f"{10**n}.00", "currency": "CNY"}
        )
        for n, user in enumerate(people)
    }
    deals["of team"] = await made(
        client(organisation.other_rep), amount={"amount": "50000.00", "currency": "CNY"},
        team_id=str(organisation.teams["a1"]),
    )  # fmt: skip

    async def seen(user: User) -> tuple[int, list[str], set[str]]:
        board = await Board(client(user), stages)()
        cards = {card["id"] for stage in board["stages"] for card in stage["cards"]}
        return board["total"]["count"], [m["amount"] for m in board["total"]["sums"]], cards

    for user in people[:2]:
        assert await seen(user) == (
            1,
            [deals[user.name]["amount"]["amount"]],
            {deals[user.name]["id"]},
        )
    ids = {name: deal["id"] for name, deal in deals.items()}
    count, sums, cards = await seen(organisation.manager)
    assert cards == {ids["rep"], ids["rep2"], ids["junior"], ids["of team"]}
    assert (count, sums) == (4, ["50111.00"])  # what the members' boards add up to
    assert (await seen(organisation.admin))[:2] == (5, ["51111.00"])
    share = share_state(ids["other_rep"], resource="opportunities", user=organisation.rep)
    event = directory_event(organisation.id, "share", share)
    await apply_to_directory(service_database, [event])

    async def is_seen() -> bool:
        return (await seen(organisation.rep))[0] == 2

    await until(is_seen)  # a scope is remembered for a second
    assert (await seen(organisation.rep))[1] == ["1001.00"]
    stranger = client(other_organisation.admin)
    answer = await stranger.get(f"/v1/pipelines/{stages.pipeline_id}/board")
    assert answer.status_code == 404


async def test_a_stage_that_was_removed_is_shown_while_something_stands_in_it(
    client: Clients, organisation: Organisation
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    ruled = await pipeline_with(admin)
    deal = await made(rep, pipeline_id=ruled.pipeline_id, stage_id=ruled["Second"])
    await rep.delete(f"{PATH}/{deal['id']}")
    path = f"/v1/pipelines/{ruled.pipeline_id}"
    kept = [s for s in (await admin.get(path)).json()["stages"] if s["name"] != "Second"]
    assert (await admin.patch(path, json={"stages": kept})).status_code == 200
    board = Board(rep, ruled)
    assert [stage["name"] for stage in (await board())["stages"]] == ["First", "Won", "Lost"]
    assert (await rep.post(f"{PATH}/{deal['id']}/restore")).status_code == 200
    [gone] = [stage for stage in (await board())["stages"] if stage["is_removed"]]
    assert (gone["name"], gone["count"], gone["cards"][0]["id"]) == ("Second", 1, deal["id"])
    stays = (await rep.get(f"{PATH}/{deal['id']}/stages")).json()["data"]
    assert stays[-1]["stage_name"] == "Second"
    assert (await moved(rep, deal["id"], ruled["First"])).status_code == 200
    problem(await moved(rep, deal["id"], ruled["Second"]), 422, "stage_not_in_pipeline", "stage_id")
    assert len((await board())["stages"]) == 3


async def test_a_stage_that_another_process_has_just_made_is_on_the_board(
    client: Clients, organisation: Organisation, service_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What is remembered of pipelines is a second old; what stands on a board is not."""
    admin, rep = client(organisation.admin), client(organisation.rep)
    ruled = await pipeline_with(admin)
    deal = await made(rep, pipeline_id=ruled.pipeline_id, amount={"amount": "5", "currency": "CNY"})
    path = f"/v1/pipelines/{ruled.pipeline_id}"
    listed = (await admin.get(path)).json()["stages"]
    monkeypatch.setattr(Remembered, "forget", lambda known, organisation: None)
    await Board(rep, ruled)()
    listed.insert(1, {"name": "New", "probability": 40})
    new = (await admin.patch(path, json={"stages": listed})).json()["stages"][1]
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "UPDATE opportunities SET stage_id = $1::text::uuid", new["id"]
        )  # fmt: skip
    board = await Board(rep, ruled)()
    [stage] = [stage for stage in board["stages"] if stage["name"] == "New"]
    assert [card["id"] for card in stage["cards"]] == [deal["id"]]
    assert board["total"]["sums"] == [{"amount": "5.00", "currency": "CNY"}]


async def test_cards_carry_their_flags_and_boards_are_filtered_by_them(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> None:
    rep = client(organisation.rep)
    late = await made(rep, "Late", close_on="2026-01-01", account_id=await account("未来科技"))
    await made(rep, "In time", close_on=str(TODAY + timedelta(9)))
    board = Board(rep, stages)
    flagged = (await board(flag="overdue"))["stages"][0]
    assert [card["id"] for card in flagged["cards"]] == [late["id"]]
    assert [flag["flag"] for flag in flagged["cards"][0]["flags"]] == ["overdue"]
    assert (await board(q="wlkj"))["total"]["count"] == 1


@pytest.mark.usefixtures("remembered")
async def test_a_board_costs_two_statements_whatever_stands_on_it(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    rep = client(organisation.rep)
    await rated(service_database, organisation, ("EUR", "CNY", TODAY - timedelta(1), "7.5"))
    for currency in ("EUR", "JPY", "CNY"):
        await made(rep, amount={"amount": "10", "currency": currency})
    board = Board(rep, stages)
    for params in (
        {},
        {"currency": "CNY", "amount[gt]": "99"},
        {"q": "licences"},
        {"flag": "idle"},
    ):
        await board(**params)
        with statements_of(service_database) as seen:
            await board(**params)
        assert len(seen) <= 2, seen


async def test_amounts_beyond_what_money_holds_are_refused_and_large_ones_are_exact(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    price = {"amount": "999999999999999999.99", "currency": "CNY"}
    for quantity in (1_000_000_000, 2):
        line = {"name": "x", "quantity": quantity, "unit_price": price}
        refused = await rep.post(PATH, json={"name": "x", "lines": [line]})
        problem(refused, 422, "invalid", "lines.0")
    two = [{"name": "x", "unit_price": price}, {"name": "y", "unit_price": price}]
    problem(await rep.post(PATH, json={"name": "x", "lines": two}), 422, "invalid", "lines")
    for _ in range(3):
        await made(rep, amount=price)
    total = (await Board(rep, stages)())["total"]
    assert total["sums"] == [{"amount": "2999999999999999999.97", "currency": "CNY"}]
    assert total["weighted"] == [{"amount": "300000000000000000.00", "currency": "CNY"}]
