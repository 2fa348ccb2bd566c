"""Tags as the API shows them, and how they are renamed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_shared.values import Tag


class TagCount(BaseModel):
    tag: str
    count: int


class TagCounts(BaseModel):
    """The most used first; each count is of the records that the caller sees."""

    data: list[TagCount]


class TagRename(BaseModel):
    """Several tags become one: renaming is merging with one to merge."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"tags": ["VIP", "vip customer"], "to": "key account"}},
    )

    tags: Annotated[list[Tag], Field(min_length=1, max_length=100)]
    to: Tag

    @model_validator(mode="after")
    def check_other(self) -> "TagRename":
        if not self.gone:
            raise ValueError("the tag is called that already")
        return self

    @property
    def gone(self) -> list[str]:
        return sorted(set(self.tags) - {self.to})
