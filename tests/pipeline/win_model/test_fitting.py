"""What the learning process comes to: held against scikit-learn itself, and in numbers that must not matter."""

import random
from types import SimpleNamespace
from typing import Any

import pytest

from guanxi_pipeline.win_model import fitting
from guanxi_pipeline.win_model.term_rules import Term, facts_of, learn_terms
from guanxi_shared.learners import LearnerDied, learner
from tests.pipeline.win_model.conftest import day

DEFAULTS = {"first": 10.0, "second": 60.0}


def made(n: int = 300, *, seed: int = 1, **more: Any) -> list[dict[str, Any]]:
    """Two moments of each deal; large amounts win, and the second stage is reached by what wins."""
    chance, found = random.Random(seed), []
    for number in range(n):
        amount = chance.lognormvariate(8, 1)
        won = chance.random() < (0.75 if amount > 3_000 else 0.25)
        opened = day(number, n)
        sight = {
            "deal": f"d{number:04}", "won": won, "opened": opened.isoformat(),
            "closed": f"{opened.year}-12-31" if opened.month == 12 else opened.replace(month=opened.month + 1, day=1).isoformat(),
            "is_live": True, "owner_id": chance.choice("abc"), "source": None, "industry": None, "region": None,
            "amount": f"{amount:.2f}", "currency": "EUR", "contacts": chance.randint(0, 4), "products": [],
        } | more  # fmt: skip
        found.append({**sight, "stage_id": "first", "age_days": 0})
        if won or chance.random() < 0.3:
            found.append({**sight, "stage_id": "second", "age_days": chance.randint(1, 20)})
    return found


def test_what_is_served_is_what_scikit_learn_says() -> None:
    sights = made()
    known = [(sight["deal"], facts_of(sight)) for sight in sights]
    terms, y = learn_terms(known), [int(sight["won"]) for sight in sights]
    x = fitting.matrix(terms, known)
    whole = fitting.fit_matrix(x, y, [deal for deal, _ in known], fitting.SEED)
    model = fitting.model_of(terms, whole.calibrated_classifiers_[0])
    served = fitting.predict(model, sights, ())
    assert served == pytest.approx(list(whole.predict_proba(x)[:, 1]), abs=1e-12)
    assert model.slope > 0.5
    assert model == fitting.fit(sights, (), fitting.SEED)


def test_stages_and_amounts_are_learnt_from_moments() -> None:
    found = fitting.learn(made(1_500), stage_defaults=DEFAULTS)
    comparison = found["comparison"]
    assert comparison["verdict"] == "better", comparison["sentence"]
    weights = {(t["group"], t["key"]): t["weight"] for t in found["model"]["terms"]}
    assert weights["amount", "EUR"] > 0.3
    assert weights["stage", "second"] > weights["stage", "first"]
    assert comparison["moments"] > comparison["held_back"] + comparison["learnt_from"]
    assert sum(row["n"] for row in comparison["calibration"]) > comparison["held_back"]


def test_the_order_in_which_deals_are_told_does_not_matter_much() -> None:
    sights = made()
    turned = sorted(sights, key=lambda sight: (sight["opened"], sight["deal"], sight["age_days"]))
    assert fitting.learn(turned, stage_defaults=DEFAULTS) == fitting.learn(
        sights, stage_defaults=DEFAULTS
    )


def test_deals_that_all_say_the_same_are_as_likely_as_your_win_rate() -> None:
    same = {
        "is_live": False, "opened": None, "owner_id": None, "amount": None, "source": None,
        "stage_id": "first", "products": [],
    }  # fmt: skip
    sights = [{**same, "deal": str(n), "won": n % 4 > 0} for n in range(200)]
    model = fitting.fit(sights, (), fitting.SEED)
    assert fitting.predict(model, sights[:1], ()) == [pytest.approx(0.75)]


def test_a_score_that_ranks_the_wrong_way_round_is_flattened_and_never_used_upside_down() -> None:
    estimator = SimpleNamespace(intercept_=[0.3], coef_=[[2.0]])
    for a, slope in ((0.4, 0.0), (-0.4, 0.4)):
        platt = SimpleNamespace(a_=a, b_=-0.2)
        found = SimpleNamespace(estimator=estimator, calibrators=[platt])
        model = fitting.model_of([Term("owner", "a", 0.5)], found)
        assert (model.slope, model.offset) == (slope, 0.2)


async def test_a_learner_that_dies_is_noticed() -> None:
    async with learner(fitting.serve) as beside:
        await beside.ask({"nothing of": "the kind"})
        await beside.tell([b'{"deal": 1, "won": tru'])  # half a page: it ends at once
        with pytest.raises(LearnerDied):
            await beside.answer()
