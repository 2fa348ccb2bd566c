"""What a file changes of an order that is there, by the rules of patches and verbs."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from guanxi_pipeline.imports.order_rules import moved_on, with_known_ids
from guanxi_pipeline.orders import rules, status_rules
from guanxi_pipeline.orders.service import differing
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.named_records import NamedRecord
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.many_records import Change
from guanxi_shared.records import Loaded

UNTOUCHED = frozenset({"number", "status", "currency"})
Custom = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]


def change_of(
    loaded: Loaded, order: Prepared, sent: Mapping[str, Any], account: NamedRecord | None, *,
    custom: Custom, today: date,
) -> Change | None:  # fmt: skip
    """None when nothing differs. What was agreed stays as the rules of orders have it."""
    row, present = loaded.row, loaded.computed["lines"]
    wanted = {name: value for name, value in sent.items() if name not in UNTOUCHED}
    if "lines" in wanted:
        wanted["lines"] = with_known_ids(present, wanted["lines"])
        wanted |= {"currency": sent["currency"]} if "currency" in sent else {}
    if "custom" in wanted:
        wanted["custom"] = custom(row["custom"], wanted["custom"])
    changes, lines = rules.changes_from(wanted, row, present, new_id)
    if account is not None and account.id != row["account_id"]:
        changes |= {"account_id": account.id, "is_account_verified": True}
    agreed = differing(loaded, changes, lines)
    status_rules.demand_editable(row["status"], agreed)
    if row["status"] != "draft" and agreed & status_rules.AGREED:
        status_rules.demand_placeable({**row, **changes}, lines, today)
    status, lines, verb = _moved(order, {**row, **changes}, lines, today)
    changes = {**changes, "status": status}
    if not differing(loaded, changes, lines):
        return None
    if verb is None:
        is_agreed = row["status"] != "draft" and agreed & status_rules.AGREED
        verb = "changed" if is_agreed else "updated"
    return Change(loaded, changes, {"lines": lines}, verb)


def _moved(
    order: Prepared, row: Mapping[str, Any], lines: list[Any], today: date
) -> tuple[str, list[Any], str | None]:
    """By the status or the days of the file. One that says nothing of lines speaks of all of them."""
    arrived = order.more["arrived"]
    if not arrived and order.more["has_arrived"]:
        arrived = [True] * len(lines)
    by_id = {line["id"]: is_here for line, is_here in zip(lines, arrived, strict=False)}
    status, after, verb = moved_on(
        row["status"], lines, order.more["status"], by_id, today, row["ordered_on"]
    )
    if status != "draft" and row["status"] == "draft":
        status_rules.demand_placeable({**row, "status": status}, after, today)
    return status, after, verb
