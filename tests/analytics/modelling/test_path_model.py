"""PLS path model: R's plspm on the survey of a bank (250 customers, 27 items), and the index."""

import csv
from pathlib import Path

import numpy as np
import pytest

from guanxi_analytics.modelling.path_model import (
    ECSI,
    PathModel,
    path_model,
    satisfaction_index,
    total_effects,
)
from tests.analytics.data_sets import data_set

BLOCKS = dict(zip(ECSI, ("imag", "expe", "qual", "val", "sat", "loy"), strict=True))


def read(name: str) -> list[dict[str, str]]:
    with Path(data_set("ecsi_satisfaction") / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def items() -> dict[str, np.ndarray]:
    rows = read("satisfaction.csv")
    return {
        name: np.array([[float(row[k]) for k in row if k.startswith(prefix)] for row in rows])
        for name, prefix in BLOCKS.items()
    }


@pytest.fixture(scope="module")
def model() -> PathModel:
    return path_model(items())


def test_r_squared_and_paths_to_satisfaction_are_those_published(model: PathModel) -> None:
    """To 1e-6: plspm stops at weights that move by less than that, this goes on."""
    r_squared = {"expectations": 0.335194, "quality": 0.719688, "value": 0.590084, "satisfaction": 0.707321, "loyalty": 0.509923}  # fmt: skip
    assert model.r_squared == pytest.approx(r_squared, abs=1e-6)
    paths = {"image": 0.200724, "expectations": -0.002754, "quality": 0.122145, "value": 0.589331}
    assert model.paths["satisfaction"] == pytest.approx(paths, abs=1e-6)


def test_all_effects_weights_loadings_and_scores_are_those_of_plspm(model: PathModel) -> None:
    name_of = {prefix.upper(): name for name, prefix in BLOCKS.items()}
    effects = total_effects(model)
    for row in read("satisfaction.effects.csv"):
        found = effects[name_of[row["from"]]][name_of[row["to"]]]
        assert found == pytest.approx(float(row["total"]), abs=1e-6)
    outer = read("satisfaction.outer-model.csv")
    for prefix, name in name_of.items():
        rows = [row for row in outer if row["block"] == prefix]
        assert model.loadings[name] == pytest.approx([float(r["loading"]) for r in rows], abs=5e-6)
        assert model.weights[name] == pytest.approx([float(r["weight"]) for r in rows], abs=5e-6)
    scores = [[float(row[prefix]) for prefix in name_of] for row in read("satisfaction.scores.csv")]
    assert model.scores == pytest.approx(np.array(scores), abs=1e-5)


def test_turning_a_scale_round_turns_nothing_else(model: PathModel) -> None:
    turned = items()
    turned["loyalty"] = 10 - turned["loyalty"]
    found = path_model(turned)
    assert found.r_squared == pytest.approx(model.r_squared, abs=1e-9)
    assert np.abs(found.scores[:, 5]) == pytest.approx(np.abs(model.scores[:, 5]), abs=1e-6)


def test_a_common_scale_changes_nothing(model: PathModel) -> None:
    found = path_model({name: 3 + 2 * x for name, x in items().items()})
    assert found.paths["satisfaction"] == pytest.approx(model.paths["satisfaction"], abs=1e-9)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (np.ones((250, 2)), "alike"), (np.full((250, 2), np.nan), "complete"),
        (np.ones(250), "complete"), (np.ones((2, 2)), "complete"),
    ],
)  # fmt: skip
def test_answers_that_say_nothing_are_refused(block: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        path_model(items() | {"value": block})


def test_the_index_is_fornells_formula() -> None:
    """Fornell et al. 1996: ((7-1) .4 + (8-1) .3 + (6-1) .3) / 9 · 100."""
    found = satisfaction_index([[6, 8, 6], [8, 8, 6]], [4, 3, 3])
    assert found == pytest.approx((6 * 0.4 + 7 * 0.3 + 5 * 0.3) / 9 * 100)
    assert satisfaction_index([[1, 1]], [1, 1]) == 0
    assert satisfaction_index([[10, 10]], [1, 9]) == 100
    for answers, weights in (([[11, 1]], [1, 1]), ([[1, 1]], [-1, 1]), ([[1, 1]], [0, 0])):
        with pytest.raises(ValueError, match=r"answers|weights"):
            satisfaction_index(answers, weights)
