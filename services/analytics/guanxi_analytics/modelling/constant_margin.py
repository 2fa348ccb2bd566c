"""Customer lifetime value by the textbook: a margin, a retention rate and a discount rate that stay as they are.

CLV = Σ_{t>=1} m_t r^t / (1+i)^t - AC (Kotler and Keller, Marketing Management); of a constant margin m r/(1+i-r) - AC
(Gupta and Lehmann 2005, Managing Customers as Investments). Rates of one period; the first margin is earned at the end of
the first period, by those who stayed. Amounts of one currency.
"""

from collections.abc import Sequence


def margin_multiple(retention: float, discount: float) -> float:
    """r/(1+i-r): how many yearly margins a customer is worth. ValueError where the sum is infinite."""
    if not 0 <= retention <= 1:
        raise ValueError("The retention rate is from 0 to 1.")
    if discount <= -1 or 1 + discount - retention <= 0:
        raise ValueError(
            "Of a customer who always stays the value is infinite without a discount rate."
        )
    return retention / (1 + discount - retention)


def lifetime_value(
    margin: float, retention: float, discount: float, *, acquisition_cost: float = 0.0
) -> float:
    return margin * margin_multiple(retention, discount) - acquisition_cost


def value_of_margins(
    margins: Sequence[float], retention: float, discount: float, *, acquisition_cost: float = 0.0
) -> float:
    """Of margins that differ from period to period, and of no others."""
    margin_multiple(retention, discount)  # refuses rates that are none
    kept = retention / (1 + discount)
    return sum(m * kept**t for t, m in enumerate(margins, 1)) - acquisition_cost


def worth_of_retention(
    margin: float, retention: float, discount: float, *, points: float = 0.05
) -> float:
    """What a customer's value grows by when so much more of them stay (at most all)."""
    better = min(1.0, retention + points)
    return margin * (margin_multiple(better, discount) - margin_multiple(retention, discount))
