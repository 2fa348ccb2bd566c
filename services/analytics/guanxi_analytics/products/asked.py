"""What lists of products are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from guanxi_analytics.churn.asked import PAGED, number_of
from guanxi_analytics.value_matrix.asked import limit_of
from guanxi_shared import documents, parameters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed

KINDS: Final = ("pair", "rule")
AFFINITY: Final = [
    documents.query_parameter("kind", "string", "pair, if absent; rule: of several products, where a fit asked for them.", enum=list(KINDS)),
    documents.query_parameter("product", "string", "Only with this one, by its key."),
    documents.query_parameter("q", "number", "The greatest false discovery rate; 0.05 if absent, 1: all that were counted."),
    *PAGED,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AffinityAsked:
    kind: str
    product: str | None
    q: float
    limit: int
    after: int


def affinity_asked(call: Call) -> AffinityAsked:
    sent = parameters.parameters_of(call, ("kind", "product", "q", "limit", "cursor"))
    kind = sent.get("kind", KINDS[0])
    if kind not in KINDS:
        raise Malformed(
            "There is no such kind.", errors={"kind": f"Send one of: {', '.join(KINDS)}."}
        )
    q = number_of(sent, "q", 0.05, least=0, most=1)
    return AffinityAsked(
        kind, sent.get("product"), q, limit_of(sent.get("limit")), place_after(sent)
    )


def page_asked(call: Call) -> tuple[int, int]:
    """Limit, and behind which place."""
    sent = parameters.parameters_of(call, ("limit", "cursor"))
    return limit_of(sent.get("limit")), place_after(sent)


def place_after(sent: Mapping[str, str]) -> int:
    if "cursor" not in sent:
        return -1
    text = sent["cursor"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Malformed(
            "The cursor is not one of this list.",
            errors={"cursor": "Use next_cursor of the page before, or none to start."},
            code="bad_cursor",
        )
    return int(text)
