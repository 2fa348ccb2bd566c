"""How a file is to be taken: which column is which field, what is a duplicate, what to do with it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Literal[
    "none", "id", "external_id", "email", "phone", "domain", "name", "number", "sku", "valid_on",
    "starts_on", "month", "user",
]  # fmt: skip
Policy = Literal["skip", "update", "create", "refuse"]
Word = Annotated[str, StringConstraints(max_length=200)]

EXAMPLE: dict[str, Any] = {
    "mapping": {
        "Company": "name",
        "E-mail": "email",
        "Revenue": {"field": "revenue", "currency": "CNY"},
    },
    "key": "email",
    "duplicates": "update",
    "dry_run": True,
    "defaults": {"source": "trade fair", "tags": ["2026"]},
}


class ColumnRule(BaseModel):
    """A column's field with what its cells need on the way. `values` replaces whole cells."""

    model_config = ConfigDict(extra="forbid")

    field: Word
    values: dict[str, str] = Field(default_factory=dict, max_length=1000)
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = None
    multiply: Annotated[Decimal, Field(gt=0, le=10**12)] | None = None


class ReadingOptions(BaseModel):
    """What to read the file as, where the guess is wrong."""

    model_config = ConfigDict(extra="forbid")

    encoding: Annotated[str, StringConstraints(max_length=40)] | None = None
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    sheet: Annotated[str, StringConstraints(max_length=100)] | None = None
    header_line: Annotated[int, Field(ge=1, le=1000)] | None = None


class ImportOptions(ReadingOptions):
    """`key` is what a row is recognised by, `duplicates` what happens to rows that are recognised
    (in the database, or further up in the file). Columns that are not in `mapping` are left out;
    without a mapping the suggested one is taken. An empty cell leaves a field as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    mapping: dict[Word, Word | ColumnRule | None] | None = Field(default=None, max_length=2000)
    key: Key = "none"
    duplicates: Policy = "skip"
    likely_duplicates: Literal["ignore", "refuse"] = Field(
        default="ignore",
        description="What happens to rows that the key does not recognise and that are likely a record"
        " all the same: taken, or refused with the reason in the report.",
    )
    dry_run: bool = False
    day_first: bool | None = Field(default=None, description="What 5/3/2024 is.")
    decimal_comma: bool | None = Field(default=None, description="What 1,234 is.")
    time_zone: Annotated[str, StringConstraints(max_length=64)] | None = None
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = Field(
        default=None, description="Whose national phone numbers are meant (ISO 3166)."
    )
    defaults: dict[Word, Any] = Field(
        default_factory=dict,
        max_length=100,
        description="Fields of every row that has none itself.",
    )
    create_missing: bool = Field(
        default=False, description="Make the records that rows name and nobody knows."
    )

    @model_validator(mode="after")
    def check(self) -> "ImportOptions":
        if self.time_zone is not None and self.time_zone not in available_timezones():
            raise ValueError("time_zone is no IANA time zone such as Asia/Shanghai")
        if self.key == "none" and self.duplicates in ("update", "refuse"):
            raise ValueError(f"duplicates={self.duplicates} needs a key to recognise rows by")
        return self

    def rules(self, suggested: Mapping[str, str]) -> dict[str, ColumnRule]:
        """Column → rule, from the mapping given or else the suggested one."""
        given = self.mapping if self.mapping is not None else dict(suggested)
        return {
            column: ColumnRule(field=rule) if isinstance(rule, str) else rule
            for column, rule in given.items()
            if rule is not None and rule != ""
        }
