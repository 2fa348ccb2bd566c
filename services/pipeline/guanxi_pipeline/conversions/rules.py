"""What a lead becomes: pure decisions of conversion."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

PENDING_ANSWERS: Final = frozenset(
    {401, 408, 425, 429}
)  # the caller's token has run out, or: later
Sent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """What contacts said to one step: `made`, `away` (try again) or `refused` with its problem."""

    outcome: str
    problem: Mapping[str, Any] = field(default_factory=dict)


def answered(status: int, problem: Mapping[str, Any], *, part: str) -> Answered:
    """A step by its answer below 500. Nobody else knows the id that was chosen: where it is taken, an
    earlier try has come through, whatever has become of the record since."""
    if status < 300:
        return Answered("made")
    code = str(problem.get("code", ""))
    if status == 409 and code in ("id_taken", "not_unique"):
        return Answered("made")
    if status in PENDING_ANSWERS or (status == 409 and code == "still_running"):
        return Answered("away")
    return Answered("refused", refusal(status, problem, part=part))


def refusal(status: int, problem: Mapping[str, Any], *, part: str) -> dict[str, Any]:
    """A problem as it is kept: the fields are those of the part that was refused."""
    errors = problem.get("errors") or {}
    return {
        "part": part, "status": status, "code": str(problem.get("code", "refused")),
        "detail": str(problem.get("detail") or "It was refused."),
        "errors": {f"{part}.{name}": str(said) for name, said in errors.items()},
    }  # fmt: skip


def wants_account(lead: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """As it is asked; unsaid, a lead with a company becomes an account."""
    return asked["account"] is not None if "account" in asked else bool(lead["company"])


def wants_contact(lead: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """As it is asked; unsaid, a lead with a name other than its company's is a person."""
    if "contact" in asked:
        return asked["contact"] is not None
    return bool(lead["name"] != lead["company"])


def chosen(asked: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    return asked.get(part) or {}


def new_account(
    lead: Mapping[str, Any], fields: Mapping[str, Any], *, id: UUID, owner_id: Any,
    has_contact: bool,
) -> Sent:  # fmt: skip
    """An account as contacts takes it. How somebody is reached goes with the person, if there is one."""
    named = lead["company"] or lead["name"]
    own = {"name": named, "kind": "company" if lead["company"] else "person"}
    copied = _copied(lead, "industry", "region", "source", "domain", "website", "tags")
    reached = {} if has_contact else _reached(lead)
    return {**own, **copied, **reached, **_owned(lead, owner_id), **fields, "id": str(id)}


def new_contact(
    lead: Mapping[str, Any], fields: Mapping[str, Any], *, id: UUID, owner_id: Any,
    account_id: UUID | None,
) -> Sent:  # fmt: skip
    """A person as contacts takes one, at their account."""
    linked: Sent = {}
    if account_id is not None:
        linked = {"accounts": [{"account_id": str(account_id), "is_primary": True}]}
    copied = _copied(lead, "name", "title", "source", "tags", "description")
    return {
        **copied, **_reached(lead), **linked, **_owned(lead, owner_id), **fields, "id": str(id)
    }  # fmt: skip


def new_consent(consent: Mapping[str, Any], lead: Mapping[str, Any], *, id: UUID) -> Sent:
    """What was agreed to, as contacts takes it, with the words as the proof."""
    asked = {name: consent[name] for name in ("channel", "purpose", "given_at")}
    source = lead["source"] or "lead"
    return {"id": str(id), **asked, "status": "granted", "source": source, "proof": consent["text"]}


def new_opportunity(lead: Mapping[str, Any], fields: Mapping[str, Any], *, owner_id: Any) -> Sent:
    """A deal as its create takes it, without whom it is with."""
    copied = _copied(lead, "source", "campaign_id", "next_step", "next_step_on")
    named = {"name": lead["company"] or lead["name"]}
    return {**named, **copied, **_owned(lead, owner_id), **fields}


def _copied(lead: Mapping[str, Any], *names: str) -> Sent:
    return {name: lead[name] for name in names if lead[name]}


def _reached(lead: Mapping[str, Any]) -> Sent:
    """Phones and emails as they are sent: what the server added is its own."""
    found = {}
    for name in ("emails", "phones"):
        if lead[name]:
            found[name] = [{k: v for k, v in entry.items() if k != "e164"} for entry in lead[name]]
    return found


def _owned(lead: Mapping[str, Any], owner_id: Any) -> Sent:
    found = {"owner_id": owner_id, "team_id": lead["team_id"]}
    return {name: str(value) for name, value in found.items() if value is not None}
