"""Pure decisions about leads: stored columns from what is sent, what finds them, which states follow."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from guanxi_pipeline.errors import LeadClosed, LeadOpen, ReasonUnknown
from guanxi_shared import text
from guanxi_shared.emails import domain_of
from guanxi_shared.errors import Invalid
from guanxi_shared.matching import emails_as_stored, phones_as_stored, search_columns

OPEN_STATUSES: Final = ("new", "working", "qualified")
FOUND_BY: Final = frozenset(
    {"name", "company", "emails", "phones", "website", "domain", "external_id"}
)


def columns_from(sent: Mapping[str, Any], *, region: str | None) -> dict[str, Any]:
    """Stored columns from the API's fields (a create's or a patch's).

    `region` is the ISO 3166 code whose national phone numbers are meant.
    """
    columns = dict(sent)
    if "phones" in columns:
        columns["phones"] = phones_as_stored(columns["phones"], region)
    if "emails" in columns:
        columns["emails"] = emails_as_stored(columns["emails"])
    if columns.get("domain") is not None:
        columns["domain"] = (
            domain_of(columns["domain"]) or columns["domain"].strip().lower() or None
        )
    elif columns.get("website") is not None and "domain" not in sent:
        columns["domain"] = domain_of(columns["website"])
    if "consents" in columns:
        columns["consents"] = [_consent(each) for each in columns["consents"]]
    return columns


def _consent(sent: Mapping[str, Any]) -> dict[str, Any]:
    form_id = sent.get("form_id")
    return {**sent, "form_id": None if form_id is None else str(form_id)}


def name_for(columns: Mapping[str, Any]) -> str:
    """What a lead is called: its own name, else its company's, else how it is reached.

    Raises Invalid for one that nobody could ever reach or recognise.
    """
    emails, phones = columns.get("emails") or [], columns.get("phones") or []
    named = [
        columns.get("name"), columns.get("company"), *(each["address"] for each in emails),
        *(each["number"] for each in phones),
    ]  # fmt: skip
    found = next((each for each in named if each), None)
    if found is None:
        raise Invalid(
            "A lead has a name, a company, an email address or a phone number.",
            errors={"name": "Say who it is, or how they are reached."},
        )
    return str(found)


def company_key(company: str) -> str:
    """Two spellings of one company's name have one key; no key of names of people."""
    return f"c:{text.normalise(company)}"


def found_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """The search columns of a lead as it will be stored. Its company is a word like its name, but a
    key of its own kind: matching by name never means everybody of a company."""
    company = row.get("company")
    whole = {"emails": [], "phones": [], **row}
    keys = {company_key(company)} if company else set()
    words = search_columns([row["name"]], whole, words=[row.get("domain")], more_keys=keys)
    if company:
        both = search_columns([row["name"], company], whole, words=[row.get("domain")])
        words |= {name: both[name] for name in ("search_text", "search_grams")}
    return words


def demand_open(row: Mapping[str, Any]) -> None:
    if row["status"] not in OPEN_STATUSES:
        raise LeadClosed(
            f"The lead is {row['status']}.",
            errors={"status": "Recycle it first."} if row["status"] == "disqualified" else {},
        )


def demand_recyclable(row: Mapping[str, Any]) -> None:
    """What was given up can begin again; what became a customer cannot."""
    if row["status"] == "converted":
        raise LeadClosed("The lead was converted: work on what it became.")
    if row["status"] == "new" and row["owner_id"] is None:
        raise LeadOpen("The lead is new and waits already.")


def demand_reason(reason: str, *, reasons: Collection[str], is_free: bool) -> None:
    if is_free or reason in reasons:
        return
    listed = ", ".join(reasons) or "none are defined yet"
    raise ReasonUnknown(
        f"{reason!r} is no reason to disqualify a lead here.",
        errors={"reason": f"Choose one of: {listed}."},
    )


def response_due(now: datetime, minutes: Sequence[int | None]) -> datetime | None:
    """The first of the minutes that says something counts (the form's, the organisation's)."""
    found = next((each for each in minutes if each is not None), None)
    return None if found is None else now + timedelta(minutes=found)


def responded(row: Mapping[str, Any], by: Any, now: datetime) -> dict[str, Any]:
    """The first answer is the first for ever, until the lead is recycled."""
    if row.get("first_responded_at") is not None:
        return {}
    return {"first_responded_at": now, "first_responded_by": by}


def state_changes(
    row: Mapping[str, Any], sent: Mapping[str, Any], *, by: Any, now: datetime
) -> dict[str, Any]:
    """Another open state; the owner's own beginning is the first response."""
    status = sent.get("status")
    if status is None or status == row["status"]:
        return {}
    demand_open(row)
    owner = sent.get("owner_id", row["owner_id"])
    if status != "new" and owner is not None and owner == by:
        return responded(row, owner, now)
    return {}


def disqualified(reason: str, note: str | None, now: datetime) -> dict[str, Any]:
    return {
        "status": "disqualified", "disqualified_at": now, "reason": reason, "reason_note": note,
    }  # fmt: skip


def recycled(
    row: Mapping[str, Any], *, keeps_owner: bool, now: datetime, due_at: datetime | None
) -> dict[str, Any]:
    """Back to the beginning: the clock of the first response runs anew."""
    columns = {
        "status": "new", "disqualified_at": None, "reason": None, "reason_note": None,
        "recycled_count": row["recycled_count"] + 1, "recycled_at": now,
        "first_response_due_at": due_at, "first_responded_at": None, "first_responded_by": None,
    }  # fmt: skip
    return columns if keeps_owner else columns | unowned()


def unowned() -> dict[str, Any]:
    return {
        "owner_id": None, "assigned_at": None, "assigned_by_rule_id": None,
        "assigned_by_rule_name": None, "claimed_at": None,
    }  # fmt: skip


def owned(owner_id: Any, now: datetime, *, rule: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Somebody's, and by which rule; by nobody's rule without one."""
    return {
        "owner_id": owner_id, "assigned_at": None if owner_id is None else now,
        "assigned_by_rule_id": rule["id"] if rule else None,
        "assigned_by_rule_name": rule["name"] if rule else None, "claimed_at": None,
    }  # fmt: skip
