"""What a row of a file adds to a lead, and what two rows have to do with each other. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from guanxi_pipeline.lead_duplicates import rules as duplicate_rules
from guanxi_pipeline.leads.rules import OPEN_STATUSES

Consents = Sequence[Mapping[str, Any]]
SAME: Final = ("channel", "purpose", "text")


def consents_after(present: Consents, sent: Consents) -> list[dict[str, Any]]:
    """An agreement that a row tells of comes beside those that were given before; none is taken away.
    One that is kept already, with its address and form, stays as it is."""
    known = {_agreement(each) for each in present}
    return [
        *(dict(each) for each in present),
        *(dict(each) for each in sent if _agreement(each) not in known),
    ]


def _agreement(consent: Mapping[str, Any]) -> tuple[Any, ...]:
    given_at = consent["given_at"]
    moment = datetime.fromisoformat(given_at) if isinstance(given_at, str) else given_at
    return (*(consent[name] for name in SAME), moment.astimezone(UTC))


def load_of(row: Mapping[str, Any]) -> Any:
    """Whose open leads it is counted among; None if among nobody's."""
    return row["owner_id"] if row["status"] in OPEN_STATUSES else None


def likely_same(
    keys: Sequence[str], others: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], str] | None:
    """The lead that one with these match keys very probably is, and what they have in common."""
    found = duplicate_rules.candidates(keys, others)
    if not found or duplicate_rules.level_of(found[0][1]) == "possible":
        return None
    other, _, reasons = found[0]
    return other, ", ".join(each["field"] for each in reasons)
