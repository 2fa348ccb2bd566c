"""What `/v1/composite` takes and answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from guanxi_gateway.composite.reference_rules import NAME

MOST_REQUESTS = 25
EXAMPLE: dict[str, JsonValue] = {
    "all_or_nothing": True,
    "requests": [
        {"method": "POST", "url": "/v1/accounts", "reference_id": "account", "body": {"name": "未来科技"}},
        {"method": "POST", "url": "/v1/contacts", "reference_id": "person",
         "body": {"name": "王小明", "accounts": [{"account_id": "{{account.id}}"}]}},
        {"method": "POST", "url": "/v1/activities", "reference_id": "visit",
         "body": {"kind": "visit", "subject": "首次拜访", "account_ids": ["{{account.id}}"],
                  "contact_ids": ["{{person.id}}"]}},
    ],
}  # fmt: skip


class InnerRequest(BaseModel):
    """One request. `if_match` is what the If-Match header would be."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    reference_id: Annotated[str | None, Field(pattern=f"^{NAME}$")] = None
    body: Any = None
    if_match: Annotated[str | None, Field(pattern=r'^"?\d{1,18}"?$')] = None


class CompositeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    all_or_nothing: bool = False
    requests: Annotated[list[InnerRequest], Field(min_length=1, max_length=MOST_REQUESTS)]


class InnerAnswer(BaseModel):
    """What one request was answered: a record, or problem details."""

    reference_id: str | None
    status: int
    headers: dict[str, str]
    body: Any


class CompositeAnswer(BaseModel):
    """`done`: all of an all-or-nothing composite; `answered`: each request for itself."""

    outcome: Literal["done", "answered"]
    responses: list[InnerAnswer]
