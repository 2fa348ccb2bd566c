"""What a board is asked for: its own parameters, and the filters of a list of opportunities."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_shared import pages, reads
from guanxi_shared.calls import Call
from guanxi_shared.documents import list_parameters, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import ListQuery
from guanxi_shared.parameters import currency_of, day_of, once, whole_of

MOST_CARDS = 100
CARDS = 25
OWN = ("cards", "currency", "rate_on")


@dataclass(frozen=True, slots=True)
class Asked:
    """`currency` is None when nobody insists on one."""

    query: ListQuery
    cards: int
    currency: str | None
    rate_on: date


async def asked_of(call: Call) -> Asked:
    """400 names what a board does not take."""
    pairs = pages.query_pairs(call.request.scope["query_string"])
    own = once((name, value) for name, value in pairs if name in OWN)
    rest = [(name, value) for name, value in pairs if name not in OWN]
    for name, _ in rest:
        if name in pages.OPTIONS - {"q"}:
            raise Malformed(
                f"A board does not take {name!r}.", errors={name: "Unknown parameter."},
                code="unknown_parameter",
            )  # fmt: skip
    fields = await reads.all_fields(call, OPPORTUNITIES)
    query = pages.from_query_string(urlencode(rest).encode(), OPPORTUNITIES, fields, call.clock)
    return Asked(
        query=await reads.prepared(call, query), cards=whole_of(own, "cards", 0, MOST_CARDS, CARDS),
        currency=currency_of(own, "currency"), rate_on=day_of(call, own, "rate_on") or call.clock.today,
    )  # fmt: skip


def parameters() -> list[dict[str, Any]]:
    filtering = [
        each for each in list_parameters(OPPORTUNITIES) if each["name"] not in pages.OPTIONS - {"q"}
    ]
    return [
        query_parameter("cards", "integer", "Cards of each stage, 0 to 100; 25 if absent.",
                        minimum=0, maximum=MOST_CARDS),
        query_parameter("currency", "string", "Convert into it; a missing rate is then an error."),
        query_parameter("rate_on", "string", "The day of the rates; today if absent.", format="date"),
        *filtering,
    ]  # fmt: skip
