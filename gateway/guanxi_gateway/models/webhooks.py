"""Tables of webhooks: where events go, whose turn it is, what was sent and how that went.

A delivery refers to its event and holds none of it: what is sent is read from the feed again, so that what
was erased there is nowhere here.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)

PAYLOADS = ("thin", "full")
FORMATS = ("standard", "cloudevents")
ORDERINGS = ("record", "endpoint", "none")
STATUSES = ("waiting", "delivered", "failed", "dropped")


def whole(default: int = 0) -> Any:
    return Field(sa_column=Column(Integer, nullable=False, server_default=str(default)))


def count() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


def flag(default: str) -> Any:
    return Field(sa_column=Column(Boolean, nullable=False, server_default=text(default)))


class Webhook(Table, table=True):
    """`owner_id` and `scopes` bound what it hears of: what this user may read, within the permissions of
    whoever said where it goes. Secrets are sealed; the previous one signs too until `previous_secret_until`."""

    __tablename__ = "webhooks"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "owner_id"], ["users.organisation_id", "users.id"]
        ),
        one_of("payload", PAYLOADS),
        one_of("format", FORMATS),
        one_of("ordering", ORDERINGS),
        Index("ix_webhooks_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    url: str = text_column(nullable=False)
    description: str | None = text_column()
    event_types: list[str] = texts_column()
    filter: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    payload: str = Field(sa_column=Column(Text, nullable=False, server_default="full"))
    format: str = Field(sa_column=Column(Text, nullable=False, server_default="standard"))
    ordering: str = Field(sa_column=Column(Text, nullable=False, server_default="record"))
    concurrency: int = whole(8)
    is_enabled: bool = flag("true")
    disabled_reason: str | None = text_column()
    disabled_at: datetime | None = instant_column("disabled_at", nullable=True)
    owner_id: UUID = id_column(nullable=False)
    scopes: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    header_names: list[str] = texts_column()
    sealed_headers: str | None = text_column()  # their values, too
    sealed_secret: str = text_column(nullable=False)
    sealed_previous: str | None = text_column()
    previous_secret_until: datetime | None = instant_column("previous_secret_until", nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class WebhookTurn(Table, table=True):
    """What the dispatchers know of an endpoint, a row each: when to look at it next, who does, how far it has
    heard, how it fares. Ids, places and times; unbound sessions may read it (see `roster_policy`).

    `next_at` NULL: nothing to do. `rung`: somebody has news since the present turn began. Events from before
    `hears_from` are passed over: the feed is read from its beginning where no place is known."""

    __tablename__ = "webhook_turns"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "webhook_id"),
        ForeignKeyConstraint(
            ["organisation_id", "webhook_id"], ["webhooks.organisation_id", "webhooks.id"],
            ondelete="CASCADE",
        ),
        Index("ix_webhook_turns_next_at", "next_at"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    webhook_id: UUID = id_column(nullable=False)
    next_at: datetime | None = instant_column("next_at", nullable=True)
    rung: bool = flag("false")
    lease: UUID | None = id_column()
    leased_until: datetime | None = instant_column("leased_until", nullable=True)
    cursor: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    hears_from: datetime = instant_column("hears_from")
    heard_at: datetime = instant_column("heard_at")
    next_number: int = whole(1)
    failures: int = whole()
    failing_since: datetime | None = instant_column("failing_since", nullable=True)
    last_failed_at: datetime | None = instant_column("last_failed_at", nullable=True)
    last_delivered_at: datetime | None = instant_column("last_delivered_at", nullable=True)
    held_until: datetime | None = instant_column("held_until", nullable=True)
    owner_to_tell: bool = flag("false")
    # Figures, see webhooks/measuring.py: since when something waits, what became of deliveries, how long tries took.
    waiting_since: datetime | None = instant_column("waiting_since", nullable=True)
    delivered_count: int = count()
    failed_count: int = count()
    dropped_count: int = count()
    tried_seconds: float = Field(sa_column=Column(Double, nullable=False, server_default="0"))
    tried_buckets: list[int] = Field(
        sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )


class WebhookDelivery(Table, table=True):
    """One event for one endpoint. `place` is the cursor of the service's feed behind which the event is,
    `number` its order among those of the endpoint, `lane` what keeps that order: an event waits for those
    of its lane before it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "webhook_id"], ["webhooks.organisation_id", "webhooks.id"],
            ondelete="CASCADE",
        ),
        one_of("status", STATUSES),
        Index(
            "uq_webhook_deliveries_event", "organisation_id", "webhook_id", "event_id", unique=True
        ),
        Index(
            "ix_webhook_deliveries_waiting", "organisation_id", "webhook_id", "lane", "number",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_webhook_deliveries_due", "organisation_id", "webhook_id", "due_at",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_webhook_deliveries_listed", "organisation_id", "webhook_id", "created_at", "id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    webhook_id: UUID = id_column(nullable=False)
    event_id: UUID = id_column(nullable=False)
    event_type: str = text_column(nullable=False)
    subject: str | None = text_column()
    occurred_at: datetime = instant_column("occurred_at")
    service: str | None = text_column()  # NULL of a test event, which is in no feed
    place: str | None = text_column()
    number: int = whole()
    lane: str = text_column(nullable=False)
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="waiting"))
    attempts: int = whole()
    due_at: datetime = instant_column("due_at")
    last_status: int | None = Field(default=None, sa_column=Column(Integer))
    last_error: str | None = text_column()
    finished_at: datetime | None = instant_column("finished_at", nullable=True)
    queued_at: datetime = instant_column("queued_at")  # when it was made, or asked for again
    created_at: datetime = instant_column("created_at")


class WebhookAttempt(Table, table=True):
    """One request to the receiver. `excerpt` is the beginning of what a refusing receiver said; an erasure
    in the organisation empties all of them, because a receiver may repeat what it was sent."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "delivery_id"],
            ["webhook_deliveries.organisation_id", "webhook_deliveries.id"],
            ondelete="CASCADE",
        ),
        Index(
            "ix_webhook_attempts_organisation_id_delivery_id",
            "organisation_id", "delivery_id", "number",
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    delivery_id: UUID = id_column(nullable=False)
    number: int = whole()
    began_at: datetime = instant_column("began_at")
    duration_ms: int = whole()
    status_code: int | None = Field(default=None, sa_column=Column(Integer))
    error: str | None = text_column()
    excerpt: str | None = text_column()
