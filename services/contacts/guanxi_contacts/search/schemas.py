"""What the search over everything answers."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Found(BaseModel):
    """`rank` compares the matches of one answer; those that begin with the text stand above 2."""

    model_config = ConfigDict(extra="allow")

    type: Literal["account", "contact"]
    id: UUID
    name: str
    rank: float


class SearchAnswer(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [
                    {
                        "type": "contact",
                        "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51",
                        "name": "张三",
                        "title": "采购经理",
                        "rank": 3.1,
                    }
                ]
            }
        }
    )

    data: list[Found]
