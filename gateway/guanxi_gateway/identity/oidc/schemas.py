"""Bodies of signing in at an outside provider."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class OidcStart(BaseModel):
    """Send the browser to `authorization_url`, and keep `state` for when it comes back."""

    authorization_url: str
    state: str


class OidcComplete(BaseModel):
    """What the provider's redirect brought; the front-end has compared `state` with its own.
    `organisation_id` chooses, when one address works for several organisations."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=4000)
    state: str = Field(min_length=1, max_length=4000)
    organisation_id: UUID | None = None
