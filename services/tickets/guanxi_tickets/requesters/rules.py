"""Who asks, as they say it themselves, and when it is looked for whose contact that is. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from guanxi_shared.emails import normalise_email
from guanxi_shared.errors import Invalid
from guanxi_shared.phones import parse_phone

SOON: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=30)
LONGEST_LINE: Final = 200


class Typed(NamedTuple):
    """An email in the spelling that compares, a phone in E.164 where it could be understood."""

    name: str | None
    email: str | None
    phone: str | None


class Found(NamedTuple):
    """A contact, and the account that they belong to first."""

    id: UUID
    name: str | None
    account_id: UUID | None


def typed_from(sent: Mapping[str, Any], *, region: str) -> Typed:
    """Invalid names the field that can be neither address nor number."""
    email = phone = None
    for field in ("name", "phone"):
        if len(sent.get(field, "")) > LONGEST_LINE or "\x00" in sent.get(field, ""):
            sentence = f"Send at most {LONGEST_LINE} characters."
            raise Invalid(f"{field}: {sentence}", errors={field: sentence})
    if text := sent.get("email"):
        try:
            email = normalise_email(text).key
        except ValueError as error:
            raise Invalid(f"email: {error}", errors={"email": str(error)}) from error
    if text := sent.get("phone"):
        if not any(char.isdigit() for char in text):
            raise Invalid("phone: no number.", errors={"phone": "Send a telephone number."})
        phone = parse_phone(text, region).e164 or text
    return Typed(sent.get("name"), email, phone)


def wanted(typed: Typed) -> dict[str, str] | None:
    """What contacts is asked for: by the address, else by the number; None without either."""
    for field, value in (("email", typed.email), ("phone", typed.phone)):
        if value is not None:
            return {"field": field, "operator": "eq", "value": value}
    return None


def found_in(rows: Sequence[Mapping[str, Any]]) -> Found | None:
    """The one contact that was meant; None where it is nobody, or several: of two people with one address
    nobody says who wrote."""
    if len(rows) != 1:
        return None
    [row] = rows
    accounts = row.get("accounts") or [{}]  # the primary one comes first
    account = accounts[0].get("account_id")
    return Found(UUID(row["id"]), row.get("name"), None if account is None else UUID(account))


def next_look(created_at: datetime, now: datetime) -> datetime | None:
    """When somebody who was not found is looked for again: after as long as has passed, for a month."""
    if now - created_at >= LONGEST:
        return None
    return now + max(SOON, now - created_at)
