"""What contractual retention and renewals are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.churn.asked import MOST_CALLED, PAGED, number_of
from guanxi_analytics.contracts.renewal_rules import CAPACITY, GRACE
from guanxi_analytics.contracts.retention_rules import DISCOUNT, MOST_TERMS
from guanxi_analytics.contracts.statements import COHORTS
from guanxi_analytics.facts.contract_rules import TERMS
from guanxi_analytics.value_matrix.asked import after_of, currency_of, limit_of
from guanxi_shared import documents, parameters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed

DAYS: Final = [
    documents.query_parameter("until", "string", "The last day that counts; today, if absent."),
    documents.query_parameter("as_of", "string", "As it was known at a past moment."),
    documents.query_parameter("grace", "integer", "So many days after its end a term may still be renewed; 30 if absent.", minimum=0, maximum=366),
]  # fmt: skip
RETENTION: Final = [
    documents.query_parameter("term", "string", "Only contracts that began with a term of this length.", enum=list(TERMS)),
    documents.query_parameter("by", "string", "Cohorts, too, by when contracts began.", enum=list(COHORTS)),
    documents.query_parameter("train", "integer", "The back-test is fitted on the first so many terms; half of them, if absent.", minimum=2, maximum=MOST_TERMS),
    documents.query_parameter("discount", "number", "Of a year; 0.1 if absent."),
    documents.query_parameter("margin", "number", "What a term of one contract leaves, where it is known, in `currency`."),
    documents.query_parameter("currency", "string", "Of the margin; ISO 4217."),
    *DAYS,
]  # fmt: skip
RENEWALS: Final = [
    documents.query_parameter("within", "integer", "Whose term ends within so many days; 90 if absent.", minimum=0, maximum=3660),
    documents.query_parameter("capacity", "integer", "How many the team can call in a month: precision is of so many; 20 if absent.", minimum=1, maximum=MOST_CALLED),
    *DAYS, *PAGED,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Days:
    until: date
    as_of: str | None
    grace: int


@dataclass(frozen=True, slots=True)
class RetentionAsked:
    term: str | None
    by: str | None
    train: int | None
    discount: float
    margin: float | None
    currency: str | None
    days: Days


@dataclass(frozen=True, slots=True)
class RenewalsAsked:
    within: int
    capacity: int
    limit: int
    after: tuple[float, UUID] | None
    days: Days


def retention_asked(call: Call) -> RetentionAsked:
    sent = parameters.parameters_of(call, [each["name"] for each in RETENTION])
    currency = currency_of(sent)
    for name, other in (("margin", "currency"), ("currency", "margin")):
        if name in sent and other not in sent:
            raise Malformed("A margin is in a currency.", errors={name: f"Send {other} too."})
    return RetentionAsked(
        one_of(sent, "term", TERMS), one_of(sent, "by", COHORTS),
        int(number_of(sent, "train", 0, least=2, most=MOST_TERMS, is_whole=True)) or None,
        number_of(sent, "discount", DISCOUNT, least=0.001, most=1),
        number_of(sent, "margin", 0, least=0, most=1e12) if currency else None, currency, days_of(call, sent),
    )  # fmt: skip


def renewals_asked(call: Call) -> RenewalsAsked:
    sent = parameters.parameters_of(call, [each["name"] for each in RENEWALS])
    return RenewalsAsked(
        int(number_of(sent, "within", 90, least=0, most=3660, is_whole=True)),
        int(number_of(sent, "capacity", CAPACITY, least=1, most=MOST_CALLED, is_whole=True)),
        limit_of(sent.get("limit")), after_of(sent.get("cursor")), days_of(call, sent),
    )  # fmt: skip


def days_of(call: Call, sent: Mapping[str, str]) -> Days:
    until = parameters.day_of(call, sent, "until", call.clock.today)
    assert until is not None
    grace = number_of(sent, "grace", GRACE, least=0, most=366, is_whole=True)
    return Days(until, sent.get("as_of"), int(grace))


def one_of(sent: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str | None:
    found = sent.get(name)
    if found is not None and found not in known:
        raise Malformed(
            f"There is no such {name}.", errors={name: f"Send one of: {', '.join(known)}."}
        )
    return found
