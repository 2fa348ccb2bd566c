"""What a warning list and a win-back list are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.value_matrix.asked import after_of, currency_of, limit_of
from guanxi_shared import documents, parameters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import MAX_LIMIT

STATUSES: Final = ("warned", "lost")
MOST_CALLED: Final = 1_000
PAGED: Final = [
    documents.query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=MAX_LIMIT),
    documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
]  # fmt: skip
CHURN: Final = [
    documents.query_parameter("status", "string", "warned, if absent; lost: actual churn.", enum=list(STATUSES)),
    documents.query_parameter("k", "number", "The naive rule: silent for more than k usual intervals; 3 if absent."),
    documents.query_parameter("capacity", "integer", "How many the team can call: precision is of so many; 20 if absent.", minimum=1, maximum=MOST_CALLED),
    *PAGED,
]  # fmt: skip
WIN_BACK: Final = [
    documents.query_parameter("currency", "string", "ISO 4217; the organisation's, if absent."),
    documents.query_parameter("cost", "number", "Of winning back one customer, in the currency; 0 if absent."),
    documents.query_parameter("chance", "number", "That it works: a guess of yours, 0.1 if absent."),
    *PAGED,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChurnAsked:
    status: str
    k: float
    capacity: int
    limit: int
    after: tuple[float, UUID] | None


@dataclass(frozen=True, slots=True)
class WinBackAsked:
    currency: str | None
    cost: float
    chance: float
    limit: int
    after: tuple[float, UUID] | None


def churn_asked(call: Call) -> ChurnAsked:
    sent = parameters.parameters_of(call, ("status", "k", "capacity", "limit", "cursor"))
    status = sent.get("status", STATUSES[0])
    if status not in STATUSES:
        raise Malformed(
            "There is no such status.", errors={"status": f"Send one of: {', '.join(STATUSES)}."}
        )
    return ChurnAsked(
        status, number_of(sent, "k", 3, least=1, most=100),
        int(number_of(sent, "capacity", 20, least=1, most=MOST_CALLED, is_whole=True)),
        limit_of(sent.get("limit")), after_of(sent.get("cursor")),
    )  # fmt: skip


def win_back_asked(call: Call) -> WinBackAsked:
    sent = parameters.parameters_of(call, ("currency", "cost", "chance", "limit", "cursor"))
    return WinBackAsked(
        currency_of(sent), number_of(sent, "cost", 0, least=0, most=1e12),
        number_of(sent, "chance", 0.1, least=0.0001, most=1), limit_of(sent.get("limit")),
        after_of(sent.get("cursor")),
    )  # fmt: skip


def number_of(
    sent: Mapping[str, str], name: str, default: float, *, least: float, most: float, is_whole: bool = False
) -> float:  # fmt: skip
    """A plain decimal number within bounds."""
    if name not in sent:
        return default
    try:
        found = Decimal(sent[name])
        is_good = found.is_finite() and least <= found <= most
    except InvalidOperation:
        is_good = False
    if not is_good or (is_whole and found != int(found)):
        kind = "a whole number" if is_whole else "a number"
        raise Malformed(
            f"{name} is {kind}.", errors={name: f"Send {kind} from {least:g} to {most:g}."}
        )
    return float(found)


def page_of(rows: list[Any], limit: int) -> tuple[list[Any], dict[str, Any]]:
    """The rows that are shown of one more than that, and the page's own line."""
    shown, has_more = rows[:limit], len(rows) > limit
    cursor = f"{float(shown[-1]['rank']).hex()}|{shown[-1]['customer_id']}" if has_more else None
    return shown, {"next_cursor": cursor, "has_more": has_more, "total": None}
