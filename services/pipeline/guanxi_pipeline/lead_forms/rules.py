"""Pure decisions about web forms: a lead from what somebody filled in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from guanxi_shared.web_forms.rules import filled_in, has_consented

MEANT: Final = {"emails": "email", "phones": "phone"}  # where a lead's field stands in a form


def lead_from(
    texts: Mapping[str, str], form: Mapping[str, Any], kinds: Mapping[str, str]
) -> dict[str, Any]:
    """A lead's fields as its create takes them; `kinds` are those of the organisation's own fields."""
    lead = filled_in(texts, form, kinds)
    if "email" in lead:
        lead["emails"] = [{"address": lead.pop("email")}]
    if "phone" in lead:
        lead["phones"] = [{"number": lead.pop("phone")}]
    return lead


def consent_of(
    texts: Mapping[str, str], form: Mapping[str, Any], *, address: str, now: datetime
) -> list[dict[str, Any]]:
    """What was agreed to, in the form's words of that moment."""
    if not form["consent_text"] or not has_consented(texts):
        return []
    return [
        {"channel": form["consent_channel"], "purpose": form["consent_purpose"],
         "text": form["consent_text"], "given_at": now, "address": address, "form_id": str(form["id"])}
    ]  # fmt: skip
