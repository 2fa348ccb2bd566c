"""What a list of risks is asked for."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.churn.asked import PAGED
from guanxi_analytics.contracts.asked import one_of
from guanxi_analytics.press import forms
from guanxi_analytics.risk.risk_rules import LEVELS
from guanxi_analytics.value_matrix.asked import after_of, limit_of
from guanxi_shared import documents
from guanxi_shared.parameters import Sent

FORMS: Final = ("json", "svg", "png")
PARAMETERS: Final[list[dict[str, Any]]] = [
    documents.query_parameter("level", "string", "Only accounts of this level.", enum=list(LEVELS)),
    documents.query_parameter("as_of", "string", "As it was known at a past moment, overdue on the day of it."),
    *PAGED,
    *forms.parameters(FORMS),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RiskAsked:
    level: str | None
    as_of: str | None
    limit: int
    after: tuple[float, UUID] | None


def risk_asked(sent: Sent) -> RiskAsked:
    return RiskAsked(
        one_of(sent, "level", LEVELS), sent.get("as_of"), limit_of(sent.get("limit")), after_of(sent.get("cursor"))
    )  # fmt: skip
