"""Webhooks as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from guanxi_gateway.identity.fields import Instant
from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Fields, Prose

PATTERN = r"^(\*|[a-z][a-z_]{0,39})(\.(\*|[a-z][a-z_]{0,39})){0,2}$"
EXAMPLE: dict[str, Any] = {
    "url": "https://hooks.example.com/guanxi",
    "description": "Won deals to the ERP",
    "event_types": ["pipeline.opportunity.won", "contacts.account.*"],
    "filter": {
        "filter_groups": [{"filters": [{"field": "industry", "operator": "eq", "value": "retail"}]}]
    },
    "payload": "full",
    "format": "standard",
    "ordering": "record",
}
CREATE_EXAMPLE: dict[str, Any] = {**EXAMPLE, "headers": {"Authorization": "Bearer of-the-receiver"}}
READ_EXAMPLE: dict[str, Any] = {
    "id": "01a20347-2d36-7772-b8ee-aba7960fd7d2", **EXAMPLE, "concurrency": 8, "is_enabled": True,
    "disabled_reason": None, "disabled_at": None, "owner_id": "018cc7d3-dd80-7977-9618-0787ead5482a",
    "scopes": None, "header_names": ["Authorization"], "previous_secret_until": None, "version": 1,
    "created_at": "2026-11-22T08:00:00Z", "updated_at": "2026-11-22T08:00:00Z",
}  # fmt: skip


def _without_repetition(patterns: list[str]) -> list[str]:
    return list(dict.fromkeys(patterns))


EventType = Annotated[str, StringConstraints(pattern=PATTERN)]
EventTypes = Annotated[
    list[EventType], Field(min_length=1, max_length=50), AfterValidator(_without_repetition)
]
Payload = Literal["thin", "full"]
Format = Literal["standard", "cloudevents"]
Ordering = Literal["record", "endpoint", "none"]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Concurrency = Annotated[int, Field(ge=1, le=32)]


class WebhookFilter(BaseModel):
    """A search document's groups, applied to the record's state in the event."""

    model_config = ConfigDict(extra="forbid")

    filter_groups: list[FilterGroup]


class WebhookFields(Fields):
    description: Prose | None = None
    filter: WebhookFilter | None = None
    payload: Payload = Field(
        default="full", description="`thin`: what changed and the version, without the state."
    )
    format: Format = Field(default="standard", description="Standard Webhooks, or a CloudEvent.")
    ordering: Ordering = Field(
        default="record",
        description="What has to wait for what failed: events of the same record, all, or none.",
    )
    concurrency: Concurrency = Field(default=8, description="Requests under way at once.")
    is_enabled: bool = True
    headers: dict[str, str] | None = Field(
        default=None,
        description="Sent with each request besides ours; their values are never shown again. Sent whole.",
    )


class WebhookCreate(WebhookFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": CREATE_EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    url: Url
    event_types: EventTypes = Field(description="`contacts.account.*`, `*.created`, `*`.")


class WebhookUpdate(WebhookFields):
    """A merge patch; filter and headers are sent whole. Whoever sends `url` becomes the owner: it is sent what
    they may read. Headers do not follow it to another host: send them again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_enabled": True}})

    url: Url = Field(default="", validate_default=False)
    event_types: EventTypes = Field(default_factory=list, validate_default=False)


class WebhookRead(BaseModel):
    """`disabled_reason`: `gone`, `failing`, `owner_inactive`, `sealed_otherwise`; null when a person did
    it. `scopes`: the permissions of the key that made it, if it was a key. `header_names`: of headers of one's
    own, whose values are not shown."""

    model_config = ConfigDict(json_schema_extra={"example": READ_EXAMPLE})

    id: UUID
    url: str
    description: str | None
    event_types: list[str]
    filter: dict[str, Any] | None
    payload: Payload
    format: Format
    ordering: Ordering
    concurrency: int
    is_enabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    owner_id: UUID
    scopes: list[str] | None
    header_names: list[str]
    previous_secret_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class WebhookMade(WebhookRead):
    """`secret` is shown this once; a repeated request with the same Idempotency-Key gets null."""

    secret: str | None


class SecretRotation(BaseModel):
    """Both secrets sign for `overlap_hours`; 0 ends the present one at once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"overlap_hours": 24}})

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class Recovery(BaseModel):
    """Every event since then that was not delivered; with `all` those that were, too."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"since": "2026-11-22T08:00:00Z"}}
    )

    since: Instant
    all: bool = False


class Recovered(BaseModel):
    count: int


class DeliveryRead(BaseModel):
    """`status`: `waiting` for a try at `due_at`, `delivered`, `failed` after the last one, `dropped` when
    the event is not for the endpoint's owner any more. `attempts` since it was last asked for."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    event_type: str
    subject: str | None
    occurred_at: datetime
    status: Literal["waiting", "delivered", "failed", "dropped"]
    attempts: int
    due_at: datetime
    last_status: int | None
    last_error: str | None
    finished_at: datetime | None
    created_at: datetime


class AttemptRead(BaseModel):
    """`excerpt` is the beginning of what a refusing receiver said."""

    number: int
    began_at: datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    excerpt: str | None


class DeliveryWhole(DeliveryRead):
    attempt_log: list[AttemptRead] = Field(description="Oldest first, the last 100.")
