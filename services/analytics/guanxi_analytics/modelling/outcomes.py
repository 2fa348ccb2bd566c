"""What a customer may really spend: draws from BG/NBD and Gamma-Gamma, parameters and chance both.

A draw takes parameters (Laplace, see climbing.py), whether the customer is alive, their λ, p and ν given their history
(conjugate: gamma(r+x, α+T), beta(a, b+y), gamma(px+q, γ+xz)), how often they buy before they are gone or the horizon ends,
and what they spend. The same for the same seed.
"""

import numpy as np

from guanxi_analytics.modelling.beta_geometric import BG_NBD, Model, alive
from guanxi_analytics.modelling.climbing import Fit, Vector
from guanxi_analytics.modelling.lifetime_value import Customers, Terms, discounted_purchases


def purchases_drawn(
    buying: Fit, customers: Customers, horizon: float, *, count: int = 2_000, seed: int,
    model: Model = BG_NBD,
) -> Vector:  # fmt: skip
    """Of each customer `count` outcomes (count, n): purchases within the horizon."""
    random = np.random.default_rng(seed)
    x, last, age = customers.x, customers.last, customers.age
    found = np.empty((count, len(x)))
    for i, parameters in enumerate(buying.draws(count, seed=seed)):
        r, alpha, a, b = parameters
        here = random.random(len(x)) < alive(parameters, x, last, age, model)
        rate = random.gamma(r + x, 1 / (alpha + age))
        lost = np.maximum(random.beta(a, b + x + model.first_may_be_last), 1e-12)
        wanted = random.poisson(np.minimum(rate * horizon, 1e9))
        found[i] = here * np.minimum(wanted, random.geometric(lost))
    return found


def value_interval(
    buying: Fit, spend: Fit, customers: Customers, terms: Terms, *, count: int = 2_000, seed: int,
    share: float = 0.95, model: Model = BG_NBD,
) -> tuple[Vector, Vector]:  # fmt: skip
    """Between which values `share` of the outcomes lie (n,), (n,); each discounted by its customer's mean discount."""
    random = np.random.default_rng([seed, 1])
    purchases = purchases_drawn(
        buying, customers, terms.horizon, count=count, seed=seed, model=model
    )
    money = np.empty_like(purchases)
    spent = customers.x * np.where(customers.x > 0, customers.mean, 0.0)
    for i, (p, q, v) in enumerate(spend.draws(count, seed=seed)):
        scale = random.gamma(p * customers.x + q, 1 / (v + spent))
        money[i] = random.gamma(np.maximum(p * purchases[i], 1e-300), 1 / np.maximum(scale, 1e-300))
    money[purchases == 0] = 0.0
    plain = Terms(terms.horizon, 0.0, in_a_year=terms.in_a_year)
    discount = discounted_purchases(buying.parameters, customers, terms, model)
    discount /= discounted_purchases(buying.parameters, customers, plain, model)
    edges = np.quantile(money, [(1 - share) / 2, (1 + share) / 2], axis=0)
    low, high = terms.margin * discount * edges
    return low, high
