"""Erasures as every service takes and shows them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from guanxi_shared.values import Storable

ErasureReason = Literal[
    "subject_request", "retention_expired", "consent_withdrawn", "unlawful", "other"
]
Reference = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Storable
]


class ErasureRequest(BaseModel):
    """There is no way back. The reference is kept for ever: the number of a letter or a case, no names."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"reason": "subject_request", "request_reference": "DSR-2026-17"}
        },
    )

    reason: ErasureReason
    request_reference: Reference | None = None


class Erased(BaseModel):
    """What is left of somebody; `counts` says how many rows of each place were erased. A service says
    what `type` can be."""

    id: UUID
    reason: ErasureReason
    request_reference: str | None
    erased_by: UUID | None
    erased_at: datetime
    counts: dict[str, int]
