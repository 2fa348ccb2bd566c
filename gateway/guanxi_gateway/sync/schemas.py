"""What phones send and get, for the document of the API."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Row = dict[str, Any]


class TableChanges(BaseModel):
    """Records as WatermelonDB keeps them: an id and flat columns."""

    created: list[Row] = Field(default_factory=list)
    updated: list[Row] = Field(default_factory=list)
    deleted: list[str] = Field(default_factory=list)


class Pulled(BaseModel):
    """`timestamp` goes into the next pull and push; it is no time."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "changes": {"accounts": {"created": [], "updated": [], "deleted": []}},
                "timestamp": 1795942800000001,
            }
        }
    )

    changes: dict[str, TableChanges]
    timestamp: int
    experimentalStrategy: Literal["replacement"] | None = None


class PushedChanges(BaseModel):
    """By table; what a table does not have is dropped."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "accounts": {
                    "created": [{"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "name": "未来科技"}],
                    "updated": [],
                    "deleted": [],
                }
            }
        },
    )

    accounts: TableChanges | None = None
    contacts: TableChanges | None = None
    activities: TableChanges | None = None
    opportunities: TableChanges | None = None
    products: TableChanges | None = None
    tickets: TableChanges | None = None
    ticket_comments: TableChanges | None = None


class Pushed(BaseModel):
    """Records that a rule refuses stay dirty on the phone; everything else is written."""

    experimentalRejectedIds: dict[str, list[str]] | None = None


class Profile(BaseModel):
    """`mine`: one's own and what is shared with one; `team`: also those of one's teams; `all`: what one
    may see. `activity_days`: no activities that are older, but for those still planned."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"records": "mine", "activity_days": 90}}
    )

    records: Literal["mine", "team", "all"] = "all"
    activity_days: Annotated[int, Field(ge=1, le=3650)] | None = None
