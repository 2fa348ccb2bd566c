"""Who may be contacted by a campaign: one expression over people, for adding and again before anything is sent.

Above all stands `do_not_contact`. Then what they said last of marketing by the campaign's channel (without one: by any):
a denial or a withdrawal refuses. Without a grant that has not run out there is no consent, which stands in the way
unless the campaign goes by who has not refused. Accounts are no people and are not asked.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, any_, case, func, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.consents.resources import CONSENT
from guanxi_contacts.models.privacy import CHANNELS
from guanxi_contacts.resources import CONTACT
from guanxi_shared.filters import Binder
from guanxi_shared.resources import Resource

REASONS: Final = ("do_not_contact", "refused", "no_consent")
ALLOWED: Final = "granted"


def reason_of(resource: Resource, campaign: Mapping[str, Any], bind: Binder) -> ColumnElement[Any]:
    """`granted`, or why not: one of REASONS."""
    if resource.table is not CONTACT:
        return _word(ALLOWED)
    channels = [campaign["channel"]] if campaign["channel"] else list(CHANNELS)
    refused = _said(channels, bind, CONSENT.c.status != _word("granted"))
    granted = _said(
        channels, bind, CONSENT.c.status == _word("granted"),
        or_(CONSENT.c.expires_at.is_(None), CONSENT.c.expires_at > func.now()),
    )  # fmt: skip
    needed = [] if campaign["consent"] == "not_refused" else [(~granted, _word("no_consent"))]
    return case(
        (CONTACT.c.do_not_contact.is_(True), _word("do_not_contact")),
        (refused, _word("refused")), *needed, else_=_word(ALLOWED),
    )  # fmt: skip


def _said(channels: list[str], bind: Binder, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:  # fmt: skip
    """Whether what counts now of any of the channels is so."""
    later = CONSENT.alias("later")
    is_overtaken = (
        select(later.c.id)
        .where(
            *(later.c[n] == CONSENT.c[n] for n in ("organisation_id", "contact_id", "channel", "purpose")),
            tuple_(later.c.given_at, later.c.created_at, later.c.id)
            > tuple_(CONSENT.c.given_at, CONSENT.c.created_at, CONSENT.c.id),
        )
        .exists()
    )  # fmt: skip
    return (
        select(CONSENT.c.id)
        .where(
            CONSENT.c.organisation_id == CONTACT.c.organisation_id,
            CONSENT.c.contact_id == CONTACT.c.id,
            CONSENT.c.purpose == _word("marketing"),
            CONSENT.c.channel == any_(bind(channels, ARRAY(Text))),
            *conditions,
            ~is_overtaken,
        )
        .exists()
    )


def _word(word: str) -> ColumnElement[Any]:
    return literal_column(f"'{word}'")
