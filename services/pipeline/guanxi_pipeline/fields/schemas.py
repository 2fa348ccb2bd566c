"""Which records of pipeline have fields that an organisation adds itself."""

from typing import Literal

from pydantic import ConfigDict

from guanxi_shared.fields.schemas import FieldDefinition


class FieldDefinitionCreate(FieldDefinition):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "resource": "opportunities",
                "key": "tender",
                "kind": "choice",
                "label": {"en": "Tender", "zh": "招标方式"},
                "options": ["open", "restricted", "none"],
            }
        },
    )

    resource: Literal["opportunities", "leads", "quotes", "orders", "products"]
