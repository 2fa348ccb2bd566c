"""Files as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Fields, Storable, Value

EXAMPLE: dict[str, Any] = {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f60",
    "name": "合同.pdf",
    "content_type": "application/pdf",
    "declared_type": "application/pdf",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "links": [{"type": "account", "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}],
    "version": 1,
}


class FileLinkValue(Value):
    """A record that the file belongs to."""

    type: Literal["account", "contact", "activity"]
    id: UUID


FileLinks = Annotated[list[FileLinkValue], Field(max_length=50)]
FileName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable
]


class FileUpdate(Fields):
    """A merge patch (RFC 7396); `links` is replaced as a whole. The bytes never change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Contract, signed.pdf"}}
    )

    name: FileName = Field(default="", validate_default=False)
    links: FileLinks = Field(default_factory=list)
    owner_id: UUID | None = None
    team_id: UUID | None = None


class FileRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    content_type: str
    declared_type: str | None
    size: int
    sha256: str
    links: FileLinks
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class FileUpload(BaseModel):
    """`multipart/form-data`: the part `file`. All else is in the query."""

    file: Annotated[bytes, Field(json_schema_extra={"format": "binary"})]
