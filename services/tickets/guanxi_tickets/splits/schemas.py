"""What is taken out of a ticket, and what becomes of it."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Name, Prose

EXAMPLE: dict[str, Any] = {
    "comment_ids": ["01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f61"],
    "subject": "The second question: delivery to Chengdu",
}


class Split(BaseModel):
    """The replies and notes move to a new ticket, which is of the same people, kind and urgency, begins in the
    first state and is related to the first one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    comment_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    subject: Name
    description: Prose | None = None
