"""Answers of `/v1/audit`."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel


class AuditEntryRead(BaseModel):
    """`digest` is hex; `entry` is what was hashed, after the digest of the position before."""

    position: int
    digest: str
    entry: dict[str, Any]


class AuditPageInfo(BaseModel):
    next_cursor: str | None
    has_more: bool
    total: int | None


class AuditPage(BaseModel):
    data: list[AuditEntryRead]
    page: AuditPageInfo


class AuditVerdict(BaseModel):
    """`broken` names the first position that does not hold, and why."""

    organisation_id: UUID
    is_intact: bool
    entry_count: int
    head: str
    broken: dict[str, Any] | None
