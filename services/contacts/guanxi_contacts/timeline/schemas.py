"""The timeline as the API shows it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import Page

ENTRY: dict[str, Any] = {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "kind": "activity",
    "type": "visit",
    "at": "2026-11-20T06:00:00Z",
    "title": "Plant tour in Suzhou",
    "summary": "They want a trial line in March.",
    "subject": {"type": "activity", "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"},
    "actor": {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "name": "李雷"},
    "data": {"status": "done", "outcome": "They want a trial line in March."},
}


class TimelineSubject(BaseModel):
    type: str = Field(
        description="activity, account, contact, file, consent, merge, or another service's noun"
    )
    id: UUID


class TimelineActor(BaseModel):
    id: UUID
    name: str | None = Field(description="null for somebody whom the directory does not know.")


class TimelineItem(BaseModel):
    """Something that happened, or is planned. What `data` holds depends on the kind."""

    model_config = ConfigDict(json_schema_extra={"example": ENTRY})

    id: UUID
    kind: Literal["activity", "standing", "file", "consent", "merge", "change", "external"]
    type: str = Field(
        description="An activity's kind, a standing's dimension, a file's content type, a consent's "
        "status, `merged`, or the type of the event."
    )
    at: datetime = Field(
        description="Of an activity: when it was done, else starts, is due or was written."
    )
    title: str
    summary: str | None = Field(description="The first 280 characters of what was said.")
    subject: TimelineSubject = Field(description="The record that the entry is about.")
    actor: TimelineActor | None = Field(description="Who did it; an activity's or a file's owner.")
    data: dict[str, Any]


class TimelinePage(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [ENTRY],
                "page": {"next_cursor": None, "has_more": False, "total": None},
            }
        }
    )

    data: list[TimelineItem]
    page: Page
