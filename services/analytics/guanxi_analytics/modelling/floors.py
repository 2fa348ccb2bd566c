"""How much there must be before a model is asked, and the sentence that refuses it below.

Those of purchases come from samples of CDNOW. Of 200 customers, 80 of whom came back, BG/NBD's parameters were told 18
times of 20, and eight of ten expected sums lay within a fifth of the whole set's (of 300: 19 and nine of ten; of 100: 15 and
seven). Of 50 who came back Gamma-Gamma's were told 16 times of 20, and nine of ten sums of money within a twentieth. What is
not told is refused besides, and what was told has to prove itself on the past.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Floor:
    """At least so many of each, in words."""

    model: str
    needs: tuple[tuple[str, int], ...]


BUYING: Final = Floor("Purchases to come", (("customers", 200), ("customers who bought again", 80)))
SPENDING: Final = Floor("Money of a purchase", (("customers who bought again", 50),))
CONTRACTS: Final = Floor(
    "Contract length",
    (("customers under contract", 100), ("periods", 3), ("customers who left", 20)),
)
PIPELINE: Final = Floor(
    "Deals by age", (("closed deals", 200), ("deals won", 40), ("deals lost", 40))
)
BASKETS: Final = Floor("What is bought together", (("baskets", 200),))


def refusal(floor: Floor, *there: int) -> str | None:
    """None when there is enough of everything, in the order of the floor's needs."""
    needs = list(zip(floor.needs, there, strict=True))
    if all(count >= least for (_, least), count in needs):
        return None
    wanted = " and ".join(f"{least:,} {name}" for (name, least), _ in needs)
    found = " and ".join(f"{count:,}" for _, count in needs)
    return f"{floor.model} cannot be told: it takes {wanted}; there are {found}."


def refusal_of_horizon(horizon: float, history: float, *, unit: str = "weeks") -> str | None:
    """A look further ahead than back was never tried: on a shop's two years it was half off."""
    if 0 < horizon <= history:
        return None
    return (
        f"A horizon is above 0 and no longer than the history: {horizon:g} {unit} were asked for, "
        f"{history:g} are known."
    )
