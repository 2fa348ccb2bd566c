"""What comes back, and what is paid back for it. Pure.

The part of a line's money that belongs to a part of its quantity is reckoned from the whole, so that
parts never sum to more or less than the line:

    part(q) of q0 gone before = round(money x (q0 + q) / quantity) - round(money x q0 / quantity)

A refund is of the line with its tax, at most what was delivered of it and not paid back yet. Its net is such
a part, too (of the line's net, as the refund is of the line), and its tax the rest.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from guanxi_pipeline.errors import MixedCurrencies, TooMuch
from guanxi_pipeline.orders.line_rules import Line, amount_of, exact, money
from guanxi_pipeline.orders.status_rules import by_line
from guanxi_pipeline.sum_rules import WIDE, rounded
from guanxi_shared.errors import Invalid

Part = dict[str, Any]


def part_of(
    whole: Decimal, quantity: Decimal, before: Decimal, more: Decimal, currency: str
) -> Decimal:
    """The money of `more` out of `quantity`, when `before` of it has gone already."""
    with localcontext(WIDE):
        upto = rounded(whole * (before + more) / quantity, currency)
        return upto - rounded(whole * before / quantity, currency)


def returned_lines(
    lines: Sequence[Line], wanted: Sequence[Mapping[str, Any]], currency: str
) -> tuple[list[Line], list[Part]]:
    """The lines with what came back of them, and the parts of the return: line_id, quantity, amount and
    tax paid back, cost of the goods."""
    asked = by_line(lines, wanted)
    order = {id: index for index, id in enumerate(asked)}
    parts = {
        line["id"]: _part(line, asked[line["id"]], order[line["id"]], currency)
        for line in lines
        if line["id"] in asked
    }
    if not any(part["quantity"] or part["amount"] or part["tax"] for part in parts.values()):
        raise Invalid(
            "Nothing comes back and nothing is paid back.",
            errors={"lines": "Send a quantity or a refund."},
        )
    changed = [_after(line, parts.get(line["id"]), currency) for line in lines]
    return changed, [parts[id] for id in asked]


def _part(line: Line, asked: Mapping[str, Any], index: int, currency: str) -> Part:
    quantity, more = exact(line["quantity"]), exact(asked.get("quantity") or 0)
    before = exact(line["returned"])
    left = exact(line["fulfilled"]) - before
    if more > left:
        raise TooMuch(
            f"{left.normalize():f} can come back, not {more.normalize():f}.",
            errors={f"lines.{index}.quantity": f"At most {left.normalize():f}."},
        )
    net, tax = Decimal(line["amount"]["amount"]), Decimal(line["tax"]["amount"])
    refund = _refund(line, asked, index, currency, net + tax, before, more)
    paid = Decimal(line["refunded"]["amount"])
    share = part_of(net, net + tax, paid, refund, currency) if net + tax else Decimal(0)
    cost = amount_of(line["cost"])
    gone = None if cost is None else part_of(cost, quantity, before, more, currency)
    return {
        "line_id": line["id"], "quantity": more, "amount": share, "tax": refund - share, "cost": gone,
    }  # fmt: skip


def _refund(
    line: Line, asked: Mapping[str, Any], index: int, currency: str, whole: Decimal,
    before: Decimal, more: Decimal,
) -> Decimal:  # fmt: skip
    """What is paid back: as said, else the part of the line; at most what was delivered and not paid
    back yet."""
    quantity, fulfilled = exact(line["quantity"]), exact(line["fulfilled"])
    delivered = part_of(whole, quantity, Decimal(0), fulfilled, currency)
    most = max(delivered - Decimal(line["refunded"]["amount"]), Decimal(0))
    said = asked.get("refund")
    if said is None:
        return min(part_of(whole, quantity, before, more, currency), most)
    if said["currency"] != currency:
        raise MixedCurrencies(
            f"The order is in {currency}.", errors={f"lines.{index}.refund": f"Send {currency}."}
        )
    refund = Decimal(said["amount"])
    if refund > most:
        raise TooMuch(
            f"{most:f} {currency} of the line can be paid back, not {refund:f}.",
            errors={f"lines.{index}.refund": f"At most {most:f} {currency}."},
        )
    return refund


def _after(line: Line, part: Part | None, currency: str) -> Line:
    if part is None:
        return line
    refunded = Decimal(line["refunded"]["amount"]) + part["amount"] + part["tax"]
    return {
        **line, "returned": float(exact(line["returned"]) + part["quantity"]),
        "refunded": money(refunded, currency),
    }  # fmt: skip


def refund_of(parts: Sequence[Part]) -> Decimal:
    return sum((part["amount"] + part["tax"] for part in parts), Decimal(0))


def part_as_shown(part: Part, currency: str) -> dict[str, Any]:
    """As the event and the list of returns tell it."""
    return {
        "line_id": part["line_id"], "quantity": float(part["quantity"]),
        "amount": money(part["amount"], currency), "tax": money(part["tax"], currency),
        "cost": None if part["cost"] is None else money(part["cost"], currency),
    }  # fmt: skip
