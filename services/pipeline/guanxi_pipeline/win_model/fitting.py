"""The process that learns: scikit-learn lives and ends here, so that neither service nor worker carries it.

Deals come in as sights (see term_rules), what was learnt goes out as JSON. Everything is decided by
the seed.
"""

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import log
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, Final

import orjson

from guanxi_pipeline.win_model import verdict_rules
from guanxi_pipeline.win_model.model_rules import Model, calibrated
from guanxi_pipeline.win_model.score_rules import calibration_table, scores
from guanxi_pipeline.win_model.term_rules import (
    Term,
    by_group,
    centred,
    facts_of,
    learn_terms,
    told_by_presence,
)

SEED: Final = 20250
SHRINKAGES: Final = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # C: the smaller, the more
FOLDS: Final = 5
RESAMPLES: Final = 2_000
Sight = Mapping[str, Any]


def serve(pipe: Pipe) -> None:
    """One request on the pipe: what is asked for, then pages of sights until None; one answer."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        asked: dict[str, Any] = pipe.recv()
        sights: list[Sight] = []
        while (page := pipe.recv()) is not None:
            sights += [orjson.loads(line) for line in page]
        pipe.send(learn(sights, **asked))
    except (EOFError, BrokenPipeError):
        return  # whoever asked has gone


def learn(
    sights: Sequence[Sight], *, stage_defaults: Mapping[str, float], seed: int = SEED
) -> dict[str, Any]:
    """{"refused": sentence} or {"comparison": …, "model": … or None}. `stage_defaults` in percent."""
    deals = list({sight["deal"]: sight for sight in sights}.values())
    won = sum(deal["won"] for deal in deals)
    if refusal := verdict_rules.too_few(won, len(deals) - won):
        return {"refused": refusal}
    spans = verdict_rules.split(deals, sights)
    before, held = [sights[i] for i in spans.before], [sights[i] for i in spans.held]
    refusal = verdict_rules.too_short(_deals(before), _deals(held), spans.first_day)
    if refusal:
        return {"refused": refusal}
    late = told_by_presence(sights)
    trial = fit(before, late, seed)
    comparison = compare(trial, before, held, late, stage_defaults, seed)
    comparison |= _about(sights, deals, before, held, late, spans.first_day.isoformat())
    is_better = comparison["verdict"] == verdict_rules.BETTER
    model = fit(sights, late, seed) if is_better else None
    return {
        "comparison": comparison, "model": model and model.as_json(),
        "parameters": parameters(seed),
    }  # fmt: skip


def parameters(seed: int) -> dict[str, Any]:
    """What another run needs to come to the same: versions and settings; `code_version` is of these
    files, whose every change may change what is learnt."""
    import sklearn

    code = b"".join(
        (Path(__file__).parent / name).read_bytes()
        for name in (
            "fitting.py",
            "term_rules.py",
            "score_rules.py",
            "verdict_rules.py",
            "reading.py",
        )
    )
    return {
        "seed": seed, "code_version": sha256(code).hexdigest()[:12],
        "scikit_learn": sklearn.__version__, "folds": FOLDS, "resamples": RESAMPLES,
        "shrinkages": list(SHRINKAGES),
    }  # fmt: skip


def _deals(sights: Sequence[Sight]) -> list[Sight]:
    return list({sight["deal"]: sight for sight in sights}.values())


def _about(
    sights: Sequence[Sight], deals: Sequence[Sight], before: Sequence[Sight], held: Sequence[Sight],
    late: Sequence[str], since: str,
) -> dict[str, Any]:  # fmt: skip
    won = sum(deal["won"] for deal in deals)
    learnt_from, tested_on = len(_deals(before)), len(_deals(held))
    return {
        "closed": {"won": won, "lost": len(deals) - won}, "moments": len(sights),
        "learnt_from": learnt_from, "held_back": tested_on, "held_back_since": since,
        "in_neither": len(deals) - learnt_from - tested_on,
        "withheld": list(late),
    }  # fmt: skip


def compare(
    trial: Model, before: Sequence[Sight], held: Sequence[Sight], late: Sequence[str],
    stage_defaults: Mapping[str, float], seed: int,
) -> dict[str, Any]:  # fmt: skip
    """What the model would have said of the held-back deals, beside what one says without it."""
    y = [bool(sight["won"]) for sight in held]
    overall, rates = verdict_rules.rates_by_stage(before)
    said = {
        "learnt": predict(trial, held, late),
        "win_rate": [rates.get(sight["stage_id"], overall) for sight in held],
        "stage_default": [stage_defaults[sight["stage_id"]] / 100 for sight in held],
    }
    found = {name: scores(p, y) for name, p in said.items()}
    brier = {name: float(each["brier"] or 0.0) for name, each in found.items()}
    gains = {
        name: gain(held, said["learnt"], said[name], y, seed)
        for name in ("win_rate", "stage_default")
    }
    verdict = verdict_rules.verdict_of(brier, gains)
    since = min(sight["opened"] for sight in held)
    return {
        "verdict": verdict,
        "sentence": verdict_rules.sentence_of(
            verdict, brier, gains, deals=len(_deals(held)), since=since[:7]
        ),
        "scores": found, "gains": gains, "calibration": calibration_table(said["learnt"], y),
        "win_rate": round(100 * overall, 2),
        "win_rate_by_stage": {stage: round(100 * rate, 2) for stage, rate in rates.items()},
    }  # fmt: skip


def gain(
    held: Sequence[Sight], p: Sequence[float], other: Sequence[float], y: Sequence[bool], seed: int
) -> dict[str, float]:
    """How much lower the Brier score of `p` is than that of `other`, with the 95% interval of a paired
    bootstrap over deals (Efron 1979): all moments of a deal are drawn together."""
    import numpy as np

    outcome = np.asarray(y, dtype=float)
    differs = (np.asarray(other) - outcome) ** 2 - (np.asarray(p) - outcome) ** 2
    _, of_deal = np.unique([sight["deal"] for sight in held], return_inverse=True)
    sums, counts = np.bincount(of_deal, weights=differs), np.bincount(of_deal)
    drawn = np.random.default_rng(seed).integers(0, len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "mean": round(float(differs.mean()), 6), "low": round(float(low), 6),
        "high": round(float(high), 6),
    }  # fmt: skip


def predict(model: Model, sights: Sequence[Sight], late: Sequence[str]) -> list[float]:
    """Shares, by the very functions that answer later."""
    places = by_group(model.terms)
    found = []
    for sight in sights:
        values = centred(facts_of(sight, late=late), places)
        raw = model.intercept + sum(model.weights[i] * value for i, value in values.items())
        found.append(calibrated(raw, slope=model.slope, offset=model.offset))
    return found


def fit(sights: Sequence[Sight], late: Sequence[str], seed: int) -> Model:
    known = [(str(sight["deal"]), facts_of(sight, late=late)) for sight in sights]
    terms, y = learn_terms(known), [int(sight["won"]) for sight in sights]
    if not terms:  # all of them say the same
        share = sum(y) / len(y)
        return Model(log(share / (1 - share)), (), (), slope=1.0, offset=0.0)
    x = matrix(terms, known)
    whole = fit_matrix(x, y, [deal for deal, _ in known], seed)
    return model_of(terms, whole.calibrated_classifiers_[0])


def fit_matrix(x: Any, y: Sequence[int], deals: Sequence[str], seed: int) -> Any:
    """Logistic regression, shrunk (ridge) as far as the log loss across folds of deals says, then
    calibrated by Platt's sigmoid on predictions of folds that each left those deals out."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
    from sklearn.model_selection import StratifiedGroupKFold

    chosen = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    folds = list(chosen.split(x, y, deals))
    searched = LogisticRegressionCV(
        Cs=list(SHRINKAGES), cv=folds, scoring="neg_log_loss", max_iter=1_000, refit=False,
        use_legacy_attributes=False, l1_ratios=(0.0,),
    ).fit(x, y)  # fmt: skip
    plain = LogisticRegression(C=float(searched.C_), max_iter=1_000)
    return CalibratedClassifierCV(plain, method="sigmoid", cv=folds, ensemble=False).fit(x, y)


def model_of(terms: Sequence[Term], found: Any) -> Model:
    """Its sigmoid is 1 / (1 + e^(a·raw + b)): slope -a, offset -b."""
    platt = found.calibrators[0]
    return Model(
        intercept=float(found.estimator.intercept_[0]), terms=tuple(terms),
        weights=tuple(float(weight) for weight in found.estimator.coef_[0]),
        slope=max(0.0, -float(platt.a_)), offset=-float(platt.b_),
    )  # fmt: skip


def matrix(terms: Sequence[Term], known: Sequence[tuple[str, Any]]) -> Any:
    import numpy as np

    places = by_group(terms)
    x = np.zeros((len(known), len(terms)))
    for row, (_, facts) in enumerate(known):
        for place, value in centred(facts, places).items():
            x[row, place] = value
    return x
