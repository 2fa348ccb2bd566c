"""Which records of contacts have fields that an organisation adds itself."""

from typing import Literal

from pydantic import ConfigDict

from guanxi_shared.fields.schemas import FieldDefinition


class FieldDefinitionCreate(FieldDefinition):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "resource": "accounts",
                "key": "credit_rating",
                "kind": "choice",
                "label": {"en": "Credit rating", "zh": "信用等级"},
                "options": ["AAA", "AA", "A"],
            }
        },
    )

    resource: Literal["accounts", "contacts", "activities", "campaigns"]
