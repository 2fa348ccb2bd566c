"""Saved views as the API takes and shows them. A service says of which resources: it adds `resource`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import FilterGroup
from guanxi_shared.sharing import SharedWith
from guanxi_shared.values import Fields, Line, Storable, Value

Names = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)]


class ViewDocument(Value):
    """A search document without paging: what is asked, in which order."""

    filter_groups: Annotated[list[FilterGroup], Field(max_length=50)] = Field(default_factory=list)
    query: Annotated[str, Field(max_length=200), Storable] | None = None
    sorts: Annotated[list[str], Field(max_length=5)] = Field(default_factory=list)


class ViewFields(Fields):
    model_config = ConfigDict(extra="forbid")

    document: ViewDocument = Field(default_factory=ViewDocument)
    columns: Names = Field(default_factory=list, description="Fields to show; none: all.")
    shared_with: SharedWith = "nobody"
    shared_team_id: UUID | None = Field(
        default=None, description="Which team, when shared with one; absent: the only one one has."
    )


class NewView(ViewFields):
    """What is sent of a new one, but for its resource."""

    id: UUID | None = None
    name: Line


class ViewUpdate(ViewFields):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"columns": ["name", "owner_id"]}}
    )

    name: Line = Field(default="", validate_default=False)


class ViewRead(BaseModel):
    id: UUID
    name: str
    resource: str
    document: dict[str, Any]
    columns: list[str]
    shared_with: SharedWith
    shared_team_id: UUID | None
    owner_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
