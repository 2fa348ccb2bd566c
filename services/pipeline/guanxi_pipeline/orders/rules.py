"""Stored columns of an order from what is sent. Pure; a status beyond placed is in status_rules.py."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import MixedCurrencies, OrderStatus
from guanxi_pipeline.orders.line_rules import (
    Line,
    amount_of,
    currency_of,
    lines_as_shown,
    totals_of,
)
from guanxi_pipeline.orders.status_rules import as_new, demand_placeable, lines_kept, status_after
from guanxi_pipeline.sum_rules import rounded
from guanxi_shared.errors import Invalid

PRICED = frozenset({"lines", "shipping", "currency"})
DEFAULTS: Mapping[str, Any] = {
    "account_id": None, "contact_id": None, "opportunity_id": None, "quote_id": None,
    "is_account_verified": True, "ordered_on": None, "status": "draft", "cancel_reason": None,
    "source": None, "description": None, "external_id": None, "owner_id": None, "team_id": None,
    "tags": [], "custom": {}, "deleted_at": None,
}  # fmt: skip


def order_from(
    sent: Mapping[str, Any], *, organisation: UUID, own_currency: str, today: date
) -> tuple[dict[str, Any], list[Line]]:
    """The columns of a new order but its number and times, and its lines, which have ids already.

    Brought in as fulfilled, all of it was. A placed one is of somebody, of something, up to today."""
    wanted = sent.get("lines") or []
    _demand_once(wanted)
    currency = currency_of(sent, wanted) or own_currency
    lines = lines_as_shown([as_new(line) for line in wanted], currency)
    columns = {**DEFAULTS, **{k: v for k, v in sent.items() if k not in PRICED}}
    columns |= {"organisation_id": organisation, "currency": currency}
    columns |= totals_of(lines, amount_of(sent.get("shipping")) or Decimal(0), currency)
    columns["refunded_amount"] = rounded(Decimal(0), currency)
    if columns["status"] != "draft":
        columns["ordered_on"] = columns["ordered_on"] or today
        demand_placeable(columns, lines, today)
    if columns["status"] == "fulfilled":
        lines = [{**line, "fulfilled": line["quantity"]} for line in lines]
    return columns, lines


def _demand_once(lines: Sequence[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if str(line["id"]) in seen:
            raise Invalid(
                f"lines.{index} has the id of a line before it.",
                errors={f"lines.{index}.id": "Leave the id out for a new line."},
            )
        seen.add(str(line["id"]))


def changes_from(
    sent: Mapping[str, Any], row: Mapping[str, Any], present: Sequence[Line],
    make_id: Callable[[], UUID],
) -> tuple[dict[str, Any], list[Line]]:  # fmt: skip
    """The columns that change by a patch, and the lines as they are then."""
    changes = {name: value for name, value in sent.items() if name not in PRICED}
    if not PRICED & sent.keys():
        return changes, list(present)
    currency = _currency_after(sent, row, present)
    lines = list(present)
    if "lines" in sent:
        lines = lines_as_shown(lines_kept(present, sent["lines"], make_id), currency)
    shipping = row["shipping_amount"]
    if "shipping" in sent:
        shipping = amount_of(sent["shipping"]) or Decimal(0)
    changes |= {"currency": currency, **totals_of(lines, shipping, currency)}
    if currency != row["currency"]:
        changes["refunded_amount"] = rounded(row["refunded_amount"], currency)
    if row["status"] != "draft":
        changes["status"] = status_after(row["status"], lines)
    return changes, lines


def _currency_after(
    sent: Mapping[str, Any], row: Mapping[str, Any], present: Sequence[Line]
) -> str:
    """Another currency comes with its lines, and only while nothing is agreed."""
    before: str = row["currency"]
    found = currency_of(sent, sent.get("lines") or ()) or before
    if found == before:
        return before
    if row["status"] != "draft":
        raise OrderStatus(
            f"An order that is {row['status']} stays in {before}.",
            errors={"currency": f"Send {before}."}, status_now=row["status"],
        )  # fmt: skip
    for name, stays in (
        ("lines", bool(present) and "lines" not in sent),
        ("shipping", bool(row["shipping_amount"]) and "shipping" not in sent),
    ):
        if stays:
            raise MixedCurrencies(
                f"{name} would stay in {before}.", errors={name: f"Send it in {found}, too."}
            )
    return found
