"""Rows of a file as one order: what they say together. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from guanxi_pipeline.errors import OrderStatus
from guanxi_pipeline.orders.line_rules import Line
from guanxi_pipeline.orders.status_rules import (
    OPEN,
    demand_past,
    demand_status,
    fulfilled_lines,
    status_after,
)
from guanxi_shared.errors import Invalid

# What a file may bring an order in as; the rest comes of what is done with it here.
FIRST: Final = ("draft", "placed", "confirmed", "fulfilled", "cancelled")
VERBS: Final = {"placed": "place", "confirmed": "confirm", "cancelled": "cancel"}


def has_arrived(fulfilled_on: date | None, ordered_on: date | None, today: date) -> bool:
    """Whether it was fulfilled by today. Invalid when that was before it was ordered."""
    if fulfilled_on is None:
        return False
    if ordered_on is not None and fulfilled_on < ordered_on:
        raise Invalid(
            "It was fulfilled before it was ordered.",
            errors={"fulfilled_on": f"Send a day from {ordered_on.isoformat()} on."},
        )
    return fulfilled_on <= today


def status_of(said: str | None, ordered_on: date | None, arrived: Sequence[bool]) -> str:
    """What the file says, else what the days say: placed when it was ordered, fulfilled when all of
    it arrived."""
    if said is not None:
        return said
    if arrived and all(arrived):
        return "fulfilled"
    if any(arrived):
        return "partly_fulfilled"
    return "draft" if ordered_on is None else "placed"


def demand_first(status: str) -> None:
    if status not in FIRST:
        raise Invalid(
            f"No order is brought in as {status}.",
            errors={"status": f"Send one of: {', '.join(FIRST)}."},
        )


def with_arrived(lines: Sequence[Line], arrived: Sequence[bool]) -> list[Line]:
    """Of a new order, the lines that arrived as wholly fulfilled."""
    return [
        {**line, "fulfilled": line["quantity"]} if is_here else line
        for line, is_here in zip(lines, arrived, strict=True)
    ]


def with_known_ids(present: Sequence[Line], wanted: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The wanted lines with the ids of those that are there already: the first, in their order, of the
    same product, else article number, else name."""
    left = list(present)
    found = []
    for line in wanted:
        same = next((each for each in left if _is_same(each, line)), None)
        if same is not None:
            left.remove(same)
        found.append({**line, "id": None if same is None else same["id"]})
    return found


def _is_same(present: Line, wanted: Mapping[str, Any]) -> bool:
    for name in ("product_id", "sku", "name"):
        if present[name] and wanted.get(name):
            return str(present[name]) == str(wanted[name])
    return False


def moved_on(
    status: str, lines: Sequence[Line], said: str | None, arrived: Mapping[str, bool], today: date,
    ordered_on: date | None,
) -> tuple[str, list[Line], str | None]:  # fmt: skip
    """Status and lines of an order that is there after what a file says of it, and the verb of that
    (None: it stays). `arrived` says of lines, by id, whether they did. A file takes nothing back."""
    if said is not None and said not in (status, "fulfilled"):
        if said not in VERBS:
            raise OrderStatus(
                f"An order that is {status} does not become {said} by a file.",
                errors={"status": f"It is {status}."}, status_now=status,
            )  # fmt: skip
        demand_status(VERBS[said], status)
        return said, list(lines), said
    if said is None and status == "draft" and ordered_on is not None:
        demand_past(ordered_on, today, field="ordered_on")
        status, verb = "placed", "placed"
    else:
        verb = ""
    if status not in OPEN:
        return status, list(lines), verb or None
    rest = [
        {"line_id": line["id"], "quantity": line["quantity"] - line["fulfilled"]}
        for line in lines
        if (said == "fulfilled" or arrived.get(line["id"])) and line["fulfilled"] < line["quantity"]
    ]
    if not rest:
        return status, list(lines), verb or None
    after, _ = fulfilled_lines(lines, rest)
    return status_after(status, after), after, "fulfilled"
