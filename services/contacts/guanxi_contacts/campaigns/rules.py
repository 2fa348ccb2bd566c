"""Pure decisions about campaigns: how one goes on, what it costs, what it is found by."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.errors import CampaignNotReachable, CampaignRefused
from guanxi_shared.identifiers import new_id
from guanxi_shared.matching import search_columns

# Each with its way back: what was done by mistake can be undone.
MOVES: Final[Mapping[str, frozenset[str]]] = {
    "planned": frozenset({"running", "cancelled"}),
    "running": frozenset({"planned", "ended", "cancelled"}),
    "ended": frozenset({"running"}),
    "cancelled": frozenset({"planned", "running"}),
}
FOUND_BY: Final = frozenset({"name", "external_id", "goal"})
DRAWN_BY: Final = ("hold_out_share", "hold_out_seed")


def columns_from(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Stored columns from the API's fields; CampaignRefused where the costs are of two currencies."""
    columns = dict(sent)
    if "budget" in columns:
        columns |= _money("budget", columns.pop("budget"))
    if "costs" in columns:
        lines = [
            {"note": None} | line | {"id": line.get("id") or new_id()} for line in columns["costs"]
        ]
        if len({line["id"] for line in lines}) < len(lines):
            raise CampaignRefused("Two lines are one.", errors={"costs": "Each id stands once."})
        columns["costs"] = [{**line, "id": str(line["id"]), "on": line["on"].isoformat()} for line in lines]  # fmt: skip
        columns |= _money("cost", _sum(lines))
    return columns


def _money(name: str, money: Mapping[str, Any] | None) -> dict[str, Any]:
    amount, currency = (None, None) if money is None else (Decimal(money["amount"]), money["currency"])  # fmt: skip
    return {f"{name}_amount": amount, f"{name}_currency": currency}


def _sum(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    amounts = [line["amount"] for line in lines]
    if not amounts:
        return None
    currencies = sorted({each["currency"] for each in amounts})
    if len(currencies) > 1:
        raise CampaignRefused(
            f"The costs are in {' and '.join(currencies)}.",
            errors={"costs": "Send all of them in one currency."},
        )
    total = sum((Decimal(each["amount"]) for each in amounts), Decimal(0))
    return {"amount": str(total), "currency": currencies[0]}


def demand_sense(row: Mapping[str, Any]) -> None:
    """CampaignRefused of one that ends before it begins, or is paid in another currency than budgeted."""
    starts, ends = row.get("starts_on"), row.get("ends_on")
    if isinstance(starts, date) and isinstance(ends, date) and ends < starts:
        raise CampaignRefused(
            "It ends before it begins.", errors={"ends_on": "Send a day that is not before starts_on."}
        )  # fmt: skip
    if str(row["id"]) in (line["id"] for line in row["costs"]):
        raise CampaignRefused(
            "A line of costs is not the campaign.", errors={"costs": "Send another id, or none."}
        )
    budget, cost = row.get("budget_currency"), row.get("cost_currency")
    if budget is not None and cost is not None and budget != cost:
        raise CampaignRefused(
            f"The budget is in {budget}, the costs are in {cost}.",
            errors={"costs": f"Send them in {budget}."},
        )


def demand_move(status: str, wanted: str) -> None:
    if wanted != status and wanted not in MOVES[status]:
        known = " or ".join(sorted(MOVES[status]))
        raise CampaignNotReachable(
            f"A campaign that is {status} does not become {wanted}.",
            errors={"status": f"Send {known}."},
        )


def found_by(row: Mapping[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {"phones": [], "emails": [], "external_id": row.get("external_id")}
    return search_columns([row["name"]], named, words=[row.get("external_id"), row.get("goal")])


def new_owners(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, UUID | None]:
    """Owner and team, where they change: its members have them too."""
    return {n: changes[n] for n in ("owner_id", "team_id") if n in changes and changes[n] != row[n]}
