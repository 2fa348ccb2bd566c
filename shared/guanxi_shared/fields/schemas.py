"""Definitions of an organisation's own fields. A service says of which resources: it adds `resource`."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from guanxi_shared.values import Line

FieldKind = Literal["text", "choice", "choices", "integer", "number", "boolean", "day"]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Options = Annotated[list[Line], Field(max_length=500)]
Label = Annotated[dict[str, Line], Field(max_length=20)]


class FieldDefinition(BaseModel):
    """What is sent of a new one, but for its resource."""

    model_config = ConfigDict(extra="forbid")

    id: UUID | None = None
    key: Key
    kind: FieldKind
    label: Label = Field(default_factory=dict)
    options: Options = Field(default_factory=list)
    is_required: bool = False

    @model_validator(mode="after")
    def check_options(self) -> Self:
        if self.kind.startswith("choice") != bool(self.options):
            raise ValueError("options go with the kinds choice and choices, and only with them")
        return self


class FieldDefinitionUpdate(BaseModel):
    """Key and kind stay: stored values would change their meaning."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"options": ["AAA", "AA"]}}
    )

    label: Label = Field(default_factory=dict)
    options: Options = Field(default_factory=list)
    is_required: bool = False


class FieldDefinitionRead(BaseModel):
    id: UUID
    resource: str
    key: str
    kind: FieldKind
    label: dict[str, Any]
    options: list[str]
    is_required: bool
    version: int
    created_at: datetime
    updated_at: datetime
