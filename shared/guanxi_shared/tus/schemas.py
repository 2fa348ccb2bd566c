"""Uploads as the API shows them. What a phone sends is in headers, which tus names."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class UploadRead(BaseModel):
    """`id` is that of the file to come; `offset` bytes of `length` are here."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f60",
                "name": "现场.jpg",
                "offset": 0,
                "length": 2481152,
                "expires_at": "2026-12-06T08:00:00Z",
            }
        }
    )

    id: UUID
    name: str
    offset: int
    length: int
    expires_at: datetime
