"""What the table says is computed here: ratios, verdicts, percentiles, requests."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from guanxi_contacts.duplicates.keys import asked_of_account
from guanxi_shared.bulk import columns_of
from guanxi_shared.matching import match_key
from guanxi_shared.phones import phone_key
from guanxi_shared.resources import DOCUMENT
from tests.bench.accounts import typed_anew
from tests.bench.companies import company
from tests.bench.cpu import Cost
from tests.bench.dealings import EACH, dealings
from tests.bench.goals import Goal
from tests.bench.load import Load
from tests.bench.loading import holders_of
from tests.bench.memory import highest_of
from tests.bench.organisation import Member, Organisation
from tests.bench.own_load import percentile, whole_answer
from tests.bench.people import person
from tests.bench.reads import respelled
from tests.bench.report import Report, Row, shortened
from tests.bench.staging import Order, records
from tests.bench.stock import COMPANIES, KINDS, Kind
from tests.bench.turns import Turns, in_turns


def load(rate: float, *, p50: float = 1.0, p99: float = 2.0, errors: int = 0) -> Load:
    return Load(requests=int(rate * 2), seconds=2.0, p50=p50, p99=p99, errors=errors)


def test_a_share_is_the_median_of_each_rounds_own_ratio() -> None:
    turns = Turns(ours=(load(50), load(10), load(90)), limit=(load(100), load(40), load(100)))
    assert turns.share == pytest.approx(0.5)
    assert turns.rate == 50


def test_a_round_without_a_limit_is_left_out() -> None:
    turns = Turns(ours=(load(50), load(20)), limit=(load(0), load(100)))
    assert turns.share == pytest.approx(0.2)


def test_the_tail_and_the_slowdown_are_taken_round_by_round() -> None:
    ours = (load(1, p50=2, p99=8), load(1, p50=1, p99=2), load(1, p50=4, p99=40))
    limit = (load(1, p50=1), load(1, p50=1), load(1, p50=2))
    assert Turns(ours, limit).tail == pytest.approx(4)
    assert Turns(ours, limit).slowdown == pytest.approx(2)


def test_two_things_take_turns_with_the_limit_first() -> None:
    asked: list[str] = []

    def noted(name: str) -> Load:
        asked.append(name)
        return load(1)

    in_turns(lambda: noted("ours"), lambda: noted("limit"), rounds=2)
    assert asked == ["limit", "ours", "limit", "ours"]


@pytest.mark.parametrize(
    ("goal", "figure", "verdict"),
    [
        (Goal(0.35), 0.35, "ok"),
        (Goal(0.35), 0.349, "below"),
        (Goal(8, sense="at most"), 8, "ok"),
        (Goal(8, sense="at most"), 8.1, "above"),
    ],
)
def test_a_verdict_names_the_wrong_side(goal: Goal, figure: float, verdict: str) -> None:
    assert goal.verdict(figure) == verdict


def test_a_goal_is_meant_for_the_share_where_there_is_one() -> None:
    assert Row("get", 9000, "/s", share=0.4, of="hello", goal=Goal(0.35)).verdict == "ok"
    assert Row("start", 9, "s", goal=Goal(8, sense="at most")).verdict == "above"
    assert Row("stop", 9, "s").verdict == ""


def test_the_report_is_written_as_a_table_and_as_json(tmp_path: Path) -> None:
    row = Row("get by id", 4210.3, "/s", share=0.3519, of="hello", goal=Goal(0.35, 0.5), note="n")
    Report({"machine": "one"}, [row], ["imports: nothing there."]).write(tmp_path)
    text = (tmp_path / "results.md").read_text()
    assert "| get by id | 4,210 /s | 0.352 of hello | ≥ 0.35 | 0.5     | ok      |" in text
    assert "imports: nothing there." in text
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["rows"][0]["verdict"] == "ok"


def test_a_report_without_gaps_speaks_of_none() -> None:
    assert "Not measured" not in Report({}, [Row("stop", 1, "s")]).markdown()


@pytest.mark.parametrize(
    ("figure", "text"), [(0.3519, "0.352"), (1.404, "1.40"), (14.04, "14.0"), (4210.3, "4,210")]
)
def test_figures_keep_three_digits(figure: float, text: str) -> None:
    assert shortened(figure) == text


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile([], 50)) == (51, 100, 0)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", None),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", None),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc", 201),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304),
    ],
)
def test_an_answer_is_whole_when_its_body_is_there(data: bytes, status: int | None) -> None:
    assert whole_answer(data) == status


def test_peaks_are_kept_by_name_and_newcomers_join() -> None:
    assert highest_of({"a": 2.0}, {"a": 1.0, "b": 3.0}) == {"a": 2.0, "b": 3.0}


def test_the_same_number_is_the_same_person_and_no_two_share_a_phone() -> None:
    assert person(7) == person(7)
    numbers = {person(n, series=s)["phones"][0]["number"] for n in range(200) for s in (0, 8)}
    assert len(numbers) == 400
    assert {len(number) for number in numbers} == {11}


def test_processor_time_is_shared_out_among_the_requests() -> None:
    cost = Cost()
    cost.add({"gateway": 1.0, "postgres": 5.0}, {"gateway": 1.5, "postgres": 4.0}, 500)
    cost.add({"gateway": 1.5}, {"gateway": 2.0, "contacts": 9.0}, 500)
    assert cost.microseconds() == {
        "gateway": 1000,
        "contacts": 0,
        "pipeline": 0,
        "tickets": 0,
        "postgres": 0,
    }
    assert Cost().microseconds() == {}


def test_the_same_number_is_the_same_company_and_no_two_share_what_it_is_known_by() -> None:
    assert company(7) == company(7)
    companies = [company(n, series=s) for n in range(200) for s in (0, 8)]
    for known in (
        {each["domain"] for each in companies},
        {each["emails"][0]["address"] for each in companies},
        {phone_key(each["phones"][0]["number"]) for each in companies},
    ):
        assert len(known) == 400


def test_companies_have_names_in_both_scripts_and_lie_in_china_and_europe() -> None:
    companies = [company(n) for n in range(300)]
    chinese = [c for c in companies if not c["name"].isascii() and "公司" in c["name"]]
    both = [c for c in companies if "local_name" in c]
    assert 100 < len(chinese) < 200
    assert 20 < len(both) < 100
    longitudes = [c["addresses"][0]["longitude"] for c in companies]
    assert {lon < 30 for lon in longitudes} == {lon > 95 for lon in longitudes} == {True, False}


@pytest.mark.parametrize("turn", range(5))
def test_a_respelled_number_is_another_text_with_the_same_key(turn: int) -> None:
    number = person(7)["phones"][0]["number"]
    assert respelled(number, turn) != number
    assert match_key("phone", respelled(number, turn)) == match_key("phone", number)


@pytest.mark.parametrize("number", range(6))
def test_a_company_typed_anew_is_found_by_every_key_but_spelt_otherwise(number: int) -> None:
    stored = COMPANIES.row(number)
    typed = COMPANIES.columns_from(typed_anew(number))
    kept = {each.kind for each in asked_of_account(typed) if each.key in stored["match_keys"]}
    assert {"name", "phone", "email", "domain"} <= kept
    assert typed["name"] != stored["name"] or not stored["name"].isascii()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_staged_row_holds_what_the_service_would_show(kind: Kind) -> None:
    order = Order(kind.resource.name, "", uuid4(), (uuid4(), None), first=0, count=2)
    columns, model = columns_of(kind.resource), kind.resource.model
    assert model is not None
    rows = [dict(zip(columns, row, strict=True)) for row in records(kind, order)]
    assert [row["owner_id"] for row in rows] == list(order.owners)
    for row in rows:
        shown = model.model_validate_json(row[DOCUMENT])
        called = "name" if "name" in row else "subject"
        assert (str(shown.id), getattr(shown, called)) == (str(row["id"]), row[called])
        assert row["match_keys"]


def organisation_of(*, mates: int) -> Organisation:
    admin, manager, seller = (Member(uuid4(), "") for _ in range(3))
    others = tuple(Member(uuid4(), "") for _ in range(mates))
    return Organisation(uuid4(), admin, manager, seller, others)


def test_one_in_ten_accounts_lies_in_a_pool_and_none_of_the_salespersons() -> None:
    organisation = organisation_of(mates=4)
    holders = holders_of(organisation)
    assert (len(holders), holders.count(None)) == (100, 10)
    assert holders[0] == organisation.seller.id
    assert {mate.id for mate in organisation.mates} <= set(holders)


def test_dealings_are_told_over_a_year_with_each_account() -> None:
    organisation, accounts = organisation_of(mates=0), [uuid4(), uuid4()]
    rows = list(dealings(organisation, accounts))
    assert len(rows) == 2 * EACH
    assert {tuple(row["account_ids"]) for row in rows} == {(each,) for each in accounts}
    assert {row["owner_id"] for row in rows} == {organisation.seller.id}
    assert max(r["done_at"] for r in rows) - min(r["done_at"] for r in rows) > timedelta(days=360)
