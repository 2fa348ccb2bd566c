"""What a list of customers is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from guanxi_shared import documents, parameters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.money import CURRENCIES
from guanxi_shared.pages import DEFAULT_LIMIT, MAX_LIMIT

NAMES: Final = ("currency", "quadrant", "sort", "limit", "cursor")
QUADRANTS: Final = ("protect", "grow", "harvest", "maintain", "uncertain")
SORTED_BY: Final = ("at_risk", "potential", "present", "silent_intervals", "alive")
PARAMETERS: Final = [
    documents.query_parameter("currency", "string", "ISO 4217; the organisation's, if absent."),
    documents.query_parameter("quadrant", "string", "Only those who stand there.", enum=list(QUADRANTS)),
    documents.query_parameter(
        "sort", "string", "The greatest first; of `alive` the least. at_risk, if absent.", enum=list(SORTED_BY)
    ),
    documents.query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=MAX_LIMIT),
    documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CustomersAsked:
    currency: str | None  # the organisation's own, if none was sent
    quadrant: str | None
    sort: str
    limit: int
    after: tuple[float, UUID] | None

    @property
    def shape(self) -> tuple[Any, ...]:
        return self.quadrant is None, self.sort, self.after is None

    def cursor_behind(self, row: Mapping[str, Any]) -> str:
        return f"{float(row['rank']).hex()}|{row['customer_id']}"


def currency_of(sent: Mapping[str, str]) -> str | None:
    found = sent.get("currency")
    if found is not None and found not in CURRENCIES:
        raise Malformed("There is no such currency.", errors={"currency": "Send an ISO 4217 code."})
    return found


def customers_asked(call: Call) -> CustomersAsked:
    sent = parameters.parameters_of(call, NAMES)
    quadrant, sort = sent.get("quadrant"), sent.get("sort", SORTED_BY[0])
    for name, value, known in (("quadrant", quadrant, QUADRANTS), ("sort", sort, SORTED_BY)):
        if value is not None and value not in known:
            raise Malformed(
                f"There is no such {name}.", errors={name: f"Send one of: {', '.join(known)}."}
            )
    return CustomersAsked(
        currency_of(sent), quadrant, sort, limit_of(sent.get("limit")),
        after_of(sent.get("cursor")),
    )  # fmt: skip


def limit_of(text: str | None) -> int:
    try:
        found = DEFAULT_LIMIT if text is None else int(text)
    except ValueError:
        found = 0
    if not 1 <= found <= MAX_LIMIT:
        raise Malformed("limit is a whole number.", errors={"limit": f"Send 1 to {MAX_LIMIT}."})
    return found


def after_of(text: str | None) -> tuple[float, UUID] | None:
    if not text:
        return None
    rank, _, id = text.partition("|")
    try:
        return float.fromhex(rank), UUID(id)
    except (ValueError, OverflowError) as error:
        raise Malformed(
            "The cursor is not one of this list.", errors={"cursor": "Use the next_cursor as it was."},
            code="bad_cursor",
        ) from error  # fmt: skip
