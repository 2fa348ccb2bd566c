"""What the table says is computed here: ratios, verdicts, percentiles, requests."""

import json
from pathlib import Path

import pytest

from tests.bench.cpu import Cost
from tests.bench.goals import Goal
from tests.bench.load import Load
from tests.bench.memory import highest_of
from tests.bench.own_load import percentile, whole_answer
from tests.bench.people import person
from tests.bench.report import Report, Row, shortened
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
    assert cost.microseconds() == {"gateway": 1000, "contacts": 0, "postgres": 0}
    assert Cost().microseconds() == {}
