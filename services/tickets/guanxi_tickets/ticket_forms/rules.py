"""A ticket from what somebody filled in. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from guanxi_shared.web_forms.rules import filled_in, has_consented

LONGEST_SUBJECT: Final = 200
OF_REQUESTER: Final[tuple[str, ...]] = ("name", "email", "phone")


def ticket_from(
    texts: Mapping[str, str], form: Mapping[str, Any], kinds: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A ticket's fields as its create takes them, and what was said of who asks. Without a subject it is what
    the description begins with, else what the form is called."""
    sent = filled_in(texts, form, kinds)
    who = {name: sent.pop(name) for name in OF_REQUESTER if name in sent}
    if "subject" not in sent:
        lines = [line.strip() for line in sent.get("description", "").splitlines()]
        first = next(filter(None, lines), form["name"])
        sent["subject"] = first[:LONGEST_SUBJECT].strip()
    about = {name: form[name] for name in ("kind", "impact", "urgency", "channel", "tags")}
    return {**about, **sent}, who


def consent_of(
    texts: Mapping[str, str], form: Mapping[str, Any], *, address: str, now: datetime
) -> dict[str, Any] | None:
    """What was agreed to, in the form's words of that moment."""
    if not form["consent_text"] or not has_consented(texts):
        return None
    return {"text": form["consent_text"], "given_at": now, "address": address}
