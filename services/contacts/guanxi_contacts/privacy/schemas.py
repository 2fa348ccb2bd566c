"""Erasures, holds and archives as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from guanxi_shared.erasing.schemas import Erased
from guanxi_shared.values import Storable

HoldReason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), Storable
]


class ErasureRead(Erased):
    """What is left of somebody; `counts` says how many rows of each place were erased."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "type": "contact",
                "reason": "subject_request", "request_reference": "DSR-2026-17",
                "erased_by": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f01", "erased_at": "2026-11-28T09:00:00Z",
                "counts": {"contacts": 1, "events": 7, "files": 2},
            }
        }
    )  # fmt: skip

    type: Literal["contact", "account"]


class HoldRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "Court case 2026-118"}}
    )

    reason: HoldReason


class HoldRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f81", "subject_type": "contact",
                "subject_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "reason": "Court case 2026-118",
                "placed_by": None, "placed_at": "2026-11-28T09:00:00Z", "released_by": None,
                "released_at": None,
            }
        }
    )  # fmt: skip

    id: UUID
    subject_type: Literal["contact", "account"]
    subject_id: UUID
    reason: str
    placed_by: UUID | None
    placed_at: datetime
    released_by: UUID | None
    released_at: datetime | None
