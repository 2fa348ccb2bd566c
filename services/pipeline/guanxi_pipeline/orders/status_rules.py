"""The status of an order, and what each allows. Pure.

    draft -> placed -> confirmed -> partly_fulfilled -> fulfilled -> returned
      |        |          |
      +--------+----------+--> cancelled

placed and confirmed both go to (partly_)fulfilled; `returned` is an order of which everything came back.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.errors import OrderIncomplete, OrderStatus, TooMuch
from guanxi_pipeline.orders.line_rules import Line, exact
from guanxi_shared.errors import Invalid

OPEN: Final = ("placed", "confirmed", "partly_fulfilled")
ALLOWED: Final[Mapping[str, Sequence[str]]] = {
    "place": ("draft",),
    "confirm": ("placed",),
    "fulfil": OPEN,
    "cancel": ("draft", "placed", "confirmed"),
    "return": ("partly_fulfilled", "fulfilled"),
    "take an invoice": (*OPEN, "fulfilled"),
}
ADVICE: Final[Mapping[str, str]] = {
    "cancel": "What was fulfilled comes back by a return; lower the quantities of what is left.",
    "return": "Only what was fulfilled can come back.",
}
# What is agreed with the customer; the rest of an order is our own notes about it.
AGREED: Final = frozenset(
    {"lines", "shipping", "currency", "ordered_on", "account_id", "contact_id"}
)
SETTLED: Final = frozenset({"lines", "shipping", "currency", "ordered_on"})


def demand_status(action: str, status: str) -> None:
    if status not in ALLOWED[action]:
        wanted = " or ".join(ALLOWED[action])
        raise OrderStatus(
            f"An order that is {status} does not {action}; it must be {wanted}. "
            f"{ADVICE.get(action, '')}".strip(),
            errors={"status": f"It is {status}."},
            status_now=status,
        )


def demand_placeable(row: Mapping[str, Any], lines: Sequence[Line], today: date) -> None:
    """A placed order is of somebody, of something, and not of tomorrow."""
    errors = {}
    if row.get("account_id") is None and row.get("contact_id") is None:
        errors["account_id"] = "Say who ordered: an account or a contact."
    if not lines:
        errors["lines"] = "Say what was ordered."
    if row["ordered_on"] is None:
        errors["ordered_on"] = "Say on which day."
    if errors:
        raise OrderIncomplete(" ".join(errors.values()), errors=errors)
    demand_past(row["ordered_on"], today, field="ordered_on")


def demand_past(day: date, today: date, *, field: str) -> None:
    if day > today:
        raise Invalid(
            f"{field} is still to come.", errors={field: f"Send a day up to {today.isoformat()}."}
        )


def demand_since(day: date, ordered_on: date) -> None:
    """What comes back was ordered before, or purchases of a period would begin below nothing."""
    if day < ordered_on:
        raise Invalid(
            f"It was ordered on {ordered_on.isoformat()}; nothing comes back before that.",
            errors={"returned_on": f"Send a day from {ordered_on.isoformat()} on."},
        )


def status_after(status: str, lines: Iterable[Line]) -> str:
    """Of an order that was placed, from how much of it was fulfilled and came back."""
    listed = list(lines)
    whole = all(exact(line["fulfilled"]) == exact(line["quantity"]) for line in listed)
    if whole and all(exact(line["returned"]) == exact(line["quantity"]) for line in listed):
        return "returned"
    if whole:
        return "fulfilled"
    return "partly_fulfilled" if any(line["fulfilled"] for line in listed) else status


def demand_editable(status: str, names: Collection[str]) -> None:
    """What was agreed stays when all is delivered or nothing is to be; currency once it is placed."""
    settled = set(names) & SETTLED
    if status not in ("draft", *OPEN) and settled:
        raise OrderStatus(
            f"An order that is {status} keeps its {', '.join(sorted(settled))}.",
            errors=dict.fromkeys(sorted(settled), f"The order is {status}."),
            status_now=status,
        )


def lines_kept(
    present: Sequence[Line], wanted: Sequence[Mapping[str, Any]], make_id: Callable[[], UUID]
) -> list[dict[str, Any]]:
    """The wanted lines with what was fulfilled of those that stay; a line is known by its id, a new one
    is given one. Nothing is cut below what was fulfilled."""
    known = {line["id"]: line for line in present}
    kept = []
    for index, line in enumerate(wanted):
        old = known.pop(str(line["id"]), None) if line.get("id") else None
        if line.get("id") and old is None:
            raise Invalid(
                f"lines.{index} names no line of this order, or one twice.",
                errors={f"lines.{index}.id": "Leave the id out for a new line."},
            )
        kept.append(_kept(index, line, old) if old else as_new({**line, "id": make_id()}))
    for line in known.values():
        if line["fulfilled"]:
            raise TooMuch(
                f"{_shown(line['fulfilled'])} of {_name(line)} were fulfilled; the line stays.",
                errors={"lines": "Keep the lines of which something was fulfilled."},
            )
    return kept


def as_new(line: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing of it was fulfilled, whatever is sent."""
    return {k: v for k, v in line.items() if k not in ("fulfilled", "returned", "refunded")}


def _kept(index: int, line: Mapping[str, Any], old: Line) -> dict[str, Any]:
    if exact(line.get("quantity", 1)) < exact(old["fulfilled"]):
        raise TooMuch(
            f"{_shown(old['fulfilled'])} of {_name(old)} were fulfilled already.",
            errors={f"lines.{index}.quantity": f"At least {_shown(old['fulfilled'])}."},
        )
    return {**line, **{name: old[name] for name in ("id", "fulfilled", "returned", "refunded")}}


def fulfilled_lines(
    lines: Sequence[Line], wanted: Sequence[Mapping[str, Any]] | None
) -> tuple[list[Line], list[dict[str, Any]]]:
    """The lines with these quantities fulfilled (all that is left, for None), and what that was. Never
    more than was ordered."""
    left = {line["id"]: exact(line["quantity"]) - exact(line["fulfilled"]) for line in lines}
    asked = _asked(lines, wanted, {id: more for id, more in left.items() if more})
    done = []
    for index, (id, quantity) in enumerate(asked.items()):
        if quantity > left[id]:
            raise TooMuch(
                f"{_shown(left[id])} are left to be fulfilled, not {_shown(quantity)}.",
                errors={f"lines.{index}.quantity": f"At most {_shown(left[id])}."},
            )
        done.append({"line_id": id, "quantity": float(quantity)})
    changed = [
        {**line, "fulfilled": float(exact(line["fulfilled"]) + asked.get(line["id"], 0))}
        for line in lines
    ]
    return changed, done


def _asked(
    lines: Sequence[Line],
    wanted: Sequence[Mapping[str, Any]] | None,
    everything: dict[str, Decimal],
) -> dict[str, Decimal]:
    if wanted is None:
        return everything
    named = by_line(lines, wanted)
    return {id: exact(each["quantity"]) for id, each in named.items()}


def by_line(
    lines: Sequence[Line], wanted: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """What is asked of each line, each line of this order and named once."""
    known = {line["id"] for line in lines}
    found: dict[str, Mapping[str, Any]] = {}
    for index, each in enumerate(wanted):
        id = str(each["line_id"])
        if id not in known or id in found:
            raise Invalid(
                f"lines.{index} names no line of this order, or one twice.",
                errors={f"lines.{index}.line_id": "Name each line of the order once."},
            )
        found[id] = each
    return found


def _name(line: Line) -> str:
    return str(line["name"] or line["sku"] or line["id"])


def _shown(quantity: Any) -> str:
    return f"{exact(quantity).normalize():f}"
