"""Places as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model, model_validator

from guanxi_contacts.accounts.schemas import AccountRead
from guanxi_contacts.places.route_rules import MOST_STOPS
from guanxi_shared.documents import Page
from guanxi_shared.values import Latitude, Line, Longitude

_fields: dict[str, Any] = {
    name: (field.annotation, ... if name == "id" else None)
    for name, field in AccountRead.model_fields.items()
}
NearbyAccount: Any = create_model(
    "NearbyAccount",
    __config__=ConfigDict(extra="allow"),
    **_fields,
    distance_m=(float, Field(description="Great circle, in metres.")),
)


class NearbyPage(BaseModel):
    """Accounts by distance; with `fields=` only those, and always id and distance."""

    data: list[NearbyAccount]
    page: Page


class Position(BaseModel):
    model_config = ConfigDict(extra="forbid")

    latitude: Latitude
    longitude: Longitude


class Stop(BaseModel):
    """An account, which stands where its address is, or any place."""

    model_config = ConfigDict(extra="forbid")

    account_id: UUID | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    name: Line | None = None
    at: AwareDatetime | None = Field(
        default=None, description="An appointment: those are visited in the order of their times."
    )

    @model_validator(mode="after")
    def check_place(self) -> "Stop":
        is_placed = self.latitude is not None and self.longitude is not None
        if (self.account_id is not None) == is_placed or (self.latitude is None) == is_placed:
            raise ValueError("send account_id, or latitude and longitude")
        return self


class RouteRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "start": {"latitude": 39.9087, "longitude": 116.3975},
                "stops": [
                    {"latitude": 39.9836, "longitude": 116.3164, "name": "中关村"},
                    {"latitude": 39.9219, "longitude": 116.4435, "name": "三里屯"},
                ],
            }
        },
    )

    stops: Annotated[list[Stop], Field(min_length=1, max_length=MOST_STOPS)]
    start: Position | None = None
    end: Position | None = None


class RouteStop(BaseModel):
    index: int = Field(description="Its place in the given order.")
    activity_id: UUID | None
    account_id: UUID | None
    name: str | None
    latitude: float
    longitude: float
    at: datetime | None = Field(description="The appointment that was kept.")
    recurrence_id: datetime | None = Field(description="Which occurrence, of a series of visits.")
    leg_m: float = Field(description="From the stop before, or from the start.")
    travelled_m: float = Field(description="Up to here.")


class Unplaced(BaseModel):
    index: int
    activity_id: UUID | None
    account_id: UUID | None
    name: str | None
    reason: str


class RouteRead(BaseModel):
    """A sensible order of the stops; distances are great circles, in metres."""

    stops: list[RouteStop]
    last_leg_m: float = Field(description="From the last stop to the end; 0 without an end.")
    total_m: float
    given_total_m: float = Field(
        description="In the given order (appointments by time), never less than `total_m`."
    )
    unplaced: list[Unplaced] = Field(description="Stops that have no position.")
