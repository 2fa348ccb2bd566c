"""Events as contacts tells them, in the narrow shape that pipeline reads (held in tests/contracts)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared.consumers import bind
from guanxi_shared.db import Connection, Database
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id
from tests.factories import Organisation, User

Heard = Callable[[Mapping[str, Any]], Awaitable[None]]
Known = Callable[..., Awaitable[str]]


def told(
    organisation_id: UUID, noun: str, id: UUID | str, state: Mapping[str, Any], *, version: int = 1,
    verb: str = "created", changed: Sequence[str] = (), before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": str(new_id()), "organisation_id": str(organisation_id),
        "type": f"contacts.{noun}.{verb}", "subject_id": str(id), "version": version,
        "changed": list(changed), "before": before, "after": dict(state),
        "occurred_at": datetime.now(UTC),
    }  # fmt: skip


def account_told(
    organisation_id: UUID, id: UUID | str, name: str, *, owner_id: UUID | str | None = None,
    team_id: UUID | str | None = None, industry: str | None = None, grade: str | None = None,
    external_id: str | None = None, region: str | None = None, addresses: Sequence[Mapping[str, Any]] = (), **how: Any,
) -> dict[str, Any]:  # fmt: skip
    state = {
        "id": str(id), "name": name, "external_id": external_id, "industry": industry, "region": region,
        "grade": grade, "addresses": list(addresses),
        "owner_id": owner_id and str(owner_id), "team_id": team_id and str(team_id),
    }  # fmt: skip
    return told(organisation_id, "account", id, state, **how)


def contact_told(
    organisation_id: UUID, id: UUID | str, name: str, *, owner_id: UUID | str | None = None,
    team_id: UUID | str | None = None, title: str | None = None, emails: Sequence[str] = (),
    phones: Sequence[str] = (), **how: Any,
) -> dict[str, Any]:  # fmt: skip
    state = {
        "id": str(id), "name": name, "title": title,
        "emails": [{"address": each} for each in emails],
        "phones": [{"number": each, "e164": None} for each in phones],
        "owner_id": owner_id and str(owner_id), "team_id": team_id and str(team_id),
    }  # fmt: skip
    return told(organisation_id, "contact", id, state, **how)


def hearing(database: Database, apply: Callable[[Connection, Event], Awaitable[None]]) -> Heard:
    """Applies an event of contacts as the consumer does."""

    async def hear(event: Mapping[str, Any]) -> None:
        async with database.transaction(None) as connection:
            await bind(connection, event["organisation_id"])
            await apply(connection, event)

    return hear


def knowing(
    heard: Heard, organisation: Organisation, tell: Callable[..., dict[str, Any]], usual: str
) -> Known:
    """`await known("Acme", owner=organisation.rep)`: the id of one whom `tell` told of."""

    async def known(name: str = usual, *, owner: User | None = None, **more: Any) -> str:
        id = new_id()
        owner_id: UUID = (owner or organisation.rep).id
        await heard(tell(organisation.id, id, name, owner_id=owner_id, **more))
        return str(id)

    return known
