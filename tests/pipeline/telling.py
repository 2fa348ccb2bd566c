"""Events as contacts tells them, in the narrow shape that pipeline reads (held in tests/contracts)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared.identifiers import new_id


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
    external_id: str | None = None, **how: Any,
) -> dict[str, Any]:  # fmt: skip
    state = {
        "id": str(id), "name": name, "external_id": external_id, "industry": industry, "region": None,
        "grade": grade,
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
