"""What may happen to a quote, by where it stands. Pure.

draft → pending_approval → approved → sent → accepted | rejected | expired | superseded | withdrawn

What nobody has to approve goes from draft to sent. A change of what is offered takes a quote that waits
for approval, or has it, back to draft. What was sent never changes: another offer is another version.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from guanxi_pipeline.errors import AlreadyDecided, QuoteState
from guanxi_shared.errors import Gone, Invalid

ALLOWED: Mapping[str, frozenset[str]] = {
    "changed": frozenset({"draft", "pending_approval", "approved"}),
    "submitted": frozenset({"draft"}),
    "approved": frozenset({"pending_approval"}),
    "refused": frozenset({"pending_approval"}),
    "sent": frozenset({"draft", "approved"}),
    "withdrawn": frozenset({"pending_approval", "approved", "sent"}),
    "revised": frozenset({"sent", "rejected", "expired", "withdrawn", "superseded"}),
    "deleted": frozenset({"draft", "pending_approval", "approved"}),
}
# Of the one who sells, not of what is offered: these never need a new approval or version.
ASIDE = frozenset(
    {"owner_id", "team_id", "tags", "custom", "description", "external_id", "update_opportunity"}
)
OPEN = ALLOWED["changed"]


def demand(verb: str, status: str) -> None:
    """QuoteState when what is asked for is not possible from here."""
    if status not in ALLOWED[verb]:
        raise QuoteState(
            f"A quote that is {status.replace('_', ' ')} cannot be {verb}.", status_now=status
        )


def after_change(row: Mapping[str, Any], changed: frozenset[str]) -> dict[str, Any]:
    """What else changes with these fields; QuoteState when they are sealed."""
    substance = sorted(changed - ASIDE)
    if not substance:
        return {}
    if row["status"] not in OPEN:
        raise QuoteState(
            f"A quote that is {row['status']} stays as it is; make another version: POST …/revise.",
            errors=dict.fromkeys(substance, "Sealed."), status_now=row["status"],
        )  # fmt: skip
    return NOT_APPROVED if row["status"] != "draft" else {}


NOT_APPROVED: dict[str, Any] = {
    "status": "draft", "approvals": [], "submitted_by_id": None, "submitted_at": None,
}  # fmt: skip


def demand_sendable(row: Mapping[str, Any], today: date) -> None:
    """It offers something, and for longer than until yesterday."""
    if not row["lines"]:
        raise Invalid("A quote without a line offers nothing.", errors={"lines": "Add a line."})
    if row["valid_until"] is not None and row["valid_until"] < today:
        raise Invalid(
            "It would be sent when it has run out.", errors={"valid_until": "Send a day to come."}
        )


def is_over(row: Mapping[str, Any], today: date) -> bool:
    return row["valid_until"] is not None and row["valid_until"] < today


def demand_open_offer(row: Mapping[str, Any], today: date) -> None:
    """The customer can still say yes or no to this version."""
    status = row["status"]
    if status in OPEN:
        raise QuoteState("It was not sent yet; send it first.", status_now=status)
    if status in ("accepted", "rejected"):
        raise AlreadyDecided(f"This offer was {status} already.", status_now=status)
    if status == "sent" and not is_over(row, today):
        return
    words = {"superseded": "There is a newer version of this offer.",
             "withdrawn": "This offer was withdrawn."}  # fmt: skip
    raise Gone(words.get(status, "This offer has run out."), code="offer_closed", status_now=status)


def is_repeat(row: Mapping[str, Any], verb: str, name: str) -> bool:
    """Whether this answer is the one that was given already, by the same person."""
    decision = row["decision"] or {}
    same = str(decision.get("name") or "").strip().casefold() == name.strip().casefold()
    return row["status"] == verb and same
