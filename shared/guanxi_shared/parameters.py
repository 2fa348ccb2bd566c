"""Parameters of a query that is no list: each known, sent once, and of its own form; 400 names it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from guanxi_shared import filters, pages
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.money import CURRENCIES, Money
from guanxi_shared.resources import DAY, ID
from guanxi_shared.validation_words import message_of

Sent = Mapping[str, str]


def parameters_of(call: Call, names: Collection[str]) -> dict[str, str]:
    """What was sent, unknown and repeated names refused."""
    pairs = pages.query_pairs(call.request.scope["query_string"])
    for name, _ in pairs:
        if name not in names:
            raise Malformed(
                f"There is no parameter {name[:60]!r} here.",
                errors={name: f"Unknown parameter; there are: {', '.join(sorted(names))}."},
                code="unknown_parameter",
            )
    return once(pairs)


def once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Repeated names and what no text may hold refused."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Malformed(f"{name} is sent twice.", errors={name: "Send it once."})
        if "\x00" in value:
            raise Malformed(f"{name} holds a NUL character.", errors={name: "Send text."})
        found[name] = value
    return found


def demanded(sent: Sent, name: str, example: str) -> str:
    if not sent.get(name):
        raise Malformed(f"Send {name}.", errors={name: f"For example {name}={example}."})
    return sent[name]


def day_of(call: Call, sent: Sent, name: str, default: date | None = None) -> date | None:
    """A day, or a relative one (`-30d`, `this_year`) in the organisation's time zone."""
    if name not in sent:
        return default
    try:
        found: date = filters.PARSERS[DAY](sent[name], call.clock)
        if not 1900 <= found.year <= 2200:
            raise ValueError("out of range")
    except (ValueError, OverflowError) as error:
        raise Malformed(
            f"{name} must be a day.", errors={name: f"Send {filters.WANTED[DAY]}."}
        ) from error
    return found


def currency_of(sent: Sent, name: str) -> str | None:
    currency = sent.get(name)
    if currency is not None and currency not in CURRENCIES:
        raise Malformed(
            f"{currency[:20]!r} is no ISO 4217 currency.", errors={name: "For example CNY."}
        )
    return currency


def demanded_currency(sent: Sent, name: str) -> str:
    demanded(sent, name, "CNY")
    found = currency_of(sent, name)
    assert found is not None
    return found


def amount_of(sent: Sent, name: str, currency: str) -> Decimal:
    """An amount of that currency, its digits enforced."""
    text = demanded(sent, name, "1000.50")
    try:
        return Money(amount=text, currency=currency).decimal
    except ValidationError as error:
        sentence = message_of(error.errors(include_url=False)[0])
        raise Malformed(f"{name} is no amount of {currency}.", errors={name: sentence}) from error


def choice_of(sent: Sent, name: str, choices: Collection[str], default: str) -> str:
    found = sent.get(name, default)
    if found not in choices:
        raise Malformed(
            f"{name} cannot be {found[:40]!r}.",
            errors={name: f"Send one of: {', '.join(choices)}."},
        )
    return found


def id_of(call: Call, sent: Sent, name: str) -> UUID | None:
    if name not in sent:
        return None
    try:
        found: Any = filters.PARSERS[ID](sent[name], call.clock)
    except ValueError as error:
        raise Malformed(f"{name} must be an id.", errors={name: "Send a UUID."}) from error
    return UUID(str(found))


def whole_of(sent: Sent, name: str, low: int, high: int, default: int) -> int:
    """A whole number from `low` to `high`, both 0 or more, in plain digits and no more than it takes."""
    text = sent.get(name, str(default))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(high))
    if not (is_number and low <= int(text) <= high):
        sentence = f"{name} must be a whole number from {low} to {high}."
        raise Malformed(sentence, errors={name: sentence})
    return int(text)
