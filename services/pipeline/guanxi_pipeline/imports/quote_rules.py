"""Rows of a file as one quote: what they may say, and what of it is news. Pure.

A file makes drafts and changes what may still be changed. Whatever became of an offer (approved, sent, answered)
is not taken from a file: an approval that nobody gave, a link that nobody was sent and an answer without an
order would be claimed by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from guanxi_pipeline.errors import QuoteState
from guanxi_shared.errors import Invalid

# What a file says of a quote that is there without changing it.
RECOGNISED = frozenset({"number"})
MEANT_IN = ("currency", "price_mode")  # what prices mean
Columns = dict[str, Any]


def with_discount(document: Columns) -> Columns:
    """The discount on the whole quote as the API takes it: a percentage, or an amount."""
    found = {name: value for name, value in document.items() if name != "quote_discount_amount"}
    amount = document.get("quote_discount_amount")
    if amount is not None:
        given = found.get("discount")
        found["discount"] = {**(given if isinstance(given, Mapping) else {}), "amount": amount}
    return found


def demand_new(status: str | None, revision: Any) -> None:
    """Of a quote that is not there yet."""
    if status not in (None, "draft"):
        raise Invalid(
            "A file makes drafts: an offer is approved, sent and answered here alone.",
            errors={"status": "Leave it out, or send draft."},
        )
    if revision not in (None, 1):
        raise Invalid(
            "A file makes first versions: POST …/revise makes the next one.",
            errors={"revision": "Leave it out, or send 1."},
        )


def demand_same(row: Mapping[str, Any], status: str | None, revision: Any) -> None:
    """Of a quote that is there: what the file says of its state is so."""
    if status not in (None, row["status"]):
        raise QuoteState(
            f"A quote that is {row['status'].replace('_', ' ')} does not become {status} by a file.",
            errors={"status": f"It is {row['status']}."}, status_now=row["status"],
        )  # fmt: skip
    if revision not in (None, row["revision"]):
        raise Invalid(
            f"It is version {row['revision']} of {row['number']}.",
            errors={"revision": f"It is {row['revision']}."},
        )


def news_in(sent: Mapping[str, Any], row: Mapping[str, Any]) -> Columns:
    """What a file says without what is so anyway: lines and a discount that come back out of an export are
    not priced anew for that."""
    found = {name: value for name, value in sent.items() if name not in RECOGNISED}
    means_the_same = all(found.get(name, row[name]) == row[name] for name in MEANT_IN)
    if "lines" in found and means_the_same and _is_said_of(found["lines"], row["lines"]):
        del found["lines"]
    elif "lines" in found:
        found["lines"] = whole_lines(found["lines"])
    if "discount" in found and row["discount"] and _is_same(found["discount"], row["discount"]):
        del found["discount"]
    return found


def whole_lines(lines: Iterable[Mapping[str, Any]]) -> list[Columns]:
    """What rows say of lines, and what a request takes where nothing is said."""
    return [{"quantity": 1.0, "discount": 0.0, **line} for line in lines]


def _is_said_of(lines: Sequence[Mapping[str, Any]], present: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all that is said of the lines is so, in their order."""
    return len(lines) == len(present) and all(
        _is_same(value, there.get(name))
        for line, there in zip(lines, present, strict=True)
        for name, value in line.items()
        if value is not None
    )


def _is_same(said: Any, there: Any) -> bool:
    """Amounts by their worth: 10 is 10.00."""
    if isinstance(said, Mapping) and isinstance(there, Mapping):
        return said.keys() == there.keys() and all(
            _is_same(said[name], there[name])
            if name != "amount" or isinstance(said[name], Mapping)
            else Decimal(str(said[name])) == Decimal(str(there[name]))
            for name in said
        )
    if isinstance(said, int | float) and isinstance(there, int | float):
        return float(said) == float(there)
    return there is not None and str(said) == str(there)
