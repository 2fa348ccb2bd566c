"""The goals of the design's section on speed and of issue 3, and whether a figure meets one."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Goal:
    """`at` is the goal, `stretch` what a bare prototype reached; `sense` says which side is good."""

    at: float
    stretch: float | None = None
    sense: Literal["at least", "at most"] = "at least"

    def verdict(self, figure: float) -> str:
        """`ok`, or on which wrong side of the goal the figure lies."""
        if self.sense == "at least":
            return "ok" if figure >= self.at else "below"
        return "ok" if figure <= self.at else "above"

    @property
    def text(self) -> str:
        return f"{'≥' if self.sense == 'at least' else '≤'} {self.at:.3g}"


GET = Goal(0.35, 0.5)
LIST = Goal(0.15, 0.22)
CREATE = Goal(0.18, 0.3)
SEARCH = Goal(0.10)
UPDATE = Goal(0.12)
PHONE_LOOK_UP = Goal(0.5)  # of get by id: at most twice its time
DUPLICATE_CHECK = Goal(0.25)  # of get by id
HOP_THROUGHPUT = Goal(0.5)
HOP_UNLOADED = Goal(1.6, sense="at most")
TAIL = Goal(5.0, sense="at most")
IDLE_LOOK = Goal(1.5, sense="at most")  # of that at a thousand open tickets
IMPORT = Goal(1 / 3, 0.6)
PULLED_MEGABYTES = Goal(0.4, sense="at most")  # of 5,000 contacts on the wire
IDLE_MEGABYTES = Goal(150.0, sense="at most")
IMPORT_MEGABYTES = Goal(400.0, sense="at most")
FIRST_START_SECONDS = Goal(60.0, sense="at most")
NEXT_START_SECONDS = Goal(8.0, sense="at most")
BUYING_AND_SPENDING = Goal(20, 29)  # of lifetimes
PARETO = Goal(10, 14)  # of lifetimes
MILLION_SECONDS = Goal(1.0, sense="at most")
HEARD = Goal(20_000)  # events a second
COLUMNS = Goal(1.5, sense="at most")  # of the time of a query by hand
SCORED_SECONDS = Goal(2.0, sense="at most")
KEPT_MS = Goal(30.0, sense="at most")
