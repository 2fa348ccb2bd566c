"""The arithmetic of win probability, against brute force and numpy."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as reference_log_loss

from guanxi_pipeline.win_model import score_rules, term_rules, verdict_rules
from guanxi_pipeline.win_model.model_rules import Model, answer, calibrated, model_from
from guanxi_pipeline.win_model.term_rules import Term

numbers = st.floats(-50, 50, allow_nan=False)
pairs = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)
keys = st.sampled_from(["a", "b", "other", "none"])


@st.composite
def models(draw: st.DrawFn) -> Model:
    terms = [
        Term(group, key, draw(st.floats(0, 1)))
        for group in ("owner", "source", "product")
        for key in draw(st.sets(keys))
    ] + [Term("amount", "CNY", 0.0, draw(numbers), draw(st.floats(0.1, 9)))]
    return Model(
        intercept=draw(numbers), terms=tuple(terms), weights=tuple(draw(numbers) for _ in terms),
        slope=draw(st.floats(-3, 3)), offset=draw(numbers),
    )  # fmt: skip


@st.composite
def sights(draw: st.DrawFn) -> dict[str, Any]:
    amount = draw(st.none() | st.decimals("0.01", "1e12", places=2))
    return {
        "owner_id": draw(st.none() | keys), "source": draw(st.none() | keys), "industry": None,
        "region": None, "products": draw(st.lists(keys, max_size=4)), "stage_id": "s",
        "opened": draw(st.dates()).isoformat(), "contacts": draw(st.integers(0, 50)),
        "amount": None if amount is None else str(amount), "currency": amount and "CNY",
        "age_days": draw(st.integers(0, 999)), "is_live": draw(st.booleans()),
    }  # fmt: skip


@given(models(), sights())
def test_base_and_evidence_add_up_to_the_answer_exactly(
    model: Model, sight: dict[str, Any]
) -> None:
    found = answer(model, term_rules.facts_of(sight), term_rules.shown_of(sight))
    exact = {name: Decimal(str(value)) for name, value in found.items() if name != "evidence"}
    moved = [Decimal(str(each["log_odds"])) for each in found["evidence"]]
    points = [Decimal(str(each["points"])) for each in found["evidence"]]
    assert exact["base_log_odds"] + sum(moved) == exact["log_odds"]
    assert exact["base_probability"] + sum(points) == exact["probability"]
    assert Decimal("0.01") <= exact["probability"] <= Decimal("99.99")
    assert [abs(each) for each in moved] == sorted(map(abs, moved), reverse=True)
    expected = 100 / (1 + np.exp(-np.longdouble(found["log_odds"])))
    assert float(np.clip(expected, 0.01, 99.99)) == pytest.approx(found["probability"], abs=0.006)


@given(models(), sights())
def test_a_stored_model_says_what_the_learnt_one_said(model: Model, sight: dict[str, Any]) -> None:
    facts, shown = term_rules.facts_of(sight), term_rules.shown_of(sight)
    assert answer(model_from(model.as_json()), facts, shown) == answer(model, facts, shown)


@given(numbers, numbers, st.floats(-5, 5), numbers)
def test_calibration_never_turns_the_order_round(
    a: float, b: float, slope: float, offset: float
) -> None:
    low, high = sorted((a, b))
    found = [calibrated(raw, slope=slope, offset=offset) for raw in (low, high)]
    assert 0 <= found[0] <= found[1] <= 1


@given(pairs)
def test_scores_are_those_of_scikit_learn_and_of_brute_force(
    found: Sequence[tuple[float, bool]],
) -> None:
    p, y = [each for each, _ in found], [won for _, won in found]
    assert score_rules.brier(p, y) == pytest.approx(
        brier_score_loss(y, p, labels=[False, True], pos_label=True)
    )
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    both = np.column_stack([1 - clipped, clipped])
    assert score_rules.log_loss(p, y) == pytest.approx(
        reference_log_loss(y, both, labels=[False, True])
    )
    won, lost = [a for a, w in found if w], [a for a, w in found if not w]
    if not won or not lost:
        assert score_rules.auc(p, y) is None
        return
    above = sum((w > other) + (w == other) / 2 for w in won for other in lost)
    assert score_rules.auc(p, y) == pytest.approx(above / (len(won) * len(lost)))


@given(pairs, st.integers(1, 12))
def test_a_calibration_table_counts_every_moment_once(
    found: Sequence[tuple[float, bool]], bins: int
) -> None:
    p, y = [each for each, _ in found], [won for _, won in found]
    rows = score_rules.calibration_table(p, y, bins=bins)
    assert sum(row["n"] for row in rows) == len(y)
    assert sum(row["won"] for row in rows) == sum(y)
    assert len(rows) <= bins
    assert [row["predicted"] for row in rows] == sorted(row["predicted"] for row in rows)
    for row in rows:
        assert 0 <= row["low"] <= row["observed"] <= row["high"] <= 100


@given(st.lists(sights(), min_size=1, max_size=40))
def test_the_average_deal_is_moved_by_nothing(found: list[dict[str, Any]]) -> None:
    """Every term is centred by its mean, so over the deals learnt from they cancel out."""
    known = [(str(i % 13), term_rules.facts_of(sight)) for i, sight in enumerate(found * 3)]
    terms = term_rules.learn_terms(known)
    places = term_rules.by_group(terms)
    sums = np.zeros(len(terms))
    for _, facts in known:
        for place, value in term_rules.centred(facts, places).items():
            sums[place] += value
    assert sums == pytest.approx(0, abs=1e-6)


def test_what_is_unknown_or_withheld_moves_nothing() -> None:
    model = Model(0.0, (Term("owner", "a", 0.5),), (2.0,), 1.0, 0.0)
    for owner in ({"owner": None}, {"owner": [("stranger", 1.0)]}, {}):
        assert answer(model, owner, {})["evidence"] == []
    (moved,) = answer(model, {"owner": [("a", 1.0)]}, {"owner": "a"})["evidence"]
    assert moved == {"term": "owner", "value": "a", "log_odds": 1.0, "points": 23.11}


def test_nothing_that_closing_writes_is_a_fact() -> None:
    plain = {
        "opened": "2026-01-05",
        "products": ["x"],
        "stage_id": "s",
        "currency": "CNY",
        "is_live": False,
    }
    outcome = {
        "won": True, "status": "won", "reason": "price", "closed": "2026-02-01", "amount": "900",
        "closed_at": "2026-02-01", "reason_note": "!", "probability": 100, "contacts": 9, "age_days": 27,
        "forecast_category": "closed", "competitors": ["Y"],
    }  # fmt: skip
    assert term_rules.facts_of(plain | outcome) == term_rules.facts_of(plain)
    live = {**plain, "is_live": True}
    for name in outcome.keys() - {"amount", "contacts", "age_days"}:
        assert term_rules.facts_of(live | {name: outcome[name]}) == term_rules.facts_of(live), name


def closed(n: int, of: int, *, won: bool, **more: Any) -> list[dict[str, Any]]:
    """`n` of `of` deals with an owner."""
    return [
        {"won": won, "is_live": False, "owner_id": "o" if i < n else None, **more}
        for i in range(of)
    ]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (closed(95, 100, won=True) + closed(20, 100, won=False), ["owner"]),
        (closed(20, 100, won=True) + closed(95, 100, won=False), ["owner"]),
        (closed(95, 100, won=True) + closed(92, 100, won=False), []),
        (closed(9, 10, won=True) + closed(7, 10, won=False), []),  # too few to say
        (closed(95, 100, won=True, is_live=True) + closed(20, 100, won=False, is_live=True), []),
        (closed(95, 100, won=True), []),
    ],
)
def test_what_is_filled_in_for_one_outcome_was_written_at_closing(
    found: list[dict[str, Any]], expected: list[str]
) -> None:
    found = [{"opened": "2026-01-05", **sight} for sight in found]
    assert term_rules.told_by_presence(found) == expected


@pytest.mark.parametrize(
    ("won", "lost", "is_enough"),
    [
        (160, 40, True),
        (159, 40, False),
        (161, 39, False),
        (39, 400, False),
        (0, 0, False),
        (100, 100, True),
    ],
)
def test_few_deals_are_refused_with_their_number(won: int, lost: int, is_enough: bool) -> None:
    sentence = verdict_rules.too_few(won, lost)
    assert (sentence is None) is is_enough
    if sentence is not None:
        assert f"{won} won and {lost} lost" in sentence
        assert "200 closed deals" in sentence


@given(st.lists(st.dates(date(2020, 1, 1), date(2025, 12, 31)), min_size=1))
def test_the_fewest_last_months_with_a_fifth_are_held_back(opened: list[date]) -> None:
    first = verdict_rules.first_held_day(opened)
    assert first.day == 1
    held = [day for day in opened if day >= first]
    assert 5 * len(held) >= len(opened)
    month_later = [day for day in opened if day >= (first + timedelta(days=31)).replace(day=1)]
    assert 5 * len(month_later) < len(opened)


@given(st.lists(st.tuples(st.dates(), st.integers(0, 400)), min_size=1))
def test_no_deal_is_learnt_from_that_was_open_on_the_first_held_back_day(
    found: list[tuple[date, int]],
) -> None:
    deals = [
        {"opened": opened.isoformat(), "closed": min(opened + timedelta(days=days), date.max).isoformat()}
        for opened, days in found if opened < date(9990, 1, 1)
    ]  # fmt: skip
    if not deals:
        return
    spans = verdict_rules.split(deals, deals)
    assert not set(spans.before) & set(spans.held)
    for i in spans.before:
        assert deals[i]["closed"] < spans.first_day.isoformat()
    for i in spans.held:
        assert deals[i]["opened"] >= spans.first_day.isoformat()


@pytest.mark.parametrize(
    ("rate", "stage", "verdict"),
    [
        ((0.01, 0.02), (0.1, 0.2), "better"),
        ((0.0, 0.02), (0.1, 0.2), "no_better_than_win_rate"),
        ((-0.01, 0.02), (-0.1, 0.2), "no_better_than_win_rate"),
        ((0.01, 0.02), (-0.1, 0.2), "no_better_than_stage_default"),
    ],
)
def test_better_is_better_beyond_chance_than_both(
    rate: tuple[float, float], stage: tuple[float, float], verdict: str
) -> None:
    brier = {"learnt": 0.2, "win_rate": 0.21, "stage_default": 0.3}
    gains = {
        name: {"low": low, "high": high}
        for name, (low, high) in {"win_rate": rate, "stage_default": stage}.items()
    }
    assert verdict_rules.verdict_of(brier, gains) == verdict
    said = verdict_rules.sentence_of(verdict, brier, gains, deals=9, since="2026-01")
    assert said.startswith("Better than") is (verdict == "better")
    assert ("No better than your win rate" in said) is (verdict == "no_better_than_win_rate")
