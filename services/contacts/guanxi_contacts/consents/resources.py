"""The allow-list of consents, and the filter `consent=email:marketing` of contacts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, func, or_, select, tuple_

from guanxi_contacts import models
from guanxi_contacts.consents.schemas import ConsentRead
from guanxi_contacts.models.privacy import CHANNELS, PURPOSES
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Condition
from guanxi_shared.resources import Resource, fields_of

METADATA = models.Consent.metadata
CONSENT: Table = METADATA.tables["consents"]
CONTACT: Table = METADATA.tables["contacts"]
Bind = Callable[[Any, Any], ColumnElement[Any]]

CONSENTS: Final = Resource(
    name="contacts",  # whose permissions and whose breadth these are
    noun="consent",
    service="contacts",
    table=CONSENT,
    fields=fields_of(CONSENT),
    model=ConsentRead,
)


async def consented(asker: Any, item: Condition) -> Condition:
    """People who may be contacted so today: the newest entry grants it and has not run out, and
    nothing says that they are not to be contacted at all. Looked at before anything is answered:
    what is no channel and purpose is refused, and the statement depends on how many are asked for."""
    values = item.value if isinstance(item.value, list) else [item.value]
    pairs = [_pair(text) for text in values]

    def where(operator: str, value: Any, bind: Bind) -> ColumnElement[bool]:
        return _granted(pairs, bind)

    field = replace(item.field, where=where, shape=(len(pairs),), prepare=None)
    return replace(item, field=field)


def unprepared(operator: str, value: Any, bind: Bind) -> ColumnElement[bool]:
    raise AssertionError("consent was not looked at; see reads.prepared")


def _granted(pairs: Sequence[tuple[str, str]], bind: Bind) -> ColumnElement[bool]:
    later = CONSENT.alias("later")
    is_overtaken = (
        select(later.c.id)
        .where(
            later.c.organisation_id == CONSENT.c.organisation_id,
            later.c.contact_id == CONSENT.c.contact_id,
            later.c.channel == CONSENT.c.channel,
            later.c.purpose == CONSENT.c.purpose,
            _place(later) > _place(CONSENT),
        )
        .exists()
    )
    said = or_(
        *(
            (CONSENT.c.channel == bind(channel, Text)) & (CONSENT.c.purpose == bind(purpose, Text))
            for channel, purpose in pairs
        )
    )
    people = select(CONSENT.c.contact_id).where(
        CONSENT.c.organisation_id == CONTACT.c.organisation_id,
        said,
        CONSENT.c.status == "granted",
        or_(CONSENT.c.expires_at.is_(None), CONSENT.c.expires_at > func.now()),
        ~is_overtaken,
    )
    return CONTACT.c.id.in_(people) & CONTACT.c.do_not_contact.is_(False)


def _place(table: Any) -> Any:
    return tuple_(table.c.given_at, table.c.created_at, table.c.id)


def _pair(text: str) -> tuple[str, str]:
    channel, _, purpose = text.partition(":")
    if channel not in CHANNELS or purpose not in PURPOSES:
        raise Malformed(
            f"{text[:80]!r} is no channel and purpose.",
            errors={"consent": "Send a channel and a purpose such as email:marketing."},
            code="bad_value",
        )
    return channel, purpose
