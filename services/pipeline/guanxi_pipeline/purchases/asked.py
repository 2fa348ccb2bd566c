"""What purchases are asked for."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_pipeline.purchases.period_rules import PERIODS
from guanxi_shared.calls import Call
from guanxi_shared.documents import query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.parameters import choice_of, currency_of, day_of, id_of, parameters_of

OF_ACCOUNT = ("by", "product", "category", "from", "to", "currency")
GROUPS = ("none", "product", "category", "account", "owner")
OF_ALL = (*OF_ACCOUNT, "account_id", "owner_id", "group")


@dataclass(frozen=True, slots=True)
class Asked:
    """`product` is an id or a sku; without `currency` each currency stays by itself."""

    by: str
    product: str | None
    category: str | None
    first: date | None
    last: date | None
    currency: str | None
    account_id: UUID | None = None
    owner_id: UUID | None = None
    group: str = "none"


def asked_of(call: Call, names: tuple[str, ...]) -> Asked:
    sent = parameters_of(call, names)
    first, last = day_of(call, sent, "from"), day_of(call, sent, "to")
    if first is not None and last is not None and first > last:
        raise Malformed("from is after to.", errors={"from": "Send a day up to that of to."})
    return Asked(
        by=choice_of(sent, "by", PERIODS, "month"),
        product=sent.get("product"),
        category=sent.get("category"),
        first=first,
        last=last,
        currency=currency_of(sent, "currency"),
        account_id=id_of(call, sent, "account_id"),
        owner_id=id_of(call, sent, "owner_id"),
        group=choice_of(sent, "group", GROUPS, "none"),
    )


def parameters(names: tuple[str, ...]) -> list[dict[str, Any]]:
    every = {
        "by": query_parameter("by", "string", "month if absent.", enum=list(PERIODS)),
        "product": query_parameter("product", "string", "A product's id or its sku."),
        "category": query_parameter("category", "string", "The category of lines."),
        "from": query_parameter("from", "string", "Widened to whole periods.", format="date"),
        "to": query_parameter("to", "string", "Widened to whole periods.", format="date"),
        "currency": query_parameter(
            "currency", "string", "Convert at each period's last day; a missing rate is 422."
        ),
        "account_id": query_parameter("account_id", "string", "Of one account.", format="uuid"),
        "owner_id": query_parameter("owner_id", "string", "Of one owner.", format="uuid"),
        "group": query_parameter("group", "string", "What a row is of.", enum=list(GROUPS)),
    }
    return [every[name] for name in names]
